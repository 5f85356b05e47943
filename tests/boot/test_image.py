# SPDX-License-Identifier: BSD-2-Clause
"""The two formats of the image: the ELF file and the flat image, and where they may be loaded."""
import struct
import subprocess

import pytest

import boot
import machine as machines
from conftest import ENTRY, ROOT, only_on
from os.path import join

TREE_ROOM = 2 << 20  # APPENDED_ROOM of arch/arm64/image.lds
COMMANDS = ["check", "stress ops=5000 seed=3", "check"]


def segments(path):
    """[(physical address, bytes in the file, bytes in memory)] of an ELF file's PT_LOAD."""
    with open(path, "rb") as file:
        data = file.read()
    (start,) = struct.unpack_from("<Q", data, 0x20)
    size, count = struct.unpack_from("<HH", data, 0x36)
    found = []
    for at in range(start, start + size * count, size):
        kind, _, offset, _, address, in_file, in_memory, _ = struct.unpack_from("<IIQQQQQQ", data, at)
        if kind == 1:
            found.append((address, data[offset:offset + in_file], in_memory))
    return found


def test_header(elf, flat):
    """The header's fields by the specification, against what the ELF file says of the same image."""
    with open(flat, "rb") as file:
        image = file.read()
    (text_offset, image_size, flags, version, _, _, magic, magic2) = struct.unpack_from(
        "<QQQIIQ8s4s", image, 8)
    loaded = segments(elf)
    in_memory = max(address + size for address, _, size in loaded) - ENTRY
    if machines.current == "riscv64":
        assert (magic, magic2) == (b"RISCV\0\0\0", b"RSC\x05")
        assert version == 2 and flags == 0
        # In memory the image is longer than its file: what is zero, and the boot hart's stacks.
        assert image_size == in_memory
    else:
        assert (magic, magic2) == (bytes(8), b"ARM\x64")
        # Little-endian, pages of 4 KiB, anywhere in memory; and no version.
        assert flags == 0xa and version == 0
        # A tree may be appended.
        assert image_size == in_memory + TREE_ROOM
        assert len(image) == in_memory
    assert text_offset == ENTRY - machines.arch().ram
    assert loaded[0][0] == ENTRY
    assert len(image) == max(address + len(data) for address, data, _ in loaded) - ENTRY
    for address, data, _ in loaded:
        assert image[address - ENTRY:][:len(data)] == data


# QEMU takes the ELF file's word for its place, and puts a flat image where others are linked to be.
@pytest.mark.parametrize("format, address", [("elf", ENTRY),
                                             ("flat", machines.arch().ram + 0x200000)])
def test_format(run, request, format, address):
    result = run(machines.sized(2, "256M", 1), COMMANDS, image=request.getfixturevalue(format))
    assert boot.problems(result, COMMANDS) == []
    assert f"image at {address:#x}" in result.text


def load_flat(flat, address):
    return ["-device", f"loader,file={flat},addr={address:#x},force-raw=on"]


# Another place needs a loader that can be told of it: the shim.
@only_on("riscv64")
@pytest.mark.parametrize("address", [0x80200000, 0x9fc00000, 0x140000000])
def test_load_address(run_on, flat, address):
    """Any multiple of 2 MiB: near the start, right before the tree at the end of the bank, and
    above 4 GiB. The image finds itself and keeps its place."""
    machine = machines.sized(2, "512M" if address < 1 << 32 else "6G", 1)
    commands = ["banks", *COMMANDS]
    result = run_on(machine, 1, commands, image=load_flat(flat, address), entry=address)
    assert boot.problems(result, commands) == []
    assert f"image at {address:#x}" in result.text
    assert f"reserved: {address:#011x}-" in result.text


@only_on("riscv64")  # the same; and arm64 has no console that early
def test_misaligned(run_on, flat):
    """One clear line and a failing status, before there is anything to print with."""
    address = 0x90001000
    result = run_on(machines.sized(2, "512M", 1), 0, [], image=load_flat(flat, address),
                    entry=address)
    assert result.hung is None
    assert result.lines[-3] == ("pageframe: cannot boot: the image must be loaded at a multiple of "
                                "2 MiB")
    assert result.last_line() == boot.POWER_OFF + "1"
    assert boot.problems(result, [])


def test_scripts_run():
    """With the format that is not what it takes by itself."""
    other, name = {"elf": ("flat", "Image"), "flat": ("elf", "elf")}[machines.arch().image]
    done = subprocess.run([join(ROOT, "scripts", "run"), "--arch", machines.current, "--image",
                           other, "--smp", "1", "--mem", "256M", "--", "check"], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (command,) = [line for line in done.stdout.splitlines() if line.startswith("+ ")]
    assert f"/pageframe.{name} " in command
