# SPDX-License-Identifier: BSD-2-Clause
"""What `layout json` prints, against what a real Linux made of the same machine.

machines/ARCH-*.json are the facts of one Linux boot each: zone ranges, node ranges, spans, present pages,
harts, distances, reservations, and as fallback_order what 2.6.11's rule gives, which is ours.
A new file is a new test (tests/CMakeLists.txt globs them).
"""
import glob
import json
import math
import os
import shlex

import pytest

import boot
import frame
import machine as machines
import tree

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "machines")
NAMES = sorted(os.path.basename(path)[:-5]
               for path in glob.glob(os.path.join(FOLDER, f"{machines.current}-*.json")))
# Types of zones, from the lowest; of each but the last, what part of those above it is kept from them.
ZONES = ("DMA", "DMA32", "Normal", "HighMem")
RATIOS = {"DMA": 256, "DMA32": 256, "Normal": 32}


def build(facts):
    dtb = None
    if "dts" in facts:
        dtb = os.path.join(machines.TREES, facts["dts"].replace(".dts", ".dtb"))
        tree.compile_dts(os.path.join(FOLDER, facts["dts"]), dtb)
    return machines.Machine(shlex.split(facts["qemu"]), dtb)


def zone_facts(zone):
    """The facts of a zone; an empty one's start means nothing."""
    keys = ["spanned", "present"] + (["start_pfn"] if zone["present"] else [])
    return {key: zone[key] for key in keys}


def node_facts(node):
    return {"harts": sorted(node["harts"]), "distance": node["distance"],
            "zones": {name: zone_facts(zone) for name, zone in node["zones"].items()}}


def expected_zonelist(facts, nid):
    """Node by node in order of fallback, in each from the highest zone down, populated ones."""
    return [f"{other}:{name}" for other in facts["fallback_order"][nid]
            for name, zone in reversed(facts["nodes"][str(other)]["zones"].items())
            if zone["present"]]


def check_watermarks(layout):
    """2.6.11's formulas, from the present pages that were printed."""
    zones = [zone for node in layout["nodes"].values() for zone in node["zones"].values()]
    lowmem = sum(zone["present"] for zone in zones)
    kbytes = min(max(math.isqrt(lowmem * 4 * 16), 128), 65536)
    assert layout["min_free_kbytes"] == kbytes
    for zone in zones:
        low = kbytes // 4 * zone["present"] // lowmem
        assert (zone["min"], zone["low"], zone["high"]) == (low, low * 5 // 4, low * 6 // 4)
    for node in layout["nodes"].values():
        present = [node["zones"].get(name, {"present": 0})["present"] for name in ZONES]
        for name, zone in node["zones"].items():
            own = ZONES.index(name)
            assert zone["protection"] == [sum(present[own + 1:request + 1]) // RATIOS[name]
                                          for request in range(len(ZONES))]


# What Linux booted on when the facts were taken.
FIRMWARE = "firmware: OpenSBI 1.1,"


def check_reservations(layout, facts, same_firmware):
    """Linux saw the firmware's ranges; ours must be the same, and not mapped. Another firmware has
    others, from the same address on; arm64's machine has none."""
    ours = {(r["start"], r["end"]) for r in layout["reservations"] if not r["mapped"]}
    theirs = {(r["base"], hex(int(r["base"], 16) + int(r["size"], 16) - 1))
              for r in facts["reserved_memory"]}
    if same_firmware or not theirs:
        assert ours == theirs
    else:
        assert min(start for start, _ in ours) == min(start for start, _ in theirs)


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith(machines.current)])
def test_oracle(run, name):
    with open(os.path.join(FOLDER, f"{name}.json"), encoding="ascii") as file:
        facts = json.load(file)
    result = run(build(facts), ["layout json"])
    assert boot.problems(result, []) == []
    layout = frame.layout(result.lines)
    for key in ("zone_ranges", "early_node_ranges", "fallback_order"):
        assert layout[key] == facts[key], key
    assert layout["nodes"].keys() == facts["nodes"].keys()
    for nid, node in facts["nodes"].items():
        assert node_facts(layout["nodes"][nid]) == node_facts(node), f"node {nid}"
        assert layout["zonelist_of_node"][nid] == expected_zonelist(facts, nid)
        for zone in layout["nodes"][nid]["zones"].values():
            assert zone["managed"] <= zone["present"]
    check_watermarks(layout)
    check_reservations(layout, facts, FIRMWARE in result.text)
