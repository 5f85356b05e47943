# SPDX-License-Identifier: BSD-2-Clause
"""`selftest interrupts`: an interrupt at each instruction inside the caches."""
import re

import boot
import machine as machines

# The clock counts instructions: the run is the same however busy the host is.
STEPS = ["-singlestep", "-icount", "shift=3,sleep=off"]
ROW = re.compile(r"# 0x([0-9a-f]{16}) +[+-]\d+ +(\d+)  (.+)")
CALLS = {"alloc_pages", "alloc_page", "alloc_page, zeroed", "alloc_pages, block", "__free_pages",
         "__free_page", "__free_pages, block"}


def test_each_instruction(run):
    machine = machines.sized(1, "64M", 1)
    machine.args = machines.for_this_qemu([*machine.args, *STEPS])
    commands = ["selftest interrupts", "check"]
    result = run(machine, commands)
    assert boot.problems(result, commands) == []
    rows = [row for line in result.lines if (row := ROW.fullmatch(line))]
    assert {row[3] for row in rows} == CALLS
    # A page is taken or put by more than a handful of instructions.
    assert len({row[1] for row in rows}) > 10 * len(CALLS)
    assert all(int(row[2]) > 0 for row in rows)
