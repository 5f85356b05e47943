# SPDX-License-Identifier: BSD-2-Clause
"""What the boot tests share: the image, and a run of it with scripts/run's own library.

The image is the one that $PAGEFRAME_ELF names (CTest sets it), else the release build's. A test
waits for output, never for a time; the limits only end what hangs.
"""
import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts", "lib"))

import boot  # noqa: E402  the path has to be set first

firmware_hangs = 0


@pytest.fixture(scope="session")
def elf():
    path = os.environ.get("PAGEFRAME_ELF",
                          os.path.join(ROOT, "build", "riscv64-release", "pageframe.elf"))
    assert os.path.exists(path), f"{path} is not there: scripts/test builds it"
    return path


@pytest.fixture
def run(elf):
    """run(machine, commands, append="") boots to the end; returns boot.Result."""
    def boot_it(machine, commands, append=""):
        global firmware_hangs
        arguments = boot.bootargs(append, commands)
        result = boot.run(boot.qemu_command(machine, elf, arguments), echo=sys.stdout)
        firmware_hangs += result.firmware_hangs
        return result
    return boot_it


def pytest_terminal_summary(terminalreporter):
    if firmware_hangs:
        terminalreporter.write_line(f"{firmware_hangs} boots stopped inside the firmware and "
                                    "were repeated")
