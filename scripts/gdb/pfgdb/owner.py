# SPDX-License-Identifier: BSD-2-Clause
"""owner: who allocated a page, and who freed it, from the table of <mm/page_owner.h>."""
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


def place(address):
    """A return address as its call's function, file and line."""
    at = address - 1
    block, line = gdb.block_for_pc(at), gdb.find_pc_line(at)
    while block and not block.function:
        block = block.superblock
    name = block.function.name if block else "?"
    where = f" at {line.symtab.filename}:{line.line}" if line.symtab else ""
    return f"{address:#x} {name}(){where}"


def site(what, call):
    """One call of the allocator: who, and its stack."""
    if not int(call["time"]):
        return [f"{what}: not on record"]
    context = ", in an interrupt" if int(call["in_interrupt"]) else ""
    gfp = f", gfp {int(call['gfp']):#x} ({gfp_names(int(call['gfp']))})" if what != "freed" else ""
    stack = [int(call["stack"][i])
             for i in range(facts.array_length("struct page_owner_site", "stack"))]
    return [f"{what} by thread {mm.text(call['task'])} on cpu {int(call['cpu'])}, "
            f"order {int(call['order'])}{gfp}, time {int(call['time'])}{context}",
            *(f"  {place(address)}" for address in stack if address)]


def gfp_names(gfp):
    """The bits of a gfp mask by name, as in the monitor's `explain`."""
    names = facts.names_of("gfp_flag", "__GFP_")
    known = [name for bit, name in sorted(names.items()) if gfp & bit]
    rest = gfp & ~sum(names)
    return " ".join(known + ([f"{rest:#x}"] if rest else [])) or "none"


def of_block(pfn):
    """Lines on the block that this page heads."""
    owner = record(pfn)
    if not owner:
        return []
    return site("allocated", owner["allocated"]) + site("freed", owner["freed"])


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
        found = descriptors.head(descriptors.one(pfn))
        first = found[0].pfn if found else pfn
        print(f"pfn {pfn:#x}" + (f", block at {first:#x} of order {found[1]}" if found else ""))
        for line in of_block(first):
            print(f"  {line}")


def register():
    register_commands(Owner)
