# SPDX-License-Identifier: BSD-2-Clause
"""What the boot tests share: the image, and a run of it with scripts/run's own library.

The image is the one that $PAGEFRAME_ELF names (CTest sets it), else the release build's. A test
waits for output, never for a time; the limits only end what hangs.
"""
import os
import shlex
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts", "lib"))

import boot  # noqa: E402  the path has to be set first
import machine as machines  # noqa: E402

firmware_hangs = 0


def built(variable, name):
    """The path of a file that the build makes; $variable names another."""
    path = os.environ.get(variable, os.path.join(ROOT, "build", "riscv64-release", name))
    assert os.path.exists(path), f"{path} is not there: scripts/test builds it"
    return path


@pytest.fixture(scope="session")
def elf():
    return built("PAGEFRAME_ELF", "pageframe.elf")


@pytest.fixture(scope="session")
def flat(elf):
    """The flat image, beside the ELF."""
    return os.path.splitext(elf)[0] + ".Image"


def boot_file(machine, kernel, commands, append):
    """Boot a file to the end; returns boot.Result."""
    global firmware_hangs
    command = boot.qemu_command(machine, kernel, boot.bootargs(append, commands))
    print("+", shlex.join(command))
    result = boot.run(command, echo=sys.stdout)
    firmware_hangs += result.firmware_hangs
    return result


@pytest.fixture
def run(elf):
    """run(machine, commands, append="", image=None) boots to the end; returns boot.Result."""
    def boot_it(machine, commands, append="", image=None):
        return boot_file(machine, image or elf, commands, append)
    return boot_it


# Where the ELF file is loaded (arch/riscv64/image.lds), and the shim's page for what is wanted of it
# (shim/shim.lds).
ENTRY = 0x80400000
SHIM_WANTED = 0x84001000
# Where it may find another tree than the firmware's, past which that one then goes.
SHIM_TREE = SHIM_WANTED + 32


def put(address, value):
    """QEMU's arguments to lay a number of 64 bits into memory."""
    return ["-device", f"loader,addr={address:#x},data={value:#x},data-len=8"]


def through_shim(elf, machine, hart, image=None, entry=ENTRY):
    """The shim, and a machine on which it has `hart` enter the image."""
    loaded = image or ["-device", f"loader,file={elf}"]
    args = [*machine.args, *loaded, *put(SHIM_WANTED, hart), *put(SHIM_WANTED + 8, entry)]
    return (built("PAGEFRAME_SHIM", os.path.join("tests", "boot-shim.elf")),
            machines.Machine(args, machine.dtb))


@pytest.fixture
def run_on(elf):
    """run_on(machine, hart, commands, append="", image=None, entry=ENTRY): as run(), but through the
    shim: `hart` enters the image. `image` is a list of QEMU's arguments that load it elsewhere."""
    def boot_it(machine, hart, commands, append="", image=None, entry=ENTRY):
        shim, machine = through_shim(elf, machine, hart, image, entry)
        return boot_file(machine, shim, commands, append)
    return boot_it


def pytest_terminal_summary(terminalreporter):
    if firmware_hangs:
        terminalreporter.write_line(f"{firmware_hangs} boots stopped inside the firmware and "
                                    "were repeated")
