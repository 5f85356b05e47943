# SPDX-License-Identifier: BSD-2-Clause
"""One hart, and many more than the host has: all come, and a short stress on all of them passes."""
import pytest

import boot
import machine as machines
import tree
from harts import check_all_online


@pytest.mark.parametrize("nr_harts, mem", [(1, "512M"), (64, "1G"), (128, "2G")])
def test_number(run, nr_harts, mem):
    commands = ["harts", "stress ops=8000 seed=6", "check"]
    machine = machines.sized(nr_harts, mem, 1)
    result = run(machine, commands, "hart_timeout=600")
    assert boot.problems(result, commands) == []
    hwids = [hart.hwid for hart in tree.harts(machine.tree())]
    assert len(hwids) == nr_harts
    check_all_online(result, hwids)
