# SPDX-License-Identifier: BSD-2-Clause
"""The console on a real machine: which one it is, and what can be typed at it.

The line editor's many small cases are the host's unit tests; these show that keys, pastes and junk
come through a UART and the firmware as they should.
"""
import random
import re

import pexpect
import pytest

import boot
import machine as machines
from conftest import ENTRY, SHIM_TREE, only_on, put, through_shim
from session import answer, command, finish, lines_of, paste, typed
from trees import UART, at_node, edited, moved

SMALL = (2, "256M", 1)
# A short command, and how its answer begins.
LOOK = f"page pfn={ENTRY >> 12:#x}\r"
LOOKED = f"pfn {ENTRY >> 12:#x} at "
LEFT, RIGHT, UP, DOWN, HOME, END = ("\x1b[" + c for c in "DCABHF")


@pytest.fixture
def child(kernel):
    with typed(kernel, machines.sized(*SMALL)) as session:
        yield session


def online(lines):
    return any(line.startswith("harts: 2 of 2 online") for line in lines)


# ---- editing ----

@pytest.mark.parametrize("keys", [
    "hatrs" + LEFT * 3 + "r" + RIGHT + "\x1b[3~\x05\r",
    "arts" + HOME + "h" + END + "\r",
    "xxharts\x01\x1b[3~\x04\r",
    "nonsense\x15harts\r",
    "harts nonsense" + LEFT * 9 + "\x0b\r",
    "harts nonsense more\x17\x17\r",
    "bananas\x03harts\r",
    "hart\x0cs\r",
    "ha\t\r",
    "che\x08\x08\x08\x08harts\r",
    "\x1b[200~harts\x1b[201~\r\n",
])
def test_keys(child, keys):
    """Each way of typing `harts` runs it, once."""
    child.send(keys)
    child.expect_exact("harts: 2 of 2 online")
    answer(child)
    assert command(child, "banks")
    finish(child, 0)


def test_escape_sequence_in_pieces(child):
    """The bytes of a key may come one by one, with time between them."""
    child.send("arts")
    for byte in HOME:
        child.send(byte)
        child.expect(pexpect.TIMEOUT, timeout=0.2)
    child.send("h\r")
    child.expect_exact("harts: 2 of 2 online")
    answer(child)
    finish(child, 0)


def test_history(child):
    command(child, "harts")
    command(child, moved("page 0x80300"))
    child.send(UP + UP + "\r")
    assert online(answer(child))
    child.send("che" + "\x10" + "\x0e" + "ck\r")
    assert any(line.startswith("check: 0 faults") for line in answer(child))
    finish(child, 0)


def test_completion(child):
    child.send("selft\tcr\tnu")
    child.expect_exact("selftest crash nu")
    child.send("\x03")
    answer(child)
    child.send("help\tbank\t\r")
    assert any(line.startswith("banks: ") for line in answer(child))
    child.send("z\t\t")
    listed = answer(child)  # the line again, behind a prompt of its own
    assert any("zones" in line and "zonelists" in line for line in listed)
    child.send("s\r")
    assert any(line.startswith("Node 0, zone") for line in answer(child))
    finish(child, 0)


def test_ctrl_d_and_empty_lines(child):
    child.send("\x04")
    assert any("`poweroff` ends the machine" in line for line in answer(child))
    assert command(child, "") == []
    finish(child, 0)


def test_ctrl_c_ends_a_stress_and_what_waits(child):
    child.send("stress seconds=600\rbananas\r")
    child.expect(r"stress: \d+\.\d s, ")
    child.send("\x03")
    child.expect_exact("stress: broken off by Ctrl-C")
    child.expect_exact("^C")
    answer(child)
    assert "bananas" not in child.before
    assert online(command(child, "harts"))
    finish(child, 1)  # a stress that did not end is a failure


# ---- pastes ----

def test_paste_of_many_lines(child):
    """200 lines at once: each runs, in order, and nothing is lost."""
    pfns = [(ENTRY >> 12) + i for i in range(200)]
    with paste(child, "".join(f"page pfn={pfn:#x}\r\n" for pfn in pfns)):
        said = []
        while len(said) < len(pfns):
            child.expect(r"  pfn (0x[0-9a-f]+) at ")
            said.append(int(child.match[1], 16))
    answer(child)
    assert said == pfns
    assert online(command(child, "harts"))
    finish(child, 0)


def test_paste_while_a_command_runs(child):
    """What is typed during a command is there after it."""
    with paste(child, "stress ops=30000 seed=1\r" + LOOK * 50):
        child.expect_exact("stress: PASS")
        for _ in range(50):
            child.expect_exact(LOOKED)
    answer(child)
    finish(child, 0)


def test_paste_beyond_all_bounds_is_told(child):
    """More than the buffer holds, and nobody reads: it is said, and Ctrl-C still gets through."""
    with paste(child, "stress seconds=600 seed=1\r" + LOOK * 2200):
        pass
    child.send("\x03")
    child.expect_exact("stress: broken off by Ctrl-C")
    child.expect(r"console: (\d+) characters came too fast and were lost: 32768 can wait")
    assert 0 < int(child.match[1]) < 2200 * len(LOOK)
    answer(child)
    assert online(command(child, "harts"))
    finish(child, 1)


def test_long_line_is_refused_whole(child):
    child.send("check " + "a" * 600 + "; poweroff\r")
    child.expect_exact("monitor: that line was not run: it has more than 512 characters")
    answer(child)
    assert command(child, "check " + "b" * 200)[0].startswith("check: takes no arguments")
    finish(child, 0)


# ---- junk ----

