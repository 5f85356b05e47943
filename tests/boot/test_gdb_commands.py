# SPDX-License-Identifier: BSD-2-Clause
"""scripts/gdb: every command, against what the monitor prints at the same moment; before the allocator
is up, in the middle of work, after a crash, and on lists that are broken.
"""
import ast
import json
import os
import re
import subprocess
import sys

import pytest

import machine as machines
from conftest import ROOT
from debugger import TIMEOUT, session

HERE = os.path.dirname(os.path.abspath(__file__))
FAULTS = os.path.join(HERE, "gdb_faults.py")
FIRST_PFN = machines.arch().ram >> 12
SMALL_PAGES = 128 << 20 >> 12
# Those that take no argument.
PLAIN = ("nodes", "zones", "zonelists", "buddyinfo", "pcp", "check", "harts")


@pytest.fixture
def small():
    return machines.sized(2, "128M", 1)


def matches(lines, *patterns):
    """Each pattern matches a line, whole."""
    for pattern in patterns:
        assert any(re.fullmatch(pattern, line) for line in lines), f"{pattern}: {lines}"


def test_as_the_monitor(kernel, elf, tmp_path):
    """Two nodes, some blocks allocated: the same text, to the letter."""
    machine = machines.sized(4, "512M", 2)
    first, end = FIRST_PFN, FIRST_PFN + (512 << 20 >> 12)
    reports = ["nodes", "zones", "zonelists", "buddyinfo", "pcp", "check"]
    pages = [f"page pfn={pfn:#x}" for pfn in (first, first + 0x210, first + 0x405, first + 0x5557,
                                              end - 0x80, end - 0x77, end - 1, 1)]
    dump, tree = (str(tmp_path / name) for name in ("state.json", "tree.dtb"))
    shown = session(kernel, elf, machine, ["alloc 3", "alloc 0", *reports, *pages[:-1],
                                           "layout json"],
                    ["thbreak power_off", "continue", *[f"pf {c}" for c in reports + pages],
                     "pf owner kernel.held[0].pfn", "pf page kernel.held[0].pfn + 1",
                     "pf page $page(kernel.held[1].pfn)", "pf page kernel.mm.node",
                     f"pf dump {dump}", f"pf dump {tree}"], tmp_path)
    for command in reports:
        assert shown.lines(f"pf {command}") == shown.monitor(command), command
    for command in pages[:-1]:
        assert shown.lines(f"pf {command}")[:2] == shown.monitor(command)[:2], command
    assert shown.lines("pf " + pages[-1]) == ["  pfn 0x1: no memory there, and no descriptor"]
    assert "0 faults found" in shown.lines("pf check")[-1]
    assert "the level `owner` is off" in shown.error("pf owner kernel.held[0].pfn")
    held = [re.search(r"pfn (0x[0-9a-f]+)", line)[1] for line in
            shown.monitor("alloc 3") + shown.monitor("alloc 0") if "pfn" in line]
    head, one = int(held[0], 0), int(held[1], 0)
    assert (f"inside a block that is allocated, order 3, head pfn {head:#x}"
            in shown.lines("pf page kernel.held[0].pfn + 1")[0])
    assert (f"  pfn {one:#x} " in shown.lines("pf page $page(kernel.held[1].pfn)")[0])
    assert "reserved" in shown.lines("pf page kernel.mm.node")[0]
    check_dumps(dump, tree, shown)


def check_dumps(dump, tree, shown):
    """The object of `layout json` with the state of all pages; and a tree that layout draws."""
    with open(dump, encoding="ascii") as file:
        found = json.load(file)
    told = json.loads("\n".join(shown.monitor("layout json")))
    runs = found.pop("pages")
    assert found == told
    zones = {f"{nid}:{name}": zone for nid, node in told["nodes"].items()
             for name, zone in node["zones"].items()}
    for name, zone in zones.items():
        mine = [run for run in runs if run["zone"] == name]
        assert sum(run["pages"] for run in mine) == zone["present"]
        assert sum(run["pages"] for run in mine if run["state"] != "reserved") == zone["managed"]
    states = {run["state"] for run in runs}
    assert {"free", "reserved", "allocated", "in a per-CPU cache"} == states
    svg = f"{tree}.svg"
    done = subprocess.run([os.path.join(ROOT, "scripts", "layout"), "--arch", machines.current,
                           "--json", "--svg", svg, tree], check=True, text=True,
                          stdout=subprocess.PIPE)
    drawn = json.loads(done.stdout)
    for key in ("zone_ranges", "early_node_ranges", "fallback_order", "zonelist_of_node"):
        assert drawn[key] == told[key], key
    assert os.path.getsize(svg) > 0


