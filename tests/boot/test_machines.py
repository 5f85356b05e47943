# SPDX-License-Identifier: BSD-2-Clause
"""A table of machines: each boots, shows the layout that its tree says, brings every hart up, and
passes a short stress.

To add a machine, add a row; CTest finds it by its name (tests/CMakeLists.txt reads this table, and
of a row its first line).
"""
import re

import pytest

import boot
import layout
import machine as machines
import tree

# A node with harts and no memory, as QEMU makes it.
MEMORYLESS = ("-m 2G -smp 4 -object memory-backend-ram,id=m0,size=2G "
              "-numa node,nodeid=0,memdev=m0,cpus=0-1 -numa node,nodeid=1,cpus=2-3 "
              "-numa dist,src=0,dst=1,val=20")

EVERYWHERE = ("riscv64", "arm64")

# name: where; then harts, memory, nodes; or QEMU's arguments; or nothing: what scripts/run boots.
MACHINES = {
    "128M-1hart-1node": ("riscv64", 1, "128M", 1),
    "128M-3harts-4nodes": (EVERYWHERE, 3, "128M", 4),  # one of memory only
    "1G-3harts-1node": ("riscv64", 3, "1G", 1),
    "1G-8harts-2nodes": ("riscv64", 8, "1G", 2),
    "2049M-1hart-1node": ("riscv64", 1, "2049M", 1),  # one MiB of NORMAL
    "2049M-8harts-4nodes": ("riscv64", 8, "2049M", 4),
    "3073M-1hart-1node": ("arm64", 1, "3073M", 1),  # one MiB of NORMAL
    "3073M-8harts-4nodes": ("arm64", 8, "3073M", 4),
    "4G-1hart-2nodes": ("riscv64", 1, "4G", 2),  # one of memory only
    "4G-3harts-1node": ("riscv64", 3, "4G", 1),
    "4G-8harts-4nodes": ("riscv64", 8, "4G", 4),
    "4G-16harts-4nodes": (EVERYWHERE, 16, "4G", 4),  # arm64: a GICv3
    "6G-3harts-2nodes": (EVERYWHERE, 3, "6G", 2),
    "6G-8harts-1node": ("riscv64", 8, "6G", 1),
    "6G-1hart-4nodes": (EVERYWHERE, 1, "6G", 4),  # three of memory only
    "4T-8harts-8nodes": (EVERYWHERE, 8, "4T", 8),  # on a host with far less: offline but for a few
    "memoryless-node": (EVERYWHERE, MEMORYLESS),
    "default": (EVERYWHERE,),
    # Entered at EL2, its firmware below it, and each GIC.
    "el2-gicv2": ("arm64", "-machine virt,virtualization=on -smp 4 -m 1G"),
    "el2-gicv3": ("arm64", "-machine virt,virtualization=on,gic-version=3 -cpu max -smp 4 -m 1G"),
}

STRESS_OPS = 20000


def build(_, *row):
    if not row:
        return machines.board(machines.DEFAULT_BOARD)
    if len(row) == 1:
        return machines.Machine(machines.completed(row[0].split()))
    return machines.sized(*row)


def check_layout(lines, banks, nids):
    assert layout.printed_banks(lines) == [(b.nid, b.base, b.base + b.size) for b in banks]
    assert layout.printed_ranges(lines) == layout.expected_ranges(banks)
    assert layout.printed_zones(lines) == layout.expected_zones(banks)
    printed_nodes = [int(m[1]) for m in map(re.compile(r"node (\d+): (?:pfn|no mem).*").fullmatch,
                                            lines) if m]
    assert printed_nodes == nids
    assert f"Built {len(nids)} zonelists" in lines


def check_distances(lines, nids):
    """All machines of the table have 10 to themselves and 20 to others."""
    rows = [line for line in lines if line.startswith("  distance:")]
    assert rows == ["  distance:" + "".join(f" {to}:{10 if to == nid else 20}" for to in nids)
                    for nid in nids]


def check_harts(lines, harts):
    assert any(line.startswith(f"harts: {len(harts)} of {len(harts)} online") for line in lines)
    rows = filter(None, (re.match(r" +(\d+) +(\d+) +(\d+)  online ", line) for line in lines))
    seen = [tuple(int(field) for field in row.groups()) for row in rows]
    assert [cpu for cpu, _, _ in seen] == list(range(len(harts)))
    assert sorted((hwid, nid) for _, hwid, nid in seen) == [tuple(hart) for hart in harts]


@pytest.mark.parametrize("name", [n for n, row in MACHINES.items() if machines.current in row[0]])
def test_machine(run, name):
    machine = build(*MACHINES[name])
    blob = machine.tree()
    commands = ["layout", "buddyinfo", "harts", "check", f"stress ops={STRESS_OPS} seed=1",
                "check"]
    result = run(machine, commands)
    assert boot.problems(result, commands) == []
    banks, nids = tree.banks(blob), tree.node_ids(blob)
    check_layout(result.lines, banks, nids)
    check_distances(result.lines, nids)
    check_harts(result.lines, tree.harts(blob))
    buddyinfo = layout.printed_buddyinfo(result.lines)
    assert buddyinfo.keys() == layout.expected_zones(banks).keys()
    # Handed over in the largest blocks: nearly all of a zone of 64 MiB or more is of order 10.
    for key, zone in layout.expected_zones(banks).items():
        if zone.present >= 16384:
            assert buddyinfo[key][10] * 1024 >= zone.present * 0.5
