# SPDX-License-Identifier: BSD-2-Clause
"""The disk: found, read and written, by every way that a page can take; the page cache over it, with
files larger than memory; and disks that fail, can not be written, or are not there.
"""
import re

import pytest

import boot
import machine as machines

MODERN = ["-global", "virtio-mmio.force-legacy=false"]
EVICTED = re.compile(r"thrash: evicted (\d+) pages: kswapd (\d+), direct reclaim (\d+);.*")
COUNTS = re.compile(r"thrash: pgpgin (\d+) KiB, pgpgout (\d+) KiB;.*")
REQUESTS = re.compile(r"disk: vda: reads (\d+) writes (\d+) flushes (\d+) errors (\d+)")
FLIGHT = re.compile(r"disk: vda: in flight (\d+), at most (\d+) of (\d+); .* bounced (\d+) pages.*")


def numbers(result, pattern):
    """The numbers of the last line of this form."""
    found = [m for m in map(pattern.fullmatch, result.lines) if m]
    assert found, f"no line `{pattern.pattern}`"
    return [int(n) for n in found[-1].groups()]


def failing(tmp_path, what):
    """A disk of 4 GiB whose requests of one kind all fail."""
    path = tmp_path / "disk"
    with open(path, "wb") as file:
        file.truncate(4 << 30)
    return ("driver=raw,file.driver=blkdebug,file.inject-error.0.event=none,"
            f"file.inject-error.0.iotype={what},file.inject-error.0.errno=5,"
            f"file.image.driver=file,file.image.filename={path},werror=report,rerror=report")


@pytest.mark.parametrize("nr_harts, nodes", [(1, 1), (4, 2), (3, 4)])
def test_thrash(run, nr_harts, nodes):
    """A file twice as large as memory; test_modern has four harts on one node."""
    machine = machines.sized(nr_harts, "64M", nodes)
    commands = ["thrash 128M", "disk", "check"]
    result = run(machine, commands)
    assert boot.problems(result, commands) == []
    blocks = (128 << 20) // 4096
    assert sum(line.startswith(f"thrash: PASS blocks={blocks} ") for line in result.lines) == 1
    evicted, by_kswapd, direct = numbers(result, EVICTED)
    assert evicted == by_kswapd + direct
    # All is read twice, and not half of it fits memory.
    assert evicted >= blocks
    kib_in, kib_out = numbers(result, COUNTS)
    assert kib_in >= 128 << 10 and kib_out >= 128 << 10
    reads, writes, flushes, errors = numbers(result, REQUESTS)
    assert (4 * reads, 4 * writes) >= (kib_in, kib_out)
    assert flushes >= 1 and errors == 0
    in_flight, most, room, bounced = numbers(result, FLIGHT)
    assert in_flight == 0 and 16 <= most <= room
    # The lowest zone is the only one.
    assert bounced == 0


@pytest.mark.parametrize("seed", [7, 0xffffffffffffffff])
def test_fits_memory(run, seed):
    """Nothing needs to be evicted, and all the same it is read from the disk at the end."""
    commands = [f"thrash 16M seed={seed:#x} workers=3 passes=4"]
    result = run(machines.sized(2, "256M", 1), commands)
    assert boot.problems(result, commands) == []
    assert numbers(result, EVICTED) == [0, 0, 0]
    kib_in, kib_out = numbers(result, COUNTS)
    assert kib_in == 16 << 10 and kib_out >= 16 << 10


@pytest.mark.parametrize("size", ["4K", "20K", "64K", "68K"])
def test_few_blocks(run, size):
    """Fewer than a worker takes at a time, and one more; each is visited once."""
    commands = [f"thrash {size} passes=20"]
    result = run(machines.sized(2, "128M", 1), commands)
    assert boot.problems(result, commands) == []


def test_many_threads(run):
    """Page tables for their stacks, which stay, are no leak."""
    commands = ["thrash 2M workers=64"]
    result = run(machines.sized(32, "512M", 1), commands)
    assert boot.problems(result, commands) == []


