# SPDX-License-Identifier: BSD-2-Clause
"""Boots through U-Boot's `booti`: on riscv64 after OpenSBI, on arm64 as the firmware. The layout is
that of the tree, all harts come, a stress passes, and what U-Boot passes on is kept.
"""
import os
import re
import subprocess

import pytest

import boot
import machine as machines
import tree
import uboot
from conftest import ROOT
from test_machines import check_harts, check_layout

# Two nodes, of which U-Boot takes the first for all there is; on arm64 entered at EL2.
MACHINE = {"riscv64": (), "arm64": ("-machine", "virtualization=on,gic-version=3")}


def boot_lines(run, machine, image, commands, initrd=None, append=""):
    """The lines of a boot through U-Boot that passed."""
    start, through = uboot.through(machine, image, initrd)
    result = run(through, commands, append, image=start)
    assert boot.problems(result, commands) == []
    # It did come through U-Boot.
    assert result.text.index("\nU-Boot 20") < result.text.index(f"\n{boot.FIRST_LINE} ")
    return result.lines


def check_machine(run, flat, machine):
    """As the rows of test_machines."""
    blob = machine.tree()
    lines = boot_lines(run, machine, flat, ["layout", "harts", "check",
                                            "stress ops=20000 seed=1", "check"])
    check_layout(lines, tree.banks(blob), tree.node_ids(blob))
    check_harts(lines, tree.harts(blob))
    # Nothing to complain about in what U-Boot made of the tree.
    assert not [line for line in lines if line.startswith("devicetree: /")]


def test_machine(run, flat):
    machine = machines.sized(8, "6G", 2)
    machine.args += MACHINE[machines.current]
    check_machine(run, flat, machine)


def test_board(run, flat):
    """A tree of ours: on riscv64 it goes through U-Boot, on arm64 with the image."""
    check_machine(run, flat, machines.board("default"))


def test_initrd(run, flat, tmp_path):
    """booti puts it into /chosen and into the tree's header: it is reserved once, by its name, and its
    bytes are the same after a stress of nearly all there is."""
    content = bytes((i * 251 + (i >> 8) * 31 + 7) & 0xff for i in range(3 * 1024 * 1024 + 1234))
    (tmp_path / "initrd").write_bytes(content)
    ram = tmp_path / "ram"
    machine = machines.Machine(machines.completed([
        "-machine", "virt,memory-backend=ram", "-smp", "2", "-m", "256M",
        "-object", f"memory-backend-file,id=ram,mem-path={ram},size=256M,share=on"]))
    commands = ["banks", "stress ops=40000 seed=5 footprint=200M", "check"]
    lines = boot_lines(run, machine, flat, commands, str(tmp_path / "initrd"))
    reserved = [line for line in lines if line.startswith("reserved:")]
    (found,) = [match for line in reserved
                if (match := re.fullmatch(r"reserved: (0x\w+)-(0x\w+) +\d+ KiB  initrd", line))]
    assert not [line for line in reserved if "memreserve" in line]
    start, end = (int(found[i], 16) for i in (1, 2))
    assert end - start == -(-len(content) // 4096) * 4096
    with open(ram, "rb") as file:
        file.seek(start - machines.arch().ram)
        assert file.read(len(content)) == content
    ram.unlink()


def test_scripts_run():
    """--via, with as long a command line as the image takes."""
    append = "x" * (boot.BOOTARGS_MAX - len(boot.bootargs("x", ["check"])) + 1)
    done = subprocess.run([os.path.join(ROOT, "scripts", "run"), "--arch", machines.current, "--via",
                           "u-boot", "--smp", "2", "--mem", "128M", "--append", append, "--",
                           "check"], text=True, stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "check: 0 faults found" in done.stdout
    # It says what it ran.
    (command,) = [line for line in done.stdout.splitlines() if line.startswith("+ ")]
    assert uboot.FILES[machines.current] in command


def test_not_installed(monkeypatch):
    """What to do is in the message."""
    monkeypatch.setitem(uboot.FILES, machines.current, "/nonexistent/u-boot.bin")
    with pytest.raises(machines.MachineError, match=f"/nonexistent.*{uboot.PACKAGE}"):
        uboot.through(machines.sized(1, "128M", 1), "pageframe.Image")
