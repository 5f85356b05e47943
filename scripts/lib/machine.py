# SPDX-License-Identifier: BSD-2-Clause
"""From what was asked for (harts, memory, nodes, a board) to QEMU's arguments and a tree."""
import collections
import os
import re
import shlex
import subprocess

import tree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build")
# Trees that were made for a run; kept, so that the printed QEMU command can be run again.
TREES = os.path.join(BUILD, "dts")
# Boards, and in a folder for each architecture the machine that they include.
BOARDS = os.path.join(ROOT, "dts")

# What an architecture's `virt` machine is to QEMU. cpu: it is added where nobody says which; image:
# the format that boots unless told otherwise; args: always given; ram: where memory starts; appends:
# whether a tree is appended to the image, as QEMU would overwrite the memory of one given with -dtb;
# triple: what the names of its toolchain begin with.
Arch = collections.namedtuple("Arch", "cpu image args ram appends triple")
ARCHES = {
    "riscv64": Arch(None, "elf", [], 0x80000000, False, "riscv64-unknown-elf"),
    # The machine's own choice is a 32-bit CPU. Only a semihosting call ends QEMU with a status.
    "arm64": Arch("cortex-a57", "flat", ["-semihosting"], 0x40000000, True, "aarch64-linux-gnu"),
}
# The architecture of this process: scripts/run --arch, or what CTest says.
current = os.environ.get("PAGEFRAME_ARCH") or "riscv64"
# The environment names another QEMU for a run, or for all tests.
QEMU = {"riscv64": os.environ.get("PAGEFRAME_QEMU") or "qemu-system-riscv64",
        "arm64": os.environ.get("PAGEFRAME_QEMU_ARM64") or "qemu-system-aarch64"}
# More CPUs than a GICv2 serves need a GICv3, which QEMU has to be told.
GICV2_CPUS = 8
DEFAULT_BOARD = "default"
DEFAULT_SMP = 4
DEFAULT_MEM = "4G"
MAX_NODES = 64  # OF_MAX_NODES of include/drivers/of.h

UNITS = {"": 20, "M": 20, "K": 10, "G": 30, "T": 40}
# Above this QEMU is told not to reserve the memory with the host, which has less.
RESERVE_LIMIT = 4 << 30


class MachineError(Exception):
    """What was asked for can not be built; the text is for the user."""


# The disk of a machine that is given no other: fresh at each boot. Its blocks read as zeroes; what
# is written goes to a file that QEMU has unlinked already, so that it is gone with QEMU.
FRESH_DISK = "driver=null-co,size=4G,read-zeroes=on,snapshot=on"
DISK_ID = "pageframe-disk"


class Machine:
    """QEMU's arguments for a machine (the image and bootargs not included), its tree, its disk.

    The tree is an argument, or goes with the image: see kernel()."""

    def __init__(self, args, dtb=None, disk=FRESH_DISK):
        self.args = args  # list of strings
        self.dtb = dtb    # path, or None: QEMU makes the tree
        self.disk = disk  # options of QEMU's -drive, or None: no disk

    def qemu_args(self):
        tree_args = ["-dtb", self.dtb] if self.dtb and not arch().appends else []
        return self.args + tree_args + self._disk_args()

    def kernel(self, image):
        """The path of what QEMU boots: the image, or one beside the tree that has both."""
        if not self.dtb or not arch().appends:
            return image
        if image.endswith(".elf"):
            raise MachineError(f"--image elf: on {current} a tree goes with the flat image alone")
        build = os.path.basename(os.path.dirname(os.path.abspath(image)))
        path = f"{os.path.splitext(self.dtb)[0]}-{build}.Image"
        with open(image, "rb") as file:
            write_tree(file.read() + self.tree(), path)
        return path

    def _disk_args(self):
        """A machine of another kind has no slots for virtio devices."""
        kinds = [b for a, b in zip(self.args, self.args[1:]) if a in ("-machine", "-M")]
        if self.disk is None or not any(kind.split(",")[0] == "virt" for kind in kinds):
            return []
        return ["-drive", f"if=none,id={DISK_ID},{self.disk}",
                "-device", f"virtio-blk-device,drive={DISK_ID}"]

    def tree(self):
        """The device tree that the firmware gets, as bytes."""
        path = self.dtb
        if not path:
            path = os.path.join(TREES, f"dump-{os.getpid()}.dtb")
            dump_tree(self.args, path)
        with open(path, "rb") as file:
            blob = file.read()
        if not self.dtb:
            os.unlink(path)
        return blob


def parse_size(text):
    """A size as QEMU's -m takes it, MiB without a unit, in bytes."""
    match = re.fullmatch(r"(\d+)([KMGT]?)B?", text.upper())
    if not match or int(match[1]) == 0:
        raise MachineError(f"--mem {text}: not a size; 512M, 4G, 2T")
    return int(match[1]) << UNITS[match[2]]


def arch():
    """What there is to know of the current architecture."""
    return ARCHES[current]