def test_find_and_print(kernel, elf, small, tmp_path):
    """Who holds an address; the functions and the printers."""
    free_list = "kernel.mm.pgdat_list->node_zones[$z].free_area[10].free_list.next"
    cached = "kernel.mm.cpu[0]->pageset[$zone(kernel.held[0].pfn)->index].pcp[0].list.next"
    linear = "(kernel.held[0].pfn * 4096 + linear_window.offset)"
    expected = {
        "pf find power_off": (r"0x[0-9a-f]+: image, text: power_off, mapped to 0x[0-9a-f]+",
                              r"  reserved 0x[0-9a-f]+-0x[0-9a-f]+: pageframe image",
                              r"  pfn 0x[0-9a-f]+: reserved"),
        "pf find &kernel": (r"0x[0-9a-f]+: image, data: kernel, mapped to .*",),
        "pf find $sp": (r"0x[0-9a-f]+: image, boot stack, mapped to .*",),
        "pf find (long)&boot_stack_low - 1":
            (r"0x[0-9a-f]+: image, guard page of the boot stack, not mapped",),
        "pf find kernel.cpu[1]->run.current->context.stack_low":
            (r"0x[0-9a-f]+: stack of thread \d+ idle1 on cpu 1, 0x0 above its lowest byte, mapped.*",
             r"  pfn 0x[0-9a-f]+: (inside a block that is )?allocated, order \d+.*"),
        "pf find kernel.cpu[1]->run.current->context.stack_low - 8":
            (r"0x[0-9a-f]+: guard page below the stack of thread \d+ idle1 on cpu 1, not mapped",),
        "pf find $pa(kernel.held[0].pfn)": (r"  0x[0-9a-f]+: memory of node 0, bank .*",
                                              r"  pfn 0x[0-9a-f]+: allocated, order 3",
                                              r"  held by the user of the monitor, block at pfn .*"),
        f"pf find {linear}": (r"0x[0-9a-f]+: linear map of 0x[0-9a-f]+, mapped to 0x[0-9a-f]+",
                              r"  pfn 0x[0-9a-f]+: allocated, order 3"),
        "pf find $page(kernel.held[0].pfn)":
            (r"0x[0-9a-f]+: descriptor of pfn 0x[0-9a-f]+, byte 0 of it, mapped to .*",
             r"  reserved .*: page descriptors"),
        "pf find paging.root": (r"  0x[0-9a-f]+: memory of node 0, .*", r"  reserved .*: page tables",
                                r"  page table of level [234], for 0xff.*"),
        "pf find kernel.mm.pgdat_list": (r"0x[0-9a-f]+: linear map of .*",
                                         r"  reserved .*: node structure"),
        f"pf find $pa((struct page *)((long){cached} - $lru))":
            (r"  pfn 0x[0-9a-f]+: in a per-CPU cache",
             r"  on the hot cache of cpu 0 of Node 0 zone DMA(32)?, \d+ pages before its end"),
        f"pf find $pa((struct page *)((long){free_list} - $lru))":
            (r"  pfn 0x[0-9a-f]+: free, order 10",
             r"  on the free list of order 10 of Node 0 zone DMA(32)?, \d+ pages before its end"),
        "pf find 0x10": (r"  0x10: no memory; device registers, or nothing",),
        "print $pfn($page(kernel.held[0].pfn)) == kernel.held[0].pfn": (r"\$\d+ = 1",),
        "print $page($pa(kernel.held[0].pfn)) == $page(kernel.held[0].pfn)": (r"\$\d+ = 1",),
        f"print $pfn({linear}) == kernel.held[0].pfn": (r"\$\d+ = 1",),
        "print $zone(kernel.held[0].pfn)->present_pages": (rf"\$\d+ = {SMALL_PAGES}",),
        "print *$page(kernel.held[0].pfn)":
            (r"\$\d+ = pfn 0x[0-9a-f]+, allocated, order 3, count 1, \[\] = \{flags = .*",),
        "print *$zone(kernel.held[0].pfn)": (rf"\$\d+ = Node 0 DMA(32)?, present {SMALL_PAGES}, "
                                             r"free \d+, min \d+, low \d+, high \d+ = \{.*",),
        "print $zone(kernel.held[0].pfn)->free_area[10]":
            (r"\$\d+ = \d+ free blocks: pfn 0x[0-9a-f]+, .* = \{free_list = .*",),
        "print *kernel.mm.pgdat_list->node_zonelists[0]": (r"\$\d+ = 0:DMA(32)?",),
        "print (gfp_t)0x180d0": (r"\$\d+ = 0x180d0 \(WAIT IO FS ZERO 0x10000\)",),
    }
    settings = ["set $lru = (long)&((struct page *)0)->lru",
                "set $z = $zone(kernel.held[0].pfn)->type"]
    errors = {"pf page": "which page", "pf find": "which address", "pf dump x": "which file",
              "pf pcp 1": "takes no argument", "pf page 0x1000000000000": "is no page",
              "pf page va=0x10": "no address of the linear map"}
    shown = session(kernel, elf, small, ["alloc 3", "alloc 0"],
                    ["thbreak power_off", "continue", *settings, *expected, *errors], tmp_path)
    for command, patterns in expected.items():
        matches(shown.lines(command), *patterns)
    for command, text in errors.items():
        assert text in shown.error(command)


