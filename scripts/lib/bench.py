# SPDX-License-Identifier: BSD-2-Clause
"""scripts/bench: what the allocator's calls cost, in instructions, beside targets and peers.

Boots what scripts/run boots on a machine of one hart and 1 GiB under `-icount shift=0`, where nothing
depends on the host, and runs the monitor's `bench`; then, in the same boot, the misuse that is always
caught, so that nobody measures an allocator without its checks. Three more boots, from 4 GiB to 4 TiB,
tell how the cost of booting grows. And one with several harts at once, by the clock, tells what they
reach beside each other: that is shown, and never compared.
"""
import argparse
import contextlib
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile

import boot
import figures
import frame
import machine as machines
import run as runner

COMMANDS = ["bench exact", "selftest misuse cheap", "check"]
CALLS_GIB = 1
BOOT_GIBS = (4, 64, 4096)
SCALE_HARTS = 4
SCALE_GIB = 2  # a quarter of which caches a block of order 10
SECONDS = 600
SKIPPED = 77  # the exit status that CTest takes for it
USAGE = """scripts/bench [OPTIONS]

Measure, and print a table: what was aimed at, and what the best other allocator takes.
"""


class Failed(Exception):
    """There are no figures; the text is for the user."""


def parse(argv):
    parser = argparse.ArgumentParser(prog="scripts/bench", usage=USAGE, allow_abbrev=False)
    add = parser.add_argument
    add("--arch", choices=sorted(machines.ARCHES), default=machines.current,
        help="default: riscv64")
    add("--image", metavar="FILE", help="boot this, and build nothing")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--all", action="store_true", help="all figures, by their names")
    kind.add_argument("--json", action="store_true", help="all figures, for programs")
    kind.add_argument("--markdown", action="store_true",
                      help="write the tables of docs/performance.md anew")
    kind.add_argument("--compare", metavar="BASE",
                      help="beside those of another commit, which is built in a folder of its own")
    kind.add_argument("--check", action="store_true",
                      help=f"fail if one is worse than accepted by over "
                      f"{figures.TOLERATED_PERCENT} %%; {SKIPPED}: none are accepted for this "
                      f"compiler")
    kind.add_argument("--accept", action="store_true",
                      help="write them to tests/bench, where --check looks")
    return parser.parse_args(argv)


def counting(gib):
    """One hart, whose instructions are all that takes time."""
    size = machines.size_text(gib << 30)
    args = machines.plain(1, machines.parse_size(size))
    return machines.Machine([*args, "-icount", "shift=0"])


def measured(image, machine, commands):
    """Boot and run the commands; returns what `bench` printed."""
    command = boot.qemu_command(machine, image, boot.bootargs("", commands))
    result = boot.run(command, SECONDS)
    if any("there is no command `bench`" in line for line in result.lines):
        raise Failed("that image has no command `bench`: it is from before there was one")
    if any("bench: there is no group `" in line for line in result.lines):
        raise Failed("that image's `bench` has not the groups that are measured: it is too old")
    left_out = [line for line in result.lines if "instructions are not counted here" in line]
    found = left_out or boot.problems(result, commands)
    if found:
        sys.stderr.write(result.text)
        raise Failed(f"`{shlex.join(command)}`: {'; '.join(found)}")
    return figures.Printed(result.lines), result


def measure(image):
    """All figures of an image, those of its growth included."""
    printed, result = measured(image, counting(CALLS_GIB), COMMANDS)
    sizes = {gib: measured(image, counting(gib), ["bench boot"])[0].figures for gib in BOOT_GIBS}
    printed.figures.update(figures.growth(sizes))
    printed.calibration = next(line for line in result.lines if "calibration" in line)
    printed.caught = sum(line.startswith("ok ") and "SKIP" not in line for line in result.lines)
    printed.sizes = sizes
    return printed


def measure_scale(image, printed):
    """What several harts reach, and how busy the host was when it began."""
    printed.host = (f"{SCALE_HARTS} harts on {os.cpu_count()} cores of the host, whose load was "
                    f"{os.getloadavg()[0]:.1f} before: by the clock, so it takes idle cores to tell")
    machine = machines.sized(SCALE_HARTS, f"{SCALE_GIB}G", 1)
    printed.figures.update(measured(image, machine, ["bench scale"])[0].figures)


def pairs(image):
    """The figures of the hot pairs alone."""
    return measured(image, counting(CALLS_GIB), ["bench pairs"])[0].figures


