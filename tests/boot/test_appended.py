# SPDX-License-Identifier: BSD-2-Clause
"""A tree that is appended to the flat image: it says what the machine is, and the loader's tree what
this boot is about. One that can not be used costs a line, and the loader's tree is used whole.
"""
import os
import re
import struct

import pytest

import boot
import machine as machines
import tree
import trees
from conftest import only_on
from test_run import scripts_run

# riscv64's QEMU takes a board's tree as it is.
pytestmark = only_on("arm64")

# The machine has 1 GiB; the tree says 768 MiB, in two nodes, and that there is no console.
RAM = 0x40000000
BANKS = [tree.Bank(RAM, 256 << 20, 0), tree.Bank(RAM + (256 << 20), 512 << 20, 1)]
NO_CONSOLE = "/ { chosen { /delete-property/ stdout-path; }; };"
LOADERS_TREE = re.compile(r"devicetree: \d+ bytes at 0x\w+, boot hart 0")
APPENDED_TREE = re.compile(r"devicetree: \d+ bytes at 0x\w+, appended to the image, boot hart 0")


def machine_and_tree():
    machine = machines.sized(2, "1G", 1)
    blob = tree.replace_memory(machine.tree(), BANKS, {0: 0, 1: 1}, {(0, 1): 20, (1, 0): 20})
    return machine, trees.edit(blob, NO_CONSOLE)


def boot_with(run, flat, folder, machine, behind, commands):
    """Boot the flat image with these bytes behind it."""
    path = folder / "appended.Image"
    with open(flat, "rb") as file:
        path.write_bytes(file.read() + behind)
    result = run(machine, commands, image=str(path))
    assert boot.problems(result, commands) == []
    return result


def found(result, pattern):
    return [line for line in result.lines if re.fullmatch(pattern, line)]


def test_header(flat):
    """The file ends with the image, zeroes and all, and what loaders leave alone goes on behind it."""
    with open(flat, "rb") as file:
        (image_size,) = struct.unpack_from("<Q", file.read(64), 16)
    length = os.path.getsize(flat)
    assert length % 4096 == 0 and image_size == length + (2 << 20)


def test_appended(run, flat, tmp_path):
    """Memory and nodes are the appended tree's, arguments, initrd and console the loader's; where the
    loader's tree lies is memory like any other."""
    machine, blob = machine_and_tree()
    initrd = bytes(i * 251 >> 3 & 0xff for i in range((3 << 20) + 1234))
    (tmp_path / "initrd").write_bytes(initrd)
    machine.args += ["-initrd", str(tmp_path / "initrd")]
    commands = ["banks", "stress ops=20000 footprint=700M", "check"]
    result = boot_with(run, flat, tmp_path, machine, blob, commands)
    assert len(found(result, APPENDED_TREE)) == 1 and not found(result, LOADERS_TREE)
    assert "memory: 2 banks, 768 MiB" in result.lines
    assert "nodes: 2 online, distances by the tree's distance-map" in result.lines
    assert "console: pl011 of stdout-path; input by interrupt" in result.lines
    (kept,) = found(result, r"reserved: 0x\w+-0x\w+ +\d+ KiB  initrd")
    start, end = (int(number, 16) for number in re.findall(r"0x\w+", kept))
    assert end - start == -(-len(initrd) // 4096) * 4096
    # The image, the copy of the tree, and that.
    assert len(found(result, r"reserved: .*")) == 3


def test_as_long_as_it_may_be(run, flat, tmp_path):
    """QEMU's own tree has 1 MiB, most of it unused."""
    machine = machines.sized(2, "1G", 1)
    blob = machine.tree()
    assert len(blob) == 1 << 20
    result = boot_with(run, flat, tmp_path, machine, blob, ["check"])
    assert len(found(result, APPENDED_TREE)) == 1


@pytest.mark.parametrize("size, says", [
    (0x7fffffff, ["devicetree: appended to the image: 2147483647 bytes, but only 2097152 can be there: "
                  "not used"]),
    (0, None)])
def test_bad_size(run, flat, tmp_path, size, says):
    """The line, or lines that end so; and the loader's tree is used whole."""
    machine, blob = machine_and_tree()
    blob = blob[:4] + struct.pack(">I", size) + blob[8:]
    result = boot_with(run, flat, tmp_path, machine, blob, ["check"])
    lines = found(result, "devicetree: .*")
    assert LOADERS_TREE.fullmatch(lines.pop())
    if says:
        assert lines == says
    assert lines[-1].startswith("devicetree: appended to the image: ")
    assert lines[-1].endswith("not used")
    assert "memory: 1 bank, 1024 MiB" in result.lines


def test_something_else(run, flat, tmp_path):
    """What is no tree is nothing."""
    machine, blob = machine_and_tree()
    result = boot_with(run, flat, tmp_path, machine, b"\xd0\x0d\xfe\xec" + blob[4:], ["check"])
    assert len(found(result, "devicetree: .*")) == 1 and found(result, LOADERS_TREE)


def test_dtb(tmp_path):
    """scripts/run appends the tree that it is told to boot with."""
    path = tmp_path / "tree.dtb"
    path.write_bytes(machine_and_tree()[1])
    done = scripts_run("--arch", "arm64", "--smp", "2", "--mem", "1G", "--dtb", str(path), "--", "nodes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "memory: 2 banks, 768 MiB" in done.stdout
    assert sorted(os.listdir(tmp_path)) == ["tree.dtb"]


@pytest.mark.parametrize("arguments, message", [
    (["--arch", "arm64", "--dtb", __file__], "not a device tree"),
    (["--arch", "arm64", "--image", "elf"], "a tree goes with the flat image alone"),
    (["--arch", "riscv64", "--board", "dma-ranges"], "not on riscv64, but on arm64"),
])
def test_wrong_options(arguments, message):
    done = scripts_run(*arguments)
    assert done.returncode == 1
    assert message in done.stderr
