# SPDX-License-Identifier: BSD-2-Clause
"""The monitor, by boot arguments and by typing at its prompt."""
import re

import pexpect
import pytest

import boot
import machine as machines
from conftest import only_on
from session import command, finish, typed

SMALL = (2, "256M", 1)

def test_typed_commands(kernel):
    with typed(kernel, machines.sized(*SMALL)) as child:
        listed = command(child, "help")
        for name in ("help banks layout nodes zones zonelists buddyinfo pcp harts page alloc free "
                     "drain check stress selftest reboot poweroff").split():
            assert any(line.split()[:1] == [name] for line in listed), f"help lacks {name}"
        for name in "banks layout nodes zones zonelists buddyinfo pcp harts".split():
            assert command(child, name), f"{name} prints nothing"
        assert command(child, "") == []
        command(child, "stress ops=2000 seed=3; check")
        assert re.search(r"stress: PASS ops=\d+ violations=0 leaked=0 seed=3", child.before)
        finish(child, 0)


def test_typed_alloc_and_free(kernel):
    """A page that `alloc` hands out is shown as allocated, and as free after its `free`."""
    with typed(kernel, machines.sized(*SMALL)) as child:
        (line,) = [x for x in command(child, "alloc 3 ZERO") if "pfn" in x]
        pfn = re.search(r"pfn (0x[0-9a-f]+)", line)[1]
        assert "allocated, order 3" in "\n".join(command(child, f"page pfn={pfn}"))
        command(child, f"free pfn={pfn}")
        assert "allocated" not in "\n".join(command(child, f"page pfn={pfn}"))
        command(child, "drain; check")
        finish(child, 0)


def test_unmap_without_memory_stays_off(kernel):
    """The page tables that were made until memory was out are given back; then there is enough."""
    with typed(kernel, machines.sized(1, "64M", 1)) as child:
        command(child, "drain")
        before = command(child, "buddyinfo")
        command(child, "fault times=-1 probability=0 ignore-gfp-wait=N min-order=0 fail-nth=20")
        told = "\n".join(command(child, "debug unmap on"))
        assert "debug: unmap: no memory for a linear map of single pages; it stays off" in told
        command(child, "fault off; drain")
        assert command(child, "buddyinfo") == before
        told = "\n".join(command(child, "debug unmap on"))
        assert re.search(r"linear map is of single pages now, \d+ KiB of tables", told)
        told = "\n".join(command(child, "selftest misuse; stress ops=2000; check"))
        assert "not ok" not in told and "stress: PASS" in told
        finish(child, 1)  # the failed switch is not forgotten


@only_on("riscv64")
def test_bench_without_memory_says_so(kernel):
    """Interrupts are masked while it measures, so nobody may reclaim for it: it does not start. And
    where there is no figure at all, as of one hart's scaling, it fails."""
    machine = machines.sized(1, "32M", 1)
    machine.args = [*machine.args, "-icount", "shift=0"]
    with typed(kernel, machine, "interactive -- bench scale") as child:
        assert "command 1 `bench scale` failed: status 1" in child.boot_text
        told = "\n".join(command(child, "bench batches"))
        assert re.search(r"^batch/0/64/pair \d+\.\d+$", told, re.MULTILINE)
        assert "bench: batches: needs 256 MiB free" in told and "BUG:" not in told
        finish(child, 1)


def test_alloc_until_nothing_is_left(kernel):
    """A request by hand that finds no memory ends alone; the machine and what is held stay."""
    with typed(kernel, machines.sized(1, "64M", 1)) as child:
        for _ in range(20):
            told = "\n".join(command(child, "alloc 10"))
            if "no block of order 10" in told:
                break
        assert "the OOM killer has ended this request" in told
        assert "no block of order 10" in told
        freed = command(child, "free all")[-1]
        nr = int(re.fullmatch(r"free: (\d+) of \1 held blocks freed", freed)[1])
        assert nr > 5
        assert "order 10" in "\n".join(command(child, "alloc 10 KERNEL"))
        command(child, "free all; check")
        finish(child, 1)  # the failed `alloc` is not forgotten


def test_typed_double_free_is_reported(kernel):
    """Misuse from the monitor: refused, reported with the page, and the machine goes on."""
    with typed(kernel, machines.sized(*SMALL)) as child:
        (line,) = [x for x in command(child, "alloc 2") if "pfn" in x]
        pfn = re.search(r"pfn (0x[0-9a-f]+)", line)[1]
        command(child, f"free pfn={pfn} 2")
        report = "\n".join(command(child, f"free pfn={pfn} 2"))
        assert pfn[2:] in report and "double free" in report
        command(child, "check")


