# SPDX-License-Identifier: BSD-2-Clause
"""scripts/run: build, boot, run the commands, end with a verdict. The wrapper has set up before."""
import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import boot
import machine as machines
import symbols
import uboot

DEFAULT_COMMANDS = ["layout", "stress"]
# The files of a build, by format.
IMAGES = {"elf": "pageframe.elf", "flat": "pageframe.Image"}
USAGE = """scripts/run [OPTIONS] [-- 'COMMAND; COMMAND; ...']

Build Pageframe, boot it on QEMU and end with status 0 only if every check passed. Without commands:
`layout; stress`, and at a terminal it then stays in the monitor (`help`; `poweroff` leaves). With
commands after `--`: those, in order, then power off.
"""


def parse(argv):
    """Options and commands (None if there is no `--`)."""
    commands = None
    if "--" in argv:
        at = argv.index("--")
        argv, after = argv[:at], argv[at + 1:]
        commands = [c.strip() for c in ";".join(after).split(";") if c.strip()]
    parser = argparse.ArgumentParser(prog="scripts/run", usage=USAGE, allow_abbrev=False)
    add = parser.add_argument
    add("--arch", choices=sorted(machines.ARCHES), default=machines.current,
        help="default: riscv64")
    add("--smp", type=int, metavar="N", help=f"harts; default {machines.DEFAULT_SMP}")
    add("--mem", metavar="SIZE", help=f"512M, 4G, 2T; default {machines.DEFAULT_MEM}")
    add("--nodes", type=int, metavar="N", help="NUMA nodes, also more than harts; default 1")
    add("--board", metavar="NAME", help="dts/NAME.dts; without any of these: "
        + machines.DEFAULT_BOARD)
    add("--list-boards", action="store_true", help="print the boards and what they show")
    add("--machine", metavar="'QEMU ARGS'",
        help="QEMU's own arguments in place of --smp, --mem and --nodes")
    add("--dtb", metavar="FILE", help="boot with this tree (.dtb or .dts)")
    add("--disk", metavar="FILE|none",
        help="the disk, raw, and what is written stays; default: a fresh one of 4 GiB")
    add("--image", choices=sorted(IMAGES),
        help="what is booted: the ELF file, or the flat image with its header; default: elf on "
        "riscv64, flat on arm64")
    add("--via", choices=["u-boot"],
        help=f"boot by U-Boot's booti: on arm64 as the firmware, on riscv64 after OpenSBI; from "
        f"Debian's {uboot.PACKAGE}")
    add("--qemu", metavar="FILE",
        help="another QEMU; also $PAGEFRAME_QEMU, for arm64 $PAGEFRAME_QEMU_ARM64")
    add("--bios", metavar="FILE", help="another firmware, on riscv64; also $PAGEFRAME_BIOS")
    add("--append", metavar="'BOOTARGS'", default="", help="boot arguments")
    add("--gdb", nargs="?", const="wait", choices=["wait", "attach"],
        help="the debug build, stopped at reset: prints the line that starts gdb-multiarch; "
        "attach: runs it here, the machine ends with it")
    add("--timeout", type=float, metavar="S",
        help=f"end a hung run; default {boot.RUN_SECONDS}, none with --gdb or at the monitor")
    options = parser.parse_args(argv)
    if options.timeout is not None and not 0 < options.timeout < float("inf"):
        parser.error(f"--timeout {options.timeout:g}: not a number of seconds above 0")
    if options.bios and options.arch != "riscv64":
        parser.error(f"--bios: on {options.arch} the image is started without firmware")
    if options.via and options.image == "elf":
        parser.error(f"--image elf: {options.via} boots the flat image")
    if f" {options.append} ".count(" -- "):
        parser.error("--append: commands go after scripts/run's own --")
    if commands and any(c.split()[0] == "poweroff" for c in commands[:-1]):
        parser.error("commands: nothing runs after `poweroff`")
    return options, commands


def build(arch, debug):
    """Configure and build; returns the folder with the images."""
    preset = f"{arch}-{'debug' if debug else 'release'}"
    folder = os.path.join(machines.BUILD, preset)
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(["cmake", "--preset", preset], cwd=machines.ROOT, stdout=sys.stderr,
                       check=True)
    subprocess.run(["cmake", "--build", folder], stdout=sys.stderr, check=True)
    return folder


