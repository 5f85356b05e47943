# SPDX-License-Identifier: BSD-2-Clause
"""Device trees, read and changed with libfdt: what scripts/run and the boot tests need of them.

Addresses and sizes are bytes, ranges half-open. Blobs are bytes objects; nothing is changed in place.
"""
import collections
import os
import struct
import subprocess

import libfdt

Bank = collections.namedtuple("Bank", "base size nid")
Hart = collections.namedtuple("Hart", "hwid nid")

# What every tree begins with.
MAGIC = b"\xd0\x0d\xfe\xed"
# What a change may add to a tree, at most.
ROOM = 65536


def compile_dts(source, output, machine=None, quiet=False):
    """Compile the source at path `source` to `output`; what it includes is searched for in the folder
    `machine` too. `quiet` for those that are malformed on purpose."""
    os.makedirs(os.path.dirname(output), exist_ok=True)
    partial = f"{output}.{os.getpid()}"
    options = (["-i", machine] if machine else []) + (["-q"] if quiet else [])
    subprocess.run(["dtc", *options, "-I", "dts", "-O", "dtb", "-o", partial, source], check=True)
    os.replace(partial, output)


def _children(fdt, parent):
    node = fdt.first_subnode(parent, [libfdt.NOTFOUND])
    while node >= 0:
        yield node
        node = fdt.next_subnode(node, [libfdt.NOTFOUND])


def _props(fdt, node):
    """A node's properties, name to bytes.

    By walking, not by getprop(): for one that is absent, the getprop() of Debian 12's python3-libfdt
    gives away a reference to None that it does not own, and in the end the interpreter aborts.
    """
    found = {}
    offset = fdt.first_property_offset(node, [libfdt.NOTFOUND])
    while offset >= 0:
        prop = fdt.get_property_by_offset(offset)
        found[prop.name] = bytes(prop)
        offset = fdt.next_property_offset(offset, [libfdt.NOTFOUND])
    return found


def _prop(fdt, node, name):
    """The property as bytes, or None."""
    return _props(fdt, node).get(name)


def _u32(fdt, node, name, otherwise):
    value = _prop(fdt, node, name)
    return otherwise if value is None else struct.unpack(">I", value)[0]


def _is_memory(fdt, node):
    return _prop(fdt, node, "device_type") == b"memory\0"


def _hwid(fdt, node):
    """A hart's id; its node's name is no help: QEMU writes the id there in decimal."""
    return int.from_bytes(_prop(fdt, node, "reg"), "big")


def _cpus(fdt):
    for node in _children(fdt, fdt.path_offset("/cpus")):
        if _prop(fdt, node, "device_type") == b"cpu\0":
            yield node


def _available(fdt, node):
    return _prop(fdt, node, "status") in (None, b"okay\0", b"ok\0")


def all_banks(blob):
    """Every bank of the tree, ascending, those of size 0 too. The root's cells are any that libfdt
    can have; a short last pair is left out."""
    fdt = libfdt.FdtRo(blob)
    found = []
    address, size = _u32(fdt, 0, "#address-cells", 2) * 4, _u32(fdt, 0, "#size-cells", 1) * 4
    for node in _children(fdt, 0):
        if not _is_memory(fdt, node) or not _available(fdt, node):
            continue
        nid = _u32(fdt, node, "numa-node-id", 0)
        reg = _prop(fdt, node, "reg") or b""
        for at in range(0, len(reg) - address - size + 1, address + size):
            pair = reg[at:at + address + size]
            found.append(Bank(int.from_bytes(pair[:address], "big"),
                              int.from_bytes(pair[address:], "big"), nid))
    return sorted(found)


def banks(blob):
    """Every non-empty bank of the tree, ascending."""
    return [bank for bank in all_banks(blob) if bank.size]


def harts(blob):
    """The harts that may be started, ascending by hardware id."""
    fdt = libfdt.FdtRo(blob)
    found = []
    for node in _cpus(fdt):
        if _available(fdt, node):
            found.append(Hart(_hwid(fdt, node), _u32(fdt, node, "numa-node-id", 0)))
    return sorted(found)


def first_harts(blob, nr_harts):
    """The tree with all but the first harts disabled."""
    fdt = libfdt.Fdt(bytearray(blob))
    fdt.resize(len(blob) + ROOM)
    for hart in harts(blob)[nr_harts:]:
        node = next(n for n in _cpus(fdt) if _hwid(fdt, n) == hart.hwid)
        fdt.setprop_str(node, "status", "disabled")
    fdt.pack()
    return bytes(fdt.as_bytearray())


def add_node(blob, name, properties):
    """The tree with a node more at the root; properties: {name: bytes}."""
    fdt = libfdt.Fdt(bytearray(blob))
    fdt.resize(len(blob) + ROOM)
    node = fdt.add_subnode(0, name)
    for key, value in properties.items():
        fdt.setprop(node, key, value)
    fdt.pack()
    return bytes(fdt.as_bytearray())


def node_ids(blob):
    """Ids of the nodes that have memory or harts."""
    return sorted({b.nid for b in banks(blob)} | {h.nid for h in harts(blob)})


def split_evenly(total, parts, unit):
    """`total` in `parts` multiples of `unit`; the last takes what is left over."""
    each = total // parts // unit * unit
    return [each] * (parts - 1) + [total - each * (parts - 1)]


def replace_memory(blob, new_banks, hart_nids=None, distance=None):
    """The tree with other memory nodes: one per Bank, nid None for no numa-node-id.

    hart_nids: {hwid: nid} to put on the harts. distance: {(from, to): value} for a distance-map.
    """
    fdt = libfdt.Fdt(bytearray(blob))
    fdt.resize(len(blob) + ROOM)
    for node in [n for n in _children(fdt, 0) if _is_memory(fdt, n)][::-1]:
        fdt.del_node(node)
    # Subnodes are added at the front: the last comes first.
    for bank in reversed(new_banks):
        node = fdt.add_subnode(0, f"memory@{bank.base:x}")
        fdt.setprop(node, "reg", struct.pack(">QQ", bank.base, bank.size))
        fdt.setprop_str(node, "device_type", "memory")
        if bank.nid is not None:
            fdt.setprop_u32(node, "numa-node-id", bank.nid)
    for hwid, nid in (hart_nids or {}).items():
        node = next(n for n in _cpus(fdt) if _hwid(fdt, n) == hwid)
        fdt.setprop_u32(node, "numa-node-id", nid)
    if distance:
        node = fdt.add_subnode(0, "distance-map")
        cells = b"".join(struct.pack(">III", a, b, d) for (a, b), d in sorted(distance.items()))
        fdt.setprop(node, "distance-matrix", cells)
        fdt.setprop_str(node, "compatible", "numa-distance-map-v1")
    fdt.pack()
    return bytes(fdt.as_bytearray())


def split_nodes(blob, nr_nodes):
    """A one-node tree made into `nr_nodes` nodes: memory and harts in even, contiguous shares.

    With fewer harts than nodes the last nodes have memory only.
    """
    (bank,) = banks(blob)
    cpus = harts(blob)
    sizes = split_evenly(bank.size, nr_nodes, 4096)
    new_banks, base = [], bank.base
    for nid, size in enumerate(sizes):
        new_banks.append(Bank(base, size, nid))
        base += size
    with_harts = min(nr_nodes, len(cpus))
    hart_nids = {h.hwid: i * with_harts // len(cpus) for i, h in enumerate(cpus)}
    nodes = range(nr_nodes)
    distance = {(a, b): 10 if a == b else 20 for a in nodes for b in nodes}
    return replace_memory(blob, new_banks, hart_nids, distance)
