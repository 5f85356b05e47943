# SPDX-License-Identifier: BSD-2-Clause
"""`mark` and `diff`: a planted leak is found, with who did it; what was freed is not told."""
import re
import subprocess

import machine as machines
from session import command, finish, typed


ADDR2LINE = {"riscv64": "riscv64-unknown-elf-addr2line", "arm64": "aarch64-linux-gnu-addr2line"}


def function_of(elf, address):
    """The name of the function that an address is in, by the ELF's symbols."""
    done = subprocess.run([ADDR2LINE[machines.current], "-f", "-e", elf, hex(address)],
                          stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout.splitlines()[0]


def test_planted_leak(elf, kernel):
    with typed(kernel, machines.sized(4, "512M", 2)) as child:
        assert "there is no mark" in command(child, "diff")[0]
        command(child, "alloc 4")  # before the mark: not told
        assert command(child, "mark")[-1].startswith("mark: set")
        assert any("stress: PASS" in line for line in command(child, "stress ops=10000"))
        assert command(child, "diff") == ["leak: 0 pages in 0 blocks from 0 places since the mark"]
        for order in (3, 3, 0):
            command(child, f"alloc {order} ATOMIC")
        lines = command(child, "diff")
        assert lines[0] == "leak: 17 pages in 3 blocks from 1 places since the mark"
        assert re.match(r"leak: 17 pages in 3 blocks; the oldest is pfn 0x[0-9a-f]+ of order 3, "
                        r"gfp_mask 0x20, task \S+, cpu 0, at \d+\.\d{6} s$", lines[1])
        stack = [int(re.fullmatch(r"  from (0x[0-9a-f]+).*", line)[1], 16) for line in lines[2:]]
        assert 1 <= len(stack) <= 4
        # A return address is behind its call, which is in the function that allocates by hand.
        assert function_of(elf, stack[0] - 2) == "alloc_requested"
        command(child, "free last")
        assert command(child, "diff")[0] == "leak: 16 pages in 2 blocks from 1 places since the mark"
        command(child, "free all")
        assert command(child, "diff") == ["leak: 0 pages in 0 blocks from 0 places since the mark"]
        command(child, "debug owner off")
        assert "there is no mark" in command(child, "diff")[0]
        command(child, "debug owner on")  # what was allocated meanwhile is not on record
        assert "there is no mark" in command(child, "diff")[0]
        finish(child, 1)