def gdb_command(socket, elf):
    """gdb-multiarch on the machine, with our commands."""
    return ["gdb-multiarch", "-x", os.path.join(machines.ROOT, "scripts", "gdb", "pageframe.py"),
            "-ex", f"target remote {socket}", elf]


def attach(command, gdb, folder):
    """QEMU behind gdb, which has our terminal; the console goes to a file. Returns gdb's status."""
    if not shutil.which(gdb[0]):
        raise machines.MachineError("--gdb=attach: on Debian: apt-get install gdb-multiarch")
    console = os.path.join(folder, "console")
    print(f"the machine's console: tail -f {console}", flush=True)
    # A Ctrl-C is for gdb, which stops the machine with it; QEMU is in a session of its own.
    signal.signal(signal.SIGINT, lambda *_: None)
    with open(console, "wb") as file, boot.background(command, file) as qemu:
        while not os.path.exists(os.path.join(folder, "gdb")):
            if qemu.poll() is not None:
                raise machines.MachineError(f"QEMU ended with status {qemu.returncode}")
            time.sleep(0.01)
        return subprocess.run(gdb, check=False).returncode


def start(options, machine, commands, build_folder, folder):
    """Boot the machine as the options say; returns the result."""
    at_terminal = (commands is None and options.gdb != "attach" and sys.stdin.isatty()
                   and sys.stdout.isatty())
    arguments = boot.bootargs(options.append, DEFAULT_COMMANDS if commands is None else commands,
                              interactive=at_terminal)
    if len(arguments) > boot.BOOTARGS_MAX:
        raise machines.MachineError(f"arguments and commands are {len(arguments)} characters, "
                                    f"{boot.BOOTARGS_MAX} at most")
    gdb_socket = os.path.join(folder, "gdb") if options.gdb else None
    form = "flat" if options.via else options.image or machines.arch().image
    image = os.path.join(build_folder, IMAGES[form])
    if options.via:
        image, machine = uboot.through(machine, image)
    command = boot.qemu_command(machine, image, arguments, not at_terminal, gdb_socket)
    print("+", shlex.join(command), flush=True)
    gdb = gdb_command(gdb_socket, os.path.join(build_folder, IMAGES["elf"]))
    if options.gdb == "attach":
        sys.exit(attach(command, gdb, folder))
    if options.gdb:
        print(f"stopped at reset; in another terminal:\n  {shlex.join(gdb)}", flush=True)
    with symbols.Symbols(os.path.join(build_folder, IMAGES["elf"])) as names:
        if at_terminal:
            return boot.interact(command, options.timeout, names)
        echo = names.annotated(sys.stdout)
        if options.gdb:
            return boot.run(command, options.timeout, None, echo)
        timeout = options.timeout or boot.RUN_SECONDS
        return boot.run(command, timeout, min(timeout, boot.FIRMWARE_SECONDS), echo)


def main():
    boot.end_on_signals()
    options, commands = parse(sys.argv[1:])
    if options.list_boards:
        print(machines.list_boards())
        return
    machines.current = options.arch
    try:
        machines.QEMU[options.arch] = options.qemu or machines.QEMU[options.arch]
        boot.BIOS = options.bios or boot.BIOS
        if not shutil.which(machines.QEMU[options.arch]):
            raise machines.MachineError(f"no QEMU {machines.QEMU[options.arch]}")
        machine = machines.from_options(options)
        build_folder = build(options.arch, options.gdb)
        with tempfile.TemporaryDirectory(prefix="pageframe-") as folder:
            result = start(options, machine, commands, build_folder, folder)
    except machines.MachineError as error:
        sys.exit(f"scripts/run: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"scripts/run: `{shlex.join(error.cmd)}` failed")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stdout = None  # nobody reads it; python would complain once more at its end
        sys.exit("scripts/run: nobody reads the output; the run was ended")
    found = boot.problems(result, DEFAULT_COMMANDS if commands is None else commands)
    for problem in found:
        print(f"scripts/run: {problem}", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
