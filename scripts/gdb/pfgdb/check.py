# SPDX-License-Identifier: BSD-2-Clause
"""check: the walk over all invariants of mm/check.c, from outside. The same rules, the same words.

It works where the machine itself can not any more: after a crash, or with a lock held. A list that
an interrupted hart was about to change may be reported as broken, as it is at that moment.
"""
import collections

from . import facts, memmap, mm
from .command import Command, register as register_commands

MAX_LINES = 16

# A list to be walked: its name in messages, its head, its counter, and what each page must be.
PageList = collections.namedtuple("PageList", ("name", "head", "limit", "visit"))
KINDS = ("free", "cached", "allocated", "reserved", "set_aside")


class Faults:
    """Faults found; the first are printed."""

    def __init__(self):
        self.count = 0

    def add(self, zone, text):
        if self.count < MAX_LINES:
            print(f"check: node {mm.zone_nid(zone)} zone {mm.zone_name(zone)}: {text}")
        self.count += 1


class ZoneCheck:
    """One zone: what its lists hold, then what its descriptors say, then the two against each other."""

    def __init__(self, zone, descriptors, faults):
        self.zone, self.memmap, self.faults = zone, descriptors, faults
        self.index = int(zone["index"])
        self.states = facts.enumerators("page_state")
        self.count = collections.Counter()
        self.seen = collections.Counter()
        self.listed = self.marked = 0
        # For the walk over all tails: bits, looked up once.
        self.zone_shift = facts.constant("DEBUG_ZONE_SHIFT")
        self.reserved_bit = 1 << facts.enumerators("page_flag")["PG_reserved"]
        self.private_bit = 1 << facts.enumerators("page_flag")["PG_private"]

    def fault(self, text):
        self.faults.add(self.zone, text)

    def in_zone(self, page):
        return page.zone_index == self.index

    def is_free(self, page):
        return page.has("PG_private") and page.state == self.states["PAGE_FREE"]

    # The lists.

    def walk(self, pages):
        """Walk a list; returns its length, or stops at a broken link or beyond its counter."""
        head = int(pages.head.address)
        at, link, nr = head, int(pages.head["next"]), 0
        last = int(pages.head["prev"])
        while True:
            pfn = None if link == head else self.memmap.pfn_of_link(link)
            page = self.memmap.page(pfn) if pfn is not None else None
            prev = last if link == head else page.prev if page else None
            if prev != at:
                self.fault(f"{pages.name} list: entry {nr} is linked wrongly")
                return nr
            if link == head:
                return nr
            if nr == pages.limit:
                self.fault(f"{pages.name} list: longer than its counter, {pages.limit}")
                return nr + 1
            pages.visit(page, pages.name)
            at, link, nr = link, page.next, nr + 1

    def check_free_lists(self):
        for order in range(mm.max_order()):
            area = self.zone["free_area"][order]
            nr_free = int(area["nr_free"])
            nr = self.walk(PageList(f"order-{order}", area["free_list"], nr_free,
                                    lambda page, _, order=order: self.free_head(page, order)))
            if nr != nr_free:
                self.fault(f"order {order}: nr_free is {nr_free}, the list has {nr}")
            self.count["free"] += nr << order
        free_pages = int(self.zone["free_pages"])
        holds = self.count["free"] + int(self.zone["offline_pages"])
        if holds != free_pages:
            self.fault(f"free_pages is {free_pages}, the lists hold {holds}")

    def free_head(self, page, order):
        pfn = page.pfn
        if not self.in_zone(page):
            self.fault(f"pfn {pfn:#x} of another zone is on the order-{order} list")
        if not self.is_free(page) or page.private != order or page.has("PG_reserved"):
            self.fault(f"pfn {pfn:#x} on the order-{order} list is not marked free of that order")
        if page.count != 0:
            self.fault(f"pfn {pfn:#x} is free with count {page.count}")
        if pfn & (1 << order) - 1:
            self.fault(f"pfn {pfn:#x} is free as order {order} but not aligned to it")

    def check_caches(self):
        for cpu, name, pcp, order in mm.caches(self.zone):
            count, high, what = int(pcp["count"]), int(pcp["high"]), "blocks" if order else "pages"
            nr = self.walk(PageList("cached", pcp["list"], count,
                                    lambda page, _, order=order: self.cached_block(page, order)))
            if nr != count:
                self.fault(f"cpu {cpu}'s {name} cache counts {count} {what} and holds {nr}")
            if count > high:
                self.fault(f"cpu {cpu}'s {name} cache holds {count} {what}, {high} at most")
            self.count["cached"] += nr << order

    def cached_block(self, page, order):
        if not self.in_zone(page):
            self.fault(f"pfn {page.pfn:#x} of another zone is in a cache")
        if (page.tag != (self.states["PAGE_CACHED"] << 8 | order) or page.count != 0
                or page.has("PG_private")):
            self.fault(f"pfn {page.pfn:#x} is in a cache but not marked so")

    def check_lru_lists(self):
        for name in ("active", "inactive"):
            counter = int(self.zone[f"nr_{name}"])
            nr = self.walk(PageList(name, self.zone[f"{name}_list"], counter, self.lru_page))
            if nr != counter:
                self.fault(f"nr_{name} is {counter}, the list has {nr}")
            self.listed += nr

    def lru_page(self, page, name):
        pfn = page.pfn
        if not self.in_zone(page):
            self.fault(f"pfn {pfn:#x} of another zone is on the {name} list")
        tag = self.states["PAGE_ALLOCATED"] << 8 | facts.constant("DEBUG_PAGE_TAG_LRU")
        if page.tag != tag or page.count <= 0:
            self.fault(f"pfn {pfn:#x} on the {name} list is not a single page that somebody holds")
        if not page.has("PG_lru") or page.has("PG_active") != (name == "active"):
            self.fault(f"pfn {pfn:#x} on the {name} list is not marked so")

    # The descriptors.

    def check_tails(self, head, order):
        """The pages behind a block's head: of the same zone, and heads of nothing themselves."""
        first = head.pfn % self.memmap.block_pages
        data = self.memmap.block(head.pfn)[(first + 1) * self.memmap.size:
                                           (first + (1 << order)) * self.memmap.size]
        bad_bits = self.reserved_bit
        if head.state == self.states["PAGE_FREE"]:
            bad_bits |= self.private_bit
        allocated = self.states["PAGE_ALLOCATED"]
        for i, fields in enumerate(self.memmap.struct.iter_unpack(data)):
            flags, count, tag = fields[0], fields[1], fields[-1]
            if (flags >> self.zone_shift != self.index or count != -1 or flags & bad_bits
                    or tag >> 8 & 0xff == allocated):
                self.fault(f"pfn {head.pfn + 1 + i:#x} lies inside the order-{order} block at "
                           f"{head.pfn:#x} but is not part of it")
                return

    def head_order(self, page, what, order):
        """Can a block of this order start here? If not, what follows its head can not be told."""
        if order < self.memmap.max_order and not page.pfn & (1 << order) - 1:
            return True
        self.fault(f"pfn {page.pfn:#x} can not head {what} block of order {order}")
        return False

    def check_merged(self, page, order):
        """Two free buddies of one order ought to have been merged."""
        if order >= self.memmap.max_order - 1:
            return
        buddy = self.memmap.page(page.pfn ^ 1 << order)
        if self.in_zone(buddy) and self.is_free(buddy) and buddy.private == order:
            self.fault(f"pfn {page.pfn:#x} and its buddy are both free at order {order}")

    def free_block(self, page):
        if not self.head_order(page, "a free", page.private):
            return 1
        self.check_tails(page, page.private)
        self.check_merged(page, page.private)
        return self.see("free", 1 << page.private)

    def allocated_block(self, page):
        if not self.head_order(page, "an allocated", page.tag_order):
            return 1
        if page.count <= 0:
            self.fault(f"pfn {page.pfn:#x} is allocated with count {page.count}")
        self.check_tails(page, page.tag_order)
        self.marked += page.has("PG_lru")
        return self.see("allocated", 1 << page.tag_order)

    def see(self, kind, pages):
        self.seen[kind] += pages
        return pages

    def check_head(self, page):
        """Count what a page heads; returns how many pages that is."""
        if page.has("PG_reserved") and page.state != self.states["PAGE_SET_ASIDE"]:
            return self.see("reserved", 1)
        if self.is_free(page):
            return self.free_block(page)
        if page.state == self.states["PAGE_CACHED"]:
            if not self.head_order(page, "a cached", page.tag_order):
                return 1
            self.check_tails(page, page.tag_order)
            return self.see("cached", 1 << page.tag_order)
        if page.state == self.states["PAGE_ALLOCATED"]:
            return self.allocated_block(page)
        if page.state == self.states["PAGE_SET_ASIDE"]:
            if not self.head_order(page, "a set-aside", page.tag_order):
                return 1
            return self.see("set_aside", 1 << page.tag_order)
        self.fault(f"pfn {page.pfn:#x} is on no list and belongs to nobody")
        return 1

    def walk_descriptors(self):
        pfn = int(self.zone["zone_start_pfn"])
        end = pfn + int(self.zone["spanned_pages"])
        while pfn < end:
            if not self.memmap.valid(pfn):
                pfn += self.memmap.block_pages - pfn % self.memmap.block_pages
                continue
            page = self.memmap.page(pfn)
            pfn += self.check_head(page) if self.in_zone(page) else 1

    def check_offline(self):
        """The zone's blocks that have no descriptors, and shall have none."""
        counted = int(self.zone["offline_pages"])
        nr = int(self.zone["onlining"]) * self.memmap.block_pages
        for one in self.memmap.offline(zone_index=self.index):
            for pfn in range(one.start, one.end, self.memmap.block_pages):
                if self.memmap.valid(pfn):
                    self.fault(f"pfn {pfn:#x} is offline and has a descriptor")
            if one.reserved:
                self.see("reserved", one.end - one.start)
            else:
                nr += one.end - one.start
        if nr != counted:
            self.fault(f"offline_pages is {counted}, the ranges hold {nr}")
        self.count["free"] += nr
        self.see("free", counted)

    # The two against each other.

    def compare(self, what, seen, counted):
        if seen != counted:
            self.fault(f"{seen} pages are {what} by their descriptors, {counted} by the records")

    def run(self):
        """Check it; returns its pages by kind."""
        self.check_free_lists()
        self.check_caches()
        self.check_lru_lists()
        self.walk_descriptors()
        self.check_offline()
        self.compare("free", self.seen["free"], self.count["free"])
        self.compare("cached", self.seen["cached"], self.count["cached"])
        self.compare("on the LRU lists", self.marked, self.listed)
        self.compare("reserved", self.seen["reserved"], int(self.zone["reserved_pages"]))
        self.compare("set aside", self.seen["set_aside"], int(self.zone["set_aside_pages"]))
        self.compare("accounted for", sum(self.seen.values()), int(self.zone["present_pages"]))
        return [self.count["free"], self.count["cached"], self.seen["allocated"],
                self.seen["reserved"], self.seen["set_aside"], int(self.zone["present_pages"])]


class Check(Command):
    """Walk everything: lists against counters, every descriptor, and the sums. Nothing is changed.

The same as the monitor's `check`, for a machine that is stopped or has crashed. A fault costs a line,
16 at most. A hart that was stopped inside the allocator may leave things half done: `pf harts`
shows who was."""

    name = "check"

    def run(self, argument):
        self.no_argument(argument)
        descriptors, faults = memmap.MemMap(), Faults()
        results = [ZoneCheck(zone, descriptors, faults).run() for zone in mm.populated_zones()]
        if faults.count > MAX_LINES:
            print(f"check: {faults.count - MAX_LINES} more faults not printed")
        *parts, present = (sum(column) for column in zip(*results))
        text = " + ".join(f"{nr} {kind.replace('_', ' ')}" for nr, kind in zip(parts, KINDS))
        print(f"check: {text} = {sum(parts)} of {present} pages")
        print(f"check: {faults.count} faults found, "
              f"{int(mm.root()['faults']['misuse'])} reports of misuse since boot")


def register():
    register_commands(Check)
