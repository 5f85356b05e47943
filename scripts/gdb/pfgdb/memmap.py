# SPDX-License-Identifier: BSD-2-Clause
"""Page descriptors, read in whole blocks: one at a time would take minutes over gdb's protocol.

The blocks that were read are kept for the time of one command.
"""
import collections

import gdb

from . import facts, mm, view

_FIELDS = ("flags", "_count", "_mapcount", "private", "mapping", "index", "lru.next", "lru.prev",
           "tag")
_Raw = collections.namedtuple("_Raw", ("pfn", "flags", "stored_count", "stored_mapcount", "private",
                                       "mapping", "index", "next", "prev", "tag"))


class Page(_Raw):
    """One struct page."""

    __slots__ = ()

    @property
    def count(self):
        return self.stored_count + 1

    @property
    def state(self):
        return self.tag >> 8 & 0xff

    @property
    def tag_order(self):
        return self.tag & 0xff

    @property
    def zone_index(self):
        return self.flags >> facts.constant("DEBUG_ZONE_SHIFT")

    @property
    def nid(self):
        return self.zone_index >> facts.constant("DEBUG_ZONES_SHIFT")

    def has(self, flag):
        """Is a flag set, by its C name?"""
        return bool(self.flags >> facts.enumerators("page_flag")[flag] & 1)

    @property
    def is_hole(self):
        return self.nid == facts.constant("DEBUG_NODE_HOLE")


# Blocks [start, end) without descriptors: free, or reserved as a part of the memory map itself.
Offline = collections.namedtuple("Offline", ("start", "end", "zone", "zone_index", "reserved"))


