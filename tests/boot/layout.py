# SPDX-License-Identifier: BSD-2-Clause
"""The layout that a tree's banks must give, worked out without the code under test, and the layout
that a run printed. Page frame numbers and pages of 4 KiB, ranges half-open.

A node spans from its first to its last page; each zone's span is that span cut to the zone's range
of addresses, not trimmed to the banks in it; present are the pages of the node's banks within.
"""
import collections
import re

import machine as machines

PAGE = 4096
FOUR_GIB = 4 << 30
# The zones of each architecture: name, first pfn, end pfn. arm64's where no dma-ranges say less.
ZONES = {
    "riscv64": [("DMA32", 0, FOUR_GIB // PAGE), ("Normal", FOUR_GIB // PAGE, 1 << 52)],
    "arm64": [("DMA", 0, FOUR_GIB // PAGE), ("DMA32", FOUR_GIB // PAGE, FOUR_GIB // PAGE),
              ("Normal", FOUR_GIB // PAGE, 1 << 52)]}
# The one below 4 GiB, where all devices of the machine reach that far.
LOW = ZONES[machines.current][0][0]

Zone = collections.namedtuple("Zone", "start end present")


def _pages(bank):
    """A bank's whole pages."""
    return -(-bank.base // PAGE), (bank.base + bank.size) // PAGE


def expected_zones(banks):
    """{(nid, zone name): Zone} of the populated zones."""
    found = {}
    for nid in {bank.nid for bank in banks}:
        own = [_pages(bank) for bank in banks if bank.nid == nid]
        first, last = min(start for start, _ in own), max(end for _, end in own)
        for name, low, high in ZONES[machines.current]:
            present = sum(max(0, min(end, high) - max(start, low)) for start, end in own)
            if present:
                found[nid, name] = Zone(max(first, low), min(last, high), present)
    return found


def expected_ranges(banks, arch=machines.current):
    """{zone name: (start, end)}: the zone's range cut to the memory; None if nothing is left."""
    first = min(_pages(bank)[0] for bank in banks)
    last = max(_pages(bank)[1] for bank in banks)
    cut = {name: (max(first, low), min(last, high)) for name, low, high in ZONES[arch]}
    return {name: span if span[0] < span[1] else None for name, span in cut.items()}


ZONE_LINE = re.compile(r"Node (\d+), zone +(\w+): pfn 0x(\w+)-0x(\w+), spanned (\d+), "
                       r"present (\d+), managed (\d+), free (\d+), set aside (\d+), "
                       r"offline (\d+)")
RANGE_LINE = re.compile(r"  (\w+) +(?:\[mem 0x(\w+)-0x(\w+)\]|empty)")
BANK_LINE = re.compile(r"  node +(\d+): \[mem 0x(\w+)-0x(\w+)\]")


def printed_zones(lines):
    """{(nid, zone name): Zone} as printed. Asserts that each line agrees with itself."""
    found = {}
    for match in filter(None, map(ZONE_LINE.fullmatch, lines)):
        start, end = int(match[3], 16), int(match[4], 16)
        spanned, present, managed, free = (int(match[i]) for i in range(5, 9))
        assert spanned == end - start, match[0]
        assert free <= managed <= present <= spanned, match[0]
        assert int(match[9]) == 0, f"pages set aside: {match[0]}"
        assert int(match[10]) <= free and int(match[10]) % 1024 == 0, match[0]
        found[int(match[1]), match[2]] = Zone(start, end, present)
    return found


def printed_ranges(lines):
    """{zone name: (start, end)} of the lines behind "Zone ranges:"."""
    ranges = {}
    for line in lines[lines.index("Zone ranges:") + 1:]:
        match = RANGE_LINE.fullmatch(line)
        if not match:
            break
        ranges[match[1]] = (int(match[2], 16) // PAGE, (int(match[3], 16) + 1) // PAGE) \
            if match[2] else None
    return ranges


def printed_banks(lines):
    """[(nid, start, end)] in bytes of the lines of node ranges."""
    matches = filter(None, map(BANK_LINE.fullmatch, lines))
    return [(int(m[1]), int(m[2], 16), int(m[3], 16) + 1) for m in matches]


def printed_buddyinfo(lines):
    """{(nid, zone name): [free blocks by order]}."""
    matches = filter(None, (re.fullmatch(r"Node (\d+), zone +(\w+) ((?: *\d+ ){11})", line)
                            for line in lines))
    return {(int(m[1]), m[2]): [int(n) for n in m[3].split()] for m in matches}
