# SPDX-License-Identifier: BSD-2-Clause
"""A table of boards: each dts/NAME.dts boots on each architecture that its first comment has a machine
of, with several numbers of harts, shows the layout that is written here, prints the findings that the
comment announces, and passes a short stress; or it is refused, with those findings and a failing status.

What is expected was worked out from the .dts by hand, with the rules of Linux 2.6.11 for the fallback
order, never taken from our own output. To add a board, add a row; CTest finds boards by their files.
"""
import collections
import os
import re

import pytest

import boot
import layout
import machine as machines
import tree

# What an architecture calls the zones below and above 4 GiB, and between them what not all devices
# reach; and which of them, in which order, each of its zonelists has of a node.
ZONES = {"riscv64": {"low": "DMA32", "high": "Normal"},
         "arm64": {"low": "DMA", "middle": "DMA32", "high": "Normal"}}
ZONELISTS = {"riscv64": {"NORMAL": ("high", "low"), "DMA": ("low",), "HIGHMEM": ("high", "low"),
                         "DMA32": ("low",)},
             "arm64": {"NORMAL": ("high", "middle", "low"), "DMA": ("low",),
                       "HIGHMEM": ("high", "middle", "low"), "DMA32": ("middle", "low")}}

# banks: (node, first byte, end) ascending. zones: {(node, zone): (first pfn, end pfn, pages present)}
# of the populated ones. harts: {node: hart ids}, nodes of memory alone included. distance: a row for
# each node. boots: {number of harts: a row of the fallback order for each node}. ranges: {zone: (first
# pfn, end pfn)} of all nodes together, where the limit is another than 4 GiB.
Expected = collections.namedtuple("Expected", "banks zones harts distance boots ranges",
                                  defaults=[None])

ALL_HARTS = {0: [0, 1, 2, 3]}
HARTS_OF_TWO = {0: [0, 1], 1: [2, 3]}
ONE = [[10]], {1: [[0]], 4: [[0]]}
TWO = [[10, 20], [20, 10]], {1: [[0, 1], [1, 0]], 4: [[0, 1], [1, 0]]}
SMALL = Expected([(0, 0x80000000, 0x88000000)], {(0, "low"): (0x80000, 0x88000, 0x8000)},
                 ALL_HARTS, *ONE)
REFUSED = None