def dump_tree(args, output):
    """Let QEMU write the tree of a machine to a file."""
    os.makedirs(os.path.dirname(output), exist_ok=True)
    command = [QEMU[current], *args, "-machine", f"dumpdtb={output}", "-nic", "none",
               "-display", "none", "-serial", "none", "-monitor", "none"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=120, check=False)
    if done.returncode:
        raise MachineError(f"QEMU refused the machine: {done.stderr.strip()}")


def size_text(size):
    """A size for QEMU, in its largest whole unit."""
    for unit in "TGM":
        if size % (1 << UNITS[unit]) == 0:
            return f"{size >> UNITS[unit]}{unit}"
    return f"{size >> 10}K"


def _ram(name, size):
    reserve = "" if size <= RESERVE_LIMIT else ",reserve=off"
    return ["-object", f"memory-backend-ram,id={name},size={size_text(size)}{reserve}"]


def completed(args):
    """A machine's arguments with `virt`, and the CPU, where they do not say which."""
    kind = [] if any(a in ("-machine", "-M") for a in args) else ["-machine", "virt"]
    cpu = ["-cpu", arch().cpu] if arch().cpu and "-cpu" not in args else []
    return [*kind, *args, *cpu]


def for_this_qemu(args):
    """The arguments as this QEMU takes them: 8.1 made -singlestep a property of the accelerator."""
    if "-singlestep" not in args:
        return list(args)
    says = subprocess.run([QEMU[current], "--version"], stdout=subprocess.PIPE, check=True,
                          text=True).stdout
    version = re.search(r"version (\d+)\.(\d+)", says)
    if version and (int(version[1]), int(version[2])) < (8, 1):
        return list(args)
    # One thread for all CPUs is all that goes with -icount.
    threads = "" if "-icount" in args else ",thread=multi"
    return [*(a for a in args if a != "-singlestep"), "-accel", f"tcg{threads},one-insn-per-tb=on"]


def virt(smp, mem):
    """The `virt` machine, without its memory."""
    gic = ",gic-version=3" if current == "arm64" and smp > GICV2_CPUS else ""
    return completed(["-machine", "virt" + gic, "-smp", str(smp), "-m", size_text(mem)])


def plain(smp, mem):
    """One node, no NUMA."""
    args = virt(smp, mem)
    if mem > RESERVE_LIMIT:
        args += _ram("ram", mem) + ["-machine", "memory-backend=ram"]
    return args


