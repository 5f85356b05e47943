# SPDX-License-Identifier: BSD-2-Clause
"""The allocator's structures, as gdb's values: nodes, zones, CPUs, lists, reservations."""
import collections

import gdb

from . import facts, view


def root():
    """struct mm."""
    return facts.variable("kernel")["mm"]


def memblock():
    """struct memblock: banks and reservations."""
    return facts.variable("kernel")["memblock"]


def text(value):
    """A C string."""
    return value.string("ascii", "replace")


def whole(pointer):
    """What a pointer points to, read at once."""
    value = pointer.dereference()
    value.fetch_lazy()
    return value


def nodes():
    """struct pglist_data of every node that is online, ids ascending."""
    mm = root()
    pointers = (mm["node"][nid] for nid in range(int(mm["nr_node_ids"])))
    return [whole(node) for node in pointers if int(node)]


def zones():
    """struct zone of every zone that the table has, populated or not, by its index."""
    mm = root()
    pointers = (mm["zone_table"][i]
                for i in range(int(mm["nr_node_ids"]) << facts.constant("DEBUG_ZONES_SHIFT")))
    return [whole(zone) for zone in pointers if int(zone)]


def populated_zones():
    return [zone for zone in zones() if int(zone["present_pages"])]


def zone_nid(zone):
    return int(zone["zone_pgdat"]["node_id"])


def zone_name(zone):
    return text(zone["name"])


def zone_of_index(index):
    """struct zone by page_zone_index(), or None."""
    mm = root()
    if index >= int(mm["nr_node_ids"]) << facts.constant("DEBUG_ZONES_SHIFT"):
        return None
    pointer = mm["zone_table"][index]
    return pointer.dereference() if int(pointer) else None


def cpus():
    """struct mm_cpu of every CPU, by id."""
    mm = root()
    return [mm["cpu"][i].dereference() for i in range(int(mm["nr_cpus"]))]


# A list of a CPU's caches: its CPU's id, "hot", "cold" or "order-N", struct per_cpu_pages, the order.
Cache = collections.namedtuple("Cache", ("cpu", "name", "pcp", "order"))


def caches(zone):
    """A zone's caches, each CPU's in ascending orders."""
    halves = [(facts.constant("PCP_HOT"), "hot"), (facts.constant("PCP_COLD"), "cold")]
    for cpu in cpus():
        pageset, number = whole(cpu["pageset"] + int(zone["index"])), int(cpu["id"])
        for half, name in halves:
            yield Cache(number, name, pageset["pcp"][half], 0)
        for order in range(1, max_order()):
            yield Cache(number, f"order-{order}", pageset["block"][order - 1], order)


def max_order():
    return facts.array_length("struct zone", "free_area")


def ranges(which):
    """(base, end, nid, flags, why) of the ranges of memblock's list `which`, sorted."""
    listed = memblock()[which]
    count = int(listed["nr"])
    struct = facts.layout("struct memblock_range", ("base", "end", "nid", "flags"))
    data = view.read(int(listed["range"][0].address), count * struct.size) if count else b""
    why = facts.type_of("struct memblock_range")["why"].bitpos // 8
    found = []
    for i in range(count):
        name = bytes(data[i * struct.size + why:(i + 1) * struct.size]).split(b"\0")[0]
        found.append((*struct.unpack_from(data, i * struct.size), name.decode("ascii", "replace")))
    return found


def banks():
    return ranges("memory")


def reservations():
    return ranges("reserved")


def reserved_at(pa):
    """The reservation that holds a physical address, or None."""
    return next((each for each in reservations() if each[0] <= pa < each[1]), None)


def bank_at(pa):
    return next((each for each in banks() if each[0] <= pa < each[1]), None)


def list_of(head, kind, member, limit=100000):
    """The elements of a list, which are of C type `kind` and linked by `member`."""
    offset = facts.type_of(kind)[member].bitpos // 8
    pointer = facts.type_of(kind).pointer()
    end, link = int(head.address), head["next"]
    for _ in range(limit):
        if int(link) == end:
            return
        yield gdb.Value(int(link) - offset).cast(pointer).dereference()
        link = link["next"]
