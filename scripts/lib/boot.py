# SPDX-License-Identifier: BSD-2-Clause
"""Boot the image on a machine, watch what it prints, and judge the run.

The image ends every run with a line "pageframe: power off, status N" and hands N to QEMU; the
verdict asks for both, and for a PASS line of every stress and thrash that was asked for.

A boot that stops inside the firmware (measured: about 1 in 170 with QEMU 7.2 and OpenSBI 1.1) is
tried again, and counted.
"""
import contextlib
import ctypes
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
import tty

import machine as machines

# The first line of ours, and what a run may end with.
FIRST_LINE = "Pageframe"
POWER_OFF = "pageframe: power off, status "
RESET = "pageframe: reset"
PROMPT = "pageframe> "

# The firmware; without, QEMU's own. $PAGEFRAME_BIOS is for all tests.
BIOS = os.environ.get("PAGEFRAME_BIOS")

BOOTARGS_MAX = 4094  # BOOTARGS_MAX of kernel/kernel.h, less its end; with one more it may be cut

FIRMWARE_TRIES = 3
# Hang detectors, not measures of speed: seconds until the first line of ours, and until the end.
FIRMWARE_SECONDS = 60
# The limit of a CTest test is 900: ours comes first, as it can say what hung.
RUN_SECONDS = 800
# After the machine's last line, for QEMU to end; not all machines can power off.
OFF_SECONDS = 60

# The verdicts of commands that give one, by the command.
PASS = {
    "stress": re.compile(r"(stress: PASS ops=\d+ violations=0 leaked=0"
                         r"|oom: PASS kills=\d+ leaked=0 violations=0) seed=\S+\s*"),
    "thrash": re.compile(r"thrash: PASS blocks=(\d+) verified=\1 mismatches=0 leaked=0 .*"),
}
FATAL = ("PANIC: ", "TRAP: ", "oom: FAIL", *(f"{command}: FAIL" for command in PASS))


class Result:
    """How a run went: QEMU's exit status (None if it was killed), its lines, what hung."""

    def __init__(self):
        self.status = None
        self.text = ""
        self.hung = None         # None, "firmware" or "run"
        self.started = False     # the first line of ours has come
        self.firmware_hangs = 0  # boots before this one that stopped in the firmware

    def add(self, text):
        self.text += text
        if not self.started:
            self.started = any(line.startswith(FIRST_LINE) for line in self.lines)

    @property
    def lines(self):
        return self.text.replace("\r", "").split("\n")

    def last_line(self):
        return next((line for line in reversed(self.lines) if line.strip()), "")


def problems(result, commands):
    """Why a run did not pass, one line each; none if it did."""
    found = []
    if result.hung == "firmware":
        return [f"no boot of {result.firmware_hangs} came out of the firmware"]
    if result.hung == "off":
        found.append(f"it said `{result.last_line()}`, but did not power off")
    elif result.hung == "run":
        found.append("the run did not end in time; last line: " + result.last_line())
    elif result.status != 0:
        found.append(f"QEMU ended with status {result.status}")
    elif result.last_line() != POWER_OFF + "0":
        found.append(f"the last line is not `{POWER_OFF}0` but `{result.last_line()}`")
    found += [line for line in result.lines if line.startswith(FATAL)]
    if not any(c.split()[:1] == ["selftest"] for c in commands):
        # Self-tests commit misuse and check the report; anywhere else a report is a fault.
        found += [line for line in result.lines if line.startswith("BUG: ")]
    for name, verdict in PASS.items():
        asked = sum(c.split()[:1] == [name] for c in commands)
        passed = sum(bool(verdict.fullmatch(line)) for line in result.lines)
        if passed < asked:
            found.append(f"{asked} {name} asked for, {passed} passed")
    return found


def bootargs(append, commands, interactive=False):
    """The kernel command line: arguments, then the monitor commands after ` -- `."""
    words = [append] if append else []
    if interactive:
        words.append("interactive")
    else:
        commands = [*commands, "poweroff"]
    return " ".join([*words, "--", "; ".join(commands)])