def test_typing_errors_do_not_fail_the_run(kernel):
    with typed(kernel, machines.sized(*SMALL)) as child:
        assert "there is no command `bananas`" in "\n".join(command(child, "bananas"))
        assert command(child, "page")
        assert "there is no group `bananas`" in "\n".join(command(child, "bench bananas"))
        assert any("pairs" in line for line in command(child, "bench list"))
        child.send("xyz\x7f\x7f\x7fharts\r")  # rubbed out
        child.expect_exact(boot.PROMPT)
        assert "2 of 2 online" in child.before
        finish(child, 0)


def test_long_line_is_refused_not_overrun(kernel):
    with typed(kernel, machines.sized(*SMALL)) as child:
        child.send("a" * 600 + "\r")
        child.expect_exact("that line was not run: it has more than 512 characters")
        child.expect_exact(boot.PROMPT)
        finish(child, 0)


def test_reboot_resets(kernel):
    with typed(kernel, machines.sized(*SMALL)) as child:
        child.send("reboot\r")
        child.expect_exact(boot.RESET)
        child.expect(pexpect.EOF)  # -no-reboot: QEMU ends where the machine resets
        child.wait()
        assert child.exitstatus == 0


def test_interactive_stays_after_a_failure(kernel):
    """`interactive`: the monitor starts all the same, and the failure is kept."""
    with typed(kernel, machines.sized(*SMALL), "interactive -- bananas; harts") as child:
        command(child, "harts")
        assert any("pairs: left out, instructions are not counted here" in line
                   for line in command(child, "bench pairs"))
        finish(child, 1)


@pytest.mark.parametrize("line", ["bananas", "check; bananas; check", "page", "selftest bananas"])
def test_failing_command_fails_the_run(run, line):
    commands = line.split("; ")
    result = run(machines.sized(*SMALL), commands)
    assert result.status == 1
    assert result.last_line() == boot.POWER_OFF + "1"
    assert re.search(r"^monitor: command \d+ `[^`]+` failed: status [1-9]", result.text, re.M)
    # The first failure is the end: what stands behind it does not run.
    assert sum(line == "monitor: check" for line in result.lines) == commands[:1].count("check")


def test_scripted_reset_is_no_pass(run):
    result = run(machines.sized(*SMALL), ["reboot"])
    assert result.status == 0 and result.last_line() == boot.RESET
    assert boot.problems(result, ["reboot"])


def test_bad_boot_arguments_cost_a_line(run):
    result = run(machines.sized(*SMALL), ["check"], append="bananas panic_on_misuse=7 =3 x=")
    assert boot.problems(result, ["check"]) == []
    assert "bootargs: `bananas` is not known; ignored" in result.lines
    assert any(line.startswith("bootargs: `panic_on_misuse=7`: ") for line in result.lines)


def test_lines_of_several_harts_do_not_mix(run):
    """Every line of a run with progress and tables is one whole line: no line holds two."""
    commands = ["harts", "stress ops=20000 seed=5", "layout"]
    result = run(machines.sized(8, "512M", 1), commands)
    assert boot.problems(result, commands) == []
    for line in result.lines:
        assert line.count("stress: ") <= 1, line
        assert line.count("Node ") <= 1, line


def test_all_harts_print_at_once(run):
    """`selftest print`: all harts, from task and tick; every line is one of its two forms, and each
    hart's are all there."""
    harts = 4
    result = run(machines.sized(harts, "512M", 1), ["selftest print"])
    assert boot.problems(result, []) == []
    text = result.text.replace("\r", "")
    begin, end = text.index("monitor: selftest print\n"), text.index("selftest: print: ")
    printed = text[begin:end].split("\n")[1:-1]
    whole = re.compile(r"selftest: print from (task|tick), cpu (\d+): "
                       "abcdefghijklmnopqrstuvwxyz0123456789")
    seen = []
    for line in printed:
        match = whole.fullmatch(line)
        assert match, f"not one whole line: `{line}`"
        seen.append(match.groups())
    (per_hart,) = {seen.count(("task", str(cpu))) for cpu in range(harts)}
    assert f"selftest: print: {per_hart * harts} lines from tasks of {harts} cpus" in text
