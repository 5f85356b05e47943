# SPDX-License-Identifier: BSD-2-Clause
"""make_corpus.py FOLDER: write the trees that fuzzing starts from, compiled by dtc.

Each function below is one tree, named after it; a few lines of source make the many. The inputs
that once found something are in regressions/, as source, and are added.
"""
import glob
import os
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MIB = 1 << 20
GIB = 1 << 30
RAM = 0x80000000


def cells(*values, width=2):
    """Numbers as cells, each of `width`."""
    words = [value >> shift & 0xffffffff for value in values for shift in (32, 0)[2 - width:]]
    return "<" + " ".join(f"{word:#x}" for word in words) + ">"


def reg(*pairs, address=2, size=2, name="reg"):
    """A property of address-size pairs."""
    parts = [cells(base, width=address) + ", " + cells(bytes_, width=size)
             for base, bytes_ in pairs]
    return f"{name} = " + ", ".join(parts) + ";"


def node(name, *lines):
    return f"{name} {{ " + " ".join(lines) + " };"


def memory(base, bytes_, nid=None, **widths):
    numa = "" if nid is None else f"numa-node-id = <{nid}>;"
    return node(f"memory@{base:x}", 'device_type = "memory";', reg((base, bytes_), **widths), numa)


def cpu(hwid, nid=None, *more):
    numa = "" if nid is None else f"numa-node-id = <{nid}>;"
    return node(f"cpu@{hwid:x}", 'device_type = "cpu";', f"reg = <{hwid}>;", 'status = "okay";',
                numa, *more)


def cpus(*children):
    return node("cpus", "#address-cells = <1>;", "#size-cells = <0>;",
                "timebase-frequency = <10000000>;", *children)


def reserved(*children, address=2, size=2):
    return node("reserved-memory", f"#address-cells = <{address}>;", f"#size-cells = <{size}>;",
                "ranges;", *children)


def distances(*triplets):
    text = ", ".join(f"<{a} {b} {d}>" for a, b, d in triplets)
    return node("distance-map", 'compatible = "numa-distance-map-v1";',
                f"distance-matrix = {text};")


def tree(*children, address=2, size=2, reserve=()):
    lines = [f"/memreserve/ {base:#x} {bytes_:#x};" for base, bytes_ in reserve]
    root = [f"#address-cells = <{address}>;", f"#size-cells = <{size}>;", *children]
    return "\n".join(["/dts-v1/;", *lines, node("/", *root)])


FIRMWARE = node("mmode_resv0@80000000", reg((RAM, 0x80000)))


def qemu_virt():
    """What QEMU and OpenSBI make of two harts and 2 GiB, its devices in short."""
    soc = node("soc", "#address-cells = <2>;", "#size-cells = <2>;", 'compatible = "simple-bus";',
               "ranges;",
               node("serial@10000000", 'compatible = "ns16550a";', reg((0x10000000, 0x100)),
                    "interrupts = <10>;", "interrupt-parent = <3>;",
                    "clock-frequency = <0x384000>;"),
               node("plic@c000000", 'compatible = "sifive,plic-1.0.0", "riscv,plic0";',
                    reg((0xc000000, 0x600000)), "phandle = <3>;",
                    "interrupts-extended = <1 11 1 9 2 11 2 9>;"),
               node("test@100000", 'compatible = "sifive,test1", "syscon";',
                    reg((0x100000, 0x1000))))
    harts = [cpu(i, None, node("interrupt-controller", f"phandle = <{i + 1}>;",
                               'compatible = "riscv,cpu-intc";')) for i in range(2)]
    return tree(memory(RAM, 2 * GIB), cpus(*harts), soc, reserved(FIRMWARE),
                node("chosen", 'bootargs = "seed=1 -- layout; stress; poweroff";',
                     'stdout-path = "/soc/serial@10000000";'))


def small():
    return tree(memory(RAM, 64 * MIB), cpus(cpu(0)))


