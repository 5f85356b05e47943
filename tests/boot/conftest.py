# SPDX-License-Identifier: BSD-2-Clause
"""What the boot tests share: the image, and a run of it with scripts/run's own library.

The architecture is what $PAGEFRAME_ARCH names (CTest sets it), else riscv64; the image what
$PAGEFRAME_ELF names, else the release build's, in the format that the architecture boots. A test
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
    path = os.environ.get(variable, os.path.join(ROOT, "build", f"{machines.current}-release", name))
    assert os.path.exists(path), f"{path} is not there: scripts/test builds it"
    return path


@pytest.fixture(scope="session")
def elf():
    """The ELF file: the symbols, on riscv64 also what boots."""
    return built("PAGEFRAME_ELF", "pageframe.elf")


@pytest.fixture(scope="session")
def flat(elf):
    """The flat image, beside the ELF."""
    return os.path.splitext(elf)[0] + ".Image"


@pytest.fixture(scope="session")
def kernel(elf, flat):
    """What boots unless a test wants the other format."""
    return {"elf": elf, "flat": flat}[machines.arch().image]


def only_on(*arches):
    """Mark of a test, or of all tests of a file, that says why with a comment: other architectures
    have nothing like it."""
    return pytest.mark.skipif(machines.current not in arches, reason=f"for {', '.join(arches)}")


def boot_file(machine, kernel, commands, append):
    """Boot a file to the end; returns boot.Result."""
    global firmware_hangs
    command = boot.qemu_command(machine, kernel, boot.bootargs(append, commands))
    print("+", shlex.join(command))
    result = boot.run(command, echo=sys.stdout)
    firmware_hangs += result.firmware_hangs
    return result


@pytest.fixture
def run(kernel):
    """run(machine, commands, append="", image=None) boots to the end; returns boot.Result."""
    def boot_it(machine, commands, append="", image=None):
        return boot_file(machine, image or kernel, commands, append)
    return boot_it


# Where the image is if nobody asks for another place (arch/*/image.lds), and the shim's page for what
# is wanted of it (shim/shim.lds).
ENTRY = {"riscv64": 0x80400000, "arm64": 0x40200000}[machines.current]
SHIM_WANTED = machines.arch().ram + 0x4001000
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
