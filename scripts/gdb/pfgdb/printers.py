# SPDX-License-Identifier: BSD-2-Clause
"""How print shows struct page, zone, free_area and zonelist, and masks of type gfp_t."""
import gdb
import gdb.printing

from . import facts, memmap, mm, owner, page, reports, view

# Free blocks that are named before the rest is only counted.
BLOCKS_NAMED = 8


class Printer:
    """A summary, then all the fields; where the summary can not be told, the fields alone."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        try:
            with view.machine(allocator=True):
                return self.summary()
        except (gdb.GdbError, gdb.MemoryError):
            return None

    def summary(self):
        raise NotImplementedError

    def children(self):
        for field in self.value.type.fields():
            if field.name:
                yield field.name, self.value[field]


class PagePrinter(Printer):
    """pfn, state and flags."""

    def summary(self):
        descriptors = memmap.MemMap()
        address = self.value.address
        pfn = descriptors.pfn_of_descriptor(int(address)) if address else None
        if pfn is None or not descriptors.valid(pfn):
            return "no page of the memory map"
        one = descriptors.one(pfn)
        if one.is_hole:
            return f"pfn {pfn:#x}, a hole between banks"
        return (f"pfn {pfn:#x}, {page.what(one, descriptors)}, count {one.count}, "
                f"[{page.flag_names(one.flags)}]")


class ZonePrinter(Printer):
    """Node, name and levels."""

    def summary(self):
        zone = self.value
        if not int(zone["zone_pgdat"]):
            return "no zone yet"
        return (f"Node {mm.zone_nid(zone)} {mm.zone_name(zone)}, present "
                f"{int(zone['present_pages'])}, free {int(zone['free_pages'])}, min "
                f"{int(zone['pages_min'])}, low {int(zone['pages_low'])}, high "
                f"{int(zone['pages_high'])}")


class FreeAreaPrinter(Printer):
    """The blocks on its list."""

    def summary(self):
        descriptors = memmap.MemMap()
        head, link, pfns = self.value["free_list"], self.value["free_list"]["next"], []
        while int(link) != int(head.address) and len(pfns) < BLOCKS_NAMED:
            pfn = descriptors.pfn_of_link(int(link))
            if pfn is None:
                pfns.append(f"a broken link to {int(link):#x}")
                break
            pfns.append(f"{pfn:#x}")
            link = link["next"]
        else:
            if int(link) != int(head.address):
                pfns.append("...")
        nr = int(self.value["nr_free"])
        return f"{nr} free blocks: pfn {', '.join(pfns)}" if pfns else f"{nr} free blocks"


class ZonelistPrinter:
    """The zones in order; that is all there is."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        try:
            return reports.zonelist_text(self.value) or "empty"
        except gdb.MemoryError as error:
            return f"unreadable: {error}"


class GfpPrinter:
    """A mask by the names of its bits."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        gfp = int(self.value.cast(gdb.lookup_type("unsigned int")))
        return f"{gfp:#x} ({owner.gfp_names(gfp)})"


def register():
    facts.clear()
    collection = gdb.printing.RegexpCollectionPrettyPrinter("pageframe")
    for name, printer in (("page", PagePrinter), ("zone", ZonePrinter),
                          ("free_area", FreeAreaPrinter), ("zonelist", ZonelistPrinter),
                          ("gfp_t", GfpPrinter)):
        collection.add_printer(name, f"^{name}$", printer)
    gdb.printing.register_pretty_printer(None, collection, replace=True)
