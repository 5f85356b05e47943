# SPDX-License-Identifier: BSD-2-Clause
"""scripts/cost [PATCH...]: instructions of a hot pair of alloc_pages() and __free_pages(), order 0.

Measured on riscv64's release build, and on its sources with each PATCH: one hart under
`-icount shift=0`, where nothing depends on the host. gdb steps from the first instruction of the
function to where it returns, and counts; QEMU lets no interrupt come meanwhile.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import boot
import machine as machines

SOURCES = ["CMakeLists.txt", "toolchain.cmake", "arch", "drivers", "include", "kernel", "mm"]
# The first one may fill the caches; from then on all are the same.
PAIRS = 4
SECONDS = 120

GDB = """
import gdb

def register(name):
    return int(gdb.parse_and_eval(name))

def count(function):
    gdb.Breakpoint(f"*{function}", type=gdb.BP_HARDWARE_BREAKPOINT, temporary=True)
    gdb.execute("continue", to_string=True)
    back, stack, steps = register("$ra"), register("$sp"), 0
    while (register("$pc"), register("$sp")) != (back, stack):
        gdb.execute("stepi", to_string=True)
        steps += 1
    return steps

gdb.Breakpoint("*cmd_alloc", type=gdb.BP_HARDWARE_BREAKPOINT, temporary=True)
gdb.execute("continue", to_string=True)
for _ in range(%d):
    print("pair", count("alloc_pages"), count("__free_pages"), flush=True)
gdb.execute("kill")
"""


def under_gdb(elf, folder, commands, arguments):
    """Boot one hart that runs monitor commands, with gdb and its arguments from the reset on; returns
    what gdb printed."""
    socket = os.path.join(folder, "gdb")
    machine = machines.Machine(["-machine", "virt", "-smp", "1", "-m", "256M", "-icount", "shift=0"])
    command = boot.qemu_command(machine, elf, boot.bootargs("", commands), gdb_socket=socket)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as qemu:
        try:
            while qemu.poll() is None and not os.path.exists(socket):
                time.sleep(0.05)
            done = subprocess.run(["gdb-multiarch", "-nx", "-batch", "-ex", "set confirm off", "-ex",
                                   f"target remote {socket}", *arguments, elf],
                                  stdin=subprocess.DEVNULL, check=False, timeout=SECONDS, text=True,
                                  capture_output=True)
        finally:
            qemu.kill()
    return done.stdout + done.stderr


def measure(elf, folder):
    """(alloc, free) of a pair from and to the caches."""
    script = os.path.join(folder, "count.py")
    with open(script, "w", encoding="ascii") as file:
        file.write(GDB % PAIRS)
    text = under_gdb(elf, folder, ["alloc 0", "free last"] * PAIRS, ["-x", script])
    pairs = re.findall(r"^pair (\d+) (\d+)$", text, re.MULTILINE)
    if len(pairs) != PAIRS:
        sys.exit(f"scripts/cost: gdb did not see {PAIRS} pairs:\n{text}")
    if len(set(pairs[1:])) != 1:
        sys.exit(f"scripts/cost: the pairs differ: {pairs}")
    return tuple(int(number) for number in pairs[-1])


def build(patch, folder):
    """The release image, of sources with the patch if there is one; returns its ELF file."""
    if not patch:
        subprocess.run(["cmake", "--preset", "riscv64-release"], cwd=machines.ROOT, check=True,
                       stdout=sys.stderr)
        built = os.path.join(machines.BUILD, "riscv64-release")
    else:
        tree, built = os.path.join(folder, "tree"), os.path.join(folder, "build")
        for name in SOURCES:
            source = os.path.join(machines.ROOT, name)
            copy = shutil.copytree if os.path.isdir(source) else shutil.copy
            os.makedirs(tree, exist_ok=True)
            copy(source, os.path.join(tree, name))
        with open(patch, encoding="ascii") as file:
            subprocess.run(["patch", "-p1", "--fuzz=0", "--batch"], cwd=tree, stdin=file, check=True,
                           stdout=sys.stderr)
        subprocess.run(["cmake", "-G", "Ninja", "-S", tree, "-B", built, "-DPAGEFRAME_ARCH=riscv64",
                        "-DCMAKE_BUILD_TYPE=Release", "-DPAGEFRAME_TESTS=OFF"], check=True,
                       stdout=sys.stderr)
    subprocess.run(["cmake", "--build", built], check=True, stdout=sys.stderr)
    return os.path.join(built, "pageframe.elf")


def for_each_patch(show):
    """Call show(elf, folder, patch's name) for the image as it is, the name None, and with each patch
    of the command line; ends with a line if one can not be built."""
    boot.end_on_signals()
    machines.current = "riscv64"
    for patch in [None, *sys.argv[1:]]:
        with tempfile.TemporaryDirectory(prefix="pageframe-cost-") as folder:
            try:
                show(build(patch, folder), folder, patch and os.path.basename(patch))
            except subprocess.CalledProcessError as error:
                sys.exit(f"scripts/cost: `{' '.join(error.cmd)}` failed")
            except OSError as error:
                sys.exit(f"scripts/cost: {error.filename}: {error.strerror}")


def show_pair(elf, folder, patch):
    alloc, free = measure(elf, folder)
    print(f"{alloc + free} instructions: alloc_pages {alloc}, __free_pages {free}"
          f"{f', with {patch}' if patch else ''}", flush=True)


if __name__ == "__main__":
    for_each_patch(show_pair)