def test_before_the_allocator(kernel, elf, small, tmp_path):
    """At reset, with the MMU off, and with it on but nothing built: harts and symbols, and a reason."""
    allocator = [f"pf {c}" for c in PLAIN if c != "harts"] + ["pf page 1", "pf owner 1", "pf find 1",
                                                             "pf dump x.json", "print $pfn(1)"]
    at_reset = session(kernel, elf, small, [], ["pf harts", *allocator], tmp_path)
    harts = at_reset.lines("pf harts")
    assert sum(line.startswith("thread ") for line in harts) == 2
    assert sum("not in the image: in the firmware, or not started" in line for line in harts) == 2
    for command in allocator:
        assert "the allocator is not up: no hart has paging on" in at_reset.error(command)


def test_before_paging(kernel, elf, small, tmp_path):
    shown = session(kernel, elf, small, [],
                    ["pf symbols", "hbreak early_paging", "continue", "pf harts", "pf buddyinfo",
                     "delete", "hbreak mm_init", "continue ", "pf harts ", "pf zones"], tmp_path)
    matches(shown.lines("pf harts"), r"    pc 0x[0-9a-f]+ early_paging.*, before paging",
            r"    #0  early_paging .*", r"    #1  0x[0-9a-f]+ in boot \(\)")
    assert "the allocator is not up: no hart" in shown.error("pf buddyinfo")
    matches(shown.lines("pf harts "), r"thread \d: cpu 0 hart 0x\d .*, interrupts off",
            r"    pc 0x[0-9a-f]+ mm_init.*", r"    #\d+ .* kernel_main .*")
    assert "not up yet: mm_free_boot_memory() has not run" in shown.error("pf zones")


def test_at_work(kernel, elf, tmp_path):
    """Stopped in the middle of a stress, in the buddy system: every command still has its answer."""
    machine = machines.sized(4, "256M", 2)
    commands = [*[f"pf {c}" for c in PLAIN], f"pf page {FIRST_PFN:#x} + 0x5000", "pf find $sp"]
    shown = session(kernel, elf, machine, ["stress ops=20000 seed=7"],
                    ["thbreak stress_cpu_main", "continue", "thbreak buddy_take_bulk", "continue ",
                     *commands], tmp_path)
    for command in commands:
        assert not shown.answers[command].startswith("error: "), shown.answers[command]
    harts = shown.lines("pf harts")
    matches(harts, r"    #0  buddy_take_bulk .*", r"thread \d: cpu \d hart 0x\d online, thread .*")
    matches(shown.lines("pf find $sp"), r"0x[0-9a-f]+: (image, boot stack|stack of thread \d+ .*), .*")
    assert any("stress: PASS" in line for line in shown.console)


def check_trace(shown):
    """The events before the crash, in their order: the block that is held, and a page freed again."""
    head = re.search(r"pfn (0x[0-9a-f]+)", shown.lines("pf page kernel.held[0].pfn")[0])[1]
    trace = shown.lines("pf trace 50")
    matches(trace, rf"\d+: \d+\.\d{{6}} s cpu 0 alloc pfn {head} order 2 gfp 0xd0 from 0x[0-9a-f]+ .*")
    numbers = [int(line.split(":")[0]) for line in trace]
    assert numbers == sorted(set(numbers))
    at = next(i for i, line in enumerate(trace) if " order 0 gfp 0x20 " in line)
    pfn = re.search(r"pfn \S+", trace[at])[0]
    assert any(f" free {pfn} order 0 " in line for line in trace[at + 1:])


