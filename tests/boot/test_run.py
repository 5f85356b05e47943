# SPDX-License-Identifier: BSD-2-Clause
"""scripts/run as a command: its exit status, its messages, its options; and, without booting, the
verdict that it gives on a run.
"""
import io
import os
import re
import subprocess

import pytest

import boot
import machine as machines
import symbols
import tree
from conftest import ROOT, only_on

# Ends a hang, nothing else.
TIMEOUT = 600


def scripts_run(*arguments):
    return subprocess.run([os.path.join(ROOT, "scripts", "run"), "--arch", machines.current,
                           *arguments], text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT,
                          check=False)


def test_passing_commands():
    done = scripts_run("--smp", "2", "--mem", "256M", "--", "check; stress ops=5000 seed=1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "stress: PASS" in done.stdout
    # The command that ran, exactly.
    (command,) = [line for line in done.stdout.splitlines() if line.startswith("+ ")]
    assert command.startswith(f"+ {machines.QEMU[machines.current]} -machine virt -smp 2 "
                              "-m 256M ")


def test_failing_command():
    done = scripts_run("--smp", "1", "--mem", "256M", "--", "bananas")
    assert done.returncode == 1
    assert "scripts/run: QEMU ended with status 1" in done.stderr


def test_traces_are_named():
    """Each line of a trace says function, offset and place; what the run is judged by does not."""
    done = scripts_run("--smp", "1", "--mem", "256M", "--", "debug owner on; selftest misuse")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if re.match(r"  (#\d+|from) 0x", line)]
    named = re.compile(r"  (?:#\d+|from) 0x[0-9a-f]{16} ([\w.]+)\+0x[0-9a-f]+(?: \((\S+):\d+\))?")
    names = [named.fullmatch(line) for line in lines]
    assert lines and all(names), [line for line, name in zip(lines, names) if not name][:5]
    places = {(name[1], name[2]) for name in names}
    assert {function for function, file in places if not file} == {"boot", "trap_entry"}  # assembler
    assert ("misuse", "mm/report.c") in places
    assert ("selftest_misuse", "kernel/selftest_misuse.c") in places


class FakeSymbols(symbols.Symbols):
    def __init__(self):
        super().__init__(None)
        self.asked = []

    def name(self, address, returns=False):
        self.asked.append((address, returns))
        return "f+0x4 (a.c:1)" if address != 0xffffffff80000000 else ""


@only_on("riscv64")  # it is the runner's doing
@pytest.mark.parametrize("size", (1, 3, 1000))
def test_only_traces_are_added_to(size):
    """In pieces of any size: nothing else is changed, and no frame."""
    text = ("Call trace:\r\n  #0 0xffffffff80401234@\r\n  #1 0xffffffff80000000\r\n"
            "page last freed\n  from 0xffffffff80405678@\nprompt> \r\x1b[K  #0 0xffffffff80401234\r\n"
            "-----BEGIN x-----\r\n  #0 0xffffffff80401234\r\n-----END x-----\r\n"
            "  #2 0xffffffff80401236 more\r\n  #3 0x12\r\n  #4 0xffffffff80409999@\r\nno end")
    expected, text = text.replace("@", " f+0x4 (a.c:1)"), text.replace("@", "")
    names, out = FakeSymbols(), io.StringIO()
    stream = names.annotated(out)
    for at in range(0, len(text), size):
        stream.write(text[at:at + size])
        stream.flush()
    assert out.getvalue() == expected
    assert names.asked == [(0xffffffff80401234, False), (0xffffffff80000000, False),
                           (0xffffffff80405678, True), (0xffffffff80409999, False)]


def test_no_symbols_is_no_failure(tmp_path):
    path = tmp_path / "no.elf"
    path.write_bytes(b"nothing")
    with symbols.Symbols(str(path)) as names:
        assert names.name(0xffffffff80401234) == ""
        assert names.name(0xffffffff80401234) == ""


@only_on("riscv64")  # it is the runner's doing
def test_timeout_ends_a_hung_run():
    """A stress of hours, ended after seconds, with a message."""
    done = scripts_run("--smp", "1", "--mem", "256M", "--timeout", "20", "--",
                       "stress seconds=36000")
    assert done.returncode == 1
    assert "did not end in time; last line: " in done.stderr or "firmware" in done.stderr