def test_content_is_of_the_run(run, tmp_path):
    """What an earlier run with the same seed left on the disk would not pass."""
    path = tmp_path / "disk"
    path.write_bytes(bytes(1 << 20))
    machine = machines.sized(1, "128M", 1)
    machine.disk = machines.disk(str(path))
    found = []
    for _ in range(2):
        commands = ["thrash 1M seed=1"]
        assert boot.problems(run(machine, commands), commands) == []
        found.append(path.read_bytes())
    before, after = ([disk[at:at + 4096] for at in range(0, 1 << 20, 4096)] for disk in found)
    assert not any(old == new for old, new in zip(before, after))


@pytest.mark.parametrize("more", [[], MODERN], ids=["legacy", "modern"])
def test_bounce(run, more):
    """Pages above the lowest zone are copied, and only those."""
    machine = machines.sized(2, "6G", 1)
    machine.args = machine.args + more
    commands = ["selftest disk", "disk", "thrash 64M", "disk"]
    result = run(machine, commands)
    assert boot.problems(result, commands) == []
    kind = "virtio-blk" if more else "virtio-blk, legacy"
    assert any(line.startswith(f"disk: vda: 4096 MiB, {kind}, ") for line in result.lines)
    before, after = [int(m[4]) for m in map(FLIGHT.fullmatch, result.lines) if m]
    # Half of the self-test's pages are asked for in the lowest zone; each goes out and comes back.
    assert 256 <= before <= 257
    pages = (64 << 20) // 4096
    assert after - before >= 2 * pages


def test_modern(run):
    machine = machines.sized(4, "64M", 1)
    machine.args = machine.args + MODERN
    commands = ["selftest disk", "thrash 128M", "check"]
    result = run(machine, commands)
    assert boot.problems(result, commands) == []


def test_none(run):
    machine = machines.sized(1, "128M", 1)
    machine.disk = None
    result = run(machine, ["disk", "thrash 16M"])
    assert result.status == 1
    assert "disk: none" in result.lines
    (line,) = [line for line in result.lines if line.startswith("thrash: ")]
    assert "there is no disk" in line and "--disk" in line


def test_read_only(run):
    machine = machines.sized(1, "128M", 1)
    machine.disk = "driver=null-co,size=64M,read-zeroes=on,readonly=on"
    result = run(machine, ["thrash 16M"])
    assert result.status == 1
    assert "thrash: disk vda can only be read" in result.lines
    assert any("64 MiB read-only" in line for line in result.lines)


@pytest.mark.parametrize("command, says", [
    ("thrash 5G", "thrash: SIZE: disk vda has 4096 MiB"),
    ("thrash bananas", "thrash: SIZE: \"bananas\" is no number of bytes"),
    ("thrash 16M bananas=1", "thrash: unknown option"),
    ("thrash", "thrash: how large?"),
])
def test_wrong_arguments(run, command, says):
    result = run(machines.sized(1, "128M", 1), [command])
    assert result.status != 0 and result.hung is None
    assert any(line.startswith(says) for line in result.lines)


@pytest.mark.parametrize("what, operation", [("write", "write"), ("read", "read")])
def test_failing_disk(run, tmp_path, what, operation):
    """Errors are told, the run fails and ends, and every page comes back."""
    machine = machines.sized(2, "128M", 1)
    machine.disk = failing(tmp_path, what)
    result = run(machine, ["thrash 256M"])
    assert result.status == 1 and result.hung is None
    assert any(re.fullmatch(rf"disk: vda: {operation} of sector \d+ failed, status 1 .*", line)
               for line in result.lines)
    (verdict,) = [line for line in result.lines if line.startswith("thrash: FAIL ")]
    assert " mismatches=0 leaked=0 " in verdict
    # A few lines, and then only a count.
    assert sum(line.startswith("disk: vda: ") and " failed" in line for line in result.lines) <= 8


def test_file_keeps_what_is_written(run, tmp_path):
    """--disk FILE: what a run has written is in the file."""
    path = tmp_path / "disk"
    with open(path, "wb") as file:
        file.truncate(64 << 20)
    machine = machines.sized(2, "128M", 1)
    machine.disk = machines.disk(str(path))
    commands = ["selftest disk"]
    assert boot.problems(run(machine, commands), commands) == []
    with open(path, "rb") as file:
        file.seek(-4096, 2)
        last = file.read()
    # Page 0 of the test stands at the end.
    assert last == b"".join((word ^ 0x5aa5).to_bytes(8, "little") for word in range(512))
