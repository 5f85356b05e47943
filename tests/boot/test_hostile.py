# SPDX-License-Identifier: BSD-2-Clause
"""Malformed and hostile trees on the machine itself: each boots what can be booted, and a short
stress passes, or stops with one line that says why and a failing status. The many small cases are
the host's (tests/unit/drivers/of, tests/fuzz); these show that nothing on the way breaks it.

A tree goes in by -dtb where QEMU and OpenSBI let it. Measured with QEMU 7.2 and OpenSBI 1.1: QEMU
refuses a header that does not fit its file, and anything but version 17; OpenSBI adds its own
reservation to the tree, and stops, sometimes with a trap of its own, where there is no /cpus or the
root's #address-cells has another length than 4. Such trees are laid into memory and handed to the
image by the shim, which the firmware takes for the image. On arm64 a tree is appended to the image;
test_appended.py has those that can not be read.
"""
import re
import struct

import pytest

import boot
import layout
import machine as machines
import tree
from conftest import SHIM_TREE, only_on, put
from tree import Bank
from trees import edit, moved

MIB = 1 << 20
BASE = machines.arch().ram
MEMORY = 512 * MIB
COMMANDS = ["check", "stress ops=5000 seed=3", "check"]
# A place for a tree that nobody else wants.
PLACE = BASE + 0x6000000
# The line that tells where the tree is, and no finding.
FOUND = re.compile(r"devicetree: \d+ bytes at 0x\w+(, appended to the image)?, boot hart \d+")


@pytest.fixture(scope="module")
def args():
    return machines.plain(2, MEMORY)


@pytest.fixture(scope="module")
def stock(args, tmp_path_factory):
    """The tree of a machine of two harts and 512 MiB."""
    path = str(tmp_path_factory.mktemp("stock") / "stock.dtb")
    machines.dump_tree(args, path)
    with open(path, "rb") as file:
        blob = file.read()
    return blob[:struct.unpack_from(">I", blob, 4)[0]]


@pytest.fixture
def boot_tree(run, tmp_path, args):
    """boot_tree(blob, commands=COMMANDS): by -dtb, through the firmware."""
    def boot_it(blob, commands=COMMANDS):
        path = str(tmp_path / "tree.dtb")
        machines.write_tree(blob, path)
        return run(machines.Machine(args, path), commands)
    return boot_it


@pytest.fixture
def boot_bytes(run_on, tmp_path, args):
    """boot_bytes(blob, at=PLACE): in memory, past the firmware. The tree has the boot arguments."""
    def boot_it(blob, at=PLACE):
        path = tmp_path / "bytes"
        path.write_bytes(blob)
        laid = ["-device", f"loader,file={path},addr={at:#x},force-raw=on"] if blob else []
        return run_on(machines.Machine([*args, *laid, *put(SHIM_TREE, at)]), 0, [])
    return boot_it


def findings(result):
    """What was said about the tree."""
    return [line for line in result.lines
            if line.startswith("devicetree: ") and not FOUND.fullmatch(line)]


def check_findings(result, patterns):
    """Each pattern has its line, and each line its pattern, in this order."""
    said = findings(result)
    assert len(said) == len(patterns), said
    for line, pattern in zip(said, map(moved, patterns)):
        assert re.fullmatch("devicetree: " + pattern, line), f"{line}\nis not\n{pattern}"


def check_refused(result, why):
    """One line of ours says why; no dump; and the status fails.

    Where no driver has been found yet the firmware powers off, and QEMU's own status is lost on the
    way (OpenSBI 1.1): the last line has it.
    """
    assert sum(line.startswith("pageframe: cannot boot: ") for line in result.lines) == 1
    assert re.search(moved(why), result.text, re.MULTILINE), f"no {why}"
    assert not any(line.startswith(("TRAP: ", "PANIC: ")) for line in result.lines)
    assert result.last_line() == boot.POWER_OFF + "1"
    assert boot.problems(result, [])


