# SPDX-License-Identifier: BSD-2-Clause
"""What the architectures differ by, as data: a row for each.

Sources: RISC-V Privileged Architecture 1.12, 3.1.5 (mhartid), 4.1.1 (sstatus), 4.1.11 (satp), 4.3
to 4.5 (page tables); Arm ARM DDI 0487, C5.2.19 (PSTATE, which gdb calls cpsr), D8.3 (descriptors).
"""
import collections

import gdb

from . import facts

# hwid: what tells a hart's hardware id: a register, or one that points to a struct with it, and that
# struct's name. irq: register with the interrupt mask, its bit, and the bit's value when interrupts
# are on. levels: of the page tables, by a reader of registers. address, leaf: of a valid page-table
# entry above level 0.
Machine = collections.namedtuple("Machine", ("hwid", "hwid_in", "irq", "irq_bit", "irq_on", "levels",
                                             "address", "leaf"))

MACHINES = {
    "riscv": Machine(
        hwid="mhartid", hwid_in=None, irq="sstatus", irq_bit=1, irq_on=1,
        levels=lambda read: (read("satp") >> 60) - 8 + 3,
        address=lambda entry: (entry >> 10 & (1 << 44) - 1) << 12,
        leaf=lambda entry: bool(entry & 0xe)),
    "aarch64": Machine(
        # QEMU does not show MPIDR_EL1.
        hwid="TPIDR_EL1", hwid_in="struct core", irq="cpsr", irq_bit=7, irq_on=0,
        levels=lambda read: 4,
        address=lambda entry: entry & 0x0000fffffffff000,
        leaf=lambda entry: not entry & 2),
}
PTE_VALID = 1
ENTRIES = 512


def this():
    """The row of the selected inferior."""
    name = gdb.selected_inferior().architecture().name()
    row = MACHINES.get(name.split(":")[0])
    if not row:
        raise gdb.GdbError(f"pf: nothing is known of the architecture {name}")
    return row


def register(name):
    """A register of the selected thread, as a number; None if it has no such register."""
    value = gdb.parse_and_eval(f"${name}")
    if value.type.code == gdb.TYPE_CODE_VOID:
        return None
    return int(value.cast(gdb.lookup_type("unsigned long")))


def hwid():
    """The hardware id of the selected hart; None where nothing tells it (yet)."""
    row, value = this(), register(this().hwid)
    if value is None or not row.hwid_in:
        return value
    pointer = gdb.Value(value).cast(facts.type_of(row.hwid_in).pointer())
    try:
        return int(pointer["hwid"]) if value else None
    except gdb.MemoryError:
        return None


def irqs_on():
    """Does the selected hart take interrupts? None if that can not be told."""
    value = register(this().irq)
    return None if value is None else (value >> this().irq_bit & 1) == this().irq_on
