# SPDX-License-Identifier: BSD-2-Clause
"""Trees for the boot tests: what QEMU makes, changed by a piece of device-tree source."""
import re
import subprocess

import machine as machines

# The console's path in QEMU's tree.
UART = {"riscv64": "/soc/serial@10000000", "arm64": "/pl011@9000000"}[machines.current]


def _dtc(source, *options):
    return subprocess.run(["dtc", "-q", *options], input=source, check=True,
                          capture_output=True).stdout


def edit(blob, text):
    """The tree with a piece of source laid over it."""
    return _dtc(_dtc(blob, "-I", "dtb", "-O", "dts") + text.encode(), "-f", "-I", "dts", "-O", "dtb")


def moved(text):
    """Text about a machine whose memory starts at 2 GiB, as riscv64's, with the addresses and page frame
    numbers of this one."""
    def move(match):
        return f"{int(match[0], 16) - (2 << 30 >> shift) + (machines.arch().ram >> shift):x}"

    for shift, digits in ((0, 7), (12, 4)):
        text = re.sub(rf"(?<=[@x])[89a][0-9a-f]{{{digits}}}(?![0-9a-f])", move, text)
    return text


def at_node(path, body):
    """Source that lays something over the node at this path."""
    names = path.strip("/").split("/")
    return "/ { " + "".join(f"{name} {{ " for name in names) + body + " }; " * len(names) + "};"


def edited(machine, text, folder):
    """The machine with that piece laid over its tree, which is written to `folder`."""
    path = f"{folder}/tree.dtb"
    machines.write_tree(edit(machine.tree(), text), path)
    return machines.Machine(machine.args, path)
