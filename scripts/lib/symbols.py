# SPDX-License-Identifier: BSD-2-Clause
"""What stands at the addresses of a call trace: added to its lines on their way to the reader.

A line of a trace is a number or `from`, and an address, nothing else. Only those are added to, at
their end; whoever judges a run reads what the machine has sent, and frames are left alone.
"""
import bisect
import os
import re
import subprocess

import machine as machines

TRACE = re.compile(r"  (#\d+|from) 0x([0-9a-f]{16})")
# A frame of kernel/frame.c begins and ends so: scripts/lib/frame.py.
FRAME = re.compile(r"-----(BEGIN .+|END .+|BROKEN)-----")
# No line of a trace is longer.
LINE_MAX = 80


class Symbols:
    """An ELF file's functions and lines. One process is asked, from the first address on; without
    the toolchain's binutils nothing is known."""

    def __init__(self, elf):
        self.elf = elf
        self.process = None
        self.failed = False
        self.starts, self.names = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait()

    def _start(self):
        tool = machines.arch().triple
        table = subprocess.run([f"{tool}-nm", "--numeric-sort", self.elf], text=True, check=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        for line in table.splitlines():
            match = re.fullmatch(r"([0-9a-f]+) [tT] ([^$.]\S*)", line)
            if match:
                self.starts.append(int(match[1], 16))
                self.names.append(match[2])
        self.process = subprocess.Popen([f"{tool}-addr2line", "-e", self.elf], text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, start_new_session=True)

    def _line(self, address):
        self.process.stdin.write(f"{address:x}\n")
        place = self.process.stdout.readline().split(" (discriminator")[0].strip()
        if place.startswith(machines.ROOT + os.sep):
            place = os.path.relpath(place, machines.ROOT)
        return f" ({place})" if re.search(r":[1-9]\d*$", place) else ""  # of assembly no line is known

    def name(self, address, returns=False):
        """`function+offset (file:line)`, or nothing. `returns`: it stands behind the call."""
        try:
            if not self.process and not self.failed:
                self._start()
            at = bisect.bisect_right(self.starts, address - returns) - 1
            if self.failed or not 0 <= at < len(self.starts) - 1:
                return ""
            place = self._line(address - returns)
        except (OSError, subprocess.CalledProcessError):
            self.failed = True
            return ""
        return f"{self.names[at]}+{address - self.starts[at]:#x}{place}"

    def annotated(self, stream):
        """The stream, with the lines of traces that are written to it added to."""
        return Annotated(stream, self)


class Annotated:
    """What is written goes on at once, but for the end of a trace's line, which the name precedes."""

    def __init__(self, stream, symbols):
        self.stream = stream
        self.symbols = symbols
        self.line = ""  # what has been written of the line so far, as far as a trace's can be long
        self.held = ""  # the first half of a trace's line end, which came alone
        self.in_frame = False

    def _addition(self, line):
        frame = FRAME.fullmatch(line.rstrip("\r"))
        if frame:
            self.in_frame = frame[1].startswith("BEGIN")
        trace = not self.in_frame and TRACE.fullmatch(line)
        name = self.symbols.name(int(trace[2], 16), trace[1] == "from") if trace else ""
        return f" {name}" if name else ""

    def write(self, text):
        out = []
        text, self.held = self.held + text, ""
        for piece in re.split(r"(\r*\n)", text):
            if piece.endswith("\n"):
                out.append(self._addition(self.line))
                self.line = ""
            elif piece.endswith("\r") and TRACE.fullmatch(self.line + piece[:-1]):
                self.line += piece[:-1]
                piece, self.held = piece[:-1], "\r"
            else:
                self.line = (self.line + piece)[:LINE_MAX]
            out.append(piece)
        self.stream.write("".join(out))

    def flush(self):
        self.stream.flush()
