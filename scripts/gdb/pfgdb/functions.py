# SPDX-License-Identifier: BSD-2-Clause
"""$pfn(), $page(), $pa() and $zone(), for expressions: print $page(0x80400)->flags"""
import gdb

from . import facts, memmap, mm, view


class Function(gdb.Function):
    """A function of one page; a subclass has a name, a docstring, and of()."""

    name = None

    def __init__(self):
        super().__init__(self.name)

    def invoke(self, value):
        with view.machine(allocator=True):
            descriptors = memmap.MemMap()
            return self.of(memmap.pfn_of_value(value, descriptors), descriptors)

    def of(self, pfn, descriptors):
        raise NotImplementedError


class Pfn(Function):
    """$pfn(PAGE): page frame number of an address or a struct page *."""

    name = "pfn"

    def of(self, pfn, descriptors):
        return gdb.Value(pfn).cast(gdb.lookup_type("unsigned long"))


class Page(Function):
    """$page(PAGE): struct page * of a pfn or an address."""

    name = "page"

    def of(self, pfn, descriptors):
        return gdb.Value(descriptors.address(pfn)).cast(facts.type_of("struct page").pointer())


class Pa(Function):
    """$pa(PAGE): physical address of a page's first byte."""

    name = "pa"

    def of(self, pfn, descriptors):
        return gdb.Value(descriptors.to_phys(pfn)).cast(gdb.lookup_type("unsigned long"))


class Zone(Function):
    """$zone(PAGE): struct zone * of a page; 0 for one in no zone."""

    name = "zone"

    def of(self, pfn, descriptors):
        pointer = facts.type_of("struct zone").pointer()
        if not descriptors.valid(pfn):
            return gdb.Value(0).cast(pointer)
        zone = mm.zone_of_index(descriptors.one(pfn).zone_index)
        return zone.address if zone else gdb.Value(0).cast(pointer)


def register():
    for function in (Pfn, Page, Pa, Zone):
        function()