def test_after_a_crash(kernel, elf, small, tmp_path):
    """A hart has trapped, all are stopped: all commands work, and a list broken by hand is found."""
    zone = "$zone(kernel.held[0].pfn)"
    commands = [f"pf {c}" for c in PLAIN]
    shown = session(kernel, elf, small, ["trace on", "alloc 2", "alloc 0 ATOMIC", "free last",
                                         "selftest crash null 1"],
                    ["thbreak report_fatal_end", "continue", *commands,
                     "pf page kernel.held[0].pfn", "pf trace 50",
                     f"set var {zone}->free_area[10].free_list.next->prev = 0", "pf check "],
                    tmp_path)
    for command in commands:
        assert not shown.answers[command].startswith("error: "), shown.answers[command]
    matches(shown.lines("pf harts"), r"thread \d: cpu 1 hart 0x\d online, thread \d+ .*, interrupts off",
            r"    #\d+ .*trap_handler .*", r"    #\d+ .*crash_commit .*")
    assert "allocated, order 2" in shown.lines("pf page kernel.held[0].pfn")[0]
    check_trace(shown)
    assert "0 faults found" in shown.lines("pf check")[-1]
    matches(shown.lines("pf check "), r"check: node 0 zone DMA(32)?: order-10 list: entry 0 is "
                                      r"linked wrongly", r"check: [1-9]\d* faults found, .*")


def test_owner(kernel, elf, small, tmp_path):
    """The level `owner`: who allocated, who freed, as the machine itself says it, and the calls by name."""
    held = "kernel.held[0].pfn"
    shown = session(kernel, elf, small, ["debug owner on", "alloc 3", "alloc 2", "free last"],
                    ["thbreak power_off", "continue", f"call show_page_owner(&kernel.mm, {held})",
                     f"pf owner {held} + 5", f"pf page {held}", f"pf find $pa({held})"], tmp_path)
    owner = shown.lines(f"pf owner {held} + 5")
    assert re.match(r"page last allocated via order 3, gfp_mask 0xd0, task monitor, cpu 0, at "
                    r"\d+\.\d{6} s", owner[0])
    matches(owner, r"  from 0x[0-9a-f]+ run_command \(\) at kernel/monitor\.c:\d+",
            "page last freed: not on record")
    bare = [re.sub(r"(from 0x[0-9a-f]+) .*", r"\1", line) for line in owner]
    at = shown.console.index(bare[0])
    assert shown.console[at:at + len(bare)] == bare
    for command, indent in ((f"pf page {held}", 4), (f"pf find $pa({held})", 2)):
        assert shown.lines(command)[-len(owner):] == [" " * indent + line for line in owner]


def test_run_gdb_attach(elf, tmp_path):
    """scripts/run --gdb=attach, but for its build: gdb at our terminal, with the commands, on the machine."""
    code = ("import sys; sys.path.insert(0, sys.argv[1]); import run; "
            "options, commands = run.parse(sys.argv[4:]); run.machines.current = options.arch; "
            "machine = run.machines.from_options(options); "
            "run.start(options, machine, commands, sys.argv[2], sys.argv[3])")
    done = subprocess.run(
        [sys.executable, "-c", code, os.path.join(ROOT, "scripts", "lib"), os.path.dirname(elf),
         str(tmp_path), "--arch", machines.current, "--gdb=attach", "--smp", "2", "--mem", "128M",
         "--", "buddyinfo"],
        input="set confirm off\npf harts\nthbreak power_off\ncontinue\npf buddyinfo\nquit 3\n",
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
    print(done.stdout)
    assert done.returncode == 3
    assert done.stdout.count("in the firmware, or not started") == 2
    (line,) = [line for line in done.stdout.splitlines() if "Node 0, zone" in line]
    with open(tmp_path / "console", encoding="latin-1") as console:
        assert line.removeprefix("(gdb) ") in console.read().replace("\r", "").split("\n")


def planted():
    """FAULTS of gdb_faults.py, which only gdb can import."""
    with open(FAULTS, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    values = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            code = compile(ast.Expression(node.value), FAULTS, "eval")
            values[node.targets[0].id] = eval(code, {}, values)  # pylint: disable=eval-used
    return values["FAULTS"]


def test_check_finds_what_mm_check_finds(kernel, elf, small, tmp_path):
    """For a fault against every rule `pf check` says what the machine's own check says, word for word."""
    faults = planted()
    source = f"source {FAULTS}"
    shown = session(kernel, elf, small, ["alloc 3", "alloc 0"],
                    ["thbreak power_off", "continue", source, "pf check"], tmp_path)
    found = re.split(r"^fault: (.*)\n", shown.answers[source], flags=re.M)
    assert found[1::2] == list(faults)
    for (name, (_, says)), answer in zip(faults.items(), found[2::2]):
        by_gdb, by_machine = answer.split("the machine:\n")
        *lines, count = by_machine.strip().split("\n")
        *by_gdb, _, summary = by_gdb.strip().split("\n")
        assert by_gdb == lines, name
        assert summary.startswith(f"check: {count.removeprefix('its count: ')} faults found"), name
        assert any(says in line for line in by_gdb), f"{name}: {by_gdb}"
    assert "check: 0 faults found" in shown.lines("pf check")[-1]
