# SPDX-License-Identifier: BSD-2-Clause
"""The figures of the monitor's `bench`: reading them, targets, comparing, tables. No machine here.

A set of figures is {name: number}, in instructions or in what the name says; less is better.
"""
import json
import os
import re

import frame

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "tests", "bench")
DOCUMENT = os.path.join(ROOT, "docs", "performance.md")
# What is measured, what is aimed at, and what it costs others: the one place with these numbers.
TARGETS = os.path.join(FOLDER, "targets.json")
PEERS = ("Linux-min", "Linux-distro", "LLFree", "xv6")
# A change for the worse by more than this has to be accepted.
TOLERATED_PERCENT = 2
# Stages of the boot print, and what the firmware takes for that is not ours: only their growth counts.
# What harts reach beside each other goes by the clock.
NOT_COMPARED = ("boot/", "scale/")


class Unusable(Exception):
    """What was printed, or is in a file, has not the figures; the text is for the user."""


class Printed:
    """The frame `bench` of a run: `figures`, and `arch`, `compiler`, `counts` as they stand in it."""

    def __init__(self, lines):
        self.figures, self.facts = {}, {}
        for line in frame.last(lines, "bench"):
            name, _, value = line.partition(" ")
            if "/" in name:
                self.figures[name] = float(value)
            else:
                self.facts[name] = value
        if not {"arch", "compiler", "counts"} <= set(self.facts):
            raise Unusable("the report `bench` does not say what it was measured on")

    def compiler(self):
        """With as much of its version as matters: gcc-12.2."""
        return compiler_name(self.facts["compiler"])


def compiler_name(version):
    """gcc's __VERSION__ is a number, clang's has its name before."""
    match = re.search(r"(\d+\.\d+)", version)
    if not match:
        raise Unusable(f"a compiler that calls itself `{version}`")
    return f"{'clang' if 'clang' in version.lower() else 'gcc'}-{match[1]}"


def growth(sizes):
    """Instructions per GiB of each stage of the boot: {"growth/STAGE": number}, of {GiB: figures}."""
    least, most = min(sizes), max(sizes)
    return {"growth/" + name.removeprefix("boot/"):
            (value - sizes[least][name]) / (most - least)
            for name, value in sizes[most].items() if name.startswith("boot/")}


def targets():
    """The rows of the table: dicts of figure, title, peers, and where there are some target, floor;
    more: true where more is better, as of a ratio."""
    with open(TARGETS, encoding="ascii") as file:
        return json.load(file)


def accepted_path(arch, compiler):
    return os.path.join(FOLDER, f"{arch}-{compiler}.json")


def accepted(arch, compiler):
    """The figures that were accepted for this compiler, or None if there are none."""
    path = accepted_path(arch, compiler)
    if not os.path.exists(path):
        return None
    with open(path, encoding="ascii") as file:
        return json.load(file)


def compared(figures):
    """Those that a change may not worsen: the ones that nothing but the code decides."""
    return {name: value for name, value in figures.items()
            if not name.startswith(NOT_COMPARED)
            and (name == "growth/all" or not name.startswith("growth/"))}


def accept(arch, compiler, figures):
    """Write them down; returns the path."""
    path = accepted_path(arch, compiler)
    with open(path, "w", encoding="ascii") as file:
        json.dump(compared(figures), file, indent="\t")
        file.write("\n")
    return path


def change(before, now):
    """In percent; None where before is 0 and now is not."""
    if before == 0:
        return 0.0 if now == 0 else None
    return (now - before) * 100 / before


def percent(before, now):
    found = change(before, now)
    return "from 0" if found is None else f"{found:+.1f} %"


def worse(before, now):
    """What is worse by more than is tolerated, or missing: a line each."""
    found = []
    for name, value in before.items():
        if name not in now:
            found.append(f"{name}: was {text(value)}, is not measured any more")
            continue
        by = change(value, now[name])
        if by is None or by > TOLERATED_PERCENT:
            found.append(f"{name}: {text(value)} -> {text(now[name])}, {percent(value, now[name])}")
    return found


def text(value):
    """A number for people: what is large has no fraction, what is small two places."""
    if value >= 10000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def verdict(row, value):
    """Was the target reached? "" if there is none."""
    target = row.get("target")
    if target is None:
        return ""
    if row.get("more"):
        return "reached" if value >= target else f"missed by {text(target - value)}"
    if value <= target:
        return "reached" if value > target * 0.98 or not target else \
            f"reached, {-change(target, value):.0f} % below"
    by = f" ({change(target, value):.1f} %)" if target else ""
    return f"missed by {text(value - target)}{by}"


