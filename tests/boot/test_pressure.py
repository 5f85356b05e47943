# SPDX-License-Identifier: BSD-2-Clause
"""Memory runs short: zones at their low marks, memory policies, the OOM killer, and nobody left."""
import re

import pytest

import boot
import machine as machines
from layout import LOW


def numbers(result, pattern):
    """The numbers in the one line that the pattern matches."""
    found = [match for line in result.lines if (match := re.fullmatch(pattern, line))]
    assert len(found) == 1, f"{len(found)} lines like `{pattern}`"
    return [int(number) for number in found[0].groups()]


@pytest.mark.parametrize("nodes", [1, 2, 4])
def test_pressure(run, nodes):
    """Interrupts keep getting pages while eight workers hold every zone at its low mark."""
    commands = ["stress ops=80000 pressure=on workers=8", "check"]
    result = run(machines.sized(4, "256M", nodes), commands)
    assert boot.problems(result, commands) == []
    zones, asked, got = numbers(
        result, r"stress: pressure on (\d+) zones: with all of them low, interrupts asked for "
                r"(\d+) single pages and got (\d+)")
    assert zones == nodes
    assert asked > 0 and got >= asked * 9 // 10
    reclaims, rounds, _, _, reclaimed, probed = numbers(
        result, r"stress: (\d+) direct reclaims, (\d+) rounds of kswapd; of a cache (\d+) pages "
                r"filled, (\d+) written, (\d+) reclaimed; (\d+) requests probed")
    assert reclaims > 0 and rounds > 0 and reclaimed > 0 and probed > 0


@pytest.mark.parametrize("mode", ["preferred", "bind", "interleave"])
def test_policy(run, mode):
    commands = [f"stress ops=80000 policy={mode}", "check"]
    result = run(machines.sized(4, "512M", 4), commands)
    assert boot.problems(result, commands) == []
    counts = numbers(
        result, r"stress: policies: default (\d+), preferred (\d+), bind (\d+), interleave (\d+)")
    taken = dict(zip(["default", "preferred", "bind", "interleave"], counts))
    # Interrupts have none, and bursts are bound.
    assert taken[mode] > taken["default"]
    others = {"preferred", "interleave"} - {mode}
    assert all(taken[other] == 0 for other in others)


def test_oom(run):
    commands = ["stress oom kills=200", "check"]
    result = run(machines.sized(4, "128M", 1), commands)
    assert boot.problems(result, commands) == []
    assert "oom-killer: gfp_mask=0x2d0" in result.lines
    assert any(re.match(r"Out of Memory: Killed eater \d+, which holds \d+ pages\.", line)
               for line in result.lines)
    # In full a few times, not two hundred.
    assert len([line for line in result.lines if line.startswith("oom-killer: ")]) < 50


def test_nobody_to_kill(run):
    """Without a candidate the machine stops: the free areas, a line that says so, status 1."""
    result = run(machines.sized(1, "128M", 1), ["selftest oom"])
    assert result.status == 1 and not result.hung
    panics = [number for number, line in enumerate(result.lines) if line.startswith("PANIC: ")]
    assert len(panics) == 1
    assert re.fullmatch(r"PANIC: cpu 0: Out of memory and nobody to end: gfp_mask=0x[0-9a-f]+ in "
                        r"\S+", result.lines[panics[0]])
    before = result.lines[:panics[0]]
    assert any(line.startswith("Free pages:") for line in before[-40:])
    assert any(line.startswith(f"Node 0 {LOW} free:") for line in before[-40:])
