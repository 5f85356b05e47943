# SPDX-License-Identifier: BSD-2-Clause
"""Cache lines that a pair of calls writes: none that another CPU writes too, as long as a cache serves
it. That is what lets any number of harts allocate beside each other."""
import stores


# The machine has 256 MiB: a block of order 10 is more than its caches keep.
CACHED = [0, 1, 3, 9]


def test_what_caches_serve_shares_nothing(elf):
    pairs = stores.measure(elf, CACHED)
    assert [pair["order"] for pair in pairs] == CACHED
    for pair in pairs:
        assert pair["shared"] == [], pair
        # Of the CPU: its busy word, its cache of the zone; the page, and its neighbour in the list.
        assert pair["cpu"] > 0 and pair["pages"] > 0, pair


def test_a_refill_is_seen(elf):
    """That it would show: the first page of an empty cache comes from the zone, under its lock."""
    [pair] = stores.measure(elf, [0], warm=0, before=["drain"])
    assert {"zone.lock+0", "zone.free_pages+0"} <= set(pair["shared"])