def cells(*values):
    """Numbers of 64 bits as device-tree source."""
    return "<" + " ".join(f"{v >> 32:#x} {v & 0xffffffff:#x}" for v in values) + ">"


def reg(*pairs):
    return "reg = " + ", ".join(cells(*pair) for pair in pairs) + ";"


def memory(base, body):
    return f'/ {{ memory@{base:x} {{ device_type = "memory"; {body} }}; }};'


def reserved(*children):
    return ("/ { reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; "
            + " ".join(children) + " }; };")


def child(name, body):
    return f"{name} {{ {body} }};"


TOP = 1 << 64
SPREAD = [child(f"r@{BASE + 256 * MIB + i * 0x8000:x}",
                reg((BASE + 256 * MIB + i * 0x8000, 0x1000))) for i in range(600)]

# name: source laid over the stock tree, and what is said about it, in order.
BOOTED = {
    "reg-of-1-byte": (memory(0x1000, "reg = [00];"), [
        "/memory@1000 reg: 1 bytes are no multiple of 16: 0 whole pairs used, 1 bytes left over"]),
    "reg-empty": (memory(0x1000, "reg;"), ["/memory@1000 reg: empty: nothing taken from it"]),
    "reg-of-17-bytes": (memory(BASE, f"reg = [{BASE:016x} {MEMORY:016x} 01];"), [
        "/memory@80000000 reg: 17 bytes are no multiple of 16: 1 whole pairs used, 1 bytes left "
        "over"]),
    "size-of-2-to-63": (memory(0x1000, reg((1 << 40, 3 << 62))), [
        "/memory@1000 reg: pair 0: .* goes beyond 2\\^64 or is longer than 2\\^63: not used"]),
    "last-page-of-all": (memory(0x1000, reg((TOP - 4096, 4096))), [
        "/memory@1000 reg: pair 0: .* has no whole page that can be used"]),
    "crumbs": (memory(0x1000, reg((0x60000001, 0x1ffe), (0x60010000, 0xfff))), [
        "/memory@1000 reg: pair 0: .* has no whole page that can be used",
        "/memory@1000 reg: pair 1: .* has no whole page that can be used"]),
    "bank-twice": (memory(0x1000, reg((BASE + MIB, 64 * MIB), (BASE, MEMORY))), [
        r"/memory@\w+ reg: pair \d: .* overlaps an earlier bank: .*"] * 2),
    "cpu-id-out-of-range": (memory(BASE, "numa-node-id = <1>;")
                            + "/ { cpus { cpu@1 { numa-node-id = <64>; }; }; };", [
        "/cpus/cpu@1 numa-node-id: 64 is not below 64: NUMA is dropped, everything is node 0"]),
    "node-id-of-2-cells": (memory(BASE, "numa-node-id = <0 1>;"), [
        "/memory@80000000 numa-node-id: 8 bytes instead of 4: not used"]),
    "reserved-outside": (reserved(
        child("low@1000", reg((0x1000, 0x1000))),
        child("end@9ffff000", reg((BASE + MEMORY - 4096, 8192))),
        child("zero@0", reg((0, 0)))), [
        r"/reserved-memory/\S+ reg: entry 0: .*"] * 3),
    "reserved-overlapping": (reserved(
        child("a@90000000", reg((0x90000000, 0x100000))),
        child("b@90080000", reg((0x90080000, 0x100000)) + "no-map;"),
        child("c@90000000", reg((0x90000000, 0x200000), (0x90000000, 0x1000)))), [
        r"/reserved-memory/\S+ reg: entry \d: .* overlaps '.*' .*: both reserved"] * 3),
    "reserved-to-the-end": (reserved(child("rest@90000000", reg((0x90000000, TOP - 1)))), [
        "/reserved-memory/rest@90000000 reg: entry 0: .* cut to the end of memory at 0xa0000000"]),
    "reserved-on-the-image": (reserved(child("image@80400000", reg((0x80400000, MIB)) + "no-map;")),
                              []),
    "reserved-600": (reserved(*SPREAD), []),
    "reserved-nowhere": (reserved(
        child("large", f"size = {cells(1 << 40)};"),
        child("odd", f"size = {cells(0x5000)}; alignment = {cells(0x3000)};"),
        child("none", f"size = {cells(0)};"),
        child("short", "size = <4096>;"),
        child("lost", "no-map;")), [
        r"/reserved-memory/(large|odd|none|short|lost) \S+: .*"] * 5),
    "no-chosen-console": ('/ { chosen { stdout-path = "/soc/nothing"; }; };', [
        "/chosen stdout-path: '/soc/nothing' names no node: not used"]),
}


