# SPDX-License-Identifier: BSD-2-Clause
"""run.py PATCH: build the image with a fault put in, and require that the stress finds it.
run.py --none PATCH...: require that the image without any fault passes the same runs.
run.py --unit PATCH...: the same for faults that a unit test is to find, and that it passes without.

The patch is applied, exactly, to a copy of the sources below build/mutants. Lines before its first
hunk:

    Expect: kind=zero           a `stress: FAIL ... kind=zero` line; several Expect lines: any of
    Expect: report=double free  or a report with this text behind "BUG: ", "PANIC: ", "TRAP: " or
                                "page dumped because: "
    Expect: test=lost           or a self-test that failed, `not ok N ...`, with this text in its name
    Expect: thrash=mismatch     or a `thrash: FAIL ...` that has counted some
    Run: stress ops=200000      the monitor commands
    Machine: 4 512M 2           harts, memory, nodes; this is the default
    Qemu: -singlestep           more arguments for QEMU
    Append: debug=unmap         boot arguments
    Arch: arm64                 the architectures that it is built for; riscv64 is the default. Of
                                several it is $PAGEFRAME_ARCH's turn, else the first's

or, for a unit test, all of whose tests must end, and one of those named fail:

    Expect: test=S46_noretry    a test whose name begins so; several Expect lines: any of
    Unit: unit/mm/alloc_slow    the program, by its CTest name; `layout` is tests/layout, of which only
                                the tests that are expected run

or, for what only costs, compared with the image without the fault:

    Bench: pair/0               the figure of `bench` that must become worse by more than is tolerated
    Stores: 0                   or the order of which a hot pair must write a cache line that is shared
"""
import contextlib
import fcntl
import filecmp
import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts", "lib"))

import bench  # noqa: E402  the path has to be set first
import boot  # noqa: E402
import figures  # noqa: E402
import machine as machines  # noqa: E402
import stores  # noqa: E402

SOURCES = ["CMakeLists.txt", "toolchain.cmake", "arch", "drivers", "include", "kernel", "mm"]
DEFAULT_MACHINE = "4 512M 2"
# A fault may also hang the machine: then nothing was named, and the mutant was not caught.
RUN_SECONDS = 300
UNIT_SECONDS = 120


def header_of(path):
    with open(path, encoding="ascii") as file:
        return re.split(r"^--- ", file.read(), maxsplit=1, flags=re.MULTILINE)[0]


def is_bench(path):
    return re.search(r"^(Bench|Stores): ", header_of(path), re.MULTILINE) is not None


class UnitMutant:
    """A patch that a unit test must catch, and its header."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        header = header_of(path)
        self.expect = re.findall(r"^Expect: test=(.+)$", header, re.MULTILINE)
        unit = re.findall(r"^Unit: (unit/.+|layout)$", header, re.MULTILINE)
        if not self.expect or len(unit) != 1:
            sys.exit(f"{self.name}: the header needs an `Expect: test=...` and one "
                     "`Unit: unit/...` or `Unit: layout`")
        self.unit = unit[0]

    def command(self, folder):
        """The target to build, and what runs the tests."""
        if self.unit == "layout":
            wanted = " or ".join(self.expect)
            return "layout", ["env", f"PAGEFRAME_LAYOUT={folder}/layout", "/usr/bin/python3", "-m",
                              "pytest", "-q", "-p", "no:cacheprovider", "-k", wanted,
                              os.path.join(ROOT, "tests", "layout")]
        target = "test-" + self.unit.removeprefix("unit/").replace("/", "-")
        return target, [os.path.join(folder, "tests", "unit", target)]


class BenchMutant:
    """A patch that makes something dearer, and its header."""
    arch = "riscv64"

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        [(self.what, self.figure)] = re.findall(r"^(Bench|Stores): (.+)$", header_of(path),
                                                re.MULTILINE)

    def image(self, folder):
        """What boots, of a build's folder."""
        return os.path.join(folder, "pageframe.elf")


