# SPDX-License-Identifier: BSD-2-Clause
"""owner: who allocated a page, and who freed it, from the table of <mm/page_owner.h>."""
import itertools

import gdb

from . import facts, memmap, mm
from .command import Command, register as register_commands


def is_tracked():
    """Is there a table?"""
    return facts.has_field("struct mm", "page_owner") and int(mm.root()["page_owner"]) != 0


def record(pfn):
    """The struct page_owner of this very page, or None."""
    if not is_tracked():
        return None
    table = mm.root()["page_owner"]
    records = facts.constant("DEBUG_BLOCK_PAGES")
    blocks = facts.array_length("struct page_owner_chunk", "block")
    block, index = divmod(pfn, records)
    number, in_chunk = divmod(block, blocks)
    chunk = table["chunk"][number] if number < int(table["nr_chunks"]) else 0
    pointer = chunk["block"][in_chunk] if int(chunk) else 0
    return mm.whole(pointer + index) if int(pointer) else None


def latest(pfn, call, max_order):
    """Of the blocks that the page can have been a part of, the `call` that was noted last, or None."""
    found = None
    for order in range(max_order):
        owner = record(pfn >> order << order)
        if owner is None:
            continue
        site = owner[call]
        if int(site["time"]) and int(site["order"]) >= order and (
                found is None or int(site["time"]) > int(found["time"])):
            found = site
    return found


def place(address):
    """The function, file and line of the call that a return address stands behind."""
    at = address - 1
    block = gdb.block_for_pc(at)
    while block and not block.function:
        block = block.superblock
    return f"{block.function.name} (){facts.source(at)}" if block else "?"


def site_lines(what, site):
    """One call of the allocator in the monitor's words, and what stands at the addresses."""
    if site is None:
        return [f"page {what}: not on record"]
    hz, time = int(facts.variable("time_hz")), int(site["time"])
    context = " in an interrupt" if int(site["in_interrupt"]) else ""
    stack = [int(site["stack"][i])
             for i in range(facts.array_length("struct page_owner_site", "stack"))]
    return [f"page {what} via order {int(site['order'])}, gfp_mask {int(site['gfp']):#x}, "
            f"task {mm.text(site['task'])}{context}, cpu {int(site['cpu'])}, "
            f"at {time // hz}.{time % hz * 1000000 // hz:06} s",
            *(f"  from {address:#x} {place(address)}"
              for address in itertools.takewhile(bool, stack))]


def gfp_names(gfp):
    """The bits of a gfp mask by name, as in the monitor's `explain`."""
    names = facts.names_of("gfp_flag", "__GFP_")
    known = [name for bit, name in sorted(names.items()) if gfp & bit]
    rest = gfp & ~sum(names)
    return " ".join(known + ([f"{rest:#x}"] if rest else [])) or "none"


def lines_of(pfn, max_order):
    """Lines on who had a page; none where nobody keeps that."""
    if not is_tracked():
        return []
    return (site_lines("last allocated", latest(pfn, "allocated", max_order))
            + site_lines("last freed", latest(pfn, "freed", max_order)))


def held_by_monitor(pfn):
    """Does the user of the monitor hold a block with this page (`alloc`)? The block's head."""
    kernel = facts.variable("kernel")
    for i in range(int(kernel["nr_held"])):
        first, order = int(kernel["held"][i]["pfn"]), int(kernel["held"][i]["order"])
        if first <= pfn < first + (1 << order):
            return first
    return None


class Owner(Command):
    """Who allocated the block that a page is in, and who freed it last: pf owner PAGE

Known where the debugging level `owner` was on at the time. See `help pf` for PAGE."""

    name = "owner"

    def run(self, argument):
        descriptors = memmap.MemMap()
        pfn = memmap.pfn_of(argument, descriptors)
        if not descriptors.valid(pfn):
            raise gdb.GdbError(f"pf owner: pfn {pfn:#x} has no descriptor")
        if not is_tracked():
            raise gdb.GdbError("pf owner: nobody keeps owners: the level `owner` is off")
        for line in lines_of(pfn, descriptors.max_order):
            print(line)


def register():
    register_commands(Owner)
