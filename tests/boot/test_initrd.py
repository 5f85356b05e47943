# SPDX-License-Identifier: BSD-2-Clause
"""An initrd is kept: reserved by name, its pages never the allocator's, and its bytes unchanged
after a stress. The machine's memory is a file here, so what is in it can be looked at afterwards.
"""
import re

import pytest

import boot
import machine as machines
import tree
from conftest import ENTRY
from trees import edited

BASE = machines.arch().ram
MEMORY = 512 << 20
# No whole number of pages, and nothing that the image would write.
CONTENT = bytes((i * 251 + (i >> 8) * 31 + 7) & 0xff for i in range(3 * 1024 * 1024 + 1234))
# Where a tree of ours says that the initrd is. QEMU puts it near it.
PLACE = BASE + 0x8200000
# Two nodes, and a stress that empties each again and again: all that is free gets written.
BANKS = [tree.Bank(BASE, 128 << 20, 0), tree.Bank(BASE + (128 << 20), 192 << 20, 1)]
STRESS = "stress ops=40000 seed=5 footprint=280M"


@pytest.fixture
def machine(tmp_path):
    """A machine whose memory is the file `ram`, and the bytes in the file `initrd`."""
    (tmp_path / "initrd").write_bytes(CONTENT)
    blob = tree.replace_memory(machines.sized(2, "512M", 1).tree(), BANKS, {0: 0, 1: 1})
    path = f"{tmp_path}/nodes.dtb"
    machines.write_tree(blob, path)
    yield machines.Machine(machines.completed([
        "-machine", "virt,memory-backend=ram", "-smp", "2", "-m", f"{MEMORY >> 20}M",
        "-object", f"memory-backend-file,id=ram,mem-path={tmp_path}/ram,size={MEMORY},share=on"]),
        path)
    # pytest keeps the folders of some runs.
    (tmp_path / "ram").unlink(missing_ok=True)


def with_tree(machine, chosen, folder):
    """The bytes are at PLACE, and this is in /chosen."""
    machine = edited(machine, f"/ {{ chosen {{ {chosen} }}; }};", folder)
    machine.args += ["-device", f"loader,file={folder}/initrd,addr={PLACE:#x},force-raw=on"]
    return machine


def text(result):
    return "\n".join(result.lines)


def reserved(result, why):
    """[start, end) of a reservation as printed at boot."""
    match = re.search(rf"^reserved: (0x\w+)-(0x\w+) +\d+ KiB  {why}$", text(result), re.M)
    return match and (int(match[1], 16), int(match[2], 16))


def bytes_in_memory(folder, start, length):
    with open(folder / "ram", "rb") as ram:
        ram.seek(start - BASE)
        return ram.read(length)


def test_kept(run, machine, tmp_path):
    """As QEMU does it: two properties of 32 bits."""
    machine.args += ["-initrd", f"{tmp_path}/initrd"]
    commands = ["banks", STRESS, "check"]
    result = run(machine, commands)
    assert boot.problems(result, commands) == []
    start, end = reserved(result, "initrd")
    assert end - start == (len(CONTENT) + 4095) // 4096 * 4096
    assert bytes_in_memory(tmp_path, start, len(CONTENT)) == CONTENT
    # The list that the monitor shows afterwards has it too.
    banks = text(result)[text(result).index("monitor: banks"):]
    assert re.search(rf"0x0*{start:x}-0x0*{end:x}.* initrd$", banks, re.M)


def test_kept_64(run, machine, tmp_path):
    """Two properties of 64 bits; and its ends share their pages with nobody."""
    start, end = PLACE, PLACE + len(CONTENT)
    chosen = f"linux,initrd-start = <0 {start:#x}>; linux,initrd-end = <0 {end:#x}>;"
    pages = {(start >> 12) - 1: False, start >> 12: True, end >> 12: True, (end >> 12) + 1: False}
    commands = [*(f"page pfn={pfn:#x}" for pfn in pages), STRESS, "check"]
    result = run(with_tree(machine, chosen, tmp_path), commands)
    assert boot.problems(result, commands) == []
    assert bytes_in_memory(tmp_path, start, len(CONTENT)) == CONTENT
    for pfn, kept in pages.items():
        (line,) = [line for line in result.lines if line.startswith(f"  pfn {pfn:#x} at ")]
        assert ("reserved" in line) == kept, line


def test_stress_would_have_found_it(run, machine, tmp_path):
    """The same bytes, not named in the tree: the stress writes there. Else the two tests above
    would show nothing."""
    result = run(with_tree(machine, "", tmp_path), [STRESS])
    assert boot.problems(result, [STRESS]) == []
    assert reserved(result, "initrd") is None
    assert bytes_in_memory(tmp_path, PLACE, len(CONTENT)) != CONTENT


@pytest.mark.parametrize("start, end, said", [
    (BASE + 0x13fff000, BASE + 0x14001000, "initrd: {}-{} is not all memory; not kept"),
    (0x1000, 0x2000, "initrd: {}-{} is not all memory; not kept"),
    (ENTRY, ENTRY + 0x1000, "initrd: {0}-{1} lies on the image at {0}; not kept"),
    (PLACE, PLACE, "devicetree: /chosen linux,initrd-start: {0} to {0} is no range: no initrd kept"),
])
def test_malformed(run, machine, tmp_path, start, end, said):
    """One line, and the rest boots."""
    chosen = f"linux,initrd-start = <{start:#x}>; linux,initrd-end = <{end:#x}>;"
    result = run(with_tree(machine, chosen, tmp_path), ["check"])
    assert boot.problems(result, []) == []
    assert result.lines.count(said.format(hex(start), hex(end))) == 1
    assert reserved(result, "initrd") is None