def qemu_command(machine, image, append, scripted=True, gdb_socket=None):
    """The command as a list. Scripted runs end at a reset, and have no QEMU monitor."""
    command = [machines.QEMU[machines.current], *machine.qemu_args(), *machines.arch().args]
    if not any(a in ("-accel", "-icount") or "accel=" in a for a in machine.args):
        command += ["-accel", "tcg,thread=multi"]
    command += ["-display", "none", "-nic", "none"]
    if scripted:
        command += ["-serial", "stdio", "-monitor", "none", "-no-reboot"]
    else:
        command += ["-serial", "mon:stdio"]
    if BIOS and machines.current == "riscv64":
        command += ["-bios", BIOS]
    if gdb_socket:
        command += ["-S", "-gdb", f"unix:{gdb_socket},server=on,wait=off"]
    return command + ["-kernel", machine.kernel(image), "-append", append]


def _read(descriptor):
    """What there is to read, or nothing at the end; a pty ends with an error."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def _end_with_us():
    """In the child, before it becomes QEMU: it is killed when we end, also by a SIGKILL."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextlib.contextmanager
def background(command, output):
    """QEMU without a terminal, in a session of its own, its console to `output`; killed at the end."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                          start_new_session=True, preexec_fn=_end_with_us) as process:
        try:
            yield process
        finally:
            _end(process)


def _end(process):
    """Kill what still runs, and collect its status."""
    if process.poll() is None:
        process.kill()
    return process.wait()


def _attempt(command, timeout, firmware_timeout, echo):
    """One boot without a terminal. Timeouts in seconds, None for none."""
    result = Result()
    start = time.monotonic()
    off = None  # when QEMU has to have ended, once the last line has come
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          preexec_fn=_end_with_us) as process:
        try:
            while True:
                limit = timeout if result.started else firmware_timeout
                if POWER_OFF in result.text:
                    off = off or time.monotonic() - start + OFF_SECONDS
                    limit = off if limit is None else min(limit, off)
                left = None if limit is None else start + limit - time.monotonic()
                if left is not None and left <= 0:
                    result.hung = "off" if off else "run" if result.started else "firmware"
                    break
                if not select.select([process.stdout], [], [], left)[0]:
                    continue
                data = _read(process.stdout.fileno())
                if not data:
                    result.status = process.wait()
                    break
                text = data.decode("ascii", "replace")
                result.add(text)
                if echo:
                    echo.write(text)
                    echo.flush()
        finally:
            _end(process)
    return result


def run(command, timeout=RUN_SECONDS, firmware_timeout=FIRMWARE_SECONDS, echo=None):
    """Boot without a terminal until the machine ends; a boot lost in the firmware is repeated."""
    for attempt in range(1, FIRMWARE_TRIES + 1):
        result = _attempt(command, timeout, firmware_timeout, echo)
        result.firmware_hangs = attempt if result.hung == "firmware" else attempt - 1
        if result.hung != "firmware":
            break
        print(f"boot {attempt} of {FIRMWARE_TRIES} stopped inside the firmware: no line of ours "
              f"within {firmware_timeout} s", file=sys.stderr, flush=True)
    return result


def _pass_through(process, master, result, timeout, echo):
    """Copy between our terminal and QEMU's until QEMU ends, or the time has passed."""
    sources = [master, sys.stdin.fileno()]
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        left = None if end is None else end - time.monotonic()
        if left is not None and left <= 0:
            result.hung = "run"
            return
        for source in select.select(sources, [], [], left)[0]:
            data = _read(source)
            if source == master:
                if not data:
                    result.status = process.wait()
                    return
                result.add(data.decode("ascii", "replace"))
                echo.write(data.decode("latin-1"))
                echo.flush()
            elif data:
                os.write(master, data)
            else:
                sources.remove(source)


class _Raw:
    """Characters of latin-1 as the bytes that they are, to standard output."""

    def write(self, text):
        sys.stdout.buffer.write(text.encode("latin-1", "replace"))

    def flush(self):
        sys.stdout.buffer.flush()


def interact(command, timeout=None, symbols=None):
    """Boot with our terminal, raw, as the machine's: Ctrl-A x ends QEMU, Ctrl-A c is its monitor.

    `symbols` names what stands in call traces, symbols.Symbols.
    """
    echo = symbols.annotated(_Raw()) if symbols else _Raw()
    result = Result()
    master, slave = pty.openpty()
    saved = termios.tcgetattr(sys.stdin)
    with subprocess.Popen(command, stdin=slave, stdout=slave, start_new_session=True,
                          preexec_fn=_end_with_us) as process:
        os.close(slave)
        try:
            tty.setraw(sys.stdin)
            _pass_through(process, master, result, timeout, echo)
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
            _end(process)
            os.close(master)
    return result


def end_on_signals():
    """Let a SIGTERM unwind, so that the terminal and temporary files are left in order."""
    def stop(number, _frame):
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, stop)
