# SPDX-License-Identifier: BSD-2-Clause
"""Translation modes: each one that the machine has; what limits the choice; what happens to memory
that a mode does not reach. The tree's mmu-type is a limit, so trees stand for lesser machines.
"""
import pytest

import boot
import machine as machines
import tree
from trees import edited

GIB = 1 << 30
BASE = 0x80000000
# Name, and where the linear map has to be.
MODES = {
    "sv39": (0xffffffc000000000, 0xffffffe000000000),
    "sv48": (0xffff800000000000, 0xffffc00000000000),
    "sv57": (0xff00000000000000, 0xff80000000000000),
}
HARTS = 2
COMMANDS = ["check", "stress ops=5000 seed=4", "check"]


def mmu_types(*types):
    """Source that gives hart after hart an mmu-type."""
    return "".join(f'/ {{ cpus {{ cpu@{hart:x} {{ mmu-type = "{name}"; }}; }}; }};'
                   for hart, name in enumerate(types))


def mode_line(result):
    """The mode's name, and the two ends of the linear map."""
    line = next(line for line in result.lines if line.startswith("paging: Sv"))
    words = line.replace(",", "").split()
    low, high = words[words.index("map") + 1].split("-")
    return words[1].lower(), int(low, 16), int(high, 16)


@pytest.fixture
def machine():
    return machines.sized(HARTS, "512M", 1)


@pytest.mark.parametrize("mode", MODES)
def test_mode(run, machine, tmp_path, mode):
    """Each mode, on all harts; the linear map is split there, too, and what is no memory traps."""
    machine = edited(machine, mmu_types("riscv,sv57", "riscv,sv57"), tmp_path)
    commands = [*COMMANDS, "selftest misuse", "stress ops=500", "check"]
    result = run(machine, commands, f"paging={mode}")
    assert boot.problems(result, commands) == []
    assert mode_line(result) == (mode, *MODES[mode])
    assert f"harts: {HARTS} of {HARTS} online" in result.text


@pytest.mark.parametrize("kind", ["text", "exec", "overflow", "firmware"])
@pytest.mark.parametrize("mode", ["sv48", "sv57"])
def test_protection(run, machine, tmp_path, mode, kind):
    """What must trap traps in the deeper modes as well; test_crash.py has all kinds with Sv39."""
    machine = edited(machine, mmu_types("riscv,sv57", "riscv,sv57"), tmp_path)
    result = run(machine, [f"selftest crash {kind}"], f"paging={mode}")
    assert mode_line(result)[0] == mode
    assert result.hung is None and result.status
    assert sum(line.startswith("TRAP: ") for line in result.lines) == 1


@pytest.mark.parametrize("types, asked, used, said", [
    (["riscv,sv39", "riscv,sv57"], "sv48", "sv39", "goes up to sv39 (mmu-type in the tree)"),
    (["riscv,sv57", "riscv,sv48"], "sv57", "sv39", "goes up to sv48 (mmu-type in the tree)"),
    (["riscv,sv64", "riscv,sv48"], "sv48", "sv48", "`riscv,sv64`, which is not known"),
    (["riscv,sv48", "riscv,sv48"], "sv40", "sv39", "the value must be sv39, sv48 or sv57"),
])
def test_refusal(run, machine, tmp_path, types, asked, used, said):
    """One line for what can not be had, and the boot goes on with the least mode that will do."""
    result = run(edited(machine, mmu_types(*types), tmp_path), COMMANDS, f"paging={asked}")
    assert boot.problems(result, COMMANDS) == []
    assert mode_line(result)[0] == used
    assert sum(said in line for line in result.lines) == 1


@pytest.fixture
def far_apart(tmp_path):
    """A bank where memory starts, and one that ends beyond the 128 GiB of Sv39's linear map."""
    size, far = 152 * GIB, 150 * GIB
    machine = machines.Machine(machines.plain(HARTS, size))
    banks = [tree.Bank(BASE, GIB, 0), tree.Bank(BASE + far, GIB, 1)]
    path = f"{tmp_path}/far.dtb"
    machines.write_tree(tree.replace_memory(machine.tree(), banks, {0: 0, 1: 1}), path)
    machine.dtb = path
    return machine, banks


@pytest.mark.parametrize("append", ["", "paging=sv48"])
def test_banks_decide(run, far_apart, append):
    """Banks that Sv39 does not reach make it Sv48, and both nodes are whole."""
    machine, banks = far_apart
    commands = ["layout", *COMMANDS]
    result = run(machine, commands, append)
    assert boot.problems(result, commands) == []
    assert mode_line(result)[0] == "sv48"
    for bank in banks:
        pages = bank.size >> 12
        assert f"spanned {pages}, present {pages} pages" in result.text


@pytest.mark.parametrize("types, append", [((), "paging=sv39"), (("riscv,sv39",) * HARTS, "")])
def test_banks_out_of_reach(run, far_apart, tmp_path, types, append):
    """With Sv39, chosen or all there is, the far bank is named and left out."""
    machine, banks = far_apart
    result = run(edited(machine, mmu_types(*types), tmp_path), COMMANDS, append)
    assert boot.problems(result, COMMANDS) == []
    assert mode_line(result)[0] == "sv39"
    low, high = banks[1].base, banks[1].base + banks[1].size
    (line,) = [line for line in result.lines if "is not used" in line]
    assert line == (f"paging: memory {low:#x}-{high:#x} of node 1 is not used: the linear map's "
                    f"window ends at {BASE + 128 * GIB:#x}")
    assert "memory: 1 bank, 1024 MiB" in result.lines
