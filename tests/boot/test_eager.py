# SPDX-License-Identifier: BSD-2-Clause
"""The boot argument `eager`: nothing is offline afterwards, on any node; one of these has no hart."""
import re

import boot
import machine as machines


def offline(result):
    """Pages that `zones` calls offline, of each zone that has pages."""
    return [int(n) for n in re.findall(r"^Node \d+, zone +\S+: pfn .*, offline (\d+)$",
                                       "\n".join(result.lines), re.MULTILINE)]


def test_eager(run):
    machine, commands = machines.sized(2, "1536M", 3), ["zones", "stress ops=5000 seed=4", "check"]
    lazy, eager = (run(machine, commands, append) for append in ("", "eager"))
    for result in lazy, eager:
        assert boot.problems(result, commands) == []
    assert min(offline(lazy)) > 0
    assert len(offline(eager)) == len(offline(lazy)) >= 3 and max(offline(eager)) == 0
    assert sum(line.startswith("eager: all memory is online, by 2 harts") for line in eager.lines) == 1
    assert not any(line.startswith("eager: ") for line in lazy.lines)
