# SPDX-License-Identifier: BSD-2-Clause
"""nodes, zones, zonelists, buddyinfo, pcp: in the words of the monitor's commands (mm/show.c)."""
import itertools

from . import facts, mm
from .command import Command, register as register_commands


def buddyinfo(zone):
    """One line as in Linux's /proc/buddyinfo."""
    blocks = [int(zone["free_area"][order]["nr_free"]) for order in range(mm.max_order())]
    blocks[-1] += int(zone["offline_pages"]) >> mm.max_order() - 1
    free = "".join(f"{nr:6} " for nr in blocks)
    return f"Node {mm.zone_nid(zone)}, zone {mm.zone_name(zone):>8} {free}"


class Buddyinfo(Command):
    """Free blocks of each zone by order, as Linux's /proc/buddyinfo."""

    name = "buddyinfo"

    def run(self, argument):
        self.no_argument(argument)
        for zone in mm.populated_zones():
            print(buddyinfo(zone))


class Pcp(Command):
    """Per-CPU caches of each zone: limits, and how many pages are in them."""

    name = "pcp"

    def run(self, argument):
        self.no_argument(argument)
        for zone in mm.populated_zones():
            print(f"Node {mm.zone_nid(zone)} {mm.zone_name(zone)} per-cpu:")
            for _, lists in itertools.groupby(mm.caches(zone), lambda cache: cache.cpu):
                self.show(list(lists))

    @staticmethod
    def show(lists):
        """One CPU's."""
        blocks = [each for each in lists if each.order]
        for cpu, name, pcp, _ in lists[:len(lists) - len(blocks)]:
            print(f"cpu {cpu} {name}: low {int(pcp['low'])}, high {int(pcp['high'])}, "
                  f"batch {int(pcp['batch'])}, count {int(pcp['count'])}")
        if int(blocks[0].pcp["high"]):
            print(f"cpu {blocks[0].cpu} blocks of order 1 to {len(blocks)}: "
                  + " ".join(f"{int(each.pcp['count'])}/{int(each.pcp['high'])}" for each in blocks))


class Nodes(Command):
    """Nodes: what they span, their CPUs, distances and order of fallback."""

    name = "nodes"

    def run(self, argument):
        self.no_argument(argument)
        nodes, cpus, root = mm.nodes(), mm.cpus(), mm.root()
        for node in nodes:
            nid = int(node["node_id"])
            print(self.extent(node, nid))
            mine = " ".join(str(int(cpu["id"])) for cpu in cpus if int(cpu["nid"]) == nid)
            print(f"  cpus: {mine or 'none'}")
            row = nid * int(root["nr_node_ids"])
            print("  distance:", " ".join(
                f"{int(to['node_id'])}:{int(root['distance'][row + int(to['node_id'])])}"
                for to in nodes))
            print("  fallback:", " ".join(str(int(node["fallback"][i]))
                                          for i in range(int(node["nr_online"]))))

    @staticmethod
    def extent(node, nid):
        start, spanned, present = (int(node[field]) for field in (
            "node_start_pfn", "node_spanned_pages", "node_present_pages"))
        if not present:
            return f"node {nid}: no memory"
        mib = present << facts.constant("DEBUG_PAGE_SHIFT") >> 20
        return (f"node {nid}: pfn {start:#x}-{start + spanned:#x}, spanned {spanned}, "
                f"present {present} pages ({mib} MiB)")


class Zones(Command):
    """Zones: span, pages present, managed, free, set aside as corrupt, and of the free ones those
    that are offline."""

    name = "zones"

    def run(self, argument):
        self.no_argument(argument)
        layout = mm.root()["layout"]
        types = {int(layout["limit"][i]["type"]) for i in range(int(layout["nr"]))
                 if not self.is_empty(layout, i)}
        for zone in mm.zones():
            if int(zone["type"]) in types:
                print(self.line(zone))

    @staticmethod
    def is_empty(layout, row):
        start = int(layout["limit"][row - 1]["end"]) if row else 0
        return int(layout["limit"][row]["end"]) >> facts.constant("DEBUG_PAGE_SHIFT") == (
            start >> facts.constant("DEBUG_PAGE_SHIFT"))

    @staticmethod
    def line(zone):
        start, spanned, present, reserved, free, aside, offline = (int(zone[field]) for field in (
            "zone_start_pfn", "spanned_pages", "present_pages", "reserved_pages", "free_pages",
            "set_aside_pages", "offline_pages"))
        head = f"Node {mm.zone_nid(zone)}, zone {mm.zone_name(zone):>8}: "
        if not present:
            return head + "empty"
        return head + (f"pfn {start:#x}-{start + spanned:#x}, spanned {spanned}, "
                       f"present {present}, managed {present - reserved}, free {free}, "
                       f"set aside {aside}, offline {offline}")


def zonelist_text(zonelist):
    """The zones of a struct zonelist, as 0:DMA32 0:Normal."""
    zones = (zonelist["zones"][i] for i in range(int(zonelist["nr"])))
    return " ".join(f"{mm.zone_nid(zone)}:{mm.zone_name(zone)}" for zone in zones)


class Zonelists(Command):
    """The order in which each node's allocations try zones, by zone modifier."""

    name = "zonelists"

    def run(self, argument):
        self.no_argument(argument)
        modifiers = [("NORMAL", 0)] + [(name, facts.constant(f"__GFP_{name}"))
                                       for name in ("DMA", "HIGHMEM", "DMA32")]
        for node in mm.nodes():
            for name, modifier in modifiers:
                zones = zonelist_text(node["node_zonelists"][modifier])
                print(f"Node {int(node['node_id'])}, zonelist {name:>7}: {zones or 'empty'}")


def register():
    register_commands(Buddyinfo, Pcp, Nodes, Zones, Zonelists)