def test_binary_junk(child):
    """Random bytes, seeded; then a clean command works as if nothing had been."""
    # Without the one command that would end the run, should chance spell it.
    junk = random.Random(20611).randbytes(6000).decode("latin-1")
    assert "poweroff" not in junk and "reboot" not in junk
    with paste(child, junk + "\x03held\r"):
        child.expect_exact("held: 0 blocks")
    answer(child)
    assert online(command(child, "harts"))
    assert any(line.startswith("check: 0 faults") for line in command(child, "check"))
    finish(child, 0)


def test_utf8_and_nul(child):
    child.send("check \xc3\xa9\r")
    child.expect_exact("check \\xc3\\xa9")
    assert any("takes no arguments" in line for line in answer(child))
    child.send("\0ha\0rts\0\r")
    assert online(answer(child))
    finish(child, 0)


# ---- help and log ----

def test_every_command_is_explained(child):
    listed = command(child, "help")
    names = [line.split()[0] for line in listed if line.startswith("  ")]
    assert len(names) > 15 and len(set(names)) == len(names)
    assert [line for line in listed if len(line) > 80] == []
    for name in names:
        explained = command(child, f"help {name}")
        assert explained[0].startswith(name)
        assert [line for line in explained if len(line) > 100] == []
        has_arguments = explained[0].split(":")[0] != name
        assert ("Arguments:" in explained or name == "help") or not has_arguments
    for topic in ("keys", "bootargs"):
        assert len(command(child, f"help {topic}")) > 4
    assert "there is no command `bananas`" in command(child, "help bananas")[0]
    finish(child, 0)


@only_on("riscv64")  # they are the monitor's, and take a minute
def test_every_example_works(child):
    """What `help COMMAND` gives as an example can be typed as it is."""
    tried = 0
    for name in [line.split()[0] for line in command(child, "help") if line.startswith("  ")]:
        explained = command(child, f"help {name}")
        if "Example:" not in explained:
            continue
        example = explained[explained.index("Example:") + 1].strip()
        said = command(child, example)
        assert said, example
        for line in said:
            assert not re.search(r"; usage:|` is no |there is no `|out of range|failed:|BUG", line), line
        tried += 1
    assert tried >= 8
    finish(child, 0)


def test_log_shows_the_boot_again(child):
    booted = lines_of(child.boot_text)
    booted = booted[:1 + next(i for i, line in enumerate(booted) if line.startswith("boot: "))]
    command(child, "check")
    logged = command(child, "log")
    assert logged == booted
    assert command(child, "log 3") == booted[-3:]
    assert "out of range" in command(child, "log 0")[0]
    finish(child, 0)


# ---- which console ----

def change_tree(tmp_path, text):
    """A machine whose tree is QEMU's with a piece of source laid over it."""
    return edited(machines.sized(2, "256M", 1), text, tmp_path)


NAME = {"riscv64": "ns16550a", "arm64": "pl011"}[machines.current]
# What it is where the tree names none: arm64's firmware has no console, and the first UART is taken.
FIRMWARE = {
    "riscv64": r"console: the firmware's, (legacy putchar and getchar|debug console); input polled",
    "arm64": "console: pl011, the tree's first; input by interrupt"}[machines.current]
CONSOLES = {
    # name: (source laid over QEMU's tree, the line that says which console it is, why)
    "uart": ("", rf"console: {NAME} of stdout-path; input by interrupt", ""),
    "uart-polled": (at_node(UART, "/delete-property/ interrupts;"),
                    rf"console: {NAME} of stdout-path; input polled", ""),
    "no-stdout-path": ("/ { chosen { /delete-property/ stdout-path; }; };", FIRMWARE,
                       "names no stdout-path"),
    "unknown-device": ('/ { strange@5000 { compatible = "acme,teletype"; }; '
                       'chosen { stdout-path = "/strange@5000"; }; };', FIRMWARE,
                       "driver: /strange@5000: no driver for it"),
    "no-such-node": ('/ { chosen { stdout-path = "/nowhere"; }; };', FIRMWARE, "/nowhere"),
}


def check_console(kernel, machine, said, why):
    with typed(kernel, machine) as child:
        lines = lines_of(child.boot_text)
        assert sum(bool(re.fullmatch(said, line)) for line in lines) == 1, child.boot_text
        assert why in child.boot_text
        assert online(command(child, "harts"))
        assert any(line.startswith("check: 0 faults") for line in command(child, "check"))
        with paste(child, LOOK * 20):
            for _ in range(20):
                child.expect_exact(LOOKED)
        answer(child)
        finish(child, 0)


# A tree that is appended has the loader's path where it has none of its own: test_appended.py.
if machines.arch().appends:
    del CONSOLES["no-stdout-path"]


@pytest.mark.parametrize("name", CONSOLES)
def test_console(kernel, tmp_path, name):
    """Output and typed input work, and the boot says which console it is and why."""
    source, said, why = CONSOLES[name]
    check_console(kernel, change_tree(tmp_path, source), said, why)


@only_on("riscv64")
def test_disabled_console(elf, tmp_path):
    """A UART that the tree forbids. Past the firmware: OpenSBI 1.6 obeys, too, and is silent."""
    place = 0x88000000
    machine = change_tree(tmp_path, '/ { soc { serial@10000000 { status = "disabled"; }; }; '
                          'chosen { bootargs = "interactive"; }; };')
    machine.args += ["-device", f"loader,file={machine.dtb},addr={place:#x},force-raw=on",
                     *put(SHIM_TREE, place)]
    machine.dtb = None
    check_console(*through_shim(elf, machine, 0), FIRMWARE, "its status says")


@only_on("riscv64")
def test_scripted_run_without_a_uart(run, tmp_path):
    machine = change_tree(tmp_path, CONSOLES["no-stdout-path"][0])
    commands = ["check", "stress ops=3000 seed=1", "log 2"]
    result = run(machine, commands)
    assert boot.problems(result, commands) == []
