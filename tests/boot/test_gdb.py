# SPDX-License-Identifier: BSD-2-Clause
"""gdb-multiarch, in batch, on a machine stopped at reset: breakpoints in C on a secondary hart,
all harts as threads, backtraces with symbols, before and after paging is on.

Before paging the image runs at its load address: its symbols are added a second time, shifted by
the distance between link and load address (which wraps around 2^64).
"""
import os
import re
import subprocess

import machine as machines
from conftest import ENTRY, only_on
from debugger import TIMEOUT, run_gdb, stopped_machine

HARTS = 3
# The image's link address less its load address (arch/*/image.lds).
LINK_OFFSET = {"riscv64": 0xffffffff80400000, "arm64": 0xffffffff80200000}[machines.current] - ENTRY
# Is 0 as long as addresses are physical; and the thread pointer.
PAGING = {"riscv64": "$satp", "arm64": "($SCTLR & 1)"}[machines.current]
THREAD = {"riscv64": "$tp", "arm64": "$TPIDR_EL0"}[machines.current]


def gdb(elf, folder, commands):
    """Run gdb's commands on a fresh machine; returns its output."""
    kernel = elf if machines.arch().image == "elf" else os.path.splitext(elf)[0] + ".Image"
    machine = machines.sized(HARTS, "256M", 1)
    with stopped_machine(kernel, machine, ["harts"], folder) as (_, socket):
        # The socket is there once QEMU listens; gdb tries for as long.
        setup = ["set pagination off", "set confirm off", "set tcp connect-timeout 60",
                 f"target remote {socket}"]
        return run_gdb([*(word for line in setup + commands for word in ("-ex", line)), elf])


def check_threads(output):
    threads = set(re.findall(r"^[* ] +1?\.?(\d+) +Thread ", output, re.M))
    assert len(threads) == HARTS, f"info threads lists {sorted(threads)}"


def check_backtrace(output, *functions):
    """Frames of these functions, in this order from the innermost, with file and line."""
    frames = re.findall(r"^#\d+ +(?:0x\w+ in )?(\w+) \(.*?\)\s+at \S+:\d+", output, re.M)
    at = 0
    for function in functions:
        assert function in frames[at:], f"{function} is not in {frames}"
        at = frames.index(function, at) + 1


def test_secondary_hart_in_c(elf, tmp_path):
    """With paging on: a secondary hart stops in its C entry; then at a function called later."""
    output = gdb(elf, str(tmp_path), [
        "hbreak secondary_entry",
        "continue",
        "info threads",
        "bt",
        "print kernel.nr_cpus",
        f"print {THREAD} != 0",
    ])
    assert re.search(r"hit (?:Hardware assisted b|B)reakpoint 1(\.\d)?, .*secondary_entry", output)
    check_threads(output)
    check_backtrace(output, "secondary_entry")
    assert f"$1 = {HARTS}" in output


def test_boot_hart_in_c(elf, tmp_path):
    """With paging on, deep in C on the hart that boots: the callers up to kernel_main."""
    output = gdb(elf, str(tmp_path), [
        "hbreak mm_free_boot_memory",
        "continue",
        "info threads",
        "bt",
    ])
    assert re.search(r"hit (?:Hardware assisted b|B)reakpoint 1(\.\d)?, .*mm_free_boot_memory", output)
    check_threads(output)
    check_backtrace(output, "mm_free_boot_memory", "kernel_main")


def shifted_symbols(elf):
    """The symbols once more, where the image runs until paging is on."""
    return f"add-symbol-file {elf} -o {-LINK_OFFSET % (1 << 64):#x}"


def loaded_at(elf, symbol):
    """The physical address of a symbol."""
    done = subprocess.run(["gdb-multiarch", "-nx", "-batch", "-ex",
                           f"print/x (unsigned long)&{symbol}", elf], check=True, text=True,
                          capture_output=True, timeout=TIMEOUT)
    linked = int(re.search(r"^\$1 = (0x\w+)", done.stdout, re.M)[1], 16)
    return f"{linked - LINK_OFFSET:#x}"


def test_before_paging(elf, tmp_path):
    """In the first C function of the boot hart, paging off: symbols and lines resolve."""
    output = gdb(elf, str(tmp_path), [
        shifted_symbols(elf),
        f"hbreak *{loaded_at(elf, 'early_paging')}",
        "continue",
        "info threads",
        "bt",
        f"print {PAGING}",
    ])
    assert re.search(r"hit (?:Hardware assisted b|B)reakpoint 1\b", output)
    check_threads(output)
    check_backtrace(output, "early_paging")
    assert re.search(r"^#\d+ +0x\w+ in boot \(\)", output, re.M), "its caller is not named"
    assert re.search(r"^\$1 = 0$", output, re.M), "paging is on"


def test_secondary_hart_before_paging(elf, tmp_path):
    """A secondary hart's first instruction, paging off, then its C entry with paging on."""
    output = gdb(elf, str(tmp_path), [
        shifted_symbols(elf),
        f"hbreak *{loaded_at(elf, 'secondary_start')}",
        "hbreak secondary_main",
        "continue",
        f"print {PAGING}",
        "info symbol $pc",
        "delete 1",
        "continue",
        "info threads",
        "bt",
        f"print {PAGING} != 0",
    ])
    assert re.search(r"^\$1 = 0$", output, re.M), "paging is on"
    assert re.search(r"^secondary_start in section", output, re.M)
    assert re.search(r"hit (?:Hardware assisted b|B)reakpoint 2(\.\d)?, .*secondary_main", output)
    check_threads(output)
    check_backtrace(output, "secondary_main")
    assert re.search(r"^\$2 = 1$", output, re.M), "paging is off"


@only_on("arm64")
def test_an_appended_tree_is_found_once(elf, flat, tmp_path):
    """Memory may be kept over a reset, and the next image come without a tree: by then the old one
    is none."""
    (tmp_path / "tree").write_bytes(machines.sized(HARTS, "256M", 1).tree())
    behind = ENTRY + os.path.getsize(flat)
    look = f"print/x *(unsigned int *){behind:#x}"
    output = gdb(elf, str(tmp_path), [
        f"restore {tmp_path / 'tree'} binary {behind:#x}", look, "hbreak paging_init", "continue",
        f"print (long)kernel.fdt == {behind:#x}", look])
    assert re.findall(r"^\$\d = (\w+)$", output, re.M) == ["0xedfe0dd0", "1", "0x0"]