BOARDS = {
    "default": Expected(
        [(0, 0x80000000, 0xc0000000), (1, 0xc0000000, 0x100000000),
         (0, 0x100000000, 0x140000000), (1, 0x140000000, 0x180000000)],
        {(0, "low"): (0x80000, 0x100000, 0x40000), (0, "high"): (0x100000, 0x140000, 0x40000),
         (1, "low"): (0xc0000, 0x100000, 0x40000), (1, "high"): (0x100000, 0x180000, 0x40000)},
        HARTS_OF_TWO, *TWO),
    "uma-small": SMALL,
    "uma-split": Expected(
        [(0, 0x80000000, 0x120000000)],
        {(0, "low"): (0x80000, 0x100000, 0x80000), (0, "high"): (0x100000, 0x120000, 0x20000)},
        ALL_HARTS, *ONE),
    "two-node": Expected(
        [(0, 0x80000000, 0x100000000), (1, 0x100000000, 0x140000000)],
        {(0, "low"): (0x80000, 0x100000, 0x80000), (1, "high"): (0x100000, 0x140000, 0x40000)},
        HARTS_OF_TWO, *TWO),
    # Four harts: each node counts one more for its hart, so that is no difference. Node 0 takes the
    # first of its neighbours, 1. Node 1 then prefers 0, as 2 has been first at the distance 30; node
    # 2 takes 3, as 1 has been first at 20; and 3 takes 2, as 0 has been first at 20.
    # One hart: node 0 counts one more than the others, so its neighbours prefer the other one.
    "ring-4": Expected(
        [(i, 0x80000000 + i * 0x10000000, 0x90000000 + i * 0x10000000) for i in range(4)],
        {(i, "low"): (0x80000 + i * 0x10000, 0x90000 + i * 0x10000, 0x10000) for i in range(4)},
        {0: [0], 1: [1], 2: [2], 3: [3]},
        [[10, 20, 30, 20], [20, 10, 20, 30], [30, 20, 10, 20], [20, 30, 20, 10]],
        {1: [[0, 1, 3, 2], [1, 2, 0, 3], [2, 3, 1, 0], [3, 2, 0, 1]],
         4: [[0, 1, 3, 2], [1, 0, 2, 3], [2, 3, 1, 0], [3, 2, 0, 1]]}),
    # With one hart there is nothing of node 1.
    "memoryless-node": Expected(
        [(0, 0x80000000, 0x90000000), (2, 0x90000000, 0xa0000000)],
        {(0, "low"): (0x80000, 0x90000, 0x10000), (2, "low"): (0x90000, 0xa0000, 0x10000)},
        {0: [0], 1: [1, 2], 2: [3]}, [[10, 20, 30], [20, 10, 15], [30, 15, 10]],
        {nr: [[0, 1, 2], [1, 2, 0], [2, 1, 0]] for nr in (2, 4)}),
    # Nodes 0 and 2 are at 21 from one another and at 20 from node 1. Node 1 takes the next when
    # counting up, or, with one hart, the one without.
    "cpuless-node": Expected(
        [(i, 0x80000000 + i * 0x8000000, 0x88000000 + i * 0x8000000) for i in range(3)],
        {(i, "low"): (0x80000 + i * 0x8000, 0x88000 + i * 0x8000, 0x8000) for i in range(3)},
        {0: [0, 1], 1: [], 2: [2, 3]}, [[10, 20, 20], [20, 10, 20], [20, 20, 10]],
        {nr: [[0, 1, 2], [1, 2, 0], [2, 1, 0]] for nr in (1, 4)}),
    "holes": Expected(
        [(0, 0x80000000, 0x86400000), (0, 0x86800000, 0x86821000), (1, 0x98000000, 0x9b333000),
         (1, 0x9b334000, 0x9b335000), (0, 0xa0001000, 0xa1fff000), (1, 0xb0000000, 0xbc001000)],
        {(0, "low"): (0x80000, 0xa1fff, 25600 + 33 + 8190),
         (1, "low"): (0x98000, 0xbc001, 13107 + 1 + 49153)},
        HARTS_OF_TWO, *TWO),
    # A zone's span is the node's, cut at 4 GiB, hole and all.
    "high-only": Expected(
        [(0, 0x80000000, 0x80800000), (0, 0x100000000, 0x140000000)],
        {(0, "low"): (0x80000, 0x100000, 0x800), (0, "high"): (0x100000, 0x140000, 0x40000)},
        ALL_HARTS, *ONE),
    # Not all devices reach beyond 2 GiB.
    "dma-ranges": Expected(
        [(0, 0x40000000, 0x140000000)],
        {(0, "low"): (0x40000, 0x80000, 0x40000), (0, "middle"): (0x80000, 0x100000, 0x80000),
         (0, "high"): (0x100000, 0x140000, 0x40000)},
        ALL_HARTS, *ONE,
        {"low": (0x40000, 0x80000), "middle": (0x80000, 0x100000), "high": (0x100000, 0x140000)}),
    "interleaved": Expected(
        [(0, 0x80000000, 0x86001000), (1, 0x86001000, 0x90000000),
         (0, 0x90000000, 0x95fff000), (1, 0x95fff000, 0xa0000000)],
        {(0, "low"): (0x80000, 0x95fff, 24577 + 24575),
         (1, "low"): (0x86001, 0xa0000, 40959 + 40961)},
        HARTS_OF_TWO, *TWO),
    "reserved-galore": Expected(
        [(0, 0x80000000, 0xa0000000)], {(0, "low"): (0x80000, 0xa0000, 0x20000)},
        ALL_HARTS, *ONE),
    "bad-no-memory": REFUSED,
    "bad-disabled": REFUSED,
    "bad-cells": REFUSED,
    "bad-reg-length": Expected(
        [(0, 0x80000000, 0x84000000)], {(0, "low"): (0x80000, 0x84000, 0x4000)}, ALL_HARTS, *ONE),
    "bad-node-id": Expected(
        [(0, 0x80000000, 0x90000000)], {(0, "low"): (0x80000, 0x90000, 0x10000)},
        ALL_HARTS, *ONE),
    "bad-distance-map": Expected(
        [(0, 0x80000000, 0x88000000), (1, 0x88000000, 0x90000000)],
        {(0, "low"): (0x80000, 0x88000, 0x8000), (1, "low"): (0x88000, 0x90000, 0x8000)},
        HARTS_OF_TWO, [[10, 40], [40, 10]], TWO[1]),
    "bad-overlap": Expected(
        [(0, 0x80000000, 0x8c000000), (1, 0x8c000000, 0x90000000)],
        {(0, "low"): (0x80000, 0x8c000, 0xc000), (1, "low"): (0x8c000, 0x90000, 0x4000)},
        HARTS_OF_TWO, *TWO),
    "bad-past-2-64": SMALL,
    "bad-reserved": SMALL,
}