def best(row):
    """The best peer: its name and figure, or "-"."""
    if not row["peers"]:
        return "-"
    name = (max if row.get("more") else min)(row["peers"], key=row["peers"].get)
    return f"{name} {text(row['peers'][name])}"


def columns(head, rows, left=1):
    """Lines of a table for a terminal; the first `left` columns stand at the left."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    return ["  ".join(cell.ljust(width) if i < left or i == len(head) - 1 else cell.rjust(width)
                      for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
            for row in [head, *rows]]


def aimed_at(figures, more=False):
    """The rows that have a figure and a target; or those of ratios, where more is better."""
    return [row for row in targets() if row["figure"] in figures
            and row.get("more", False) == more and ("target" in row or more)]


def target_text(row):
    return text(row["target"]) if "target" in row else ""


def target_table(figures, more=False):
    """What is aimed at, what is measured, what the best peer takes."""
    rows = [[row["title"], text(figures[row["figure"]]), target_text(row), best(row),
             verdict(row, figures[row["figure"]])] for row in aimed_at(figures, more)]
    head = ["throughput", "ratio"] if more else ["operation", "instructions"]
    return columns([*head, "target", "best peer", "verdict"], rows)


def scale_rows(figures):
    """Pairs a second by number of harts, and the ratios to one hart: a head, and a row of each kind."""
    harts = sorted({int(name.split("/harts/")[1]) for name in figures if "/harts/" in name})
    kinds = list(dict.fromkeys(name.split("/harts/")[0] for name in figures if "/harts/" in name))
    head = ["million pairs a second", *(f"{nr} hart{'s' * (nr > 1)}" for nr in harts),
            *(f"{nr}:1" for nr in harts[1:])]
    columns_of = [*(f"harts/{nr}" for nr in harts), *(f"ratio/{nr}" for nr in harts[1:])]
    return head, [[kind.removeprefix("scale/"),
                   *(f"{figures[name]:.2f}" if (name := f"{kind}/{column}") in figures else ""
                     for column in columns_of)] for kind in kinds]


def comparison(before, now, names):
    """Two sets beside each other; `names` are the headings. What is in one alone has a dash."""
    rows = []
    for name in [*now, *(name for name in before if name not in now)]:
        both = name in before and name in now
        rows.append([name, *(text(s[name]) if name in s else "-" for s in (before, now)),
                     percent(before[name], now[name]) if both else "-"])
    return columns(["figure", *names, "change"], rows)


def markdown_table(head, rows):
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def with_tables(document, lines):
    """The text of a document with these lines in place of what stands between its two marks."""
    begin, end = (f"<!-- scripts/bench --markdown: {word} -->\n" for word in ("begin", "end"))
    head, found, rest = document.partition(begin)
    _, found_end, tail = rest.partition(end)
    if not found or not found_end:
        raise Unusable(f"the document lacks the lines `{begin.strip()}` and `{end.strip()}`")
    return head + begin + "\n".join(lines) + "\n" + end + tail


def markdown(figures):
    """The tables of docs/performance.md."""
    for more in (False, True):
        rows = [[row["title"], text(figures[row["figure"]]), target_text(row),
                 *(text(row["peers"][peer]) if peer in row["peers"] else "" for peer in PEERS),
                 verdict(row, figures[row["figure"]])] for row in aimed_at(figures, more)]
        yield from markdown_table(["throughput, ratios" if more else "operation", "Pageframe", "target",
                                   *PEERS, "verdict"], rows)
        yield ""
    rows = [[row["title"], text(figures[row["figure"]]),
             *(text(row["peers"][peer]) if peer in row["peers"] else "" for peer in PEERS)]
            for row in targets() if row["figure"] in figures and not {"target", "more"} & set(row)]
    yield from markdown_table(["operation", "Pageframe", *PEERS], rows)
    yield ""
    told = {row["figure"] for row in targets()}
    rows = [[f"`{name}`", text(value)] for name, value in figures.items()
            if name not in told and name.startswith(("pair/", "batch/", "worst/"))]
    yield from markdown_table(["other figures", "Pageframe"], rows)
