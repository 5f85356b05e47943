# SPDX-License-Identifier: BSD-2-Clause
"""Pictures: `map` against zoneinfo, page by page; `top`'s numbers against each other; what scripts/plot
makes of a sampled run; and what both do at a terminal."""
import collections
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

import boot
import frame
import machine as machines
from conftest import ROOT, boot_file
from session import TIMEOUT, answer, finish, typed

HARTS = 2
MACHINE = (HARTS, "192M", 2)
COMMANDS = ["alloc 3", "map", "map run=1 width=200", "zoneinfo", "top frames=2 ms=50",
            "top ms=100 stress ops=20000 seed=4", "sample ms=50 stress ops=40000 seed=5", "check"]
USES = {".": "free", ",": "offline", "c": "cached", "#": "allocated", "l": "page cache", "R": "reserved",
        "q": "quarantined", "!": "set aside", "?": "moving", "_": "hole"}
ZONE = re.compile(r"Node (\d+), zone +(\S+): pfn (0x[0-9a-f]+)-(0x[0-9a-f]+)")
ROW = re.compile(r"(0x[0-9a-f]{9})  ([" + re.escape("".join(USES)) + r"]+)")
ZONES_OF_TOP = re.compile(r"Node (\d+), zone +(\S+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)  "
                          r"(above high|below high|below low|below min) +(sleeps|runs)")
HART_OF_TOP = re.compile(r"hart +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+\.\d%|-)")
TOP = re.compile(r"top: (\d+)\.(\d+) s, rates of (\d+) ms")


class Picture:
    """A zone in `map`: its span, its cells (first pfn of the row, letters), its numbers."""

    def __init__(self, match):
        self.key, self.start, self.end = (match[1], match[2]), int(match[3], 16), int(match[4], 16)
        self.rows, self.numbers, self.pages = [], {}, 0


def pictures(lines):
    """The zones of a `map`, and the pages of a cell."""
    found = []
    for line in lines:
        if match := ZONE.fullmatch(line):
            found.append(Picture(match))
        elif match := ROW.fullmatch(line):
            found[-1].rows.append((int(match[1], 16), match[2]))
        elif line.startswith("  free "):
            *numbers, pages = line.strip().split(", ")
            found[-1].numbers = {name: int(number) for name, number in
                                 (entry.rsplit(" ", 1) for entry in numbers)}
            found[-1].pages = int(re.fullmatch(r"in all (\d+) pages", pages)[1])
    return found, int(re.search(r"map: a cell is (\d+) pages", "\n".join(lines))[1])


def zoneinfo(lines):
    """{(nid, zone): {key: number}}, the caches' counts summed up."""
    zones, zone = {}, None
    for line in frame.cut(lines, "zoneinfo"):
        if match := re.fullmatch(r"Node (\d+), zone +(\S+)", line):
            zone = zones[match[1], match[2]] = collections.Counter()
        elif match := re.fullmatch(r" +(?:pages )?(\w+):? +(\d+)", line):
            zone[match[1]] += int(match[2])
    return zones


@pytest.fixture(scope="module", name="result")
def result_of_a_run(kernel):
    result = boot_file(machines.sized(*MACHINE), kernel, COMMANDS, "")
    assert boot.problems(result, COMMANDS) == []
    return result


def printed(result, command):
    """What a command printed."""
    begin = result.lines.index(f"monitor: {command}") + 1
    following = COMMANDS[COMMANDS.index(command) + 1]
    return result.lines[begin:result.lines.index(f"monitor: {following}")]


