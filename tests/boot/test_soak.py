# SPDX-License-Identifier: BSD-2-Clause
"""What takes many minutes, so it is run by hand only: scripts/test -L soak -V.

Many boots in a row: all harts online in each, whichever hart boots ($PAGEFRAME_SOAK_BOOTS asks for
another number); thousands of OOM kills; ten million operations with policies and pressure; 128 harts
on eight nodes.
"""
import collections
import os
import re

import boot
import machine as machines
import tree
from harts import boot_hart, check_all_online

HARTS = 8
# Ends a hang, nothing else.
PRESSURE_SECONDS = 6000
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


def test_thousands_of_kills(run):
    commands = ["stress oom kills=5000", "check"]
    assert boot.problems(run(machines.sized(4, "128M", 1), commands), commands) == []


def test_long_pressure(kernel):
    commands = ["stress ops=10000000 pressure=on policy=mix workers=8", "check"]
    command = boot.qemu_command(machines.sized(4, "512M", 4), kernel, boot.bootargs("", commands))
    result = boot.run(command, timeout=PRESSURE_SECONDS)
    assert boot.problems(result, commands) == []


def test_128_harts_on_8_nodes(run):
    """The firmware of Debian 12 has no more. Each count of harts makes its pairs, too."""
    commands = ["harts", "debug locks on", "stress ops=500000 seed=7", "check", "bench scale", "locks"]
    machine = machines.sized(128, "8G", 8)
    result = run(machine, commands, "hart_timeout=600")
    assert boot.problems(result, commands) == []
    check_all_online(result, [hart.hwid for hart in tree.harts(machine.tree())])
    rates = dict(re.findall(r"^scale/(9/harts/\d+) (\d+\.\d+)$", "\n".join(result.lines),
                            re.MULTILINE))
    assert len(rates) == 8 and all(float(rate) > 0 for rate in rates.values())
