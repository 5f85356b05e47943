# SPDX-License-Identifier: BSD-2-Clause
"""`layout`: the same layouts as on the targets, from the same trees; what it draws; what it refuses.
"""
import json
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree

import pytest

import machine as machines
import pictures
import test_boards as boards
import test_oracle as oracle
import tree as trees

PROGRAM = os.environ["PAGEFRAME_LAYOUT"]
DEFAULT = os.path.join(os.path.dirname(__file__), "..", "..", "dts", "default.dts")
CORPUS = os.path.join(os.path.dirname(__file__), "corpus.py")
GIB = 1 << 30


def layout(*arguments, status=0):
    """What it printed: stdout, stderr."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr


def as_json(*arguments):
    return json.loads(layout("--json", *arguments)[0])


def cells(*values):
    return " ".join(f"{v >> 32:#x} {v & 0xffffffff:#x}" for v in values)


def source(banks, rest=""):
    """A tree of (base, size, node) and CPU 0."""
    nodes = "".join(f'memory@{base:x} {{ device_type = "memory"; reg = <{cells(base, size)}>; '
                    f"numa-node-id = <{nid}>; }};\n" for base, size, nid in banks)
    return ("/dts-v1/;\n/ { #address-cells = <2>; #size-cells = <2>;\n" + nodes +
            'cpus { #address-cells = <1>; #size-cells = <0>; cpu@0 { device_type = "cpu"; '
            "reg = <0>; numa-node-id = <0>; }; };\n" + rest + "};\n")


@pytest.fixture(name="write")
def _write(tmp_path):
    def write(text, name="tree.dts"):
        path = tmp_path / name
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text, encoding="ascii")
        return path
    return write


@pytest.mark.parametrize("name", oracle.NAMES)
def test_as_linux_has_it(name, write, monkeypatch):
    arch = name.split("-", maxsplit=1)[0]
    monkeypatch.setattr(machines, "current", arch)
    with open(os.path.join(oracle.FOLDER, f"{name}.json"), encoding="ascii") as file:
        facts = json.load(file)
    blob = oracle.build(facts).tree()
    found = as_json("--arch", arch, write(blob, "tree.dtb"))
    for key in ("zone_ranges", "early_node_ranges", "fallback_order"):
        assert found[key] == facts[key], key
    for nid, node in facts["nodes"].items():
        assert oracle.node_facts(found["nodes"][nid]) == oracle.node_facts(node)
        assert found["zonelist_of_node"][nid] == oracle.expected_zonelist(facts, nid)
    oracle.check_watermarks(found)


@pytest.mark.parametrize("arch, name", [
    (arch, name) for name in machines.boards() for arch in machines.Board(name).args])
def test_board(tmp_path, arch, name):
    """What the boot tests expect of a boot, by the same table."""
    board, expected = machines.Board(name), boards.BOARDS[name]
    path = str(tmp_path / "board.dtb")
    trees.compile_dts(board.source, path, os.path.join(machines.BOARDS, arch), quiet=True)
    out, err = layout("--arch", arch, path, status=int(expected is boards.REFUSED))
    assert [line for line in err.split("\n") if line.startswith("devicetree: ")] == \
        [line for line in board.says if line.startswith("devicetree: ")]
    if expected is not boards.REFUSED:
        boards.check_zones(out.split("\n"), expected, arch)
        boards.check_nodes(out.split("\n"), expected, 4, arch)


def marks(zone):
    return [zone[key] for key in ("present", "min", "low", "high")]


def test_i386(write):
    """S6 of the semantics."""
    found = as_json("--arch", "i386", write(source([(0, GIB, 0)])))
    zones = found["nodes"]["0"]["zones"]
    assert found["min_free_kbytes"] == 3831
    assert marks(zones["DMA"]) == [4096, 17, 21, 25]
    assert marks(zones["Normal"]) == [225280, 939, 1173, 1408]
    assert marks(zones["HighMem"]) == [32768, 32, 40, 48]
    assert zones["DMA"]["protection"] == [0, 0, 880, 1008]
    assert zones["Normal"]["protection"] == [0, 0, 0, 1024]
    assert found["zonelist_of_node"]["0"] == ["0:Normal", "0:DMA"]


def test_x86_64(write):
    """S7: 128 MiB are DMA and, where there is no DMA32, NORMAL; the same marks by any name."""
    tree = write(source([(0, 128 << 20, 0)]))
    zones = as_json("--arch", "i386", tree)["nodes"]["0"]["zones"]
    assert (marks(zones["DMA"]), marks(zones["Normal"])) == \
        ([4096, 45, 56, 67], [28672, 316, 395, 474])
    assert zones["DMA"]["protection"][2] == 112
    found = as_json("--arch", "x86-64", tree)
    zones = found["nodes"]["0"]["zones"]
    assert found["min_free_kbytes"] == 1448
    assert (marks(zones["DMA"]), marks(zones["DMA32"])) == \
        ([4096, 45, 56, 67], [28672, 316, 395, 474])
    assert zones["Normal"]["present"] == 0
    text, _ = layout("--arch", "x86-64", tree)
    assert "  DMA zone: 4096 pages, LIFO batch:1\n" in text
    assert "  DMA32 zone: 28672 pages, LIFO batch:7\n" in text


# A bus whose devices reach the first GiB, which they see at 3 GiB: as on a Raspberry Pi 4.
BITS_30 = "soc { #address-cells = <1>; #size-cells = <1>; dma-ranges = <0xc0000000 0 0 0x40000000>; };"
# Banks, what is beside them, and the pages of DMA, DMA32 and Normal on each node.
ARM64 = {
    "32 bits": ([(0, 8 * GIB, 0)], "", {"0": [4 * GIB, 0, 4 * GIB]}),
    "30 bits": ([(0, 8 * GIB, 0)], BITS_30, {"0": [GIB, 3 * GIB, 4 * GIB]}),
    "30 bits, two nodes": ([(0, 2 * GIB, 0), (2 * GIB, 4 * GIB, 1)], BITS_30,
                           {"0": [GIB, GIB, 0], "1": [0, 2 * GIB, 2 * GIB]}),
    "above 30 bits": ([(GIB, 4 * GIB, 0)], BITS_30, {"0": [3 * GIB, 0, GIB]}),
    "above 32 bits": ([(4 * GIB, GIB, 0), (6 * GIB, GIB, 1)], BITS_30,
                      {"0": [GIB, 0, 0], "1": [GIB, 0, 0]}),
}


@pytest.mark.parametrize("name", ARM64)
def test_arm64_zones(name, write):
    banks, rest, expected = ARM64[name]
    found = as_json("--arch", "arm64", write(source(banks, rest)))
    types = ("DMA", "DMA32", "Normal")
    present = {nid: [node["zones"][zone]["present"] * 4096 for zone in types]
               for nid, node in found["nodes"].items()}
    assert present == expected
    for zone, pages in zip(types, zip(*expected.values())):
        assert (found["zone_ranges"][zone] != "empty") == any(pages)
    for nid, entries in found["zonelist_of_node"].items():
        populated = [f"{nid}:{zone}" for zone, pages in zip(types, expected[nid]) if pages]
        assert entries[:len(populated)] == populated[::-1]
    oracle.check_watermarks(found)


def test_counting_is_as_good_as_pages(write):
    tree = write(source([(2 * GIB, GIB + 4096 * 3, 0), (6 * GIB, GIB, 1), (9 * GIB, 8192, 0)]))
    assert layout("--json", tree) == layout("--json", "--no-pages", tree)
    assert layout(tree) == layout("--no-pages", tree)


def test_large_machine_is_counted(write):
    """The descriptors of 512 GiB alone would be 8 GiB; a larger one is no other case, only slower."""
    found = as_json(write(source([(2 * GIB, 512 * GIB, 0)])))
    zone = found["nodes"]["0"]["zones"]["Normal"]
    assert zone["present"] == 510 * GIB // 4096
    assert zone["managed"] < zone["present"]


def drawn(write, tree, arch="riscv64"):
    """The drawing as XML, all its text, and the layout that it must show."""
    picture = tree.parent / "picture.svg"
    found = json.loads(layout("--arch", arch, "--json", "--svg", picture, tree)[0])
    root = xml.etree.ElementTree.parse(picture).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    return root, [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")], found


@pytest.mark.parametrize("nr, arch", [(1, "riscv64"), (4, "riscv64"), (40, "arm64"), (5, "i386")])
def test_picture(write, nr, arch):
    banks = [(i * GIB + (i % 3 << 22), 512 << 20, i % 4) for i in range(nr)]
    tree = write(source(banks, "/* <&> */"))
    root, texts, found = drawn(write, tree, arch)
    for bank in found["early_node_ranges"]:
        assert bank["start"] in texts and bank["end"] in texts
    for nid, node in found["nodes"].items():
        for name, zone in node["zones"].items():
            assert (f"{nid} {name}" in texts) == bool(zone["present"])
            if zone["present"]:
                assert {str(zone[k]) for k in ("present", "managed", "min", "low")} <= set(texts)
    width, height = (float(root.get(key)) for key in ("width", "height"))
    for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
        x, y, w, h = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
        assert 0 <= x and x + w <= width + 2 and 0 <= y and y + h <= height


def cuts(root):
    """How many holes are marked as cut short; the legend has a mark too."""
    return len(root.findall(".//*[@class='cut']")) - 1


def test_banks_are_to_scale(write):
    tree = write(source([(2 * GIB, GIB, 0), (3 * GIB, 2 * GIB, 1), (1 << 40, GIB, 1)]))
    root, _, _ = drawn(write, tree)
    widths = {}
    for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
        tip = rect.find("{http://www.w3.org/2000/svg}title")
        if tip is not None and re.match(r"node \d", tip.text):
            widths[tip.text.split(", ")[0]] = float(rect.get("width"))
    assert len(widths) == 4
    one = widths["node 0 DMA32 0x80000000-0xbfffffff"]
    assert abs(widths["node 1 DMA32 0xc0000000-0xffffffff"] - one) < 0.05
    assert abs(widths["node 1 Normal 0x10000000000-0x1003fffffff"] - one) < 0.05
    assert cuts(root) == 1, "the hole is not marked"


def test_what_is_taken_is_to_scale(write):
    """1 GiB, a hole of 256 MiB that needs no cut, 1 GiB; in the first, a 16th is taken at a quarter."""
    taken = ("reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; away@50000000 { "
             f"reg = <{cells(0x50000000, 64 << 20)}>; no-map; }}; }};")
    root, _, _ = drawn(write, write(source([(GIB, GIB, 0), (9 * GIB // 4, GIB, 0)], taken)))
    found = {}
    for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
        tip = rect.find("{http://www.w3.org/2000/svg}title")
        if tip is not None:
            found[tip.text] = rect.get("class"), float(rect.get("x")), float(rect.get("width"))
    _, left, width = found["node 0 DMA32 0x40000000-0x7fffffff, 1024 MiB"]
    kind, x, wide = found["reserved-memory away@50000000 0x50000000-0x53ffffff, 64 MiB"]
    assert kind == "nomap"
    assert abs(x - left - width / 4) < 0.05 and abs(wide - width / 16) < 0.05
    kind, x, wide = found["no memory 0x80000000-0x8fffffff, 256 MiB"]
    assert kind == "hole"
    assert abs(x - left - width) < 0.05 and abs(wide - width / 4) < 0.05
    assert cuts(root) == 0


@pytest.mark.parametrize("arch, board", [(a, b) for a in pictures.arches()
                                         for b in pictures.boards(a)])
def test_kept_picture(tmp_path, arch, board):
    """The documented pictures are what is drawn now."""
    drawn_now = tmp_path / "now.svg"
    pictures.draw(PROGRAM, arch, board, str(drawn_now))
    kept = pathlib.Path(pictures.picture(arch, board))
    assert kept.read_text() == drawn_now.read_text(), "no longer true: run scripts/pictures"


def test_page_shows_the_pictures():
    text = pathlib.Path(pictures.PAGE).read_text(encoding="utf-8")
    assert text == pictures.page_with_boards(text), "no longer true: run scripts/pictures"
    shown = text[text.index(pictures.HEADING):].count(".svg)\n")
    assert shown == sum(len(pictures.boards(arch)) for arch in pictures.arches())


def test_kept_pictures_are_of_boards():
    kept = sorted(pathlib.Path(pictures.FOLDER).glob("*/*"))
    assert kept == sorted(pathlib.Path(pictures.picture(arch, board))
                          for arch in pictures.arches() for board in pictures.boards(arch))


def test_board_includes_its_machine(tmp_path):
    """A board is the machine of --arch, else of the first that has the file it includes."""
    (tmp_path / "board.dts").write_text('/dts-v1/; /include/ "virt.dtsi"')
    for arch, base in (("riscv64", GIB), ("arm64", 2 * GIB)):
        (tmp_path / arch).mkdir()
        text = source([(base, GIB, 0)]).replace("/dts-v1/;", "")
        (tmp_path / arch / "virt.dtsi").write_text(text)
    for arch, base in (("riscv64", GIB), ("arm64", 2 * GIB), ("x86-64", GIB)):
        found = as_json("--arch", arch, tmp_path / "board.dts")
        assert found["early_node_ranges"][0]["start"] == hex(base)


BAD = {
    "no memory": ("/dts-v1/;/ {};", "no memory that can be used"),
    "of size 0": ('/dts-v1/;/ { memory@0 { device_type = "memory"; reg = <0 0 0>; }; };',
                  "1 of size 0, for a boot loader to fill in"),
    "cells": ('/dts-v1/;/ {#address-cells=<3>; #size-cells=<2>; memory@0 {device_type="memory"; '
              "reg=<0 0 0 0 0x1000>;};};",
              "devicetree: / #address-cells: 3 is not 1 or 2: memory nodes can not be read"),
    "too high": (source([(1 << 50, GIB, 0)]), "memory ends at 0x4000040000000: beyond"),
    "too small": (source([(0, 16384, 0)]), "the page allocator could not be built"),
    "no dts": ("/dts-v1/;/ {", "dtc can not compile it"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_source(write, name):
    text, message = BAD[name]
    out, err = layout(write(text), status=1)
    assert message in err and out == ""


@pytest.mark.parametrize("blob, message", [
    (b"", "empty"), (b"\xd0\x0d\xfe\xed", "header: only 4 bytes"),
    (b"hello, world" * 8, "header magic: 0x68656c6c instead of 0xd00dfeed")])
def test_bad_blob(write, blob, message):
    assert message in layout(write(blob, "tree.dtb"), status=1)[1]


@pytest.mark.parametrize("arguments, message", [
    ([], "no tree"), (["a", "b"], "more than one tree"), (["--frob", "a"], "--frob: not an option"),
    (["--arch", "vax", "a"], "--arch vax: not known; there are riscv64, arm64, i386, x86-64"),
    (["--svg"], "--svg: wants a value")])
def test_usage(arguments, message):
    out, err = layout(*arguments, status=2)
    assert err.startswith(f"layout: {message}") and err.count("\n") == 1 and out == ""


def test_truncated(write):
    whole = subprocess.run(["dtc", "-q", "-O", "dtb", write(source([(0, GIB, 0)]))],
                           capture_output=True, check=True).stdout
    for length in (40, len(whole) // 2, len(whole) - 1):
        out, err = layout(write(whole[:length], "tree.dtb"), status=1)
        assert f"header totalsize: {len(whole)} bytes, but only {length} can be read" in err
        assert err.endswith(": not laid out\n") and out == ""


def survey(folder, program=PROGRAM):
    """What the check of many trees says of those in a folder, and its status."""
    done = subprocess.run(["/usr/bin/python3", CORPUS, str(folder)], capture_output=True, text=True,
                          timeout=300, check=False, env={**os.environ, "PAGEFRAME_LAYOUT": program})
    return done.stdout, done.returncode


def test_corpus(write):
    """The check of the kernel's trees, which only runs by hand, on trees of each outcome."""
    folder = write("").parent
    for name, text in {"good": source([(0, GIB, 0)]), "empty": BAD["of size 0"][0],
                       "none": BAD["no memory"][0], "worse": BAD["too high"][0]}.items():
        subprocess.run(["dtc", "-q", "-O", "dtb", "-o", folder / f"{name}.dtb",
                        write(text)], check=True)
    out, status = survey(folder)
    assert status and out.count("worse.dtb: Wrong(") == 1
    for line in ("1 laid out", "1 no memory: banks of size 0", "1 no memory: no memory node",
                 "1 WRONG"):
        assert f" {line}" in out
    (folder / "worse.dtb").unlink()
    assert survey(folder)[1] == 0
    assert survey(folder, "/bin/true")[1] == survey(folder, "/bin/false")[1] == 1


def test_files(tmp_path):
    assert "No such file" in layout(tmp_path / "none.dtb", status=1)[1]
    assert f"{tmp_path}: Is a directory" in layout(tmp_path, status=1)[1]
    # Not readable to root either.
    assert "/proc/self/mem: Input/output error" in layout("/proc/self/mem", status=1)[1]
    assert "--svg /dev/full: No space left" in layout("--svg", "/dev/full", DEFAULT, status=1)[1]
    assert layout("--help")[0].startswith("usage: layout ")