class Mutant:
    """A patch and its header."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        header = header_of(path)
        self.expect = re.findall(r"^Expect: (kind|report|test|thrash)=(.+)$", header, re.MULTILINE)
        self.run = re.findall(r"^Run: (.+)$", header, re.MULTILINE)
        size = re.findall(r"^Machine: (.+)$", header, re.MULTILINE) or [DEFAULT_MACHINE]
        qemu = re.findall(r"^Qemu: (.+)$", header, re.MULTILINE)
        append = re.findall(r"^Append: (.+)$", header, re.MULTILINE)
        arch = re.findall(r"^Arch: (.+)$", header, re.MULTILINE) or ["riscv64"]
        arches = " ".join(arch).split()
        if (not self.expect or len(self.run) != 1 or len(size) != 1 or len(qemu) > 1
                or len(append) > 1 or len(arch) != 1 or not set(arches) <= set(machines.ARCHES)):
            sys.exit(f"{self.name}: the header needs an `Expect: kind=...`, `report=...`, "
                     "`test=...` or `thrash=mismatch`, one `Run: ...`, and at most one "
                     "`Machine: ...`, `Qemu: ...`, `Append: ...` and `Arch: ...`")
        self.append = "".join(append)
        self.arch = machines.current if machines.current in arches else arches[0]
        self.commands = [c.strip() for c in self.run[0].split(";")]
        self.size = tuple(size[0].split())
        self.qemu = tuple(shlex.split(qemu[0])) if qemu else ()

    def image(self, folder):
        """What boots, of a build's folder."""
        name = {"elf": "pageframe.elf", "flat": "pageframe.Image"}
        return os.path.join(folder, name[machines.ARCHES[self.arch].image])

    def boot(self, image):
        machines.current = self.arch
        smp, mem, nodes = self.size
        machine = machines.sized(int(smp), mem, int(nodes))
        machine.args = machines.for_this_qemu([*machine.args, *self.qemu])
        command = boot.qemu_command(machine, image, boot.bootargs(self.append, self.commands))
        return boot.run(command, RUN_SECONDS, echo=sys.stdout)


def files_below(top, names):
    """The paths of all files, relative to the folder `top`, of the files and folders named."""
    for name in names:
        path = os.path.join(top, name)
        if os.path.isfile(path):
            yield name
        for folder, _, files in os.walk(path):
            yield from (os.path.relpath(os.path.join(folder, file), top) for file in files)


def copy_sources(tree, names):
    """Make `tree` a copy of the sources. What is the same already keeps its time: it is not built."""
    wanted = set(files_below(ROOT, names))
    for path in set(files_below(tree, [""])) - wanted:
        os.remove(os.path.join(tree, path))
    for path in wanted:
        source, target = os.path.join(ROOT, path), os.path.join(tree, path)
        if not os.path.exists(target) or not filecmp.cmp(source, target, shallow=False):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(source, target)


@contextlib.contextmanager
def build_folder(arch):
    """A folder of builds with faults that nobody else uses. The next one there builds on the last."""
    for slot in itertools.count():
        folder = os.path.join(ROOT, "build", "mutants", f"{arch}-{slot}")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield folder
            return


def apply(mutant, tree, *options):
    with open(mutant.path, encoding="ascii") as patch:
        applied = subprocess.run(["patch", "-p1", "--fuzz=0", "--batch", *options], cwd=tree,
                                 stdin=patch, check=False)
    if applied.returncode:
        sys.exit(f"{mutant.name}: does not apply any more; renew it")


def build(mutant, scratch):
    """The image with the fault in it; returns its path."""
    tree, folder = os.path.join(scratch, "tree"), os.path.join(scratch, "build")
    copy_sources(tree, SOURCES)
    apply(mutant, tree)
    configure = ["cmake", "-G", "Ninja", "-S", tree, "-B", folder, "-DCMAKE_BUILD_TYPE=Release",
                 f"-DPAGEFRAME_ARCH={mutant.arch}", "-DPAGEFRAME_TESTS=OFF"]
    if "LIBFDT_SOURCE_DIR" in os.environ:
        configure.append(f"-DLIBFDT_SOURCE_DIR={os.environ['LIBFDT_SOURCE_DIR']}")
    subprocess.run(configure, check=True)
    subprocess.run(["cmake", "--build", folder], check=True)
    return mutant.image(folder)


def named(result, what, text):
    """Did the run name the fault?"""
    if what == "kind":
        pattern = rf"stress: FAIL .*\bkind={re.escape(text)}\b.*"
    elif what == "test":
        pattern = rf"not ok \d+ .*{re.escape(text)}.*"
    elif what == "thrash":
        pattern = r"thrash: FAIL .*\bmismatches=[1-9]\d* .*"
    else:
        pattern = rf"(BUG|PANIC|TRAP|page dumped because): .*{re.escape(text)}.*"
    return any(re.fullmatch(pattern, line) for line in result.lines)


def check_caught(mutant):
    with build_folder(mutant.arch) as scratch:
        result = mutant.boot(build(mutant, scratch))
    if result.hung:
        sys.exit(f"{mutant.name}: the run hung instead of naming the fault")
    if not boot.problems(result, mutant.commands) or result.status == 0:
        sys.exit(f"{mutant.name}: NOT CAUGHT: the run passed with the fault in it")
    if not any(named(result, what, text) for what, text in mutant.expect):
        wanted = ", ".join(f"{what}={text}" for what, text in mutant.expect)
        sys.exit(f"{mutant.name}: the run failed, but did not name the fault ({wanted})")
    print(f"{mutant.name}: caught")


