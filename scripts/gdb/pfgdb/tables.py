# SPDX-License-Identifier: BSD-2-Clause
"""The page tables that the kernel has built, walked from their root."""
import collections
import struct

from . import facts, machine, view

# A table, or (leaf) what it maps: physical address, first virtual address, bytes of those.
Entry = collections.namedtuple("Entry", ("leaf", "pa", "va", "level", "bytes"))

INDEX_BITS = machine.ENTRIES.bit_length() - 1


def walk(descriptors):
    """Every table and every leaf, in the order of virtual addresses."""
    levels = machine.this().levels(machine.register)
    root = int(facts.variable("paging")["root"])
    bits = descriptors.page_shift + levels * INDEX_BITS
    yield Entry(False, root, _extend(0, bits), levels - 1, 1 << bits)
    yield from _table(descriptors, root, levels - 1, 0, bits)


def _table(descriptors, table, level, first, bits):
    data = view.read(descriptors.phys_to_virt(table), machine.ENTRIES * 8)
    size = 1 << descriptors.page_shift + level * INDEX_BITS
    row = machine.this()
    for i, (entry,) in enumerate(struct.iter_unpack("<Q", data)):
        if not entry & machine.PTE_VALID:
            continue
        va, pa = first + i * size, row.address(entry)
        if level == 0 or row.leaf(entry):
            yield Entry(True, pa, _extend(va, bits), level, size)
        else:
            yield Entry(False, pa, _extend(va, bits), level - 1, size)
            yield from _table(descriptors, pa, level - 1, va, bits)


def _extend(va, bits):
    """The address as a pointer has it. All that the kernel maps is in the upper half."""
    return va | (1 << 64) - (1 << bits)