@pytest.mark.parametrize("name", BOOTED)
def test_boots_what_can_be_booted(boot_tree, stock, name):
    source, said = BOOTED[name]
    result = boot_tree(edit(stock, moved(source)))
    assert boot.problems(result, COMMANDS) == []
    check_findings(result, said)


def test_registers_out_of_reach(boot_tree, stock):
    """Beyond what a page table can say: refused, and not found at another address."""
    far = 'far { compatible = "virtio,mmio"; interrupts = <0>; ' + reg((1 << 56, 0x1000)) + "};"
    result = boot_tree(edit(stock, moved("/ { " + far + " };")))
    assert boot.problems(result, COMMANDS) == []
    assert ("driver: /far: registers at 0x100000000000000, 0x1000 bytes, can not be mapped; not used"
            in result.lines)


def test_reservations_are_all_kept(boot_tree, stock):
    """Hundreds of them, each noted, and their pages not the allocator's."""
    first = BASE + 256 * MIB >> 12
    result = boot_tree(edit(stock, reserved(*SPREAD)), ["check", "banks", moved("page pfn=0x90000"),
                                                        f"page pfn={first + 599 * 8:#x}"])
    assert boot.problems(result, []) == []
    # As `banks` lists them: before arm64 has a console not all lines are kept.
    listed = result.lines[result.lines.index("monitor: banks"):]
    kept = [line for line in listed if re.search(r"  reserved-memory r@", line)]
    assert len(kept) == 600
    looks = [line for line in result.lines if re.match(r"  pfn 0x\w+ at ", line)]
    assert len(looks) == 2 and all("reserved (reserved-memory r@" in line for line in looks), looks


REFUSED = {
    "cells-of-3": ("/ { #address-cells = <3>; };",
                   "^devicetree: / #address-cells: 3 is not 1 or 2: memory nodes can not be read"),
    "sizes-of-0": ("/ { #size-cells = <0>; };",
                   "^devicetree: / #size-cells: 0 is not 1 or 2: memory nodes can not be read"),
    "nested": ("/ { " + "n { " * 70 + "}; " * 70 + "};",
               "^devicetree: structure block: at byte .*: more than 64 nodes inside one another"),
    "all-reserved": (reserved(child("all@80000000", reg((BASE, MEMORY)))),
                     "^pageframe: cannot boot: no free memory below .* for a copy of the device"),
    "too-many-reservations": (reserved(child("many@90000000", reg(
        *((BASE + 256 * MIB + i * 0x2000, 0x1000) for i in range(1100))))),
        "^devicetree: /reserved-memory/many@90000000 reg: entry .*: the list of 1024 reserved "
        "ranges is full, and without this one memory is not safe to use"),
    "too-little-memory": (memory(BASE, reg((BASE, 4 * MIB), *((BASE + i * 4 * MIB, 4096)
                                                             for i in range(1, 120)))),
                          "^mm: no .* left for "),
    "memory-is-disabled": (memory(BASE, 'status = "disabled";'),
                           "^devicetree: /memory@80000000 status: not okay: its memory is not"),
}


