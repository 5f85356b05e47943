# SPDX-License-Identifier: BSD-2-Clause
"""Many boots in a row: all harts online in each, whichever hart boots. Takes minutes, so it is run
by hand only: scripts/test -L soak -V. $PAGEFRAME_SOAK_BOOTS asks for another number of boots.
"""
import collections
import os

import boot
import machine as machines
from harts import boot_hart, check_all_online

HARTS = 8
BOOTS = int(os.environ.get("PAGEFRAME_SOAK_BOOTS", "100"))


def test_boots(run, capsys):
    boots, lost = collections.Counter(), 0
    for number in range(1, BOOTS + 1):
        result = run(machines.sized(HARTS, "512M", 1), ["harts", "check"])
        assert boot.problems(result, []) == [], f"boot {number}"
        check_all_online(result, range(HARTS))
        boots[boot_hart(result)] += 1
        lost += result.firmware_hangs
    with capsys.disabled():
        print(f"\n{BOOTS} boots with {HARTS} harts, all online in each; {lost} more stopped inside "
              "the firmware. Boots by boot hart:")
        for hart in range(HARTS):
            print(f"  hart {hart}: {boots[hart]:3} {'#' * boots[hart]}")