def boots(folder):
    """What scripts/run boots, of a build's folder."""
    return os.path.join(folder, runner.IMAGES[machines.arch().image])


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def describe(image, printed):
    """What was measured, on what."""
    version = subprocess.run([machines.QEMU[machines.current], "--version"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout.split("\n", maxsplit=1)[0]
    print(f"{os.path.relpath(image)}: sha256 {sha256(image)}")
    print(f"{printed.facts['arch']}, {printed.compiler()}, {version}; one hart, -icount shift=0")
    print(printed.calibration.removeprefix("bench: "))
    print(f"caught in the same boot: {printed.caught} kinds of misuse, with no level of debugging "
          "on\n")


BOOT_HEAD = ["stage of the boot", *(f"{gib} GiB" for gib in BOOT_GIBS), "per GiB"]


def boot_rows(printed):
    """Stages of the boot by the size of memory."""
    stages = [name for name in printed.sizes[BOOT_GIBS[0]] if name.startswith("boot/")]
    return [[name.removeprefix("boot/"), *(figures.text(printed.sizes[gib][name]) for gib in BOOT_GIBS),
             figures.text(printed.figures["growth/" + name.removeprefix("boot/")])]
            for name in stages]


def show(image, printed):
    describe(image, printed)
    print("\n".join([*figures.target_table(printed.figures), "",
                     *figures.columns(BOOT_HEAD, boot_rows(printed)), "", printed.host, "",
                     *figures.target_table(printed.figures, more=True), "",
                     *figures.columns(*figures.scale_rows(printed.figures))]))


def write_document(printed):
    """The tables of docs/performance.md."""
    lines = [f"{printed.facts['arch']}, {printed.compiler()}:", "", *figures.markdown(printed.figures), "",
             *figures.markdown_table(BOOT_HEAD, boot_rows(printed)), "", f"{printed.host}:", "",
             *figures.markdown_table(*figures.scale_rows(printed.figures))]
    with open(figures.DOCUMENT, encoding="utf-8") as file:
        text = figures.with_tables(file.read(), lines)
    with open(figures.DOCUMENT, "w", encoding="utf-8") as file:
        file.write(text)
    print(os.path.relpath(figures.DOCUMENT))


def check(printed):
    """Against what was accepted; returns the exit status."""
    arch, compiler = printed.facts["arch"], printed.compiler()
    before = figures.accepted(arch, compiler)
    if before is None:
        print(f"scripts/bench: SKIPPED: no figures are accepted for {compiler} on {arch}; "
              "`scripts/bench --accept` writes them")
        return SKIPPED
    now = figures.compared(printed.figures)
    worse = figures.worse(before, now)
    for line in worse:
        print(f"worse: {line}")
    better = figures.worse(now, {name: before.get(name, now[name]) for name in now})
    print(f"scripts/bench: {len(before)} figures, {len(worse)} worse by more than "
          f"{figures.TOLERATED_PERCENT} %, {len(better)} better")
    if worse:
        print("scripts/bench: if that is the price of something: `scripts/bench --accept`, in the "
              "same commit")
    return 1 if worse else 0


@contextlib.contextmanager
def worktree(commit):
    """A folder with the sources of a commit, which is gone afterwards."""
    git = ["git", "-C", machines.ROOT]
    with tempfile.TemporaryDirectory(prefix="pageframe-bench-") as folder:
        tree = os.path.join(folder, "tree")
        subprocess.run([*git, "worktree", "add", "--quiet", "--detach", tree, commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", tree], check=False)


def build_tree(tree):
    """Build its release image; returns what boots."""
    folder = os.path.join(tree, "build")
    for command in (["cmake", "-G", "Ninja", "-S", tree, "-B", folder, "-DCMAKE_BUILD_TYPE=Release",
                     f"-DPAGEFRAME_ARCH={machines.current}", "-DPAGEFRAME_TESTS=OFF"],
                    ["cmake", "--build", folder]):
        subprocess.run(command, check=True, stdout=sys.stderr)
    return boots(folder)


def compare(printed, base):
    named = subprocess.run(["git", "-C", machines.ROOT, "rev-parse", "--verify", "--quiet", "--short",
                            base + "^{commit}"], stdout=subprocess.PIPE, text=True, check=False)
    if named.returncode:
        raise Failed(f"--compare {base}: no such commit")
    with worktree(base) as tree:
        try:
            before = measure(build_tree(tree))
        except Failed as error:
            raise Failed(f"--compare {base}: {error}") from error
    names = [f"{base} ({named.stdout.strip()})", "now"]
    print("\n".join(figures.comparison(before.figures, printed.figures, names)))


def report(options, image, printed):
    """Print what was asked for; returns the exit status."""
    if options.check:
        return check(printed)
    if not (options.json or options.accept or options.compare):
        measure_scale(image, printed)
    if options.json:
        print(json.dumps({"sha256": sha256(image), **printed.facts, "figures": printed.figures},
                         indent="\t"))
    elif options.markdown:
        write_document(printed)
    elif options.accept:
        path = figures.accept(printed.facts["arch"], printed.compiler(), printed.figures)
        print(f"{os.path.relpath(path)}: {len(figures.compared(printed.figures))} figures")
    elif options.compare:
        compare(printed, options.compare)
    else:
        show(image, printed)
        if options.all:
            print("\n" + "\n".join(f"{name:32} {figures.text(value):>14}"
                                   for name, value in printed.figures.items()))
    return 0


def main():
    boot.end_on_signals()
    options = parse(sys.argv[1:])
    machines.current = options.arch
    try:
        image = options.image or boots(runner.build(options.arch, None))
        sys.exit(report(options, image, measure(image)))
    except (Failed, figures.Unusable, frame.Missing, machines.MachineError) as error:
        sys.exit(f"scripts/bench: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"scripts/bench: `{shlex.join(error.cmd)}` failed")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
