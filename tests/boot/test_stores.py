# SPDX-License-Identifier: BSD-2-Clause
"""Cache lines that a pair of calls writes: none that another CPU writes too, as long as a cache serves
it. That is what lets any number of harts allocate single pages beside each other."""
import stores


def test_single_pages_share_nothing(elf):
    [pair] = stores.measure(elf, [0])
    assert pair["shared"] == []
    # Of the CPU: its busy word, its cache of the zone; the page, and its neighbour in the list.
    assert pair["cpu"] > 0 and pair["pages"] > 0


def test_a_refill_is_seen(elf):
    """That it would show: the first page of an empty cache comes from the zone, under its lock."""
    [pair] = stores.measure(elf, [0], warm=0, before=["drain"])
    assert {"zone.lock+0", "zone.free_pages+0"} <= set(pair["shared"])