def check_dearer(mutant):
    """Is the figure worse, by the rule of scripts/bench --check, than the same without the fault?"""
    with build_folder(mutant.arch) as scratch:
        now = bench.pairs(build(mutant, scratch))
    before = bench.pairs(mutant.image(build_as_it_is(mutant.arch)))
    worse = figures.worse(before, now)
    if not any(line.startswith(mutant.figure + ":") for line in worse):
        sys.exit(f"{mutant.name}: NOT CAUGHT: {mutant.figure} is not worse ({worse})")
    print(f"{mutant.name}: caught")


def check_shared(mutant):
    """Does the pair write a shared line? Without the fault it must not: boot/test_stores.py."""
    with build_folder(mutant.arch) as scratch:
        [pair] = stores.measure(build(mutant, scratch), [int(mutant.figure)])
    if not pair["shared"]:
        sys.exit(f"{mutant.name}: NOT CAUGHT: no shared line is written")
    print(f"{mutant.name}: caught")


def build_as_it_is(arch):
    """The folder of the build without faults."""
    elf = os.environ.get("PAGEFRAME_ELF")
    return os.path.dirname(elf) if elf else os.path.join(ROOT, "build", f"{arch}-release")


def check_passes_without(mutants):
    """Each different run, once, on the image of the build as it is."""
    runs = {(mutant.run[0], mutant.append, mutant.size, mutant.qemu, mutant.arch): mutant
            for mutant in mutants}
    for mutant in runs.values():
        folder = build_as_it_is(mutant.arch)
        found = boot.problems(mutant.boot(mutant.image(folder)), mutant.commands)
        if found:
            sys.exit(f"`{mutant.run[0]}` fails without a fault: {'; '.join(found)}")
    print(f"{len(runs)} runs pass without a fault")


def run_unit(mutant, folder):
    """Build and run its unit program; returns the tests that failed, and how it ended else."""
    target, command = mutant.command(folder)
    subprocess.run(["cmake", "--build", folder, "--target", target], check=True,
                   stdout=subprocess.DEVNULL)
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False, timeout=UNIT_SECONDS)
    except subprocess.TimeoutExpired:
        return set(), "hung"
    text = done.stdout.decode(errors="replace")
    # An error is a test whose teardown has failed as well: it had something left to give back.
    failed = set(re.findall(r"^(?:\[  (?:FAILED  |ERROR   )\] |FAILED \S+::)(\w+)\b", text,
                            re.MULTILINE))
    if (done.returncode != 0) != bool(failed):
        last = text.strip().splitlines()[-1:]
        return failed, f"ended with status {done.returncode}: {''.join(last)}"
    return failed, None


def fault_of_unit(mutant, tree, folder):
    """Run the unit test with the fault in it; None if it was caught, else what is wrong."""
    apply(mutant, tree)
    failed, ended = run_unit(mutant, folder)
    apply(mutant, tree, "--reverse")
    if ended:
        return f"{mutant.unit} {ended}"
    if any(name.startswith(text) for name in failed for text in mutant.expect):
        return None
    return (f"NOT CAUGHT: {', '.join(mutant.expect)} passes with the fault in it "
            f"(failed: {', '.join(sorted(failed)) or 'none'})")


def check_unit(mutants):
    """One build for all: each fault costs the file that it is in."""
    wrong = 0
    with build_folder("host") as scratch:
        tree, folder = os.path.join(scratch, "tree"), os.path.join(scratch, "build")
        copy_sources(tree, [*SOURCES, "tests"])
        subprocess.run(["cmake", "-G", "Ninja", "-S", tree, "-B", folder, "-DPAGEFRAME_ARCH=host",
                        "-DCMAKE_BUILD_TYPE=Release"], check=True, stdout=subprocess.DEVNULL)
        different = {str(mutant.command(folder)): mutant for mutant in mutants}
        for mutant in different.values():
            failed, ended = run_unit(mutant, folder)
            if failed or ended:
                sys.exit(f"{mutant.unit} fails without a fault: {ended or ', '.join(failed)}")
        for mutant in mutants:
            fault = fault_of_unit(mutant, tree, folder)
            print(f"{mutant.name}: {fault or 'caught'}", flush=True)
            wrong += fault is not None
    if wrong:
        sys.exit(f"{wrong} of {len(mutants)} faults were not caught")


def main():
    boot.end_on_signals()
    arguments = sys.argv[1:]
    if arguments[:1] == ["--none"]:
        check_passes_without([Mutant(path) for path in arguments[1:] if not is_bench(path)])
    elif arguments[:1] == ["--unit"] and len(arguments) > 1:
        check_unit([UnitMutant(path) for path in arguments[1:]])
    elif len(arguments) == 1 and is_bench(arguments[0]):
        mutant = BenchMutant(arguments[0])
        {"Bench": check_dearer, "Stores": check_shared}[mutant.what](mutant)
    elif len(arguments) == 1:
        check_caught(Mutant(arguments[0]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