class MemMap:
    """The descriptors of the machine."""

    def __init__(self):
        root = mm.root()
        self.page_shift = facts.constant("DEBUG_PAGE_SHIFT")
        self.block_pages = facts.constant("DEBUG_BLOCK_PAGES")
        self.base = int(facts.variable("kernel")["mem_map"])
        self.max_pfn = int(root["max_pfn"])
        self.max_order = mm.max_order()
        self.struct = facts.layout("struct page", _FIELDS)
        self.size = self.struct.size
        self.lru = facts.type_of("struct page")["lru"].bitpos // 8
        self._read = {}
        words = -(-self.max_pfn // (self.block_pages * 64))
        self._mapped = bytes(view.read(int(root["block_map"]), words * 8))
        self._offline = [self.range_of(root["offline"][i]) for i in range(int(root["nr_offline"]))]
        self._linear = int(facts.variable("linear_window")["offset"])
        self._window = facts.variable("linear_window")

    def valid(self, pfn):
        """pfn_valid()."""
        if not 0 <= pfn < self.max_pfn:
            return False
        block = pfn // self.block_pages
        return bool(self._mapped[block // 8] >> block % 8 & 1)

    @staticmethod
    def range_of(value):
        """A struct offline_range."""
        zone = mm.whole(value["zone"])
        return Offline(int(value["start_pfn"]), int(value["end_pfn"]), zone, int(zone["index"]),
                       bool(value["reserved"]))

    def offline(self, pfn=None, zone_index=None):
        """The Offline range that holds a pfn, or None; without a pfn, all of a zone."""
        if pfn is None:
            return [one for one in self._offline if one.zone_index == zone_index]
        return next((one for one in self._offline if one.start <= pfn < one.end), None)

    def block(self, pfn):
        """The bytes of the descriptors of a valid page's block."""
        number = pfn // self.block_pages
        if number not in self._read:
            length = self.block_pages * self.size
            self._read[number] = view.read(self.base + number * length, length)
        return self._read[number]

    def page(self, pfn):
        """The Page of a valid pfn."""
        offset = pfn % self.block_pages * self.size
        return Page(pfn, *self.struct.unpack_from(self.block(pfn), offset))

    def one(self, pfn):
        """As page(), when it is about this one alone."""
        if pfn // self.block_pages in self._read:
            return self.page(pfn)
        return Page(pfn, *self.struct.unpack(view.read(self.address(pfn), self.size)))

    def pages(self, pfn):
        """All Pages of a valid pfn's block."""
        first = pfn - pfn % self.block_pages
        return [Page(first + i, *fields)
                for i, fields in enumerate(self.struct.iter_unpack(self.block(pfn)))]

    def address(self, pfn):
        """Address of a descriptor."""
        return (self.base + pfn * self.size) % (1 << 64)

    def pfn_of_descriptor(self, address):
        """The pfn whose descriptor holds an address, valid or not; None outside of the window."""
        pfn = (address - self.base) % (1 << 64) // self.size
        return pfn if pfn < self.max_pfn else None

    def pfn_of_link(self, link):
        """The valid pfn whose `lru` stands at an address, or None."""
        pfn, rest = divmod((link - self.lru - self.base) % (1 << 64), self.size)
        return pfn if rest == 0 and self.valid(pfn) else None

    def to_phys(self, pfn):
        return pfn << self.page_shift

    def in_linear_map(self, address):
        return (address - int(self._window["base"])) % (1 << 64) < int(self._window["bytes"])

    def virt_to_phys(self, address):
        return (address - self._linear) % (1 << 64)

    def phys_to_virt(self, pa):
        return (pa + self._linear) % (1 << 64)

    def head(self, page):
        """page_block_head(): (head, order) of the block that a page is a part of; None if of none."""
        states = facts.enumerators("page_state")
        for least in range(self.max_order):
            head = self.one(page.pfn >> least << least)
            order = head.tag_order
            if head.state == states["PAGE_FREE"] and head.has("PG_private"):
                order = head.private
            elif (head.state not in (states["PAGE_ALLOCATED"], states["PAGE_SET_ASIDE"])
                  and (head.state != states["PAGE_CACHED"] or order == 0)):
                continue
            if least <= order < self.max_order:
                return head, order
        return None


def pfn_of(argument, memmap):
    """The pfn that a user names: see `help pf`. It may have no descriptor."""
    kind, equals, rest = argument.partition("=")
    if equals and kind in ("pfn", "pa", "va"):
        return _pfn_as(kind, int(gdb.parse_and_eval(rest)) % (1 << 64), argument, memmap)
    if not argument:
        raise gdb.GdbError("pf: which page? A pfn, an address or a struct page *")
    return pfn_of_value(gdb.parse_and_eval(argument), memmap)


def pfn_of_value(value, memmap):
    """The pfn that a value means: a struct page * or a struct page, a pfn, an address."""
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_STRUCT:
        value, kind = value.address, kind.pointer()
    if kind.code == gdb.TYPE_CODE_ARRAY:
        value = value.address
    number = int(value) % (1 << 64)
    is_page = kind.code == gdb.TYPE_CODE_PTR and kind.target().strip_typedefs().tag == "page"
    if is_page or (number >= memmap.max_pfn and memmap.pfn_of_descriptor(number) is not None):
        pfn = memmap.pfn_of_descriptor(number)
        if pfn is None:
            raise gdb.GdbError(f"pf: {number:#x} is no struct page *")
        return pfn
    if number < memmap.max_pfn:
        return number
    if memmap.in_linear_map(number):
        return memmap.virt_to_phys(number) >> memmap.page_shift
    if number >> memmap.page_shift < memmap.max_pfn:
        return number >> memmap.page_shift
    raise gdb.GdbError(f"pf: {number:#x} is no page: pfns end at {memmap.max_pfn:#x}, physical "
                       f"addresses at {memmap.to_phys(memmap.max_pfn):#x}; `pf find` looks further")


def _pfn_as(kind, number, argument, memmap):
    if kind == "pfn":
        return number
    if kind == "pa":
        return number >> memmap.page_shift
    if not memmap.in_linear_map(number):
        raise gdb.GdbError(f"pf: {argument} is no address of the linear map")
    return memmap.virt_to_phys(number) >> memmap.page_shift
