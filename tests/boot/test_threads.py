# SPDX-License-Identifier: BSD-2-Clause
"""Kernel threads: what the scheduler promises (`selftest threads`), where kswapd runs, what a dump says
of the thread that failed, and that an idle machine neither ticks nor misses what is typed.
"""
import re

import pytest

import boot
import machine as machines
from conftest import ENTRY
from harts import boot_hart
from session import command, finish, typed
from trees import UART, at_node, edited

ROW = re.compile(r" *(\d+) (\S+) +(\d+) +(\d+)  (\w+) +(\d+) +(\d+) +(\d+)(?:  (.*))?")


def rows(lines):
    """{name: (cpu, state, switches, rest)} of the command `threads`."""
    found = {}
    for match in filter(None, map(ROW.fullmatch, lines)):
        assert match[2] not in found, f"two threads are called {match[2]}"
        found[match[2]] = (int(match[3]), match[5], int(match[7]), match[9] or "")
    return found


@pytest.mark.parametrize("nr_harts, nodes", [(1, 1), (4, 2)])
def test_selftest(run, nr_harts, nodes):
    commands = ["selftest threads", "check"]
    result = run(machines.sized(nr_harts, "256M", nodes), commands)
    assert boot.problems(result, commands) == []
    (plan,) = [int(line[3:]) for line in result.lines if re.fullmatch(r"1\.\.\d+", line)]
    passed = [line for line in result.lines if re.match(r"ok \d+ ", line)]
    assert len(passed) == plan and not any("SKIP" in line for line in passed)
    # The two sleeps in atomic context are told with the place.
    reports = [i for i, line in enumerate(result.lines) if "sleep in atomic context" in line
               and line.startswith("BUG: ")]
    assert len(reports) == 2
    for at in reports:
        assert re.search(r"called from 0x[0-9a-f]+ on cpu 0$", result.lines[at])
        assert "Call trace:" in result.lines[at:at + 3]


def test_naps_do_not_hold_up_a_polled_console(run, tmp_path):
    """Each nap starts the boot hart's tick again; it is that which looks for input."""
    machine = edited(machines.sized(1, "256M", 1),
                     at_node(UART, "/delete-property/ interrupts;"), tmp_path)
    commands = ["selftest threads"]
    result = run(machine, commands)
    assert any(line.endswith("; input polled") for line in result.lines)
    assert boot.problems(result, commands) == []


def test_threads_of_a_machine(run):
    """Each hart has its two threads, each node its kswapd, on a hart of its own. The boot hart, which
    may be any, has the monitor in place of one."""
    result = run(machines.sized(4, "512M", 2), ["threads", "harts"])
    found = rows(result.lines)
    others = {f"hart{hart}" for hart in range(4)} - {f"hart{boot_hart(result)}"}
    assert set(found) >= {"monitor", *others, *(f"idle{cpu}" for cpu in range(4))}
    assert {name for name in found if "kswapd" in name} == {"kswapd0", "kswapd1"}
    assert found["monitor"][:2] == (0, "running")
    line = next(line for line in result.lines if line.startswith("kswapd:"))
    for node in (0, 1):
        cpu = int(re.search(rf" node {node} on cpu (\d+),", line)[1])
        assert found[f"kswapd{node}"][0] == cpu
        harts = [re.match(r" +(\d+) +\d+ +(\d+)  online", x) for x in result.lines]
        assert {int(m[1]): int(m[2]) for m in harts if m}[cpu] == node


def test_kswapd_of_nodes_without_harts(run):
    """Two of four nodes have memory alone: the nearest harts serve them."""
    result = run(machines.sized(2, "512M", 4), ["threads", "check"])
    assert boot.problems(result, ["threads", "check"]) == []
    assert {f"kswapd{node}" for node in range(4)} <= set(rows(result.lines))


@pytest.mark.parametrize("cpu", [0, 1])
def test_dump_names_the_thread(run, cpu):
    """An overflow of a thread's own stack ends at its guard page, and says whose it was."""
    result = run(machines.sized(2, "256M", 1), [f"selftest crash overflow {cpu} thread"])
    assert result.status == 1 and result.last_line() == boot.POWER_OFF + "1"
    heads = [i for i, line in enumerate(result.lines) if line.startswith(("TRAP: ", "PANIC: "))]
    assert len(heads) == 1
    head, thread = result.lines[heads[0]:heads[0] + 2]
    fault = re.match(rf"TRAP: hart \d+, cpu {cpu}: store (?:page|translation) fault at "
                     r"(?:sepc|elr) 0x[0-9a-f]+, (?:esr 0x\w+, )?(?:stval|far) (0x[0-9a-f]+) "
                     r"\(guard page of a stack\)", head)
    stack = re.fullmatch(r"thread: crash, stack (0x[0-9a-f]+)-(0x[0-9a-f]+)", thread)
    assert fault and stack, f"{head}\n{thread}"
    low, high, at = int(stack[1], 16), int(stack[2], 16), int(fault[1], 16)
    assert low - 4096 <= at < low < high


def test_panic_names_the_thread(run):
    """The image's own first page is nobody's to free: that is reported, and stops the machine."""
    result = run(machines.sized(1, "256M", 1), [f"free pa={ENTRY:#x} 0"], "panic_on_misuse=1")
    assert result.status == 1 and result.last_line() == boot.POWER_OFF + "1"
    at = next(i for i, line in enumerate(result.lines) if line.startswith("PANIC: cpu 0: "))
    assert any(re.fullmatch(r"thread: monitor, stack 0x[0-9a-f]+-0x[0-9a-f]+", line)
               for line in result.lines[at:at + 4])


def test_idle_harts_do_not_tick(kernel):
    """At the prompt everybody sleeps. A command typed then is served, and counts the ticks since."""
    with typed(kernel, machines.sized(4, "256M", 1)) as child:
        def ticks():
            table = [line.split() for line in command(child, "harts")]
            return {row[0]: int(row[5]) for row in table if row[3:4] == ["online"]}
        command(child, "selftest threads")
        before = ticks()
        for _ in range(20):
            assert command(child, "help threads")
        after = ticks()
        assert sorted(after) == ["0", "1", "2", "3"]
        # Only the boot hart had anything to do.
        assert [after[cpu] for cpu in "123"] == [before[cpu] for cpu in "123"]
        finish(child, 0)