# Of boards with reservations: (first pfn, end pfn, is it mapped). What lies beside them is not
# reserved.
RESERVED = {
    "reserved-galore": [
        (0x90000, 0x90100, True), (0x94000, 0x94002, False), (0x96000, 0x96400, True),
        (0x98000, 0x98002, True), (0x9a000, 0x9a100, True), (0x9a100, 0x9a300, False),
        (0x9c000, 0x9c001, True), (0x9d000, 0x9d003, True)],
    "bad-reserved": [(0x87000, 0x88000, True)],
}
# Those without an address: name: (pages, first pfn it may have, end, a multiple of so many pages).
PLACED = {"reserved-galore": {"pool": (0x1000, 0x84000, 0x88000, 0x400)}}

STRESS = "stress ops=5000 seed=1"
# The line that tells where the tree is, and no finding.
FOUND = re.compile(r"devicetree: \d+ bytes at 0x\w+(, appended to the image)?, boot hart \d+")
# What the tree reserves; the image and the copy of the tree lie where there is room.
RESERVED_LINE = re.compile(r"reserved: 0x(\w+)-0x(\w+) +\d+ KiB  "
                           r"((?:reserved-memory|reusable|memreserve) \S+)( \(not mapped\))?")


def build(board, nr_harts, folder):
    """The board's machine with its first harts alone."""
    machine = machines.board(board.name)
    at = machine.args.index("-smp") + 1
    if int(machine.args[at]) != nr_harts:
        blob = tree.first_harts(machine.tree(), nr_harts)
        machine.args[at] = str(nr_harts)
        machine.dtb = os.path.join(folder, f"{board.name}-{nr_harts}.dtb")
        machines.write_tree(blob, machine.dtb)
    return machine


def check_findings(result, board):
    """Exactly what the board's comment says, in that order."""
    said = [line for line in result.lines if line.startswith("pageframe: cannot boot: ")
            or line.startswith("devicetree: ") and not FOUND.fullmatch(line)]
    assert said == board.says


def check_zones(lines, expected, arch):
    names = ZONES[arch]
    ranges = {names[zone]: span for zone, span in (expected.ranges or {}).items()}
    assert layout.printed_banks(lines) == expected.banks
    assert layout.printed_ranges(lines) == (ranges or layout.expected_ranges(
        [tree.Bank(start, end - start, nid) for nid, start, end in expected.banks], arch))
    assert layout.printed_zones(lines) == {
        (nid, names[zone]): layout.Zone(*span) for (nid, zone), span in expected.zones.items()}


