# SPDX-License-Identifier: BSD-2-Clause
"""`selftest registers`: no interrupt and no switch loses anything that a context has in registers."""
import re

import boot
import machine as machines


def test_registers(run):
    commands = ["selftest registers", "check"]
    result = run(machines.sized(4, "256M", 1), commands)
    assert boot.problems(result, commands) == []
    (plan,) = [int(line[3:]) for line in result.lines if re.fullmatch(r"1\.\.\d+", line)]
    assert len([line for line in result.lines if re.match(r"ok \d+ ", line)]) == plan
    # They were interrupted by what prints, on the boot hart and on another.
    assert {cpu for cpu in (0, 1) if re.search(rf"^# tick 15 on cpu {cpu}: ", result.text, re.MULTILINE)} \
        == {0, 1}
