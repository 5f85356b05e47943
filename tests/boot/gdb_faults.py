# SPDX-License-Identifier: BSD-2-Clause
"""Inside gdb: plant a fault in the stopped machine, `pf check`, have the machine check itself, mend it.

What `pf check` has said of each is printed behind a line with the fault's name, and then what the
machine's mm_check() has printed and returned, behind lines that say so.
"""
import json
import os

import gdb

# $z: the one zone; $order, $area, $head: a free list of large blocks, and its first; $pcp, $cached: a
# cache, and its first page; $three, $single: allocated blocks of order 3 and 0.
SETTINGS = (
    "$three = $page(kernel.held[0].pfn)",
    "$single = $page(kernel.held[1].pfn)",
    "$z = $zone($single)",
    "$order = $z->free_area[9].nr_free ? 9 : $z->free_area[8].nr_free ? 8 : 10",
    "$area = &$z->free_area[$order]",
    "$lru = (unsigned long)&((struct page *)0)->lru",
    "$head = (struct page *)((unsigned long)$area->free_list.next - $lru)",
    "$pcp = &kernel.mm.cpu[0]->pageset[$z->index].pcp[PCP_HOT]",
    "$cached = (struct page *)((unsigned long)$pcp->list.next - $lru)",
    "$private = 1UL << PG_private",
    "$reserved = 1UL << PG_reserved",
    "$other_zone = 1UL << DEBUG_ZONE_SHIFT",
)

ON_ACTIVE_LIST = ("$z->active_list.next = &$single->lru", "$z->active_list.prev = &$single->lru",
                  "$single->lru.next = &$z->active_list", "$single->lru.prev = &$z->active_list",
                  "$z->nr_active = 1")

# A fault's name, the stores that make it, and what `check` says of it, among other things.
FAULTS = {
    "link": (("$head->lru.prev = 0",), "is linked wrongly"),
    "link into nowhere": (("$area->free_list.next = (struct list_head *)8",), "is linked wrongly"),
    "list too long": (("$area->nr_free = $area->nr_free - 1",), "longer than its counter"),
    "list too short": (("$area->nr_free = $area->nr_free + 1",), "the list has"),
    "free_pages": (("$z->free_pages = $z->free_pages + 1",), "free_pages is"),
    "zone of a free block": (("$head->flags = $head->flags ^ $other_zone",),
                             "of another zone is on the order-"),
    "order of a free block": (("$head->private = $head->private - 1",), "not marked free of that"),
    "mark of a free block": (("$head->flags = $head->flags & ~$private",), "not marked free"),
    "free and reserved": (("$head->flags = $head->flags | $reserved",), "not marked free"),
    "count of a free block": (("$head->_count = 0",), "is free with count 1"),
    "alignment": (("$head->lru.next->prev = &$head[1].lru", "$head[1].lru.next = $head->lru.next",
                   "$head[1].lru.prev = &$area->free_list",
                   "$area->free_list.next = &$head[1].lru"), "but not aligned to it"),
    "zone of a cached page": (("$cached->flags = $cached->flags ^ $other_zone",),
                              "of another zone is in a cache"),
    "state of a cached page": (("$cached->tag = PAGE_FREE << 8",), "in a cache but not marked so"),
    "count of a cache": (("$pcp->count = $pcp->count + 1",), "cpu 0's hot cache counts"),
    "limit of a cache": (("$pcp->high = $pcp->count - 1",), "at most"),
    "tail of a free block": (("$head[3].tag = PAGE_ALLOCATED << 8",), "lies inside the order-"),
    "tail with a count": (("$head[2]._count = 0",), "lies inside the order-"),
    "tail of another zone": (("$head[1].flags = $head[1].flags ^ $other_zone",),
                             "lies inside the order-"),
    "tail of an allocated block": (("$three[5].flags = $three[5].flags | $reserved",),
                                   "lies inside the order-3 block"),
    "not merged": (("$head->private = $order - 1",
                    "$head[1 << $order - 1].private = $order - 1",
                    "$head[1 << $order - 1].flags = $head[1 << $order - 1].flags | $private",
                    "$head[1 << $order - 1].tag = PAGE_FREE << 8"), "buddy are both free at order"),
    "order of an allocated block": (("$three->tag = PAGE_ALLOCATED << 8 | 11",),
                                    "can not head an allocated block of order 11"),
    "order of a free head": (("$head->private = 99",), "can not head a free block of order 99"),
    "order of a set-aside block": (("$three->tag = PAGE_SET_ASIDE << 8 | 11",),
                                   "can not head a set-aside block of order 11"),
    "allocated with no count": (("$single->_count = -1",), "is allocated with count 0"),
    "lost": (("$single->tag = PAGE_NEW << 8",), "is on no list and belongs to nobody"),
    "cached nowhere": (("$single->tag = PAGE_CACHED << 8",), "are cached by their descriptors"),
    "reserved": (("$z->reserved_pages = $z->reserved_pages + 1",),
                 "are reserved by their descriptors"),
    "set aside": (("$z->set_aside_pages = 1",), "are set aside by their descriptors"),
    "present": (("$z->present_pages = $z->present_pages + 1",), "are accounted for by"),
    "LRU mark": (("$single->flags = $single->flags | 1UL << PG_lru",), "are on the LRU lists by"),
    "LRU counter": (("$z->nr_inactive = 1",), "nr_inactive is 1, the list has 0"),
    "on the active list": (ON_ACTIVE_LIST, "active list is not marked so"),
    "no holder": (ON_ACTIVE_LIST, "is not a single page that somebody holds"),
    "zone of an LRU page": ((*ON_ACTIVE_LIST, "$single->flags = $single->flags ^ 1UL << DEBUG_ZONE_SHIFT"),
                            "of another zone is on the active list"),
}


def plant(stores):
    """Make a fault; returns what takes it back."""
    inferior, undo = gdb.selected_inferior(), []
    for store in stores:
        place = gdb.parse_and_eval(store.split(" = ")[0])
        address, length = int(place.address), place.type.sizeof
        undo.insert(0, (address, inferior.read_memory(address, length).tobytes()))
        gdb.execute(f"set var {store}")
    return undo


def own_check(console):
    """Have the stopped hart call mm_check(); its lines on the console, and how many faults it says."""
    before = os.path.getsize(console)
    errors = int(gdb.parse_and_eval("mm_check(&kernel.mm, (struct mm_check_result *)0)"))
    with open(console, encoding="latin-1") as file:
        file.seek(before)
        return file.read().replace("\r", ""), errors


def main():
    with open(os.environ["GDB_JOB"], encoding="ascii") as file:
        console = json.load(file)["console"]
    for setting in SETTINGS:
        gdb.execute(f"set {setting}")
    for name, (stores, _) in FAULTS.items():
        undo = plant(stores)
        print(f"fault: {name}")
        gdb.execute("pf check")
        text, errors = own_check(console)
        print(f"the machine:\n{text}its count: {errors}")
        for address, data in undo:
            gdb.selected_inferior().write_memory(address, data)


if __name__ == "__main__":
    main()
