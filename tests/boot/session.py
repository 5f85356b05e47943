# SPDX-License-Identifier: BSD-2-Clause
"""Typing at the monitor's prompt: a booted machine as a pexpect child, commands, pastes, the end."""
import contextlib
import threading
import time

import pexpect
import pytest

import boot

# Ends a hang, nothing else.
TIMEOUT = 120


def raw_terminal(command):
    """The QEMU command with its terminal's keys left to the machine: Ctrl-C is typed, no signal."""
    at = command.index("-serial")
    assert command[at + 1] == "stdio"
    return [*command[:at], "-chardev", "stdio,id=terminal,signal=off", "-serial",
            "chardev:terminal", *command[at + 2:]]


@contextlib.contextmanager
def typed(kernel, machine, append=""):
    """A booted machine at its prompt, as a pexpect child; the boot arguments hold no commands.

    A boot that stops inside the firmware is repeated.
    """
    command = raw_terminal(boot.qemu_command(machine, kernel, append or "interactive"))
    for _ in range(boot.FIRMWARE_TRIES):
        child = pexpect.spawn(command[0], command[1:], timeout=TIMEOUT, encoding="latin-1",
                              echo=False, dimensions=(50, 500))
        child.delaybeforesend = None
        child.boot_text = ""
        try:
            found = child.expect([f"(?m)^{boot.FIRST_LINE}", pexpect.TIMEOUT])
            if found == 0:
                child.expect_exact(boot.PROMPT)
                child.boot_text = boot.FIRST_LINE + child.before
                yield child
                return
        finally:
            child.close(force=True)
    pytest.fail(f"{boot.FIRMWARE_TRIES} boots stopped inside the firmware")


def lines_of(text):
    """Text of the terminal as lines, without what is empty."""
    return [line for line in text.replace("\r", "").split("\n") if line]


def answer(child):
    """The lines that were printed up to the next prompt, the echo first."""
    child.expect_exact(boot.PROMPT)
    return lines_of(child.before)


def command(child, text):
    """Type a command; returns the lines it printed, once the prompt is back."""
    child.send(text + "\r")
    child.expect_exact(boot.PROMPT)
    echo, *lines = child.before.replace("\r", "").split("\n")
    assert echo.endswith(text), f"the echo is `{echo}`"
    return [line for line in lines if line]


@contextlib.contextmanager
def paste(child, data):
    """Send bytes as fast as the machine takes them; the body reads what is printed meanwhile.

    What is printed after that, while bytes are still on their way, is kept for the next who reads.
    """
    sender = threading.Thread(target=child.send, args=(data,), daemon=True)
    sender.start()
    yield
    end = time.monotonic() + TIMEOUT
    while sender.is_alive():
        assert time.monotonic() < end, "the machine stopped taking input"
        child.expect(pexpect.TIMEOUT, timeout=0.1)
    sender.join()


def finish(child, status):
    """poweroff, and what QEMU exits with."""
    child.send("poweroff\r")
    child.expect_exact(f"{boot.POWER_OFF}{status}")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == status
