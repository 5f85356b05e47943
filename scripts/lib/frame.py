# SPDX-License-Identifier: BSD-2-Clause
"""scripts/frame NAME [LOG]: write out the report NAME that stands in a log of the UART.

The log is a file, or standard input. Of several reports with that name it is the last. Without
NAME: the names that are there, in order. Status 1, and a line on standard error, if there is no
whole one.

    scripts/run -- vmstat | scripts/frame vmstat
    scripts/frame node0/numastat boot.log
"""
import json
import re
import sys

BEGIN, END, BROKEN = "-----BEGIN {}-----", "-----END {}-----", "-----BROKEN-----"


class Missing(Exception):
    """There is no whole frame of that name; the text says why."""


def lines_of(data):
    """What the UART sent (bytes) as lines, without the ends that a terminal wants."""
    return data.decode("latin-1").replace("\r", "").split("\n")


def names(lines):
    """The names of the frames that begin, in order."""
    matches = (re.fullmatch(BEGIN.format("(.+)"), line) for line in lines)
    return [match[1] for match in matches if match]


def begins(lines, name):
    """Where the frames `name` begin."""
    return [i for i, line in enumerate(lines) if line == BEGIN.format(name)]


def inside(lines, name, begin):
    """The lines of the frame `name` that begins at line `begin`."""
    rest = lines[begin + 1:]
    if END.format(name) not in rest:
        raise Missing(f"the report {name} has no end: the log stops inside it")
    found = rest[:rest.index(END.format(name))]
    if BROKEN in found:
        raise Missing(f"the report {name} is broken: others printed more than could be held back "
                      "meanwhile; take another")
    return found


def last(lines, name):
    """The lines of the last frame `name`."""
    at = begins(lines, name)
    if not at:
        found = ", ".join(dict.fromkeys(names(lines))) or "none"
        raise Missing(f"no report {name} here; there are: {found}")
    return inside(lines, name, at[-1])


def every(lines, name):
    """The lines of each frame `name`, in order."""
    return [inside(lines, name, begin) for begin in begins(lines, name)]


def cut(lines, name):
    """The lines of the one frame `name`; for tests."""
    assert names(lines).count(name) == 1, f"no single frame {name}"
    return last(lines, name)


def layout(lines):
    """The object that `layout json` printed."""
    return json.loads("\n".join(cut(lines, "layout.json")))


def main():
    arguments = sys.argv[1:]
    if len(arguments) > 2 or any(a.startswith("-") for a in arguments):
        sys.exit(__doc__)
    try:
        if len(arguments) == 2:
            with open(arguments[1], "rb") as file:
                data = file.read()
        else:
            data = sys.stdin.buffer.read()
        lines = lines_of(data)
        wanted = last(lines, arguments[0]) if arguments else names(lines)
    except (Missing, OSError) as error:
        sys.exit(f"scripts/frame: {error}")
    sys.stdout.buffer.write("".join(line + "\n" for line in wanted).encode("latin-1"))


if __name__ == "__main__":
    main()
