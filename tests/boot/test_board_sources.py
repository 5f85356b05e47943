# SPDX-License-Identifier: BSD-2-Clause
"""The boards as sources: none without a test or a place in README.md, each told in a comment, and dtc
finds nothing in those that are not malformed on purpose.
"""
import os
import re
import subprocess

import pytest

import machine as machines
from test_boards import BOARDS


def test_table_has_every_board():
    assert sorted(BOARDS) == machines.boards()


def test_list_has_a_line_for_each():
    lines = machines.list_boards().split("\n")
    assert [line.split()[0] for line in lines] == machines.boards()


@pytest.mark.parametrize("name", machines.boards())
def test_comment(name):
    """A line of what it shows, the machine, and what is said of what is malformed."""
    board = machines.Board(name)
    assert re.fullmatch(r"\S.*\.", board.shows)
    assert board.args and all(args[:1] == ["-machine"] for args in board.args.values())
    assert board.is_bad() == board.shows.startswith("Bad: ")
    assert board.says or not board.is_bad()
    with open(os.path.join(machines.ROOT, "README.md"), encoding="utf-8") as file:
        assert f"| `{name}` |" in file.read()


@pytest.mark.parametrize("arch, name", [
    (arch, name) for name in machines.boards() if not machines.Board(name).is_bad()
    for arch in machines.Board(name).args])
def test_dtc_finds_nothing(arch, name):
    done = subprocess.run(["dtc", "-i", os.path.join(machines.BOARDS, arch), "-O", "dtb", "-o",
                           os.devnull, machines.Board(name).source],
                          capture_output=True, text=True, check=True)
    assert done.stderr == ""