def _native_numa(smp, mem, nodes):
    """Nodes as QEMU's own -numa makes them; with fewer harts than nodes the last have memory only."""
    args = virt(smp, mem)
    with_harts = min(smp, nodes)
    for nid, size in enumerate(tree.split_evenly(mem, nodes, 1 << 20)):
        first, end = (smp * n // with_harts for n in (nid, nid + 1))
        cpus = f",cpus={first}-{end - 1}" if nid < with_harts else ""
        args += _ram(f"m{nid}", size)
        args += ["-numa", f"node,nodeid={nid}{cpus},memdev=m{nid}"]
    # Where no distance is given there is no map in the tree, and 10 and 20 are meant.
    return args + (["-numa", "dist,src=0,dst=1,val=20"] if nodes == 2 else [])


def sized(smp=None, mem=None, nodes=None):
    """A `virt` machine by numbers; None takes the default.

    QEMU 7.2 refuses -numa on riscv64 with fewer harts than nodes, with more than four nodes, and,
    with the PLIC, wherever a node has fewer harts than those before it together: of the even
    splits only two nodes remain. All others boot with a one-node tree that is split here. On
    arm64 it takes all of them, and would overwrite such a tree's memory.
    """
    smp = DEFAULT_SMP if smp is None else smp
    nodes = 1 if nodes is None else nodes
    size = parse_size(mem or DEFAULT_MEM)
    if smp < 1 or nodes < 1:
        raise MachineError("--smp and --nodes are at least 1")
    if nodes > MAX_NODES:
        raise MachineError(f"--nodes {nodes}: {MAX_NODES} nodes at most")
    if size >> 12 < nodes:
        raise MachineError(f"--mem {mem}: not a page for each of {nodes} nodes")
    if nodes == 1:
        return Machine(plain(smp, size))
    if current == "arm64":
        if size >> 20 < nodes:
            raise MachineError(f"--mem {mem}: not a MiB for each of {nodes} nodes")
        return Machine(_native_numa(smp, size, nodes))
    if nodes == 2 and smp >= 2:
        return Machine(_native_numa(smp, size, nodes))
    args = plain(smp, size)
    dtb = os.path.join(TREES, f"smp{smp}-mem{size_text(size)}-nodes{nodes}.dtb")
    partial = f"{dtb}.{os.getpid()}"
    dump_tree(args, partial)
    with open(partial, "rb") as file:
        blob = file.read()
    write_tree(tree.split_nodes(blob, nodes), dtb)
    os.unlink(partial)
    return Machine(args, dtb)


def write_tree(blob, path):
    """Write a tree, or an image with one, in one step: runs side by side may write the same."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    partial = f"{path}.{os.getpid()}.new"
    with open(partial, "wb") as file:
        file.write(blob)
    os.replace(partial, path)


class Board:
    """dts/NAME.dts, by its first comment: a line of what it shows, text, and lines of a keyword each,
    which go on where the next is indented:

        QEMU ARCH: ARGUMENTS    the machine, on each architecture that has the board
        Says: MESSAGE           a finding that the boot prints, in this order
    """

    def __init__(self, name):
        self.name = name
        self.source = os.path.join(BOARDS, f"{name}.dts")
        if not os.path.exists(self.source):
            raise MachineError(f"--board {name}: no dts/{name}.dts; there are:\n{list_boards()}")
        with open(self.source, encoding="ascii") as file:
            comment = re.search(r"^/\*\n(.*?)\n \*/$", file.read(), re.DOTALL | re.MULTILINE)
        text = comment[1] if comment else ""
        self.shows = text.split("\n")[0].removeprefix(" * ")
        self.says = self._all(text, "Says")
        found = {each: self._all(text, f"QEMU {each}") for each in ARCHES}
        # Of each architecture that has it, QEMU's arguments.
        self.args = {each: shlex.split(lines[0]) for each, lines in found.items() if lines}
        if not self.args:
            raise MachineError(f"dts/{name}.dts: no comment line ` * QEMU ARCH: ARGUMENTS`")

    @staticmethod
    def _all(text, keyword):
        """What stands behind each line of this keyword, with what its next lines add."""
        found = re.findall(rf"^ \* {keyword}: (.+(?:\n \* {{2,}}.+)*)", text, re.MULTILINE)
        return [re.sub(r"\n \* +", " ", each) for each in found]

    def compile(self):
        """The path of its tree, on the machine dts/ARCH/virt.dtsi. Bad ones are so on purpose."""
        if current not in self.args:
            raise MachineError(f"--board {self.name}: not on {current}, "
                               f"but on {', '.join(self.args)}")
        dtb = os.path.join(TREES, current, f"{self.name}.dtb")
        tree.compile_dts(self.source, dtb, os.path.join(BOARDS, current), quiet=self.is_bad())
        return dtb

    def is_bad(self):
        """True if its tree is malformed."""
        return self.name.startswith("bad-")


def boards():
    """The names of all boards."""
    return sorted(f[:-4] for f in os.listdir(BOARDS) if f.endswith(".dts"))


def list_boards():
    """A line for each board: its name, what has it, and what it shows."""
    rows = [(name, ", ".join(Board(name).args), Board(name).shows) for name in boards()]
    widths = [max(len(row[i]) for row in rows) for i in (0, 1)]
    return "\n".join(f"{name:{widths[0]}}  {arches:{widths[1]}}  {shows}"
                     for name, arches, shows in rows)


def board(name):
    """The machine of dts/NAME.dts."""
    found = Board(name)
    dtb = found.compile()
    return Machine(completed(found.args[current]), dtb)


def given_tree(path):
    """The path of a .dtb, or of what a .dts compiles to."""
    if not os.path.isfile(path):
        raise MachineError(f"--dtb {path}: no such file")
    dtb = os.path.join(TREES, current, "given", os.path.basename(path)[:-4] + ".dtb")
    if path.endswith(".dts"):
        tree.compile_dts(path, dtb, os.path.join(BOARDS, current))
        return dtb
    with open(path, "rb") as file:
        blob = file.read()
    if not blob.startswith(tree.MAGIC):
        raise MachineError(f"--dtb {path}: not a device tree")
    if not arch().appends:
        return path
    write_tree(blob, dtb)  # where kernel() may write beside it
    return dtb


def disk(name):
    """The disk that --disk NAME asks for, as Machine.disk; None for no option at all."""
    if name is None:
        return FRESH_DISK
    if name == "none":
        return None
    if not os.path.isfile(name):
        raise MachineError(f"--disk {name}: no such file; `truncate -s 4G FILE` makes an empty one")
    return f"format=raw,file={name.replace(',', ',,')}"


def from_options(options):
    """The machine that scripts/run's options describe."""
    by_size = any(x is not None for x in (options.smp, options.mem, options.nodes))
    if by_size and (options.board or options.machine is not None):
        raise MachineError("--smp, --mem and --nodes do not go with --board or --machine, "
                           "which say all of that themselves")
    if options.board and options.machine is not None:
        raise MachineError("--board and --machine are two machines")
    if options.board and options.dtb:
        raise MachineError("--board and --dtb are two trees")
    if options.dtb and options.nodes:
        raise MachineError("--nodes does not go with --dtb: the tree has its nodes")
    if options.board:
        machine = board(options.board)
    elif options.machine is None and not by_size and not options.dtb:
        machine = board(DEFAULT_BOARD)
    elif options.machine is None:
        machine = sized(options.smp, options.mem, options.nodes)
    else:
        machine = Machine([])
    if options.machine is not None:
        try:
            machine.args = for_this_qemu(completed(shlex.split(options.machine)))
        except ValueError as error:
            raise MachineError(f"--machine: {error}") from error
    if options.dtb:
        machine.dtb = given_tree(options.dtb)
    machine.disk = disk(options.disk)
    return machine
