# SPDX-License-Identifier: BSD-2-Clause
"""gdb-multiarch in batch on a machine that is stopped at reset, with the commands of scripts/gdb."""
import contextlib
import json
import os
import signal
import subprocess

import pytest

import boot
from conftest import ROOT

COMMANDS = os.path.join(ROOT, "scripts", "gdb", "pageframe.py")
DRIVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gdb_driver.py")
# Ends a hang, nothing else.
TIMEOUT = 180


@contextlib.contextmanager
def stopped_machine(kernel, machine, commands, folder, append=""):
    """A machine stopped at reset; yields its process and the path of gdb's socket."""
    socket = os.path.join(folder, "gdb")
    command = boot.qemu_command(machine, kernel, boot.bootargs(append, commands),
                                gdb_socket=socket)
    with open(os.path.join(folder, "console"), "wb") as console, \
            boot.background(command, console) as qemu:
        wait_for_socket(socket)
        yield qemu, socket


def wait_for_socket(path):
    """Until QEMU has made its socket; pytest's caller has the time limit."""
    while not os.path.exists(path):
        os.sched_yield()


def run_gdb(arguments, environment=None):
    """gdb to its end, or the end of our patience; returns its output."""
    with subprocess.Popen(["gdb-multiarch", "-nx", "-batch", *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          start_new_session=True, env=environment) as process:
        try:
            output, _ = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            pytest.fail(f"gdb did not come to an end within {TIMEOUT} s:\n{output}")
    print(output)
    return output


class Session:
    """What a session has shown: answers by gdb's command (the last of each), the console's lines."""

    def __init__(self, answers, console):
        self.answers, self.console = answers, console

    def lines(self, command):
        return self.answers[command].splitlines()

    def error(self, command):
        """The text of the error that a command has ended with."""
        assert self.answers[command].startswith("error: "), self.answers[command]
        return self.answers[command][len("error: "):]

    def monitor(self, command):
        """The lines that the monitor's command has printed, for the first time; less the frame's."""
        start = self.console.index(f"monitor: {command}") + 1
        end = next(i for i in range(start, len(self.console))
                   if self.console[i].startswith("monitor: "))
        return [line for line in self.console[start:end] if line and not line.startswith("-----")]


def session(kernel, elf, machine, monitor, commands, folder, append=""):
    """Boot with the monitor's commands, stopped at reset; run gdb's; then let it go on to its end."""
    folder = str(folder)
    job, result = (os.path.join(folder, name) for name in ("job.json", "result.json"))
    with stopped_machine(kernel, machine, monitor, folder, append) as (qemu, socket):
        with open(job, "w", encoding="ascii") as file:
            json.dump({"socket": socket, "commands": commands, "result": result,
                       "console": os.path.join(folder, "console")}, file)
        output = run_gdb(["-x", COMMANDS, "-x", DRIVER, elf], {**os.environ, "GDB_JOB": job})
        assert os.path.exists(result), "gdb has not come to its end"
        with open(result, encoding="utf-8") as file:
            answers = json.load(file)
        qemu.wait(timeout=TIMEOUT)
    with open(os.path.join(folder, "console"), encoding="latin-1") as file:
        console = file.read().replace("\r", "").split("\n")
    for command, answer in answers.items():
        print(f"(gdb) {command}\n{answer}")
    print("\n".join(console))
    assert "Python Exception" not in output + "".join(answers.values())
    assert "Error occurred in Python" not in "".join(answers.values())
    return Session(answers, console)
