# SPDX-License-Identifier: BSD-2-Clause
"""Does the core need more than it says? Compile mm/ freestanding and look at what it leaves open.

Allowed are memcpy and memset, and what the port contract's headers and the arch's inlines name.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIBC = {"memcpy", "memset"}
FLAGS = ["-std=c17", "-ffreestanding", "-O2", "-Wall", "-Wextra", "-Werror", "-mcmodel=medany",
         "-march=rv64imac", "-mabi=lp64", "-ftls-model=local-exec"]


def contract():
    """Every identifier in the headers of the contract."""
    text = ""
    for path in glob.glob(f"{ROOT}/include/port/*.h") + glob.glob(
            f"{ROOT}/arch/riscv64/include/arch/*.h"):
        with open(path, encoding="ascii") as file:
            text += file.read()
    return set(re.findall(r"\b[a-z_][a-z0-9_]*\b", text))


def symbols(objects, flag):
    """Names that nm prints with this flag."""
    text = subprocess.run(["riscv64-unknown-elf-nm", flag, *objects], check=True,
                          capture_output=True, text=True).stdout
    return {line.split()[-1] for line in text.splitlines() if line.split()[:-1]}


def main():
    with tempfile.TemporaryDirectory() as folder:
        objects = []
        for source in sorted(glob.glob(f"{ROOT}/mm/*.c")):
            objects.append(os.path.join(folder, os.path.basename(source) + ".o"))
            subprocess.run(["riscv64-unknown-elf-gcc", *FLAGS, f"-I{ROOT}/include",
                            f"-I{ROOT}/arch/riscv64/include", "-c", source, "-o", objects[-1]],
                           check=True)
        needed = symbols(objects, "-u") - symbols(objects, "--defined-only")
    extra = needed - LIBC - contract()
    for name in sorted(extra):
        print(f"mm/ needs {name}, which neither the port contract nor memcpy and memset are")
    print(f"mm/ compiles freestanding and needs {', '.join(sorted(needed))}")
    sys.exit(1 if extra else 0)


if __name__ == "__main__":
    main()
