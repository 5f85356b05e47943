# SPDX-License-Identifier: BSD-2-Clause
"""Misuse of the allocator: `selftest misuse` commits all there is, and what the reports say is read."""
import re

import boot
import machine as machines

MACHINE = (2, "256M", 1)

PFN = {"riscv64": "0x80800", "arm64": "0x44000"}[machines.current]

# By the row of the self-test: what its report says was done, None if a check's lines say it.
REASONS = {
    "double free": "double free",
    "double free in a per-CPU list": "double free",
    "double free in quarantine": "double free",
    "wrong order": "free with the wrong order",
    "tail page, misaligned": "free of a page that heads no allocated block",
    "interior page, aligned": "free of a page that heads no allocated block",
    "reserved page": "free of a reserved page or a hole",
    "hole": "use of a page that has no descriptor",
    "foreign address": "free of an address that is no page's",
    "offline pfn": "free of an address that is no page's",
    "never allocated": "free of a page that heads no allocated block",
    "zero-count put": "reference dropped that nobody held",
    "compound part astray": "bad compound page",
    "flags left on the page": "bad page state",
    "flags left on a tail": "bad page state",
    "free under the zone lock": "called under the zone's own lock",
    "free of a single page under the zone lock": "called under the zone's own lock",
    "sleeping in atomic": "sleep in atomic context",
    "write after free, found by the next owner": "write after free",
    "write after free, found by a check": "write after free",
    "read after free": "read after free",
    "write after free, trapped": "write after free",
    "list corruption, mended": "free list corruption",
    "list corruption, found by a check": None,
    "counter drift": None,
    "leak": None,
}
PAGELESS = {"foreign address", "offline pfn", "sleeping in atomic"}
BOTH_SITES = {name for name, reason in REASONS.items()
              if reason in ("double free", "read after free", "write after free")}
TRAPPED = {"read after free": "read", "write after free, trapped": "write"}


def by_row(lines):
    """{(row, with owners?): the lines before its verdict}"""
    rows, since = {}, []
    for line in lines:
        verdict = re.fullmatch(r"ok \d+ (.*?)(, with owners)?( # SKIP .*)?", line)
        if verdict:
            rows[verdict[1], verdict[2] is not None] = since
            since = []
        else:
            since.append(line)
    return rows


def check_report(name, lines, owners):
    """One report, as Linux begins it, with the place and the page; and who had the page before."""
    text = "\n".join(lines)
    found = re.findall(r"^(BUG: Bad page state in process monitor  pfn:([0-9a-f]{5,})\n"
                       r"page dumped because|BUG: mm): (.*), order \d+, called from "
                       r"0x[0-9a-f]+ on cpu \d+$", text, re.MULTILINE)
    assert [reason for _, _, reason in found] == [REASONS[name]], (name, text)
    pfn = found[0][1]
    assert bool(pfn) == (name not in PAGELESS)
    assert "  expected: " in text
    assert re.search(r"^Call trace:\n  #0 0x[0-9a-f]+\n  #1 0x[0-9a-f]+$", text, re.MULTILINE)
    if name == "hole":
        assert re.search(rf"^memmap: read of the descriptor of pfn 0x0*{int(pfn, 16):x}, which is not "
                         r"there, by the instruction at (0x[0-9a-f]+)\n.*\n.*called from \1 on cpu",
                         text, re.MULTILINE), text
    elif pfn:
        assert re.search(rf"^  pfn 0x0*{pfn} at 0x0*{pfn}000: ", text, re.MULTILINE)
    if name in TRAPPED:
        assert re.search(rf"^pagealloc: {TRAPPED[name]} after free: pfn 0x{pfn}, byte 0x[0-9a-f]+ of "
                         r"the page, by the instruction at (0x[0-9a-f]+)\n.*\n.*called from "
                         r"\1 on cpu", text, re.MULTILINE), text
    if owners and name in BOTH_SITES:
        for what in ("allocated", "freed"):
            assert re.search(rf"^page last {what} via order \d+, gfp_mask 0x[0-9a-f]+, task "
                             r"monitor, cpu \d+, at \d+\.\d{6} s\n  from 0x[0-9a-f]+$", text,
                             re.MULTILINE), (name, what, text)


def test_every_misuse_is_caught(run):
    """As docs/misuse.md has it, on the default board: no row is skipped."""
    commands = ["selftest misuse", "check", "stress ops=5000", "check"]
    result = run(machines.board(machines.DEFAULT_BOARD), commands)
    assert boot.problems(result, commands) == []
    rows = by_row(result.lines)
    assert {name for name, _ in rows} == set(REASONS)
    for (name, owners), lines in rows.items():
        if REASONS[name]:
            check_report(name, lines, owners)
        elif name != "leak":
            assert any(line.startswith("check: node ") for line in lines)
    assert not [line for line in result.lines if "SKIP" in line]


def test_levels_are_on_from_the_start(run):
    """All of them at once, and nobody is blamed: neither at boot nor in a stress."""
    levels = "tails,lists,owner,poison,quarantine,unmap,context"
    commands = ["debug", "stress ops=10000", "selftest threads", "check", f"owner {PFN}"]
    result = run(machines.sized(*MACHINE), commands, append=f"debug={levels}")
    assert boot.problems(result, commands) == []
    for level in levels.split(","):
        assert any(re.match(rf"debug: {level} +on ", line) for line in result.lines)
    assert any(line.startswith("page last allocated") for line in result.lines)


def test_panic_on_misuse_stops(run):
    commands = ["alloc 0", "free last", "selftest misuse"]
    result = run(machines.sized(*MACHINE), commands, append="panic_on_misuse=1")
    assert result.status != 0
    assert any("would stop the machine" in line for line in result.lines)
