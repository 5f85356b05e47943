# SPDX-License-Identifier: BSD-2-Clause
"""`selftest crash KIND`: each kind of fault ends in a readable dump and a failing status.

The kinds are read from the image's own list, so that a new one is tested without being named here;
those that must be in it are.
"""
import re
import subprocess

import pytest

import boot
import machine as machines

# Kinds that must be there, and what their dump names as cause and place.
REQUIRED = {"riscv64": {
    "overflow": r"store page fault .*guard page of the boot stack",
    "text": r"store page fault .*text of the image",
    "exec": r"instruction page fault .*data of the image",
    "null": r"(store|load) page fault .*null pointer",
    "firmware": r"(store|load) (page|access) fault .*mmode_resv",
}, "arm64": {  # its firmware has no memory of ours
    "overflow": r"store translation fault .*guard page of the boot stack",
    "text": r"store permission fault .*text of the image",
    "exec": r"instruction permission fault .*data of the image",
    "null": r"(store|load) translation fault .*null pointer",
}}[machines.current]
REGISTERS = {"riscv64": "ra sp gp tp s0 s11 a0 a7 t0 t6", "arm64": "x0 x7 x18 x29 x30 sp spsr"}


@pytest.fixture(scope="module")
def machine():
    return machines.sized(2, "256M", 1)


def kinds(run, machine):
    result = run(machine, ["selftest"])
    (line,) = [line for line in result.lines if line.strip().startswith("kinds of crash:")]
    return line.split(":")[1].split()


def function_names(elf, addresses):
    """Names of the functions at these addresses, inlined ones too, by the image's debug information."""
    done = subprocess.run([f"{machines.arch().triple}-addr2line", "-f", "-i", "-e", elf, *addresses],
                          check=True, text=True, capture_output=True)
    return done.stdout.splitlines()[::2]


def check_dump(result, kind, elf):
    assert result.hung is None
    assert result.status not in (0, None)
    assert result.last_line() == f"{boot.POWER_OFF}{result.status}"
    assert boot.problems(result, []), "a dump must never be a pass"
    assert "went unnoticed" not in result.text
    heads = [line for line in result.lines if line.startswith(("TRAP: ", "PANIC: "))]
    assert len(heads) == 1, f"{kind}: {len(heads)} dumps"
    # The hart, the cause, where it was, the registers and a backtrace.
    assert re.match(r"TRAP: hart \d+, cpu \d+: ", heads[0])
    assert re.search(REQUIRED.get(kind, ""), heads[0])
    dump = result.text[result.text.index(heads[0]):]
    for register in REGISTERS[machines.current].split():
        assert re.search(rf"\b{register} +0x[0-9a-f]{{16}}\b", dump), f"{kind}: no {register}"
    calls = re.findall(r"^  #\d+ (0x[0-9a-f]+)", dump, re.MULTILINE)
    names = function_names(elf, calls)
    if kind == "overflow":
        assert len(set(calls[1:])) == 1 and len(calls) > 10, names
    else:
        assert {"monitor_start", "kernel_main"} <= set(names), names


def test_every_kind_ends_in_a_dump(run, machine, elf):
    found = kinds(run, machine)
    assert REQUIRED.keys() <= set(found)
    for kind in found:
        check_dump(run(machine, [f"selftest crash {kind}"]), kind, elf)


@pytest.mark.parametrize("kind", ["null", "overflow"])
def test_crash_on_another_hart(run, machine, kind):
    """The dump is the failing hart's; a stack overflow needs its own guard page and emergency stack."""
    result = run(machine, [f"selftest crash {kind} 1"])
    assert result.status == 1 and result.last_line() == boot.POWER_OFF + "1"
    (head,) = [line for line in result.lines if line.startswith(("TRAP: ", "PANIC: "))]
    assert re.match(r"TRAP: hart \d+, cpu 1: store (page|translation) fault ", head)


def test_unknown_kind_is_refused(run, machine):
    result = run(machine, ["selftest crash bananas"])
    assert result.status == 1 and result.last_line() == boot.POWER_OFF + "1"
    assert "TRAP: " not in result.text and "PANIC: " not in result.text
