# SPDX-License-Identifier: BSD-2-Clause
"""arm64 before its UART is known: what can not boot is said all the same, by semihosting, and the
status fails. A few instructions enter the image with any x0.
"""
import struct
import subprocess

import pytest

import machine as machines
from conftest import only_on

pytestmark = only_on("arm64")  # elsewhere the firmware has a console

STUB, IMAGE = 0x40200000, 0x40400000
SECONDS = 120  # ends what hangs


def stub(x0):
    """movz x0, #(x0 >> 16), lsl #16; b IMAGE"""
    movz = 0xd2a00000 | (x0 >> 16 & 0xffff) << 5
    return 0x14000000 | (IMAGE - STUB - 4) // 4, movz


def enter(flat, x0, at=IMAGE, machine="virt", more=()):
    """The lines and the status of a machine whose CPU enters the image at `at` with `x0`; `more` are
    arguments of QEMU's."""
    branch, movz = stub(x0)
    command = [machines.QEMU["arm64"], *machines.completed(["-machine", machine, "-m", "256M"]),
               *machines.arch().args, "-display", "none", "-monitor", "none", "-nic", "none",
               "-serial", "stdio", *more,
               "-device", f"loader,file={flat},addr={at:#x},force-raw=on",
               "-device", f"loader,addr={STUB:#x},data={branch << 32 | movz:#x},data-len=8",
               "-device", f"loader,addr={STUB if at == IMAGE else at:#x},cpu-num=0"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=SECONDS, check=False)
    return done.stdout.decode(errors="replace").replace("\r", "").splitlines(), done.returncode


@pytest.mark.parametrize("x0, line", [
    (0x44000000, "devicetree: header magic: 0x00000000 instead of 0xd00dfeed: no tree at 0x44000000"),
    (IMAGE, f"devicetree: header magic: 0x10000014 instead of 0xd00dfeed: no tree at {IMAGE:#x}"),
])
def test_no_tree(flat, x0, line):
    lines, status = enter(flat, x0)
    assert line in lines and "pageframe: power off, status 1" in lines
    assert status == 1


@pytest.mark.parametrize("x0, why", [
    (0, f"no device tree was passed, its address is 0, and at {STUB:#x}, where memory starts, is none: "
        "have the loader pass one"),
    (0x0b000000, "the device tree is said to be at 0xb000000, and nothing answers there: "
                 "have the loader pass its address"),
    (0x44000000, "the device tree can not be read, see above; try dtc on it"),
])
def test_what_is_wrong_with_x0(flat, x0, why):
    lines, status = enter(flat, x0)
    assert [line for line in lines if line.startswith("pageframe: cannot boot: ")] == [
        "pageframe: cannot boot: " + why]
    assert not any(line.startswith("TRAP: ") for line in lines)
    assert status == 1


def test_trap_before_the_uart(flat, tmp_path):
    """A tree, the rest of which would be where memory has ended."""
    tree, length = 0x4fff0000, 0x40000
    header = struct.pack(">10I", 0xd00dfeed, length, 0x10000, 0x30000, 0x28, 17, 16, 0, 0x1000, 0x20000)
    (tmp_path / "header").write_bytes(header)
    lines, status = enter(flat, tree, more=[
        "-device", f"loader,file={tmp_path / 'header'},addr={tree:#x},force-raw=on"])
    assert any(line.startswith("TRAP: hart 0, cpu 0: load external abort") for line in lines)
    assert "backtrace:" in lines and "pageframe: power off, status 1" in lines
    assert status == 1


@pytest.mark.parametrize("machine", ["virt", "virt,virtualization=on"])
def test_misaligned_image(flat, machine):
    lines, status = enter(flat, 0, IMAGE + 0x1000, machine)
    assert lines == ["pageframe: cannot boot: the image must be loaded at a multiple of 2 MiB",
                     "pageframe: power off, status 1"]
    assert status == 1