# What makes the UART of QEMU's arm64 unreadable, too: nothing comes out of it, but the status tells.
SILENT = ("cells-of-3", "sizes-of-0")
if machines.current == "arm64":
    del REFUSED["nested"]  # then it boots with QEMU's own: test_appended.py


@only_on("arm64")
@pytest.mark.parametrize("name", SILENT)
def test_stops_with_the_status_alone(boot_tree, stock, name):
    result = boot_tree(edit(stock, moved(REFUSED[name][0])), [])
    assert (result.text, result.status, result.hung) == ("", 1, None)


@pytest.mark.parametrize("name", [name for name in REFUSED
                                  if machines.current != "arm64" or name not in SILENT])
def test_stops_with_one_line(boot_tree, stock, name):
    source, why = REFUSED[name]
    check_refused(boot_tree(edit(stock, moved(source)), []), why)


def test_memory_that_is_not_there(boot_tree, stock):
    """A bank longer than the machine's memory is cut where that ends, and one where nothing is, left
    out; both are found before anything is taken from them."""
    far = BASE + (2 << 30)
    banks = reg((BASE, MEMORY + 100 * MIB + 4096), (far, 64 * MIB))
    result = boot_tree(edit(stock, memory(BASE, banks)))
    assert boot.problems(result, COMMANDS) == []
    ends = [(BASE + MEMORY, BASE + MEMORY + 100 * MIB + 4096), (far, far + 64 * MIB)]
    assert [line for line in result.lines if line.endswith("nothing answers there")] == [
        f"memory: {start:#x}-{end:#x} of node 0 is not used: nothing answers there"
        for start, end in ends]
    assert "memory: 1 bank, 512 MiB" in result.lines


