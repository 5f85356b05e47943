# SPDX-License-Identifier: BSD-2-Clause
"""The pictures of the boards in docs/layout/, one of each board on each architecture that has it,
and the end of docs/layout.md, which shows them.

scripts/pictures makes them; tests/layout says so where they are no longer what `layout` draws.
"""
import os
import subprocess

import machine

ROOT = machine.ROOT
BOARDS = machine.BOARDS
FOLDER = os.path.join(ROOT, "docs", "layout")
PAGE = FOLDER + ".md"
HEADING = "## The boards\n"


def arches():
    """The architectures that have a machine which boards include."""
    return sorted(name for name in os.listdir(BOARDS)
                  if os.path.exists(os.path.join(BOARDS, name, "virt.dtsi")))


def boards(arch):
    """The names of the boards that an architecture has; not of those malformed on purpose."""
    found = map(machine.Board, machine.boards())
    return [board.name for board in found if arch in board.args and not board.is_bad()]


def picture(arch, board):
    """Where the picture is kept."""
    return os.path.join(FOLDER, arch, f"{board}.svg")


def draw(program, arch, board, path):
    """Draw with the `layout` at path `program`."""
    subprocess.run([program, "--arch", arch, "--svg", path, machine.Board(board).source], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def page_with_boards(text):
    """The page, with the part from the heading on as it has to be."""
    names = sorted({board for arch in arches() for board in boards(arch)},
                   key=lambda board: (board != machine.DEFAULT_BOARD, board))
    parts = [text[:text.index(HEADING)], HEADING, "\n`scripts/pictures` draws them again.\n"]
    for board in names:
        having = [arch for arch in arches() if board in boards(arch)]
        parts.append(f"\n### {board}\n\n{machine.Board(board).shows}\n")
        for arch in having:
            parts.append(f"\n![{board} on {arch}](layout/{arch}/{board}.svg)\n")
    return "".join(parts)


def write_page():
    with open(PAGE, encoding="utf-8") as file:
        text = page_with_boards(file.read())
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    program = os.path.join(ROOT, "build", "host", "layout")
    for arch in arches():
        os.makedirs(os.path.join(FOLDER, arch), exist_ok=True)
        for board in boards(arch):
            draw(program, arch, board, picture(arch, board))
            print(os.path.relpath(picture(arch, board), ROOT))
    write_page()


if __name__ == "__main__":
    main()
