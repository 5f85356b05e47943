# SPDX-License-Identifier: BSD-2-Clause
"""dump: the machine's tree, or its layout and the state of every page, into a file."""
import itertools
import json
import struct

import gdb

from . import facts, memmap, mm, page, view
from .command import Command, register as register_commands

FDT_MAGIC = 0xd00dfeed


def tree():
    """The device tree that the machine booted with: the kernel's own copy of it."""
    address = int(facts.variable("kernel")["fdt"])
    magic, size = struct.unpack(">II", view.read(address, 8))
    if magic != FDT_MAGIC:
        raise gdb.GdbError(f"pf dump: no device tree at {address:#x}")
    return bytes(view.read(address, size))


def address_range(base, end):
    return {"start": f"{base:#x}", "end": f"{end - 1:#x}"}


def layout_zones():
    """(enum zone_type, name, first byte, end) of the zone layout's rows."""
    layout, start = mm.root()["layout"], 0
    names = {int(zone["type"]): mm.zone_name(zone) for zone in mm.zones()}
    for i in range(int(layout["nr"])):
        kind, end = int(layout["limit"][i]["type"]), int(layout["limit"][i]["end"])
        yield kind, names[kind], start, end
        start = end


def zone_ranges(descriptors):
    first, last = mm.banks()[0][0], descriptors.to_phys(descriptors.max_pfn)
    found = {}
    for _, name, start, end in layout_zones():
        base, end = max(start, first), min(end, last)
        found[name] = address_range(base, end) if base < end else "empty"
    return found


def zone_object(zone):
    present = int(zone["present_pages"])
    return {
        "start_pfn": int(zone["zone_start_pfn"]), "spanned": int(zone["spanned_pages"]),
        "present": present, "managed": present - int(zone["reserved_pages"]),
        "min": int(zone["pages_min"]), "low": int(zone["pages_low"]),
        "high": int(zone["pages_high"]),
        "protection": [int(zone["lowmem_reserve"][i])
                       for i in range(facts.array_length("struct zone", "lowmem_reserve"))],
    }


def node_object(node, nodes):
    root, nid = mm.root(), int(node["node_id"])
    row = nid * int(root["nr_node_ids"])
    hwids = facts.variable("kernel")["cpus"]["cpu"]
    return {
        "harts": [int(hwids[int(cpu["id"])]["hwid"]) for cpu in mm.cpus() if int(cpu["nid"]) == nid],
        "distance": [int(root["distance"][row + int(to["node_id"])]) for to in nodes],
        "zones": {name: zone_object(node["node_zones"][kind])
                  for kind, name, _, _ in layout_zones()},
    }


def zonelist_object(node):
    zonelist = node["node_zonelists"][0]
    zones = [zonelist["zones"][i] for i in range(int(zonelist["nr"]))]
    return [f"{mm.zone_nid(zone)}:{mm.zone_name(zone)}" for zone in zones]


def pages_of(zone, descriptors):
    """(pfn, pages, state) of each block or page of a zone."""
    pfn = int(zone["zone_start_pfn"])
    end = pfn + int(zone["spanned_pages"])
    free = facts.constant("PAGE_FREE")
    with_order = (facts.constant("PAGE_ALLOCATED"), facts.constant("PAGE_SET_ASIDE"))
    while pfn < end:
        offline = descriptors.offline(pfn)
        if offline and offline.zone_index == int(zone["index"]):
            yield pfn, offline.end - pfn, "reserved" if offline.reserved else "free"
            pfn = offline.end
            continue
        if not descriptors.valid(pfn):
            pfn += descriptors.block_pages - pfn % descriptors.block_pages
            continue
        one = descriptors.page(pfn)
        order = one.private if one.state == free else (
            one.tag_order if one.state in with_order else 0)
        nr = 1 << order if order < descriptors.max_order else 1
        if one.zone_index == int(zone["index"]):
            is_reserved = one.has("PG_reserved") and one.state not in with_order
            nr = 1 if is_reserved else nr
            yield pfn, nr, "reserved" if is_reserved else page.state_name(one.state)
        else:
            nr = 1
        pfn += nr


def runs(zone, descriptors):
    """The same, neighbours of one state joined."""
    where = f"{mm.zone_nid(zone)}:{mm.zone_name(zone)}"
    found = []
    for pfn, nr, state in pages_of(zone, descriptors):
        if found and found[-1]["state"] == state and found[-1]["start_pfn"] + found[-1]["pages"] == pfn:
            found[-1]["pages"] += nr
        else:
            found.append({"zone": where, "start_pfn": pfn, "pages": nr, "state": state})
    return found


def layout_object():
    """The object of `layout json` (docs/layout-json.md), and the state of all pages."""
    descriptors, nodes, root = memmap.MemMap(), mm.nodes(), mm.root()
    nomap = facts.constant("DEBUG_MEMBLOCK_NOMAP")
    by_id = [(str(int(node["node_id"])), node) for node in nodes]
    return {
        "page_size": 1 << descriptors.page_shift,
        "min_free_kbytes": int(root["min_free_kbytes"]),
        "zone_ranges": zone_ranges(descriptors),
        "early_node_ranges": [{"node": nid, **address_range(base, end)}
                              for base, end, nid, _, _ in mm.banks()],
        "nodes": {nid: node_object(node, nodes) for nid, node in by_id},
        "fallback_order": {nid: [int(node["fallback"][i]) for i in range(int(node["nr_online"]))]
                           for nid, node in by_id},
        "zonelist_of_node": {nid: zonelist_object(node) for nid, node in by_id},
        "reservations": [{**address_range(base, end), "mapped": not flags & nomap, "why": why}
                         for base, end, _, flags, why in mm.reservations()],
        "pages": list(itertools.chain.from_iterable(
            runs(zone, descriptors) for zone in mm.populated_zones())),
    }


class Dump(Command):
    """Write the machine into a file: pf dump FILE.dtb | pf dump FILE.json

FILE.dtb is the device tree that it booted with, for scripts/layout, which prints and draws its nodes,
zones and reservations. FILE.json is the object of `layout json` as it is now, with one key more,
`pages`: what is free, cached, allocated, reserved and set aside."""

    name = "dump"
    completer = gdb.COMPLETE_FILENAME

    def run(self, argument):
        if argument.endswith(".dtb"):
            data = tree()
        elif argument.endswith(".json"):
            data = (json.dumps(layout_object(), indent=1) + "\n").encode("ascii")
        else:
            raise gdb.GdbError("pf dump: which file? Its name ends in .dtb or .json")
        try:
            with open(argument, "wb") as file:
                file.write(data)
        except OSError as error:
            raise gdb.GdbError(f"pf dump: {error}") from error
        print(f"{argument}: {len(data)} bytes")


def register():
    register_commands(Dump)
