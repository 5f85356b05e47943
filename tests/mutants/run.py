# SPDX-License-Identifier: BSD-2-Clause
"""run.py PATCH: build the image with a fault put in, and require that the stress finds it.
run.py --none PATCH...: require that the image without any fault passes the same runs.

The patch is applied, exactly, to a scratch copy of the sources. Lines before its first hunk:

    Expect: kind=zero           a `stress: FAIL ... kind=zero` line; several Expect lines: any of
    Expect: report=double free  or a report, "BUG: " or "PANIC: ", with this text in it
    Run: stress ops=200000      the monitor commands
    Machine: 4 512M 2           harts, memory, nodes; this is the default
    Qemu: -singlestep           more arguments for QEMU
"""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts", "lib"))

import boot  # noqa: E402  the path has to be set first
import machine as machines  # noqa: E402

SOURCES = ["CMakeLists.txt", "toolchain.cmake", "arch", "drivers", "include", "kernel", "mm"]
DEFAULT_MACHINE = "4 512M 2"
# A fault may also hang the machine: then nothing was named, and the mutant was not caught.
RUN_SECONDS = 300


def qemu_arguments(arguments):
    """A header's arguments as this QEMU takes them: 8.1 made -singlestep the accelerator's."""
    if "-singlestep" not in arguments:
        return list(arguments)
    says = subprocess.run([machines.QEMU["riscv64"], "--version"], stdout=subprocess.PIPE,
                          check=True, text=True).stdout
    version = re.search(r"version (\d+)\.(\d+)", says)
    if version and (int(version[1]), int(version[2])) < (8, 1):
        return list(arguments)
    rest = [a for a in arguments if a != "-singlestep"]
    return [*rest, "-accel", "tcg,thread=multi,one-insn-per-tb=on"]


class Mutant:
    """A patch and its header."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        with open(path, encoding="ascii") as file:
            header = re.split(r"^--- ", file.read(), maxsplit=1, flags=re.MULTILINE)[0]
        self.expect = re.findall(r"^Expect: (kind|report)=(.+)$", header, re.MULTILINE)
        self.run = re.findall(r"^Run: (.+)$", header, re.MULTILINE)
        size = re.findall(r"^Machine: (.+)$", header, re.MULTILINE) or [DEFAULT_MACHINE]
        qemu = re.findall(r"^Qemu: (.+)$", header, re.MULTILINE)
        if not self.expect or len(self.run) != 1 or len(size) != 1 or len(qemu) > 1:
            sys.exit(f"{self.name}: the header needs `Expect: kind=...` or `Expect: report=...`, "
                     "one `Run: ...`, and at most one `Machine: ...` and `Qemu: ...`")
        self.commands = [c.strip() for c in self.run[0].split(";")]
        self.size = tuple(size[0].split())
        self.qemu = tuple(shlex.split(qemu[0])) if qemu else ()

    def boot(self, elf):
        smp, mem, nodes = self.size
        machine = machines.sized(int(smp), mem, int(nodes))
        machine.args = machine.args + qemu_arguments(self.qemu)
        command = boot.qemu_command(machine, elf, boot.bootargs("", self.commands))
        return boot.run(command, RUN_SECONDS, echo=sys.stdout)


def build(mutant, scratch):
    """The image with the fault in it; returns its path."""
    tree = os.path.join(scratch, "tree")
    os.mkdir(tree)
    for name in SOURCES:
        source, target = os.path.join(ROOT, name), os.path.join(tree, name)
        if os.path.isdir(source):
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    with open(mutant.path, encoding="ascii") as patch:
        applied = subprocess.run(["patch", "-p1", "--fuzz=0", "--batch"], cwd=tree, stdin=patch,
                                 check=False)
    if applied.returncode:
        sys.exit(f"{mutant.name}: does not apply any more; renew it")
    folder = os.path.join(scratch, "build")
    configure = ["cmake", "-G", "Ninja", "-S", tree, "-B", folder, "-DPAGEFRAME_ARCH=riscv64",
                 "-DCMAKE_BUILD_TYPE=Release", "-DPAGEFRAME_TESTS=OFF"]
    if "LIBFDT_SOURCE_DIR" in os.environ:
        configure.append(f"-DLIBFDT_SOURCE_DIR={os.environ['LIBFDT_SOURCE_DIR']}")
    subprocess.run(configure, check=True)
    subprocess.run(["cmake", "--build", folder], check=True)
    return os.path.join(folder, "pageframe.elf")


def named(result, what, text):
    """Did the run name the fault?"""
    if what == "kind":
        pattern = rf"stress: FAIL .*\bkind={re.escape(text)}\b.*"
    else:
        pattern = rf"(BUG|PANIC): .*{re.escape(text)}.*"
    return any(re.fullmatch(pattern, line) for line in result.lines)


def check_caught(mutant):
    with tempfile.TemporaryDirectory(prefix="pageframe-mutant-") as scratch:
        result = mutant.boot(build(mutant, scratch))
    if result.hung:
        sys.exit(f"{mutant.name}: the run hung instead of naming the fault")
    if not boot.problems(result, mutant.commands) or result.status == 0:
        sys.exit(f"{mutant.name}: NOT CAUGHT: the run passed with the fault in it")
    if not any(named(result, what, text) for what, text in mutant.expect):
        wanted = ", ".join(f"{what}={text}" for what, text in mutant.expect)
        sys.exit(f"{mutant.name}: the run failed, but did not name the fault ({wanted})")
    print(f"{mutant.name}: caught")


def check_passes_without(mutants):
    """Each different run, once, on the image as it is."""
    elf = os.environ.get("PAGEFRAME_ELF",
                         os.path.join(ROOT, "build", "riscv64-release", "pageframe.elf"))
    runs = {(mutant.run[0], mutant.size, mutant.qemu): mutant for mutant in mutants}
    for mutant in runs.values():
        found = boot.problems(mutant.boot(elf), mutant.commands)
        if found:
            sys.exit(f"`{mutant.run[0]}` fails without a fault: {'; '.join(found)}")
    print(f"{len(runs)} runs pass without a fault")


def main():
    boot.end_on_signals()
    arguments = sys.argv[1:]
    if arguments[:1] == ["--none"]:
        check_passes_without([Mutant(path) for path in arguments[1:]])
    elif len(arguments) == 1:
        check_caught(Mutant(arguments[0]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