def check_nodes(lines, expected, nr_harts, arch):
    nids = sorted(expected.harts)
    fallback = expected.boots[nr_harts]
    assert f"Built {len(nids)} zonelists" in lines
    assert [line for line in lines if line.startswith("  distance:")] == [
        "  distance:" + "".join(f" {to}:{d}" for to, d in zip(nids, row))
        for row in expected.distance]
    assert [line for line in lines if line.startswith("  fallback:")] == [
        "  fallback:" + "".join(f" {nid}" for nid in order) for order in fallback]
    zonelists = []
    for nid, order in zip(nids, fallback):
        for name, zones in ZONELISTS[arch].items():
            found = [f" {other}:{ZONES[arch][zone]}" for other in order for zone in zones
                     if (other, zone) in expected.zones]
            zonelists.append(f"Node {nid}, zonelist {name:>7}:" + ("".join(found) or " empty"))
    assert [line for line in lines if ", zonelist " in line] == zonelists


def check_harts(lines, expected, nr_harts):
    rows = filter(None, (re.match(r" +\d+ +(\d+) +(\d+)  online ", line) for line in lines))
    assert sorted((int(row[2]), int(row[1])) for row in rows) == sorted(
        (nid, hart) for nid, harts in expected.harts.items() for hart in harts if hart < nr_harts)


def reserved_commands(name):
    """To look at the first and last page of each reservation."""
    pfns = sorted({pfn for first, end, _ in RESERVED.get(name, []) for pfn in (first, end - 1)})
    return [f"page pfn={pfn:#x}" for pfn in pfns]


def check_reserved(lines, name):
    """Each range whole and no page more, in one line or several; and the pages say so too."""
    expected = RESERVED.get(name, [])
    pages, placed = {}, {}
    for match in filter(None, map(RESERVED_LINE.fullmatch, lines)):
        first, end = int(match[1], 16) // layout.PAGE, -(-int(match[2], 16) // layout.PAGE)
        pages.update((pfn, not match[4]) for pfn in range(first, end))
        placed[match[3].split()[-1]] = first, end
    covered = {pfn for first, end, _ in expected for pfn in range(first, end)}
    for first, end, is_mapped in expected:
        assert all(pages.get(pfn) == is_mapped for pfn in range(first, end)), f"{first:#x}"
        assert all(pfn in covered or pfn not in pages for pfn in (first - 1, end)), f"{first:#x}"
    for child, (nr_pages, low, high, align) in PLACED.get(name, {}).items():
        first, end = placed[child]
        assert end - first == nr_pages and low <= first and end <= high and first % align == 0
    looks = [line for line in lines if re.match(r"  pfn 0x\w+ at ", line)]
    assert len(looks) == len(reserved_commands(name))
    assert all("reserved" in line for line in looks), looks


def check_refused(run, board, folder):
    """No dump, no stress, and a status that fails."""
    result = run(build(board, 4, folder), [STRESS])
    check_findings(result, board)
    assert result.last_line() == boot.POWER_OFF + "1"
    assert result.status == 1
    assert not any(line.startswith(("TRAP: ", "PANIC: ", "stress: ")) for line in result.lines)
    assert boot.problems(result, [STRESS])


@pytest.mark.parametrize("name", [n for n in BOARDS if machines.current in machines.Board(n).args])
def test_board(run, tmp_path, name):
    board, expected = machines.Board(name), BOARDS[name]
    if expected is REFUSED:
        check_refused(run, board, tmp_path)
        return
    for nr_harts in expected.boots:
        commands = ["layout", "harts", *reserved_commands(name), "check", STRESS, "check"]
        result = run(build(board, nr_harts, tmp_path), commands)
        assert boot.problems(result, commands) == []
        assert result.status == 0
        check_findings(result, board)
        check_zones(result.lines, expected, machines.current)
        check_nodes(result.lines, expected, nr_harts, machines.current)
        check_harts(result.lines, expected, nr_harts)
        check_reserved(result.lines, name)
