# SPDX-License-Identifier: BSD-2-Clause
"""find: who holds an address, virtual or physical."""
import gdb

from . import facts, harts, memmap, mm, owner, page, tables
from .command import Command, register as register_commands

# The parts of the image by the symbol at their end, in order from _start on.
PARTS = (("image_text_end", "text"), ("image_rodata_end", "constants"), ("image_data_end", "data"),
         ("boot_stack_low", "guard page of the boot stack"), ("boot_stack_top", "boot stack"),
         ("boot_emergency_low", "guard page of the emergency stack"),
         ("boot_emergency_top", "emergency stack of the boot hart"))


def image_part(va):
    """The part of the image that an address is in, and the symbol there; None if in none."""
    if not facts.address("_start") <= va < facts.address("image_end"):
        return None
    part = next((name for end, name in PARTS if va < facts.address(end)), "its end")
    symbol = harts.place(va)
    return f"image, {part}" + (f": {symbol}" if symbol and "stack" not in part else "")


def stack_of(va, page_size):
    """Whose stack an address is on, or below whose: the thread, in words; None if nobody's."""
    threads = facts.variable("sched")["threads"]
    for thread in mm.list_of(threads, "struct thread", "all_node"):
        low, high = (int(thread["context"][end]) for end in ("stack_low", "stack_high"))
        if low - page_size <= va < high:
            name = f"thread {int(thread['id'])} {mm.text(thread['name'])} on cpu {int(thread['cpu'])}"
            if va < low:
                return f"guard page below the stack of {name}"
            return f"stack of {name}, {va - low:#x} above its lowest byte"
    return None


def descriptor_at(va, descriptors):
    pfn = descriptors.pfn_of_descriptor(va)
    if pfn is None:
        return None
    text = f"descriptor of pfn {pfn:#x}, byte {(va - descriptors.address(pfn)) % (1 << 64)} of it"
    if descriptors.valid(pfn):
        return text
    return f"{text}; {'it is offline' if descriptors.offline(pfn) else 'there is no such page'}"


def of_virtual(va, descriptors):
    """What is at a virtual address, in words; None if no part of the kernel claims it."""
    if descriptors.in_linear_map(va):
        return f"linear map of {descriptors.virt_to_phys(va):#x}"
    return (image_part(va) or descriptor_at(va, descriptors)
            or stack_of(va, 1 << descriptors.page_shift))


def translate(va, entries):
    """The physical address that a virtual one is mapped to, or None."""
    for entry in entries:
        if entry.leaf and entry.va <= va < entry.va + entry.bytes:
            return entry.pa + va - entry.va
    return None


def uses(pa, entries, descriptors):
    """Lines: is the page a page table, and at which other addresses is it mapped?"""
    base = pa >> descriptors.page_shift << descriptors.page_shift
    for entry in entries:
        if not entry.leaf and entry.pa == base:
            yield f"page table of level {entry.level}, for {entry.va:#x} and {entry.bytes:#x} bytes on"
        elif entry.leaf and entry.pa <= pa < entry.pa + entry.bytes:
            va = entry.va + pa - entry.pa
            if not descriptors.in_linear_map(va):
                what = of_virtual(va, descriptors)
                yield f"mapped at {va:#x}" + (f": {what}" if what else "")


def of_physical(pa, entries, descriptors):
    """Lines on a physical address."""
    bank, reserved = mm.bank_at(pa), mm.reserved_at(pa)
    if bank:
        yield f"{pa:#x}: memory of node {bank[2]}, bank {bank[0]:#x}-{bank[1]:#x}"
    else:
        yield f"{pa:#x}: no memory; " + ("device registers, or nothing" if not reserved else "")
    if reserved:
        nomap = " (not mapped)" if reserved[3] & facts.constant("DEBUG_MEMBLOCK_NOMAP") else ""
        yield f"reserved {reserved[0]:#x}-{reserved[1]:#x}: {reserved[4]}{nomap}"
    yield from uses(pa, entries, descriptors)
    pfn = pa >> descriptors.page_shift
    if bank and descriptors.valid(pfn):
        yield from of_page(descriptors.one(pfn), descriptors)


def of_page(one, descriptors):
    """Lines on what the allocator knows of a page."""
    yield f"pfn {one.pfn:#x}: {page.what(one, descriptors)}"
    listed = page.listed(one, descriptors)
    if listed:
        yield f"on {listed}"
    held = owner.held_by_monitor(one.pfn)
    if held is not None:
        yield f"held by the user of the monitor, block at pfn {held:#x}"
    yield from owner.lines_of(one.pfn, descriptors.max_order)


class Find(Command):
    """Who holds an address: pf find EXPRESSION

A virtual or a physical address. Says which part of the image, whose stack, which descriptor or
which page it is; the bank, the reservation, the page table; the state of the page, its list and
its owner; and where else it is mapped."""

    name = "find"

    def run(self, argument):
        if not argument:
            raise gdb.GdbError("pf find: which address?")
        descriptors = memmap.MemMap()
        address = int(gdb.parse_and_eval(f"(unsigned long)({argument})"))
        entries = list(tables.walk(descriptors))
        pa = translate(address, entries)
        what = of_virtual(address, descriptors)
        if what or pa is not None:
            mapped = f"mapped to {pa:#x}" if pa is not None else "not mapped"
            print(f"{address:#x}: {what or 'virtual'}, {mapped}")
        else:
            pa = address
        if pa is not None:
            for line in of_physical(pa, entries, descriptors):
                print(f"  {line}")


def register():
    register_commands(Find)
