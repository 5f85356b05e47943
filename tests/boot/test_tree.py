# SPDX-License-Identifier: BSD-2-Clause
"""Trees that are not what QEMU makes: odd banks, reservations, disabled harts, and bad input, each
booted. The host's unit tests have the many small cases; these show that the image as a whole takes
them.
"""
import re
import subprocess

import pytest

import boot
import layout
import machine as machines
import tree
from tree import Bank
from trees import edit, moved

MIB = 1 << 20
BASE = machines.arch().ram
STRESS = "stress ops=5000 seed=2"


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """The tree of a machine of two harts and 512 MiB, and its QEMU arguments."""
    args = machines.plain(2, 512 * MIB)
    path = str(tmp_path_factory.mktemp("stock") / "stock.dtb")
    machines.dump_tree(args, path)
    with open(path, "rb") as file:
        return args, file.read()


@pytest.fixture
def boot_tree(run, tmp_path, stock):
    """boot_tree(blob, commands): boot the stock machine with another tree."""
    def boot_it(blob, commands):
        path = str(tmp_path / "tree.dtb")
        machines.write_tree(blob, path)
        return run(machines.Machine(stock[0], path), commands)
    return boot_it


def cut_banks(*pieces):
    """Banks from (offset, size, nid) in bytes from the start of RAM."""
    return [Bank(BASE + offset, size, nid) for offset, size, nid in pieces]


def check_banks(result, banks):
    assert layout.printed_zones(result.lines) == layout.expected_zones(banks)


def test_holes_unaligned_and_unsorted_banks(boot_tree, stock):
    """Banks inside one another's gaps, not sorted, ends inside a page: rounded inward."""
    banks = cut_banks((0, 128 * MIB, 0), (200 * MIB + 0x800, 31 * MIB + 0x1234, 0),
                      (300 * MIB + 0x3000, 5 * 4096, 1), (400 * MIB, 100 * MIB, 1))
    blob = tree.replace_memory(stock[1], banks[::-1], {0: 0, 1: 1})
    commands = ["layout", "check", STRESS, "check"]
    result = boot_tree(blob, commands)
    assert boot.problems(result, commands) == []
    check_banks(result, banks)


def test_adjacent_banks_of_interleaved_nodes(boot_tree, stock):
    """Nodes that take turns every 32 MiB, meeting inside a block of descriptors at one place."""
    banks = cut_banks(*[(i * 32 * MIB, 32 * MIB, i % 2) for i in range(15)],
                      (480 * MIB, 16 * MIB + 4096, 1), (496 * MIB + 4096, 15 * MIB, 0))
    blob = tree.replace_memory(stock[1], banks, {0: 0, 1: 1})
    commands = ["layout", "check", STRESS, "check"]
    result = boot_tree(blob, commands)
    assert boot.problems(result, commands) == []
    check_banks(result, banks)


RESERVED = moved("""
/memreserve/ 0x98000100 0x1000;
/ {
	reserved-memory {
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;
		keep@90000000 { reg = <0x0 0x90000000 0x0 0x100000>; };
		away@94000800 { reg = <0x0 0x94000800 0x0 0x1000>; no-map; };
	};
};
""")


def test_reservations_are_kept(boot_tree, stock):
    """Reserved pages are the allocator's at no time; a part of a page takes the whole page."""
    source, rest = RESERVED.strip().split("\n", 1)
    blob = edit(stock[1], rest)
    text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts"], input=blob, check=True,
                          capture_output=True).stdout.decode()
    blob = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb"], check=True, capture_output=True,
                          input=text.replace("/dts-v1/;", f"/dts-v1/;\n{source}", 1).encode()).stdout
    inside = moved("0x90000 0x900ff 0x94000 0x94001 0x98000 0x98001").split()
    outside = moved("0x8ffff 0x90100 0x93fff 0x94002 0x97fff 0x98002").split()
    commands = ["banks"] + [f"page pfn={pfn}" for pfn in inside + outside] + [STRESS, "check"]
    result = boot_tree(blob, commands)
    assert boot.problems(result, commands) == []
    said = [line for line in result.lines if re.match(r"  pfn 0x\w+ at ", line)]
    said = {line.split()[1]: line for line in said}
    assert sorted(said) == sorted(inside + outside)
    for pfn in inside:
        assert "reserved" in said[pfn], said[pfn]
    for pfn in outside:
        assert "reserved" not in said[pfn], said[pfn]
    away = moved("0x94000000-0x94002000").replace("0x", "0x0*")
    assert re.search(rf"{away} .*\(not mapped\)", result.text)


def test_disabled_hart_is_left_alone(boot_tree, stock):
    """Either hart may boot: the one that is disabled may be it, and then it is used all the same."""
    blob = edit(stock[1], '/ { cpus { cpu@1 { status = "disabled"; }; }; };')
    result = boot_tree(blob, ["harts", "check"])
    assert boot.problems(result, []) == []
    assert re.search(r"^harts: (1 of 1|2 of 2) online, 1 disabled by the tree", result.text, re.M)
    if "boot hart 0" in result.text:
        assert "harts: 1 of 1 online" in result.text


BAD = {
    # name: (source laid over the stock tree, what the line that names it must have in it)
    "reg-cut-short": ("/ { memory@90000000 { device_type = \"memory\"; reg = <0x0 0x90000000 0x0>; };"
                      " };", "memory@90000000"),
    "no-reg": ("/ { memory@90000000 { device_type = \"memory\"; }; };", "memory@90000000"),
    "wraps": ("/ { memory@f000 { device_type = \"memory\"; reg = <0xffffffff 0xfffff000 0x0 0x2000>;"
              " }; };", "memory@f000"),
    "overlap": ("/ { memory@81000000 { device_type = \"memory\"; "
                "reg = <0x0 0x81000000 0x0 0x1000000>; }; };", "memory@81000000"),
    "node-id-too-large": ("/ { memory@80000000 { numa-node-id = <4000>; }; };", "numa-node-id"),
    "distance-map-short": ("/ { memory@80000000 { numa-node-id = <0>; }; distance-map { compatible ="
                           " \"numa-distance-map-v1\"; distance-matrix = <0 0>; }; };",
                           "distance-map"),
    "reserved-wraps": ("/ { reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; "
                       "x@1 { reg = <0xffffffff 0xfffff000 0x0 0x2000>; }; }; };", "x@1"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_costs_a_line(boot_tree, stock, name):
    """What is malformed is named, and the rest boots and passes."""
    source, named = map(moved, BAD[name])
    result = boot_tree(edit(stock[1], source), ["layout", STRESS, "check"])
    assert boot.problems(result, [STRESS]) == []
    said = [line for line in result.lines if line.startswith("devicetree: ") and named in line]
    assert said, f"no line names {named}"


def test_no_memory_at_all(boot_tree, stock):
    """Nothing can be booted: one line says why, and the run fails.

    No driver has been found yet, so the firmware powers off, and QEMU's own status is lost on the
    way (OpenSBI 1.1): the last line has it.
    """
    result = boot_tree(tree.replace_memory(stock[1], []), [])
    assert result.last_line() == boot.POWER_OFF + "1"
    assert boot.problems(result, [])
    assert sum(line.startswith("pageframe: cannot boot: ") for line in result.lines) == 1
