# SPDX-License-Identifier: BSD-2-Clause
"""What gdb runs for scripts/cost --stores: follow a pair of alloc_pages() and __free_pages() for each
`alloc N; free last` that the machine was given, instruction by instruction, and say which cache lines
it writes, and whose they are. One JSON object a pair, on a line that starts with "stores ".

Whose: this CPU's (its struct mm_cpu with all that hangs on it, its stack, the descriptors of the
block and of pages in its cache), else shared. Who reserves a word (LR) writes it: gdb takes the
loop of LR and SC for one step.

Source: the RISC-V Instruction Set Manual, volume I, 20191213: RV32/64G listings and chapter 16 (C).
"""
import json

import gdb

LINE = 64
STACK = 32 << 10
STORE, AMO = 0x23, 0x2f
SSTATUS_SIE = 2
TAG_CACHED = int(gdb.parse_and_eval("(int)PAGE_CACHED"))
MAX_NR_ZONES = int(gdb.parse_and_eval("(int)MAX_NR_ZONES"))


def bits(word, high, low):
    return word >> low & (1 << high - low + 1) - 1


def written(word):
    """(register, offset) that an instruction stores to, or None."""
    if word & 3 == 3:
        if word & 0x7f == STORE:
            offset = bits(word, 31, 25) << 5 | bits(word, 11, 7)
            return bits(word, 19, 15), offset - (offset >> 11 << 12)
        return (bits(word, 19, 15), 0) if word & 0x7f == AMO else None
    kind = bits(word, 15, 13), word & 3
    if kind == (6, 0):  # c.sw
        return 8 + bits(word, 9, 7), (bits(word, 12, 10) << 3 | bits(word, 6, 6) << 2
                                      | bits(word, 5, 5) << 6)
    if kind == (7, 0):  # c.sd
        return 8 + bits(word, 9, 7), bits(word, 12, 10) << 3 | bits(word, 6, 5) << 6
    if kind == (6, 2):  # c.swsp
        return 2, bits(word, 12, 9) << 2 | bits(word, 8, 7) << 6
    if kind == (7, 2):  # c.sdsp
        return 2, bits(word, 12, 10) << 3 | bits(word, 9, 7) << 6
    return None


def value(expression):
    return int(gdb.parse_and_eval(expression)) & (1 << 64) - 1


class Code:
    """Instructions, each read once."""

    def __init__(self):
        self.known = {}

    def at(self, pc):
        if pc not in self.known:
            memory = gdb.selected_inferior().read_memory(pc, 4)
            self.known[pc] = written(int.from_bytes(bytes(memory), "little"))
        return self.known[pc]


class Owners:
    """Whose a line is."""

    def __init__(self):
        sets = int(gdb.parse_and_eval("kernel.mm.nr_node_ids")) * MAX_NR_ZONES
        self.cpu = value("kernel.mm.cpu[0]"), value(f"kernel.mm.cpu[0]->lock_stat + {sets}")
        self.mem_map = value("kernel.mem_map")
        self.max_pfn = value("kernel.mm.max_pfn")
        self.stack = value("$sp")

    def page(self, address):
        """The pfn whose descriptor is at the address, or None."""
        pfn = (address - self.mem_map) // LINE
        return pfn if 0 <= pfn < self.max_pfn else None

    @staticmethod
    def field(what, struct, address):
        """The first field on a line of a struct, as "WHAT.FIELD+OFFSET"; None if it is not there."""
        offset = (address - value(f"&{struct}")) // LINE * LINE
        if not 0 <= offset < value(f"sizeof({struct})"):
            return None
        fields = gdb.parse_and_eval(struct).type.strip_typedefs().fields()
        first = [f for f in fields if f.bitpos // 8 <= offset][-1]
        return f"{what}.{first.name}+{offset - first.bitpos // 8}"

    def name(self, address):
        """What a shared line is: a field of a zone or a node, or a symbol."""
        for nid in range(int(gdb.parse_and_eval("kernel.mm.nr_node_ids"))):
            node = f"(*kernel.mm.node[{nid}])"
            found = [self.field("zone", f"{node}.node_zones[{i}]", address) for i in range(MAX_NR_ZONES)]
            found = [*filter(None, found), self.field("node", node, address)]
            if found[0]:
                return found[0]
        text = gdb.execute(f"info symbol {address:#x}", to_string=True)
        return text.split(" in section")[0].strip().replace("No symbol matches", "unknown").rstrip(".")

    def of(self, address):
        if self.cpu[0] <= address < self.cpu[1]:
            return "cpu"
        if self.stack - STACK < address <= self.stack:
            return "stack"
        pfn = self.page(address)
        if pfn is None:
            return self.name(address)
        tag = value(f"kernel.mem_map[{pfn}].tag") >> 8 & 0xff
        return "cached" if tag == TAG_CACHED else f"page {pfn}"


def follow(function, code, lines):
    """Run to a function and through it; adds what it writes to `lines`, {address: owner}. Interrupts
    are masked: between LR and SC the machine runs, and one might switch to another thread."""
    gdb.Breakpoint(f"*{function}", type=gdb.BP_HARDWARE_BREAKPOINT, temporary=True)
    gdb.execute("continue", to_string=True)
    enabled = value("$sstatus") & SSTATUS_SIE
    gdb.execute(f"set $sstatus = $sstatus & ~{SSTATUS_SIE}")
    owners = Owners()
    back, stack, first = value("$ra"), value("$sp"), value("$a0")
    while (value("$pc"), value("$sp")) != (back, stack):
        to = code.at(value("$pc"))
        if to:
            address = value(f"$x{to[0]}") + to[1] & (1 << 64) - 1
            lines.setdefault(address // LINE * LINE, owners.of(address))
        gdb.execute("stepi", to_string=True)
    gdb.execute(f"set $sstatus = $sstatus | {enabled}")
    return owners, first


def pair(order, code):
    """Whose lines the pair writes: {"cpu": number, "stack": ..., "pages": ..., "shared": [names]}."""
    lines = {}
    follow("alloc_pages", code, lines)
    owners, page = follow("__free_pages", code, lines)
    block = range(owners.page(page), owners.page(page) + (1 << order))
    found = {"order": order, "cpu": 0, "stack": 0, "pages": 0, "shared": []}
    for address, owner in lines.items():
        if owner in ("cpu", "stack"):
            found[owner] += 1
        elif owner == "cached" or owners.page(address) in block:
            found["pages"] += 1
        else:
            found["shared"].append("a free page" if owner.startswith("page ") else owner)
    return found


def pass_by(pairs):
    """Let so many pairs happen."""
    for _ in range(pairs):
        for function in ("alloc_pages", "__free_pages"):
            gdb.Breakpoint(f"*{function}", type=gdb.BP_HARDWARE_BREAKPOINT, temporary=True)
            gdb.execute("continue", to_string=True)


def run(orders, warm):
    """`warm` pairs of each order unseen, then one that is followed."""
    gdb.Breakpoint("*cmd_alloc", type=gdb.BP_HARDWARE_BREAKPOINT, temporary=True)
    gdb.execute("continue", to_string=True)
    code = Code()
    for order in orders:
        pass_by(warm)
        print("stores " + json.dumps(pair(order, code)), flush=True)
    gdb.execute("kill")