@pytest.mark.parametrize("command", [COMMANDS[1], COMMANDS[2]])
def test_numbers_are_zoneinfos(result, command):
    found, _ = pictures(printed(result, command))
    facts = {key: zone for key, zone in zoneinfo(result.lines).items() if zone["present"]}
    assert {picture.key for picture in found} == set(facts)
    for picture in found:
        zone, numbers = facts[picture.key], picture.numbers
        assert list(numbers) == list(USES.values())
        assert sum(numbers.values()) == picture.pages == zone["spanned"]
        assert numbers["free"] + numbers["offline"] == zone["nr_free_pages"]
        assert numbers["cached"] == zone["count"]
        assert numbers["reserved"] == zone["present"] - zone["managed"]
        assert numbers["hole"] == zone["spanned"] - zone["present"]
        assert numbers["page cache"] == \
            zone["nr_zone_active_file"] + zone["nr_zone_inactive_file"]
        assert numbers["moving"] == numbers["set aside"] == numbers["quarantined"] == 0
        assert picture.start == zone["start_pfn"] and picture.end - picture.start == zone["spanned"]
    assert sum(picture.numbers["allocated"] for picture in found) >= 8


def test_a_cell_for_each_page(result):
    """With cells of one page the picture is the truth: each letter as often as the number says, and
    what `alloc` handed out is at its place."""
    found, run = pictures(printed(result, COMMANDS[2]))
    assert run == 1
    for picture in found:
        cells = "".join(letters for _, letters in picture.rows)
        assert {USES[c]: n for c, n in collections.Counter(cells).items()} == \
            {name: n for name, n in picture.numbers.items() if n}
        at = picture.start
        for pfn, letters in picture.rows:
            assert pfn == at
            at += len(letters)
    pfn = int(re.search(r"pfn (0x[0-9a-f]+)", "\n".join(printed(result, COMMANDS[0])))[1], 16)
    (picture,) = [p for p in found if p.start <= pfn < p.end]
    cells = "".join(letters for _, letters in picture.rows)
    assert cells[pfn - picture.start:][:8] == "#" * 8


