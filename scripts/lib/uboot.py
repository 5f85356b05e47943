# SPDX-License-Identifier: BSD-2-Clause
"""A boot through the U-Boot of Debian's package u-boot-qemu, in which nothing is typed.

U-Boot takes its command and its delay from the node /config of its tree. It gets the image, and an
initrd, from QEMU's fw_cfg on arm64, where U-Boot is the firmware; on riscv64, where it comes after
OpenSBI, QEMU has laid them into memory. Both end in `booti`.
"""
import hashlib
import os
import shlex
import struct

import machine as machines
import tree

PACKAGE = "u-boot-qemu"
FILES = {"riscv64": "/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin",
         "arm64": "/usr/lib/u-boot/qemu_arm64/u-boot.bin"}

# From the start of RAM on, where image and initrd wait for `booti`, which moves the image to its own
# place: above the end of that, and below U-Boot, which goes to the end of the first bank.
IMAGE_AT = 0x4000000
INITRD_AT = 0x6000000
# U-Boot's CONFIG_BOOTDELAY: do not wait, and do not look whether a key was typed.
NO_DELAY = -2
# Leave tree and initrd where they are. On arm64 U-Boot 2023.01 else looks for room below 4 GiB, and
# with several banks it takes its own.
IN_PLACE = "; ".join(f"setenv {name} {2 ** 64 - 1:#x}" for name in ("fdt_high", "initrd_high"))


def _tree_args(machine, command):
    """QEMU's arguments for U-Boot's tree: what the machine's firmware gets, and in it the command."""
    if machines.arch().appends:
        machine = machines.Machine(machine.args)
    told = shlex.join([*machine.args, machine.dtb or "", command])
    path = os.path.join(machines.TREES, f"u-boot-{hashlib.sha256(told.encode()).hexdigest()[:16]}.dtb")
    config = {"bootcmd": command.encode() + b"\0", "bootdelay": struct.pack(">i", NO_DELAY)}
    machines.write_tree(tree.add_node(machine.tree(), "config", config), path)
    return ["-dtb", path]


def _lay(path, address):
    """QEMU's arguments to lay a file into memory."""
    name = path.replace(",", ",,")
    return ["-device", f"loader,file={name},addr={address:#x},force-raw=on"]


def through(machine, image, initrd=None):
    """What QEMU is to start, and the machine on which that boots the flat image.

    image, initrd: paths. Raises MachineError if U-Boot is not installed.
    """
    file = FILES[machines.current]
    if not os.path.exists(file):
        raise machines.MachineError(f"no {file}: `apt-get install {PACKAGE}`, or `scripts/setup test`")
    image = machine.kernel(image)
    image_at, initrd_at = (machines.arch().ram + offset for offset in (IMAGE_AT, INITRD_AT))
    steps = [IN_PLACE]
    if machines.current == "arm64":
        start, args = image, ["-bios", file, *(["-initrd", initrd] if initrd else [])]
        steps.append(f"qfw load {image_at:#x} {initrd_at:#x}")
    else:
        start, args = file, _lay(image, image_at) + (_lay(initrd, initrd_at) if initrd else [])
    ramdisk = f"{initrd_at:#x}:{os.path.getsize(initrd):#x}" if initrd else "-"
    # Where that fails the machine ends, and with it the run.
    steps += [f"booti {image_at:#x} {ramdisk} ${{fdtcontroladdr}}", "poweroff"]
    args = [*machine.args, *args, *_tree_args(machine, "; ".join(steps))]
    return start, machines.Machine(args, disk=machine.disk)
