# SPDX-License-Identifier: BSD-2-Clause
"""What the image's debug information and ELF file tell: types, constants, addresses.

Numbers of the C sources come from here and are written down nowhere else: enumerators by their names,
array lengths and offsets by their types; macros by the enumerators of kernel/debug_info.c.
"""
import functools
import os
import struct

import gdb

PROJECT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


def clear(_event=None):
    """Forget everything: the image is another."""
    for function in (type_of, enumerators, constant, address, _segments, link_offset):
        function.cache_clear()


def check_image():
    """Is there an image, and is it one of ours?"""
    if not gdb.lookup_global_symbol("kernel"):
        raise gdb.GdbError("pf: the program is no pageframe.elf with debug information; "
                           "`file build/ARCH-release/pageframe.elf` names one")


@functools.lru_cache(None)
def type_of(name):
    """A type by its C name."""
    return gdb.lookup_type(name)


@functools.lru_cache(None)
def enumerators(name):
    """The enumerators of `enum name`: name to value."""
    return {field.name: field.enumval for field in type_of(f"enum {name}").fields()}


@functools.lru_cache(None)
def constant(name):
    """The value of an enumerator, of whatever enum."""
    return int(gdb.parse_and_eval(name))


def names_of(name, prefix):
    """The enumerators of `enum name` that start with a prefix: value to the name's rest."""
    return {value: key[len(prefix):] for key, value in enumerators(name).items()
            if key.startswith(prefix)}


def has_field(name, field):
    return any(each.name == field for each in type_of(name).fields())


def array_length(name, field):
    """Elements of an array that is a field of a type."""
    low, high = type_of(name)[field].type.range()
    return high - low + 1


def variable(name):
    """A global variable's value, or that of the first file-local one."""
    symbol = gdb.lookup_global_symbol(name) or gdb.lookup_static_symbol(name)
    if not symbol:
        raise gdb.GdbError(f"pf: the image has no `{name}`")
    return symbol.value()


@functools.lru_cache(None)
def address(name):
    """The address (or the value) that a symbol of the ELF file has."""
    return int(gdb.parse_and_eval(f"(unsigned long)&{name}"))


def layout(name, fields):
    """A struct.Struct of those fields of a type, which are integers or pointers, in this order."""
    found = sorted(((each.bitpos // 8, index, each.type)
                    for index, field in enumerate(fields)
                    for each in [_field(type_of(name), field)]), key=lambda entry: entry[0])
    if [entry[1] for entry in found] != sorted(entry[1] for entry in found):
        raise gdb.GdbError(f"pf: the fields of {name} are in another order")
    text, at = "<", 0
    for offset, _, kind in found:
        text += f"{offset - at}x" + _code(kind)
        at = offset + kind.sizeof
    return struct.Struct(text + f"{type_of(name).sizeof - at}x")


class _Place:
    """A field of a field: where it lies in the outermost."""

    def __init__(self, bitpos, kind):
        self.bitpos, self.type = bitpos, kind


def _field(kind, path):
    bitpos = 0
    for part in path.split("."):
        field = kind[part]
        bitpos += field.bitpos
        kind = field.type.strip_typedefs()
    return _Place(bitpos, kind)


def _code(kind):
    code = {1: "B", 2: "H", 4: "I", 8: "Q"}[kind.sizeof]
    signed = kind.code == gdb.TYPE_CODE_INT and gdb.Value(-1).cast(kind) < 0
    return code.lower() if signed else code


def source(pc):
    """" at FILE:LINE" of an address, from the project's folder on; empty where that is not known."""
    line = gdb.find_pc_line(pc)
    if not line.symtab or not line.line:
        return ""
    return f" at {line.symtab.filename.removeprefix(PROJECT + os.sep)}:{line.line}"


@functools.lru_cache(None)
def _segments():
    """The PT_LOAD segments of the ELF file: (virtual address, physical address, bytes)."""
    with open(gdb.current_progspace().filename, "rb") as file:
        data = file.read()
    (offset,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    found = []
    for i in range(count):
        kind, _, at, virtual, physical, length = struct.unpack_from("<IIQQQQ", data,
                                                                    offset + i * size)
        if kind == 1:
            found.append((virtual, physical, data[at:at + length]))
    return found


def file_bytes(at, length):
    """What the ELF file has at an address."""
    for virtual, _, data in _segments():
        if virtual <= at < virtual + len(data):
            return data[at - virtual:at - virtual + length]
    raise gdb.GdbError(f"pf: {at:#x} is not in the ELF file")


@functools.lru_cache(None)
def link_offset():
    """Where the image is linked less where the ELF file is loaded: what runs before paging."""
    virtual, physical, _ = min(_segments())
    return virtual - physical


gdb.events.new_objfile.connect(clear)
