# SPDX-License-Identifier: BSD-2-Clause
"""By which hart's eyes memory is read.

QEMU translates addresses by the page tables of the hart that gdb has selected. One that sits in the
firmware, or was not started, has none: then a hart that has them is selected for as long as a
command takes.
"""
import contextlib
import itertools

import gdb

from . import facts

PROBE_BYTES = 64


def threads():
    """The harts, in gdb's order."""
    return sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.num)


def read(address, length):
    """Bytes of memory."""
    return gdb.selected_inferior().read_memory(address, length)


def _text_of_file():
    """An address in the image's text, and what stands there by the ELF file."""
    start = facts.address("_start")
    return start, facts.file_bytes(start, PROBE_BYTES)


def sees_kernel():
    """Does the selected hart have the image where it is linked?"""
    address, expected = _text_of_file()
    try:
        return bytes(read(address, len(expected))) == expected
    except gdb.MemoryError:
        return False


@contextlib.contextmanager
def hart_that_sees():
    """Select a hart that sees the kernel, and the one from before at the end; yields if there is."""
    before, frame = gdb.selected_thread(), _selected_frame()
    found = next((True for thread in itertools.chain([before], threads())
                  if thread and _switch(thread) and sees_kernel()), False)
    if not found:
        _switch(before)
    try:
        yield found
    finally:
        if _switch(before) and frame and frame.is_valid():
            frame.select()


def _selected_frame():
    try:
        return gdb.selected_frame()
    except gdb.error:
        return None


def _switch(thread):
    if thread and thread.is_valid() and gdb.selected_thread() != thread:
        thread.switch()
    return bool(thread)


def allocator_is_up():
    """True from mm_free_boot_memory() on."""
    return bool(facts.variable("kernel")["memblock"]["closed"])


@contextlib.contextmanager
def machine(allocator):
    """For the time of a command: a machine, its hart that sees memory, and the allocator if asked for."""
    if not gdb.selected_thread():
        raise gdb.GdbError("pf: no machine: `target remote ADDRESS` connects to one, "
                           "scripts/run --gdb starts one")
    facts.check_image()
    with hart_that_sees() as seen:
        if allocator and not seen:
            raise gdb.GdbError(
                "pf: the allocator is not up: no hart has paging on. (Or all of them are inside "
                "the firmware at this moment: `continue`, and stop again.)")
        if allocator and not allocator_is_up():
            raise gdb.GdbError("pf: the allocator is not up yet: mm_free_boot_memory() has not run")
        yield seen