def test_scaled_to_80_columns(result):
    lines = printed(result, COMMANDS[1])
    found, run = pictures(lines)
    assert sum(len(picture.rows) for picture in found) <= 16
    assert "\033" not in "\n".join(lines)
    for picture in found:
        assert sum(len(letters) for _, letters in picture.rows) == -(-picture.pages // run)
        assert all(13 + len(letters) <= 80 for _, letters in picture.rows)


def tops(lines):
    """The pictures of `top`: (ms since boot, ms of the rates, zones, harts)."""
    found = []
    for line in lines:
        if match := TOP.fullmatch(line):
            found.append((int(match[1]) * 1000 + int(match[2]), int(match[3]), [], []))
        elif match := ZONES_OF_TOP.fullmatch(line):
            found[-1][2].append(match)
        elif match := HART_OF_TOP.fullmatch(line):
            found[-1][3].append([int(match[i]) for i in range(1, 6)] + [match[6]])
    return found


@pytest.mark.parametrize("command", [COMMANDS[4], COMMANDS[5]])
def test_top_adds_up(result, command):
    """A rate is the difference of two pictures' counters over the time between them."""
    found = tops(printed(result, command))
    assert len(found) == 2 if command == COMMANDS[4] else len(found) >= 2
    assert all(len(harts) == HARTS and zones for _, _, zones, harts in found)
    assert found[0][1] == 0
    for (before, _, _, old), (now, ms, _, new) in zip(found, found[1:]):
        assert ms == now - before
        for then, hart in zip(old, new):
            assert hart[0] == then[0]
            for total, rate in (1, 3), (2, 4):
                assert hart[rate] == ((hart[total] - then[total]) * 1000 // ms if ms else 0)
    for _, _, zones, _ in found:
        for zone in zones:
            free, low, high = int(zone[3]), int(zone[8]), int(zone[9])
            assert (zone[10] == "above high") == (free > high)
            assert (zone[10] in ("below low", "below min")) == (free <= low)


def test_top_sees_the_work(result):
    """What was allocated while `top` watched is in its last picture, and served by the caches."""
    found = tops(printed(result, COMMANDS[5]))
    assert sum(hart[1] for hart in found[-1][3]) > sum(hart[1] for hart in found[0][3])
    rates = [float(hart[5][:-1]) for _, _, _, harts in found[1:] for hart in harts if hart[5] != "-"]
    assert rates and all(0 <= rate <= 100 for rate in rates)


def scripts_plot(log, picture):
    return subprocess.run([os.path.join(ROOT, "scripts", "plot"), log, picture], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_plot(result, tmp_path):
    """Each sample is a point of each curve, at heights that are in the ratio of the numbers."""
    log, svg, png = (str(tmp_path / name) for name in ("run.log", "run.svg", "run.png"))
    with open(log, "w", encoding="latin-1") as file:
        file.write(result.text)
    samples = frame.every(result.lines, "sample")
    assert len(samples) >= 2
    for picture in svg, png:
        done = scripts_plot(log, picture)
        assert done.returncode == 0, done.stderr
        assert f"{len(samples)} samples" in done.stdout
    with open(png, "rb") as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    curves = {element.get("id"): element for element in ElementTree.parse(svg).iter()
              if element.get("id")}
    wanted = {f"order-{order}": len(samples) for order in range(11)}
    wanted.update({f"unusable-{order}": len(samples) for order in range(1, 11)})
    times = [line for inside in samples for line in inside if line.startswith("time_ms")]
    for hart in (line.split()[1] for line in samples[0] if line.startswith("hart")):
        wanted.update({f"hart-{hart}-{word}": len(set(times)) - 1 for word in ("alloc", "free")})
    points = {}
    for name, number in wanted.items():
        (path,) = curves[name].iter("{http://www.w3.org/2000/svg}path")
        points[name] = re.findall(r"[ML] (\S+) (\S+)", path.get("d"))
        assert len(points[name]) == number, name
    blocks = [sum(int(line.split()[4]) for line in inside if line.startswith("Node"))
              for inside in samples]
    heights = [float(y) for _, y in points["order-0"]]
    low, high = blocks.index(min(blocks)), blocks.index(max(blocks))
    assert blocks[low] < blocks[high], "the stress changed nothing"
    for count, y in zip(blocks, heights):
        part = (count - blocks[low]) / (blocks[high] - blocks[low])
        assert abs(heights[low] + part * (heights[high] - heights[low]) - y) < 0.01


def test_plot_says_what_is_missing(tmp_path):
    log = tmp_path / "empty.log"
    log.write_text("pageframe\n")
    done = scripts_plot(str(log), str(tmp_path / "x.svg"))
    assert done.returncode == 1 and "no frame `sample`" in done.stderr
    assert not os.path.exists(tmp_path / "x.svg")


def test_at_a_terminal(kernel):
    """Colours; as wide as the terminal says, or 80 if it says nothing; what was typed ahead runs; `top`
    goes back over its picture, and ends with a key."""
    with typed(kernel, machines.sized(*MACHINE)) as child:
        child.send("map\r")
        child.expect_exact("\033[6n")
        child.send("\033[24;45R")
        rows = [re.sub("\033\\[[0-9]*m", "", line) for line in answer(child)]
        assert {len(row) for row in rows if row.startswith("0x")} == {13 + 32}
        assert "\033[32m" in child.before and "\033[0m" in child.before
        child.send("map\r")
        child.expect_exact("\033[6n")
        child.send("harts\r")
        rows = [re.sub("\033\\[[0-9]*m", "", line) for line in answer(child)]
        assert {len(row) for row in rows if row.startswith("0x")} == {13 + 64}
        child.expect_exact("harts: 2 of 2 online", timeout=TIMEOUT)
        child.expect_exact(boot.PROMPT)
        child.send("map plain\r")
        assert "\033" not in "\n".join(answer(child)[1:])
        child.send("top ms=20\r")
        for _ in range(3):
            child.expect(r"\r\033\[\d+Atop: ")
            child.expect_exact("any key ends it")
        child.send("q")
        child.expect_exact(boot.PROMPT)
        finish(child, 0)