def test_adjacent_banks_are_one(boot_tree, stock):
    """Thousands that touch are no more than one, and nothing of them is lost."""
    banks = [(BASE + i * 0x20000, 0x20000) for i in range(MEMORY // 0x20000)]
    result = boot_tree(edit(stock, memory(BASE, reg(*banks))))
    assert boot.problems(result, COMMANDS) == []
    check_findings(result, [])
    assert "memory: 1 bank, 512 MiB" in result.lines


def test_sparse_node_ids(boot_tree, stock):
    """Ids 3, 7, 31 (without memory) and 63, the highest; memory in the order 63, 3, 7."""
    banks = [Bank(BASE, 128 * MIB, 63), Bank(BASE + 128 * MIB, 128 * MIB, 3),
             Bank(BASE + 256 * MIB, 256 * MIB, 7)]
    distance = {(63, 3): 30, (3, 7): 15, (7, 63): 40, (31, 3): 255}
    blob = tree.replace_memory(stock, banks, {0: 7, 1: 31}, distance)
    result = boot_tree(blob, ["layout", *COMMANDS])
    assert boot.problems(result, COMMANDS) == []
    # One direction counts for both; two pairs are missing.
    check_findings(result, [
        "/distance-map distance-matrix: nothing about 7 and 31: 20 taken",
        "/distance-map distance-matrix: nothing about 31 and 63: 20 taken"])
    assert layout.printed_zones(result.lines) == layout.expected_zones(banks)
    rows = [line for line in result.lines if line.startswith("  distance:")]
    assert rows == ["  distance: 3:10 7:15 31:255 63:30", "  distance: 3:15 7:10 31:20 63:40",
                    "  distance: 3:255 7:20 31:10 63:20", "  distance: 3:30 7:40 31:20 63:10"]


def test_distances_that_make_no_sense(boot_tree, stock):
    """A wrong length, a node that is not there, values out of range, one given twice."""
    banks = [Bank(BASE, 256 * MIB, 0), Bank(BASE + 256 * MIB, 256 * MIB, 1)]
    blob = tree.replace_memory(stock, banks, {0: 0, 1: 1}, {(0, 0): 11})
    matrix = "<0 0 11>, <0 1 9>, <1 0 300>, <0 5 20>, <0 1 30>, <0 1 31>, <1>"
    blob = edit(blob, f"/ {{ distance-map {{ distance-matrix = {matrix}; }}; }};")
    result = boot_tree(blob, ["nodes", *COMMANDS])
    assert boot.problems(result, COMMANDS) == []
    check_findings(result, ["/distance-map distance-matrix: " + rest for rest in (
        "76 bytes are no multiple of 12: 6 whole triplets used",
        "0 to 0 is 11: the distance of a node to itself is 10: 10 kept",
        "0 to 1 is 9: another node must be further away than 10: not used",
        "1 to 0 is 300: more than 255: not used",
        "0 to 5 is 20: there is no such node: not used",
        "0 to 1 is 31: given before as another value: this one counts")])
    rows = [line for line in result.lines if line.startswith("  distance:")]
    assert rows == ["  distance: 0:10 1:31", "  distance: 0:31 1:10"]


def test_text_of_the_tree_moves_no_cursor(boot_tree, stock):
    """Names are shown without what a terminal would obey."""
    blob = edit(stock, reserved(child("badbad", reg((BASE + 256 * MIB, 0)))))
    assert blob.count(b"badbad") == 1
    result = boot_tree(blob.replace(b"badbad", b"\x1b[2J\rx"))
    assert boot.problems(result, COMMANDS) == []
    check_findings(result, [r"/reserved-memory/\?\[2J\?x reg: entry 0: size 0: nothing to reserve"])
    assert "\x1b[2J" not in result.text


def word(blob, index, value):
    """The tree with another word in its header."""
    return blob[:4 * index] + struct.pack(">I", value) + blob[4 * index + 4:]


MAGIC, TOTALSIZE, OFF_STRUCT, OFF_STRINGS, OFF_RESERVED, VERSION, LAST_VERSION = range(7)

def noise(_blob):
    return bytes(i * 167 % 256 for i in range(8192))


def nothing(_blob):
    return b""


# name: what stands in memory, made from the stock tree; where the tree is said to be; what is said.
GARBAGE = {
    "nothing-there": (nothing, PLACE, "header magic: 0x00000000 instead of 0xd00dfeed: no tree at "
                      "0x86000000"),
    "noise": (noise, PLACE, "header magic: 0x\\w+ instead of 0xd00dfeed: no tree at 0x86000000"),
    "cut-off": (lambda blob: blob[:2000], PLACE,
                "structure block: at byte .*: it is cut off, or has a tag that does not exist"),
    "header-alone": (lambda blob: blob[:40], PLACE, "structure block: at byte 0: it is cut off"),
    "size-of-1-gib": (lambda blob: word(blob, TOTALSIZE, 1 << 30), PLACE,
                      "header totalsize: 1073741824 bytes, but only 16777216 can be read"),
    "size-of-4-gib": (lambda blob: word(blob, TOTALSIZE, 0xffffffff), PLACE,
                      "header totalsize: 4294967295 bytes, but only 16777216 can be read"),
    "size-of-16": (lambda blob: word(blob, TOTALSIZE, 16), PLACE, "header: FDT_ERR_TRUNCATED"),
    "structure-outside": (lambda blob: word(blob, OFF_STRUCT, 0x7ffffff0), PLACE,
                          "header: FDT_ERR_TRUNCATED"),
    "strings-outside": (lambda blob: word(blob, OFF_STRINGS, 0xfffffff0), PLACE,
                        "header: FDT_ERR_TRUNCATED"),
    "reservations-unaligned": (lambda blob: word(blob, OFF_RESERVED, 44), PLACE,
                               "header: structure block at .* are not aligned to 4 and 8"),
    "version-2": (lambda blob: word(word(blob, VERSION, 2), LAST_VERSION, 2), PLACE,
                  "header.*(version: 2, but 16 or newer is needed|FDT_ERR_BADVERSION)"),
    "misaligned": (lambda blob: blob, PLACE + 4,
                   "header: no tree can be at 0x86000004: not a multiple of 8"),
    "no-memory-there": (nothing, 0x70000000, "header magic: 0x\\w+ instead of 0xd00dfeed: no tree"),
}


@only_on("riscv64")
@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_instead_of_a_tree(boot_bytes, stock, name):
    make, at, why = GARBAGE[name]
    check_refused(boot_bytes(make(stock), at), "^devicetree: " + why)


@only_on("riscv64")
def test_tree_out_of_reach(boot_bytes):
    check_refused(boot_bytes(b"", 0x7ffffff000), "^pageframe: cannot boot: the device tree at "
                  "0x7ffffff000 is beyond the early map, which ends at 0x4000000000")


# The firmware's own range, which it adds to a tree that passes through it.
FIRMWARE = reserved(child("mmode_resv0@80000000", reg((BASE, 0x80000))))


def with_commands(stock, source, words=""):
    """The tree as the firmware would pass it on, with boot arguments and this laid over it."""
    arguments = boot.bootargs(words, COMMANDS)
    chosen = f'/ {{ chosen {{ bootargs = "{arguments}"; }}; }};'
    return edit(stock, FIRMWARE + chosen + source)


@only_on("riscv64")
def test_tree_without_cpus(boot_bytes, stock):
    """The hart that boots is there all the same."""
    result = boot_bytes(with_commands(stock, "/ { /delete-node/ cpus; };"))
    assert boot.problems(result, COMMANDS) == []
    check_findings(result, ["/ cpus: missing: no CPU is known"])
    assert "harts: boot hart 0 is not in the tree; used all the same, node 0" in result.lines


@only_on("riscv64")
def test_cells_of_two_bytes(boot_bytes, stock):
    result = boot_bytes(with_commands(stock, "/ { #address-cells = [00 02]; };"))
    check_refused(result, "^devicetree: / #address-cells: 2 bytes instead of 4: not used")


@only_on("riscv64")
def test_thousands_of_banks(boot_bytes, stock):
    """As many as the list holds; the rest is refused by name, with the limit, and counted. (Each
    firmware adds other ranges of its own, which are found to be partly outside memory.)"""
    banks = [(BASE + i * 0x20000, 0x10000) for i in range(3000)]
    result = boot_bytes(with_commands(stock, memory(BASE, reg(*banks))))
    assert boot.problems(result, COMMANDS) == []
    check_findings(result, [
        "/memory@80000000 reg: pair 1024: the list of 1024 banks is full: not used",
        f"/: 1976 banks, {1976 * 64} KiB, not used: the list of 1024 is full",
        "/reserved-memory/mmode_resv0@80000000 reg: entry 0: .* is partly outside memory: .*"])
    assert "memory: 1024 banks, 64 MiB" in result.lines


@only_on("riscv64")
def test_more_harts_than_can_be_held(boot_bytes, stock):
    """Six hundred that the firmware does not have: a line where the list is full, the rest
    boots. (OpenSBI 1.6 stops at such a tree.)"""
    harts = "".join(f'cpu@{i:x} {{ device_type = "cpu"; reg = <{i}>; }}; '
                    for i in range(1000, 1600))
    result = boot_bytes(with_commands(stock, f"/ {{ cpus {{ {harts} }}; }};"))
    assert boot.problems(result, COMMANDS) == []
    assert len(findings(result)) == 2
    assert "no more than 512 CPUs can be held: not used" in findings(result)[0]
    assert re.search(r"^harts: 2 of 5\d\d online", result.text, re.M)


@only_on("riscv64")
def test_boot_arguments_move_no_cursor(boot_bytes, stock):
    blob = with_commands(stock, "", "badbad=1")
    assert blob.count(b"badbad") == 1
    result = boot_bytes(blob.replace(b"badbad", b"\x1b[2J\rx"))
    assert boot.problems(result, COMMANDS) == []
    assert any(line.startswith("bootargs: ") for line in result.lines)
    assert "\x1b[2J" not in result.text
