# SPDX-License-Identifier: BSD-2-Clause
"""Requests that fail on purpose: whoever asks survives it, and each fault is a NULL to somebody."""
import re

import boot
import machine as machines


def test_stress_survives(run):
    """By boot argument, and by the command with those who may sleep; then none any more."""
    commands = ["stress ops=20000 seconds=120",
                "fault probability=5 times=-1 ignore-gfp-wait=N min-order=0 space=20000 seed=3",
                "stress ops=20000 seconds=120 seed=2", "fault off", "stress ops=5000", "check",
                "fault times=-1 probability=0 verbose=1 fail-nth=2", "alloc 0", "alloc 0"]
    result = run(machines.sized(4, "512M", 2), commands,
                 "fail_page_alloc=1,10,0,-1 fault=min-order=0,verbose=0")
    assert result.status == 1 and not result.hung
    text = "\n".join(result.lines)
    assert not re.search(r"^(BUG|PANIC|TRAP): ", text, re.MULTILINE)
    passes = [line for line in result.lines if boot.PASS["stress"].fullmatch(line)]
    assert len(passes) == 3
    counts = re.findall(r"^stress: (\d+) faults were injected, and (\d+) requests got NULL by them",
                        text, re.MULTILINE)
    assert len(counts) == 2
    assert all(injected == got and int(got) > 100 for injected, got in counts)
    # The monitor's second request, and no other.
    assert text.count("FAULT_INJECTION: forcing a failure. order:0, mode:0xd0, ") == 1
    assert len(re.findall(r"^alloc: pfn ", text, re.MULTILINE)) == 1