def test_machine_verbatim():
    done = scripts_run("--machine", "-machine virt -smp 3 -m 300M", "--", "harts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "harts: 3 of 3 online" in done.stdout


def test_dtb(tmp_path):
    path = str(tmp_path / "tree.dtb")
    machines.dump_tree(machines.plain(2, 256 << 20), path)
    with open(path, "rb") as file:
        blob = file.read()
    machines.write_tree(tree.split_nodes(blob, 3), path)
    done = scripts_run("--smp", "2", "--mem", "256M", "--dtb", path, "--", "nodes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(line.startswith("node ") for line in done.stdout.splitlines()) == 3


@pytest.mark.parametrize("arguments, message", [
    (["--mem", "12Q"], "not a size"),
    (["--smp", "0"], "at least 1"),
    (["--board", "bananas"], "there are:\n"),
    (["--board", "default", "--smp", "2"], "do not go with"),
    (["--board", "default", "--machine", "-smp 2"], "two machines"),
    (["--qemu", "/nonexistent"], "no QEMU /nonexistent"),
    (["--dtb", "/nonexistent"], "no such file"),
    (["--dtb", "/"], "no such file"),
    (["--dtb", __file__], "not a device tree"),
    (["--disk", "/nonexistent"], "no such file"),
    (["--append", "x -- stress"], "own --"),
    # The image would take the line for one that was cut.
    (["--append", "x" * (boot.BOOTARGS_MAX + 1 - len(" -- check; poweroff")), "--", "check"],
     "are 4095 characters, 4094 at most"),
    (["--via", "u-boot", "--image", "elf"], "u-boot boots the flat image"),
    (["--bananas"], "unrecognized"),
])
def test_wrong_options(arguments, message):
    done = scripts_run(*arguments)
    assert done.returncode not in (0, None)
    assert message in done.stderr


def test_list_of_boards():
    done = scripts_run("--list-boards")
    assert done.returncode == 0
    assert done.stdout == machines.list_boards() + "\n"


@pytest.mark.parametrize("nr_harts, nodes", [(1, 1), (1, 2), (1, 4), (3, 2), (3, 4), (8, 4), (5, 3),
                                             (8, 2), (2, 6)])
def test_any_nodes_with_any_harts(nr_harts, nodes):
    """--nodes N for any N: all of the memory and every hart is in one of N nodes."""
    machine = machines.sized(nr_harts, "1G", nodes)
    blob = machine.tree()
    banks, harts = tree.banks(blob), tree.harts(blob)
    assert sum(bank.size for bank in banks) == 1 << 30
    assert [bank.nid for bank in banks] == list(range(nodes))
    assert all(a.base + a.size == b.base for a, b in zip(banks, banks[1:]))
    assert [hart.hwid for hart in harts] == list(range(nr_harts))
    assert {hart.nid for hart in harts} == set(range(min(nodes, nr_harts)))


PASS = "stress: PASS ops=5 violations=0 leaked=0 seed=1"
THRASH = "thrash: PASS blocks=7 verified=7 mismatches=0 leaked=0 kswapd=90% direct=10% seed=1"
OFF = "pageframe: power off, status 0"


@pytest.mark.parametrize("text, status, commands, passes", [
    (f"{PASS}\n{OFF}\n", 0, ["stress"], True),
    (f"{PASS}\r\n{OFF}\r\n", 0, ["layout", "stress ops=5"], True),
    (f"{OFF}\n", 0, ["layout"], True),
    (f"{OFF}\n", 0, ["stress"], False),                     # asked for, and no verdict
    (f"{PASS}\n{OFF}\n", 0, ["stress", "stress"], False),   # one of two
    (f"{PASS}\n{OFF}\n", 1, ["stress"], False),
    (f"{PASS}\n", 0, ["stress"], False),                    # no last line
    (f"{PASS}\n{OFF}\nmore\n", 0, ["stress"], False),       # not the last
    ("stress: PASS ops=5 violations=0 leaked=3 seed=1\n" + OFF, 0, ["stress"], False),
    (f"stress: FAIL ops=5 violations=1 leaked=0 seed=1 kind=zero\n{PASS}\n{OFF}", 0, ["stress"],
     False),
    (f"TRAP: load access fault\n{PASS}\n{OFF}", 0, ["stress"], False),
    (f"PANIC: cpu 0: x\n{OFF}", 0, [], False),
    ("pageframe: reset\n", 0, ["reboot"], False),
    ("pageframe: power off, status 1\n", 1, [], False),
    ("", 0, [], False),
    (f"{THRASH}\n{OFF}\n", 0, ["thrash 28K"], True),
    (f"{OFF}\n", 0, ["thrash 28K"], False),
    (f"{THRASH}\n{OFF}\n", 0, ["thrash 28K", "stress"], False),
    (f"{THRASH.replace('verified=7', 'verified=6')}\n{OFF}\n", 0, ["thrash 28K"], False),
    (f"{THRASH.replace('leaked=0', 'leaked=1')}\n{OFF}\n", 0, ["thrash 28K"], False),
    (f"{THRASH.replace('PASS', 'FAIL')}\n{OFF}\n", 0, [], False),
])
def test_verdict(text, status, commands, passes):
    result = boot.Result()
    result.status, result.text = status, text
    assert (boot.problems(result, commands) == []) == passes
