# SPDX-License-Identifier: BSD-2-Clause
"""Which harts there are, and which one boots: each of eight by way of the shim, ids with gaps,
harts that the tree forbids, and one that never comes. How many there may be: test_many_harts.py.
"""
import re

import pytest

import boot
import machine as machines
from conftest import only_on
from harts import boot_hart, check_all_online, rows
from trees import at_node, edited

STRESS = "stress ops=8000 seed=6"
COMMANDS = ["harts", STRESS, "check"]
# One thread for all harts, so that the firmware's lottery is won by the one that starts first: a
# hart that the tree does not have must not win it, as the firmware then stops.
FIRST_WINS = ["-accel", "tcg,thread=single"]


# On QEMU's arm64 CPU 0 boots.
@only_on("riscv64")
@pytest.mark.parametrize("hart", range(8))
def test_boot_hart(run_on, hart):
    result = run_on(machines.sized(8, "512M", 2), hart, COMMANDS)
    assert boot.problems(result, COMMANDS) == []
    assert boot_hart(result) == hart
    check_all_online(result, range(8))


# QEMU 7.2 wires the controllers of a machine of several sockets so that the disk's interrupt comes to
# a hart that can not end it.
@only_on("riscv64")
@pytest.mark.parametrize("hart", range(3))
def test_boot_hart_of_sockets(run_on, hart):
    commands = ["thrash 16M", *COMMANDS]
    result = run_on(machines.sized(3, "512M", 2), hart, commands)
    assert boot.problems(result, commands) == []
    assert boot_hart(result) == hart
    check_all_online(result, range(3))


def disabled(*harts):
    return "".join(f'/ {{ cpus {{ cpu@{hart:x} {{ status = "disabled"; }}; }}; }};'
                   for hart in harts)


@pytest.mark.parametrize("hart", [0, 3, 6] if machines.current == "riscv64" else [0])
def test_sparse_ids(run, run_on, tmp_path, hart):
    """Ids with gaps: 0, 3, 6 and 7 of eight; the others are there, and left alone."""
    machine = machines.sized(8, "512M", 1)
    machine.args += FIRST_WINS
    machine = edited(machine, disabled(1, 2, 4, 5), tmp_path)
    if machines.current == "riscv64":
        result = run_on(machine, hart, COMMANDS)
    else:
        result = run(machine, COMMANDS)
    assert boot.problems(result, COMMANDS) == []
    assert boot_hart(result) == hart
    check_all_online(result, [0, 3, 6, 7])
    assert "4 disabled by the tree" in result.text


def ghost(hart):
    """Source for a hart that no machine has."""
    if machines.current == "arm64":
        return at_node(f"/cpus/cpu@{hart:x}", f"""device_type = "cpu"; reg = <{hart}>;
            compatible = "arm,cortex-a57"; enable-method = "psci";""")
    return f"""/ {{ cpus {{ cpu@{hart:x} {{
        device_type = "cpu"; reg = <{hart}>; status = "okay"; compatible = "riscv";
        riscv,isa = "rv64imafdc"; mmu-type = "riscv,sv48";
        interrupt-controller {{
            #interrupt-cells = <1>; interrupt-controller; compatible = "riscv,cpu-intc";
        }};
    }}; }}; }};"""


# What becomes of it: OpenSBI starts whatever its tree has, PSCI knows the CPUs.
LEFT_OUT = {"riscv64": "did not come within 15 s; left out",
            "arm64": "the firmware does not start it, error -2; left out: `harts` lists the others"}


# The wait is one for the harts that do come, too, on however slow a host.
@pytest.mark.parametrize("hart", [4, 100])
def test_hart_that_never_comes(run, tmp_path, hart):
    """It is waited for as long as was asked, or refused, named, and left out; all else works."""
    machine = edited(machines.sized(4, "512M", 1), ghost(hart), tmp_path)
    result = run(machine, COMMANDS, "hart_timeout=15")
    assert boot.problems(result, COMMANDS) == []
    assert f"harts: hart {hart}: {LEFT_OUT[machines.current]}" in result.lines
    assert re.search(rf"^harts: 4 of 5 online, boot hart \d; left out: {hart}\b", result.text, re.M)
    states = rows(result)
    assert states.pop(hart)[1] == "left out"
    assert [state for _, state in states.values()] == ["online"] * 4


# Where a call that nobody takes goes: past EL2, which is ours; or nowhere, and the others stay off.
@only_on("arm64")
@pytest.mark.parametrize("level, method, said, online", [
    ("on", "hvc", "PSCI 1.1 by smc", 4), ("off", "smc", "no PSCI answers by smc", 1)])
def test_tree_with_the_other_method(run, tmp_path, level, method, said, online):
    machine = machines.sized(4, "512M", 1)
    machine.args += ["-machine", f"virtualization={level}"]
    machine = edited(machine, at_node("/psci", f'method = "{method}";'), tmp_path)
    result = run(machine, COMMANDS)
    assert boot.problems(result, COMMANDS) == []
    assert f"firmware: {said}" in result.lines
    assert f"harts: {online} of 4 online, boot hart 0" in result.text


@only_on("arm64")
def test_harts_that_nobody_can_wake(run, tmp_path):
    """Without an interrupt controller: no tick, no interrupts, and they do not come."""
    gone = at_node("/intc@8000000", 'status = "disabled";')
    machine = edited(machines.sized(4, "512M", 1), gone, tmp_path)
    machine.disk = None
    result = run(machine, COMMANDS[:2], "hart_timeout=1")
    assert boot.problems(result, COMMANDS[:2]) == []
    assert "harts: 1 of 4 online, boot hart 0; left out: 1 2 3" in result.lines
