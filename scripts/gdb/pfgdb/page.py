# SPDX-License-Identifier: BSD-2-Clause
"""page: everything that is known of one page."""
from . import facts, memmap, mm, owner
from .command import Command, register as register_commands

# The words of mm/show.c.
STATES = {
    "PAGE_NEW": "never handed out",
    "PAGE_FREE": "free",
    "PAGE_CACHED": "in a per-CPU cache",
    "PAGE_ALLOCATED": "allocated",
    "PAGE_SET_ASIDE": "set aside",
}


def state_name(state):
    """What an enum page_state says, in words."""
    names = facts.names_of("page_state", "PAGE_")
    return STATES.get(f"PAGE_{names.get(state)}", f"state {state}")


def flag_names(flags):
    """The flags that are set, as locked|lru."""
    names = facts.names_of("page_flag", "PG_")
    return "|".join(name for bit, name in sorted(names.items()) if flags >> bit & 1)


def what(page, descriptors):
    """The state of a page, or of the block that it is a part of."""
    if page.has("PG_reserved"):
        return "reserved"
    found = descriptors.head(page)
    if not found:
        return state_name(page.state)
    head, order = found
    if head.pfn == page.pfn:
        return f"{state_name(page.state)}, order {order}"
    return (f"inside a block that is {state_name(head.state)}, order {order}, "
            f"head pfn {head.pfn:#x}")


def pointer(value):
    """As the kernel prints %p."""
    return f"{value:#x}" if value else "0"


def offline_state(offline):
    """What a page without a descriptor is used for."""
    return "reserved (page descriptors)" if offline.reserved else "free"


def describe(pfn, descriptors):
    """The two lines of the monitor's `page`."""
    pa, offline = descriptors.to_phys(pfn), descriptors.offline(pfn)
    if offline:
        return [f"  pfn {pfn:#x} at {pa:#x}: node {mm.zone_nid(offline.zone)} "
                f"zone {mm.zone_name(offline.zone)}, {offline_state(offline)}; offline, "
                "no descriptor yet"]
    if not descriptors.valid(pfn):
        return [f"  pfn {pfn:#x}: no memory there, and no descriptor"]
    page = descriptors.one(pfn)
    if page.is_hole:
        return [f"  pfn {pfn:#x} at {pa:#x}: a hole between banks"]
    zone = mm.zone_of_index(page.zone_index)
    name = mm.zone_name(zone) if zone else f"{page.zone_index:#x} (there is none)"
    reserved = mm.reserved_at(pa) if page.has("PG_reserved") else None
    why = f" ({reserved[4]})" if reserved else ""
    return [f"  pfn {pfn:#x} at {pa:#x}: node {page.nid} zone {name}, "
            f"{what(page, descriptors)}{why}",
            f"    count {page.count} mapcount {page.stored_mapcount + 1} "
            f"flags 0x{page.flags:016x} [{flag_names(page.flags)}] private {page.private:#x} "
            f"index {page.index:#x} mapping {pointer(page.mapping)} tag {page.tag:#x}"]


def walk_to_head(page, descriptors):
    """Follow a list from a page to its head: (address of the head, pages passed), or None."""
    link, passed, seen = page.next, 0, {page.pfn}
    while True:
        pfn = descriptors.pfn_of_link(link)
        if pfn is None:
            return link, passed
        if pfn in seen:
            return None
        seen.add(pfn)
        link, passed = descriptors.one(pfn).next, passed + 1


def list_heads(zone):
    """Every list of pages that a zone has: address of its head, and what it is called."""
    heads = {int(zone["free_area"][order]["free_list"].address): f"free list of order {order}"
             for order in range(mm.max_order())}
    heads[int(zone["active_list"].address)] = "active list"
    heads[int(zone["inactive_list"].address)] = "inactive list"
    for cpu, name, pcp, _ in mm.caches(zone):
        heads[int(pcp["list"].address)] = f"{name} cache of cpu {cpu}"
    return heads


def listed(page, descriptors):
    """Which list the page is on, in words; None if it should be on none."""
    states = facts.enumerators("page_state")
    is_free = page.state == states["PAGE_FREE"] and page.has("PG_private")
    zone = mm.zone_of_index(page.zone_index)
    if not zone or not (is_free or page.state == states["PAGE_CACHED"] or page.has("PG_lru")):
        return None
    found = walk_to_head(page, descriptors)
    if not found:
        return "a list that never comes back to a head"
    name = list_heads(zone).get(found[0])
    where = f"Node {mm.zone_nid(zone)} zone {mm.zone_name(zone)}"
    if not name:
        return f"no list of {where}: its links lead to {found[0]:#x}"
    return f"the {name} of {where}, {found[1]} pages before its end"


class Page(Command):
    """What is known of a page: pf page PAGE

State, flags by name, the list that it is on, and the owner of its block. See `help pf` for PAGE."""

    name = "page"

    def run(self, argument):
        descriptors = memmap.MemMap()
        pfn = memmap.pfn_of(argument, descriptors)
        for line in describe(pfn, descriptors):
            print(line)
        if not descriptors.valid(pfn):
            return
        page = descriptors.one(pfn)
        print(f"    struct page at {descriptors.address(pfn):#x}, linear address "
              f"{descriptors.phys_to_virt(descriptors.to_phys(pfn)):#x}")
        if page.is_hole:
            return
        on = listed(page, descriptors)
        if on:
            print(f"    on {on}")
        for line in owner.lines_of(pfn, descriptors.max_order):
            print(f"    {line}")


def register():
    register_commands(Page)