def four_nodes():
    banks = [memory(RAM + i * GIB, GIB, i) for i in range(4)]
    harts = [cpu(i, i // 2) for i in range(8)]
    return tree(*banks, cpus(*harts), reserved(FIRMWARE),
                distances(*[(a, b, 10 if a == b else 15 + a + b)
                            for a in range(4) for b in range(4)]))


def interleaved():
    """Two nodes that take turns, across 4 GiB."""
    banks = [memory(0xc0000000 + i * 128 * MIB, 128 * MIB, i % 2) for i in range(16)]
    return tree(*banks, cpus(cpu(0, 0), cpu(1, 1)))


def three_holes():
    """The machine x02 of the shared facts: holes below and across 4 GiB."""
    return tree(memory(RAM, 512 * MIB), memory(0xc0000000, GIB), memory(0x120000000, GIB),
                cpus(cpu(0), cpu(1)))


def reserved_galore():
    extra = [node(f"keep@{RAM + i * MIB:x}", reg((RAM + i * MIB, 0x1800 + i * 0x100)))
             for i in range(8, 40, 3)]
    return tree(memory(RAM, 256 * MIB), cpus(cpu(0)), reserved(
        FIRMWARE, *extra,
        node("away@83000000", reg((0x83000000, MIB), (0x83080000, MIB)), "no-map;"),
        node("cma@84000000", reg((0x84000000, 4 * MIB)), "reusable;"),
        node("outside@10000", reg((0x10000, 0x10000))),
        node("nothing@0", reg((0, 0))),
        node("off@85000000", reg((0x85000000, MIB)), 'status = "disabled";'),
        node("place0", "size = <0 0x400000>;", "alignment = <0 0x400000>;", "no-map;"),
        node("place1", "size = <0 0x10000>;",
             reg((0x88000000, MIB), (RAM, MIB), name="alloc-ranges")),
        node("place2", "size = <0 0x3000>;", "alignment = <0 0x3000>;", "reusable;")))


def memreserve():
    return tree(memory(RAM, 128 * MIB), cpus(cpu(0)),
                reserve=[(RAM, 0x80000), (0x81000800, 0x1000), (0x81001000, 0x2345),
                         (0xfffffffffffff000, 0xfff), (0x87ff0000, 0x20000)])


def sparse_ids():
    return tree(memory(RAM, 64 * MIB, 7), memory(0x90000000, 64 * MIB, 63),
                memory(0xa0000000, 64 * MIB, 0), cpus(cpu(5, 63), cpu(900, 31)),
                distances((7, 63, 40), (63, 0, 12), (0, 7, 200), (7, 0, 100), (31, 0, 11)))


def id_out_of_range():
    return tree(memory(RAM, 64 * MIB, 1), memory(0x90000000, 64 * MIB, 64), cpus(cpu(0, 4000)))


def memoryless_nodes():
    return tree(memory(RAM, 64 * MIB, 1), cpus(*[cpu(i, i) for i in range(4)]),
                node("memory@0", 'device_type = "memory";', reg((0, 0)), "numa-node-id = <2>;"))


def left_to_the_loader():
    """As in most trees that are kept in files: memory nodes without memory."""
    return tree(memory(0, 0), memory(RAM, 0), cpus(cpu(0)))


def bad_distances():
    return tree(memory(RAM, 64 * MIB, 0), memory(0x90000000, 64 * MIB, 1), cpus(cpu(0, 0)),
                node("distance-map", 'compatible = "numa-distance-map-v1";',
                     "distance-matrix = <0 0 11>, <0 1 9>, <1 0 300>, <0 1 30>, <0 1 31>, <5 6>;"))


def cells_1_1():
    return tree(memory(RAM, 256 * MIB, address=1, size=1), cpus(cpu(0)),
                reserved(node("keep@81000000", reg((0x81000000, MIB), address=1, size=1)),
                         address=1, size=1), address=1, size=1)


def cells_2_1():
    return tree(memory(0x180000000, GIB, address=2, size=1), cpus(cpu(0)),
                node("reserved-memory", node("keep@1", reg((0x181000000, MIB), size=1))),
                address=2, size=1)


def cells_1_2():
    return tree(memory(RAM, 6 * GIB, address=1, size=2), cpus(cpu(0)), address=1, size=2)


def cells_3():
    return tree(node("memory@0", 'device_type = "memory";', "reg = <0 0 0 0>;"), cpus(cpu(0)),
                address=3, size=2)


def translated():
    """Reserved memory and devices behind ranges that are not the identity."""
    return tree(memory(0x1000000000, 128 * MIB), cpus(cpu(0)),
                node("reserved-memory", "#address-cells = <1>;", "#size-cells = <1>;",
                     "ranges = <0x0 0x10 0x0 0x10000000>;",
                     node("keep@100000", "reg = <0x100000 0x1000>;"),
                     node("beyond@f0000000", "reg = <0xf0000000 0x1000>;")),
                node("soc", "#address-cells = <1>;", "#size-cells = <1>;",
                     "ranges = <0x0 0x0 0x10000000 0x1000000>, <0x2000000 0x1 0x0 0x1000>;",
                     node("bus@1000", "#address-cells = <2>;", "#size-cells = <0>;", "ranges;",
                          node("uart@0", 'compatible = "ns16550a";', "reg = <0 0x2000>;")),
                     node("uart@100", 'compatible = "ns16550a";', "reg = <0x100 0x100>;")))


def odd_lengths():
    return tree(node("memory@80000000", 'device_type = "memory";',
                     "reg = <0 0x80000000 0 0x4000000 0 0x90000000 0>;"),
                node("memory@1", 'device_type = "memory";', "reg = [00 01 02];"),
                node("memory@2", 'device_type = "memory";', "reg;"),
                node("memory@3", 'device_type = "memory";'),
                node("cpus", "#address-cells = <2>;", "#size-cells = <0>;",
                     "timebase-frequency = [00 98 96 80 00];", cpu(0), cpu(1)))


def rough_edges():
    """Banks that overlap, touch, wrap, are less than a page, or end inside one."""
    pairs = [(RAM, 64 * MIB), (RAM + 32 * MIB, 64 * MIB), (RAM + 96 * MIB, 0x800),
             (RAM + 100 * MIB + 0x123, 0x4567), (RAM + 64 * MIB, 4096),
             (0xfffffffffffff000, 0x1000), (0xffffffff00000000, 0x200000000), (0, 0x1000),
             (1 << 62, 1 << 62), (5, 5)]
    return tree(node("memory", reg(*pairs)), cpus(cpu(0)))


def huge():
    return tree(*[memory(RAM + i * (1 << 42), 1 << 41, i) for i in range(4)],
                cpus(*[cpu(i, i % 4) for i in range(8)]))


def many_banks(nr=1100, more=()):
    """More than the list has room for; each bank a little apart from the next."""
    pairs = [(0x10000000 + i * 0x30000, 0x10000) for i in range(nr)] + list(more)
    return tree(node("memory@10000000", 'device_type = "memory";',
                     reg(*pairs, address=1, size=1)), cpus(cpu(0)), address=1, size=1)


def some_banks():
    return many_banks(60)


def bank_over_banks():
    """The last bank covers all others: was refused as if their gaps had to stay apart."""
    return many_banks(683, [(0x1000, 0x7fff0000)])


def many_reservations(nr=400):
    ranges = [(RAM + MIB + i * 0x8000, 0x1000) for i in range(nr)]
    return tree(memory(RAM, 128 * MIB, address=1, size=1), cpus(cpu(0)),
                reserved(node("keep@1", reg(*ranges, address=1, size=1)), address=1, size=1),
                address=1, size=1)


def too_many_reservations():
    return many_reservations(1100)


def many_cpus(nr=140):
    return tree(memory(RAM, 512 * MIB), cpus(*[node(f"cpu@{i:x}", f"reg = <{i}>;")
                                               for i in range(nr)]))


def too_many_cpus():
    return many_cpus(520)


def no_memory():
    return tree(cpus(cpu(0)), node("memory@0", 'device_type = "memory";', reg((0, 0))))


def no_cpus():
    return tree(memory(RAM, 32 * MIB))


def disabled():
    off = 'status = "disabled";'
    return tree(memory(RAM, 32 * MIB, 0), node("memory@90000000", 'device_type = "memory";',
                                               reg((0x90000000, 32 * MIB)), off,
                                               "numa-node-id = <9>;"),
                cpus(cpu(0, 0), node("cpu@1", 'device_type = "cpu";', "reg = <1>;", off),
                     node("cpu@2", "reg = <0>;"), node("cpu@3", "reg = <0 0>;")))


def consoles():
    return tree(memory(RAM, 32 * MIB), cpus(cpu(0)),
                node("aliases", 'uart0 = "/soc/uart@10";', 'loop = "loop";', "raw = [75 61];"),
                node("soc", node("uart@10", "reg = <0 16 0>;")),
                node("chosen", "bootargs = [78 79 07 1b];", 'stdout-path = "uart0:115200n8";',
                     'linux,stdout-path = "loop";'))


def dma_ranges():
    """Buses that reach a part of memory, one inside the other; PCI has three address cells."""
    pcie = node("pcie@1", "#address-cells = <3>;", "#size-cells = <2>;",
                "dma-ranges = <0x2000000 0 0 0 0x40000000 0 0x40000000>;")
    return tree(memory(RAM, 32 * MIB), cpus(cpu(0)),
                node("soc", "#address-cells = <2>;", "#size-cells = <2>;",
                     "dma-ranges = <0 0x40000000 0 0x80000000 0 0x40000000>;", pcie))


def initrd():
    return tree(memory(RAM, 64 * MIB), cpus(cpu(0, None, 'mmu-type = "riscv,sv48";'),
                                            cpu(1, None, "mmu-type = [72 07 76 00];")),
                node("chosen", "linux,initrd-start = <0x82000000>;",
                     "linux,initrd-end = <0x0 0x82345678>;"))


def nested(depth=40, name="n"):
    return tree(memory(RAM, 32 * MIB), cpus(cpu(0)),
                f"{name} {{ " * depth + "reg = <1 2 3>; " + "}; " * depth)


def nested_too_deep():
    return nested(70)


def long_path():
    """A bad reservation whose path has no room in a message."""
    return tree(memory(RAM, 32 * MIB), cpus(node("cpu@" + "0" * 250, 'device_type = "cpu";')))


TREES = [qemu_virt, small, four_nodes, interleaved, three_holes, reserved_galore, memreserve,
         sparse_ids, id_out_of_range, memoryless_nodes, bad_distances, cells_1_1, cells_2_1,
         cells_1_2, cells_3, translated, odd_lengths, rough_edges, huge, many_banks, some_banks,
         bank_over_banks, many_reservations, too_many_reservations, many_cpus, too_many_cpus,
         no_memory, no_cpus, disabled, consoles, dma_ranges,
         initrd, nested, nested_too_deep, long_path]


# Tags of the structure block, as dtc would not write them: name, words.
BEGIN, END, PROP, LAST = 1, 2, 3, 9
STRUCTURES = {
    "bare_end": [LAST],
    "more_ends": [BEGIN, 0, END, END, LAST],
    "two_roots": [BEGIN, 0, END, BEGIN, 0, END, LAST],
    "open_end": [BEGIN, 0, LAST],
    "late_property": [BEGIN, 0, BEGIN, 0x61000000, END, PROP, 0, 0, END, LAST],
    "property_outside": [BEGIN, 0, END, PROP, 0, 0, LAST],
    "nameless_property": [BEGIN, 0, PROP, 0, 99, END, LAST],
    "unknown_tag": [BEGIN, 0, 7, END, LAST],
}


def pack(words, version=17, reservations=((0, 0),), magic=0xd00dfeed, shift=0):
    """A tree from its structure block, with one property name, "x"."""
    block = struct.pack(f">{len(words)}I", *words)
    list_ = b"".join(struct.pack(">QQ", *pair) for pair in reservations)
    at = 40 + len(list_)
    header = struct.pack(">10I", magic, at + len(block) + 2, at, at + len(block), 40 + shift,
                         version, 16, 0, 2, len(block))
    return header + list_ + block + b"x\0"


def packed_trees():
    root = [BEGIN, 0, END, LAST]
    yield from ((name, pack(words)) for name, words in STRUCTURES.items())
    yield "old_version", pack(root, version=15)
    yield "bad_magic", pack(root, magic=0xfeedd00d)
    yield "unaligned_list", pack(root, shift=4)
    yield "endless_list", pack(root, reservations=[(1, 1)])
    yield "cut_off", pack(root)[:-5]


def compile_tree(source, path):
    subprocess.run(["dtc", "-q", "-f", "-I", "dts", "-O", "dtb", "-o", path, "-"], check=True,
                   input=source.encode(), stderr=subprocess.DEVNULL)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for make in TREES:
        compile_tree(make(), os.path.join(folder, make.__name__))
    for path in sorted(glob.glob(os.path.join(HERE, "regressions", "*.dts"))):
        with open(path, encoding="ascii") as file:
            compile_tree(file.read(), os.path.join(folder, os.path.basename(path)[:-4]))
    for name, blob in packed_trees():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(blob)
    print(f"{len(os.listdir(folder))} trees in {folder}")


if __name__ == "__main__":
    main(sys.argv[1])
