# SPDX-License-Identifier: BSD-2-Clause
"""The three examples at the end of docs/debugging.md, run again: each line that is shown there has to
come out, in that order, but for its numbers; addresses that later commands name are those of this run."""
import os
import re
import shlex
import subprocess

import pytest

import machine as machines
from conftest import ROOT, boot_file, through_shim
from debugger import TIMEOUT, session

PAGE = os.path.join(ROOT, "docs", "debugging.md")
NUMBER = re.compile(r"0x[0-9a-f]+|(?<=pfn:)[0-9a-f]+|(?<=\bhart)\d+|\b\d+\b")


def examples():
    """{heading: [(command with its prompt, the lines below)]}"""
    with open(PAGE, encoding="utf-8") as file:
        text = file.read().split("\n## Three examples\n")[1].split("\n## ")[0]
    found = {}
    for part in text.split("\n### ")[1:]:
        heading, body = part.split("\n", 1)
        steps = found[heading] = []
        for block in re.findall(r"^```\n(.*?)^```$", body, re.M | re.S):
            for line in block.splitlines():
                if line.startswith(("$ ", "(gdb) ")):
                    steps.append((line, []))
                elif line != "...":
                    steps[-1][1].append(line)
    return found


def compare(shown, lines, numbers):
    """Each shown line is among the lines, in order; notes this run's numbers for the shown ones."""
    at = 0
    for line in shown:
        form = NUMBER.sub("N", line.strip())
        while at < len(lines) and NUMBER.sub("N", lines[at].strip()) != form:
            at += 1
        assert at < len(lines), f"`{line}` does not come out (any more), or not in this place"
        numbers.update(zip(NUMBER.findall(line), NUMBER.findall(lines[at])))
        at += 1


def options(command):
    """(machine, the monitor's commands) of a line with scripts/run."""
    words = shlex.split(command)
    value = {name: words[words.index(name) + 1] for name in ("--smp", "--mem", "--nodes")
             if name in words}
    return (machines.sized(int(value["--smp"]), value["--mem"], int(value.get("--nodes", 1))),
            words[words.index("--") + 1].split("; "))


def of_this_tree(lines):
    return [line.replace(ROOT + os.sep, "") for line in lines]


def shell(command, elf, numbers):
    """A command's lines, with this run's numbers and image."""
    command = re.sub(r"0x[0-9a-f]+", lambda match: numbers[match[0]], command)
    command = command.replace("build/riscv64-release/pageframe.elf", shlex.quote(elf))
    return subprocess.run(["bash", "-c", command], cwd=ROOT, check=True, text=True, timeout=TIMEOUT,
                          stdout=subprocess.PIPE).stdout.splitlines()


def replay(steps, kernel, elf):
    """A run, and then commands of the shell; returns all that came out."""
    (first, shown), *others = steps
    machine, commands = options(first)
    result = boot_file(machine, kernel, commands, "")
    numbers, everything = {}, list(result.lines)
    compare(shown, result.lines, numbers)
    for command, below in others:
        lines = of_this_tree(shell(command[2:], elf, numbers))
        compare(below, lines, numbers)
        everything += lines
    return "\n".join(everything)


@pytest.fixture(scope="module", name="steps")
def steps_of_the_page():
    found = examples()
    assert list(found) == ["A double free", "A corrupted list, after a crash", "A leak"]
    return found


def test_double_free(steps, kernel, elf):
    text = replay(steps["A double free"], kernel, elf)
    assert text.count("double_free_in_cache at kernel/selftest_misuse.c:") == 3


def test_leak(steps, kernel, elf):
    text = replay(steps["A leak"], kernel, elf)
    assert "leak: 24 pages in 9 blocks from 2 places" in text
    assert "leak: 16 pages in 8 blocks; " in text and "leak: 8 pages in 1 blocks; " in text
    assert "serve_request at kernel/selftest_planted.c:" in text


def test_corrupted_list(steps, elf, tmp_path):
    """As on the page, so hart 0 boots: another would have its node's list corrupted."""
    (first, nothing), *others = steps["A corrupted list, after a crash"]
    assert nothing == []
    commands = [command[len("(gdb) "):] for command, _ in others]
    machine, monitor = options(first)
    shim, machine = through_shim(elf, machine, 0)
    done = session(shim, elf, machine, monitor, commands, tmp_path)
    for command, (_, below) in zip(commands, others):
        compare(below, of_this_tree(done.lines(command)), {})
    assert any(re.match(r"TRAP: .*cpu 1: .*0x8 \(null pointer\)", line) for line in done.console)
    check = done.lines("pf check")
    assert "order-10 list: entry 1 is linked wrongly" in check[0]
    owner = done.lines(commands[-1])
    freed = next(i for i, line in enumerate(owner) if "page last freed" in line)
    assert "cpu 0" in owner[freed] and "selftest_corrupt" in owner[freed + 1]
