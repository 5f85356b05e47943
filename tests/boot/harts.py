# SPDX-License-Identifier: BSD-2-Clause
"""The harts as a run with the command `harts` printed them."""
import re


def rows(result):
    """{hart id: (cpu id, state)} of the command `harts`."""
    found = {}
    for line in result.lines:
        match = re.match(r" +(\d+) +(\d+) +\d+  (\w[\w ]*?)(?:  |$)", line)
        if match:
            found[int(match[2])] = (int(match[1]), match[3])
    return found


def boot_hart(result):
    return int(re.search(r"^harts: .*, boot hart (\d+)", result.text, re.M)[1])


def check_all_online(result, harts):
    """All of these and no others, the boot hart as CPU 0."""
    assert f"harts: {len(harts)} of {len(harts)} online" in result.text
    seen = rows(result)
    assert sorted(seen) == sorted(harts)
    assert sorted(cpu for cpu, _ in seen.values()) == list(range(len(harts)))
    assert all(state == "online" for _, state in seen.values())
    assert seen[boot_hart(result)][0] == 0
