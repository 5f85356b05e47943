# SPDX-License-Identifier: BSD-2-Clause
"""`explain`: what the allocator of a booted machine decides, step by step, and by which numbers."""
import re

import layout
import machine as machines
from session import command, finish, typed

# One node, one zone: what is free is one number.
SMALL = (2, "256M", 1)
ZONE = f"0:{layout.LOW}"


def found(lines, pattern):
    """The one line that matches."""
    hits = [m for m in (re.fullmatch(pattern, line) for line in lines) if m]
    assert len(hits) == 1, f"{len(hits)} lines match {pattern}: {lines}"
    return hits[0]


def test_alloc_and_free(kernel):
    with typed(kernel, machines.sized(*SMALL)) as child:
        free = int(re.search(r"(\d+) free", command(child, "drain")[-1])[1])
        lines = command(child, "explain alloc 3 KERNEL ZERO")
        assert re.match(r"alloc order 3, gfp 0x80d0 \(WAIT IO FS ZERO\), thread \S+, cpu 0, ",
                        lines[0])
        assert lines[1:3] == [f"zonelist: {ZONE}", "pass low: a zone must keep pages_low"]
        asked = found(lines, rf"  {ZONE} free (\d+) less 7 \(order 3\) > mark \d+ "
                             r"\+ reserve 0: yes")
        assert int(asked[1]) == free
        for order in range(3):
            found(lines, rf"    without order {order} \(\d+ free blocks\): \d+ > \d+: yes")
        found(lines, r"  zeroed: 8 pages")
        pfn = found(lines, r"handed out: pfn (0x[0-9a-f]+) of order 3, address 0x[0-9a-f]+, "
                           rf"node 0 zone {layout.LOW}")[1]
        found(lines, rf"  {ZONE} buddy: takes pfn {pfn} of order .*")
        assert "allocated, order 3" in "\n".join(command(child, f"page pfn={pfn}"))

        lines = command(child, "explain free last")
        assert lines[0].startswith(f"free pfn {pfn} order 3, count 1, thread ")
        found(lines, rf"  {ZONE} pfn {pfn} is put into the cache: 1 blocks")
        lines = command(child, "explain alloc 3 KERNEL")
        found(lines, rf"  {ZONE} order-3 cache of cpu 0: 1 blocks, high \d+, batch \d+")
        found(lines, rf"  {ZONE} pfn {pfn} is taken from the cache, 0 are left")
        command(child, "pcp_share 0")
        lines = command(child, "explain free last")
        found(lines, rf"  {ZONE} buddy: frees pfn {pfn} of order 3")
        found(lines, r"    listed: pfn 0x[0-9a-f]+ of order \d+")
        assert "allocated" not in "\n".join(command(child, f"page pfn={pfn}"))
        command(child, "check")
        finish(child, 0)


def test_cache(kernel):
    """A refill page by page, then a hit; a free into the cache."""
    with typed(kernel, machines.sized(*SMALL)) as child:
        command(child, "drain")
        lines = command(child, "explain alloc 0")
        found(lines, rf"  {ZONE} hot cache of cpu 0: 0 pages, low 32, high 96, batch 16")
        found(lines, rf"  {ZONE} refill, .*: 16 of 16 pages came")
        assert sum("buddy: takes pfn" in line for line in lines) == 16
        taken = found(lines, rf"  {ZONE} pfn (0x[0-9a-f]+) is taken from the cache, 15 are left")
        pfn = found(lines, r"handed out: pfn (0x[0-9a-f]+) of order 0, .*")[1]
        assert taken[1] == pfn
        lines = command(child, f"explain free pfn={pfn}")
        found(lines, rf"  {ZONE} pfn {pfn} is put into the cache: 16 pages")
        lines = command(child, "explain free last")
        assert "no block is held" in lines[0]
        finish(child, 0)


def test_short_of_memory(kernel):
    """Marks above what is free: kswapd, the deeper pass, reclaim in vain, and a failure."""
    with typed(kernel, machines.sized(*SMALL)) as child:
        free = int(re.search(r"(\d+) free", command(child, "drain")[-1])[1])
        # pages_low is above what is free, pages_min is not.
        command(child, f"min_free_kbytes {free * 4 * 9 // 10}")
        lines = command(child, "explain alloc 1 ATOMIC")
        low = found(lines, rf"  {ZONE} free (\d+) less 1 \(order 1\) <= mark (\d+) "
                           r"\+ reserve 0: no")
        assert int(low[1]) == free and int(low[2]) > free
        assert "no zone serves: the slow path" in lines
        found(lines, rf"  {ZONE} kswapd of node 0 is woken for order 1")
        found(lines, r"pass min: a zone must keep pages_min, halved \(HIGH\), less a quarter "
                     r"\(no WAIT, or real-time\)")
        deeper = found(lines, rf"  {ZONE} free \d+ less 1 \(order 1\) > (\d+) \(of mark (\d+)\) "
                              r"\+ reserve 0: yes")
        mark = int(deeper[2])
        half = mark - mark // 2
        assert int(deeper[1]) == half - half // 4
        found(lines, r"handed out: .*")

        command(child, f"min_free_kbytes {(free + 500) * 4}")
        lines = command(child, "explain alloc 0 KERNEL NORETRY NOWARN")
        found(lines, r"direct reclaim: .*, free pages \d+ -> \d+, scanned \d+, reclaimed \d+")
        found(lines, r"NULL: not to be tried again: .*")
        finish(child, 1)


def test_usage(kernel):
    with typed(kernel, machines.sized(1, "128M", 1)) as child:
        for line, says in (
                ("explain", "an alloc, or a free"),
                ("explain alloc", "which order"),
                ("explain free", "which block"),
                ("explain alloc 11", "explain alloc: order: 11 is out of range"),
                ("explain alloc 0 BANANAS", "explain alloc: `BANANAS` is no GFP flag"),
                ("explain both", "`both` is neither alloc nor free")):
            assert says in "\n".join(command(child, line)), line
        finish(child, 0)
