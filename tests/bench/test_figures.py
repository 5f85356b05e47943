# SPDX-License-Identifier: BSD-2-Clause
"""What scripts/bench makes of figures: when they are worse, when a target is reached, what it prints."""
import json
import os
import re
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts", "lib"))

import bench  # noqa: E402  the path has to be set first
import figures  # noqa: E402
import frame  # noqa: E402

LOG = """\
bench: pair/0                                 92.000
-----BEGIN bench-----
arch riscv64
compiler 12.2.0
harts 1
counts instructions
pair/0 92.000
batch/0/64/pair 207.359
boot/free 1000.000
boot/all 5000.000
-----END bench-----
monitor: poweroff
""".split("\n")


@pytest.mark.parametrize("before, now, is_worse", [
    (1000, 1021, True), (1000, 1019, False), (1000, 1020, False), (1000, 1000, False),
    (1000, 500, False), (0, 0, False), (0, 1, True), (207.3, 211.7, True), (207.3, 211.4, False),
])
def test_worse_by_more_than_two_percent(before, now, is_worse):
    found = figures.worse({"pair/0": before}, {"pair/0": now})
    assert [line.split(":")[0] for line in found] == (["pair/0"] if is_worse else [])


def test_a_figure_that_is_missing_is_worse():
    assert figures.worse({"pair/0": 90, "pair/1": 90}, {"pair/0": 90}) == \
        ["pair/1: was 90, is not measured any more"]


def test_a_new_figure_is_not_worse():
    assert figures.worse({"pair/0": 90}, {"pair/0": 90, "pair/1": 9000}) == []


def test_each_is_judged_by_itself():
    """One that has become better does not pay for another."""
    found = figures.worse({"a/a": 100, "b/b": 100, "c/c": 100}, {"a/a": 10, "b/b": 103, "c/c": 110})
    assert found == ["b/b: 100 -> 103, +3.0 %", "c/c: 100 -> 110, +10.0 %"]


def test_reading_a_report():
    printed = figures.Printed(LOG)
    assert printed.figures == {"pair/0": 92, "batch/0/64/pair": 207.359, "boot/free": 1000,
                               "boot/all": 5000}
    assert printed.facts["arch"] == "riscv64" and printed.compiler() == "gcc-12.2"


def test_a_report_that_is_cut_is_none():
    with pytest.raises(frame.Missing):
        figures.Printed(LOG[:8])


@pytest.mark.parametrize("version, name", [
    ("12.2.0", "gcc-12.2"), ("14.2.1 20240912", "gcc-14.2"), ("Debian Clang 14.0.6", "clang-14.0")])
def test_compilers(version, name):
    assert figures.compiler_name(version) == name


def test_growth_is_by_gib():
    sizes = {1: {"boot/all": 5000, "pair/0": 92}, 4: {"boot/all": 1}, 16: {"boot/all": 5150}}
    assert figures.growth(sizes) == {"growth/all": 10}


def test_what_is_accepted(tmp_path, monkeypatch):
    """Written and read again; what the firmware's console costs is not in it."""
    monkeypatch.setattr(figures, "FOLDER", str(tmp_path))
    assert figures.accepted("riscv64", "gcc-12.2") is None
    printed = figures.Printed(LOG)
    printed.figures.update({"growth/all": 10.0, "growth/drivers": 3.0})
    figures.accept("riscv64", "gcc-12.2", printed.figures)
    assert figures.accepted("riscv64", "gcc-12.2") == \
        {"pair/0": 92, "batch/0/64/pair": 207.359, "growth/all": 10}
    assert figures.accepted("riscv64", "gcc-13.1") is None


def test_check(tmp_path, monkeypatch, capsys):
    """Its status: 77 without figures for the compiler, 0 with the same, 1 with one that was better."""
    monkeypatch.setattr(figures, "FOLDER", str(tmp_path))
    printed = figures.Printed(LOG)
    assert bench.check(printed) == bench.SKIPPED
    assert "SKIPPED: no figures are accepted for gcc-12.2 on riscv64" in capsys.readouterr().out
    figures.accept("riscv64", "gcc-12.2", printed.figures)
    assert bench.check(printed) == 0
    assert "2 figures, 0 worse by more than 2 %, 0 better" in capsys.readouterr().out
    figures.accept("riscv64", "gcc-12.2", {**printed.figures, "pair/0": 90})
    assert bench.check(printed) == 1
    assert "worse: pair/0: 90 -> 92, +2.2 %" in capsys.readouterr().out


@pytest.mark.parametrize("target, value, text", [
    (90, 92, "missed by 2 (2.2 %)"), (90, 90, "reached"), (90, 45, "reached, 50 % below"),
    (0, 0, "reached"), (0, 3, "missed by 3"), (None, 5, "")])
def test_verdicts(target, value, text):
    row = {} if target is None else {"target": target}
    assert figures.verdict(row, value) == text


def distributions(found):
    """The names of those that have a mean, a median, a 99th percentile, and a maximum."""
    return [name.removesuffix("/mean") for name in found if name.startswith("mix/") and
            name.endswith("/mean")]


def test_percentiles_are_possible():
    """At most one in a hundred lies above the 99th percentile, and none above the maximum: so the mean
    has a bound. However few there are of a kind."""
    for name in os.listdir(figures.FOLDER):
        if not re.fullmatch(r"\w+-(gcc|clang)-.*\.json", name):
            continue
        with open(os.path.join(figures.FOLDER, name), encoding="ascii") as file:
            found = json.load(file)
        assert distributions(found)
        for kind in distributions(found):
            mean, p50, p99, most = (found[f"{kind}/{what}"] for what in ("mean", "p50", "p99", "max"))
            assert p50 <= p99 <= most, kind
            assert mean <= 0.99 * p99 + 0.01 * most, kind


def test_where_more_is_better():
    row = {"target": 1.9, "more": True, "peers": {"LLFree": 1.65, "Linux-min": 0.7}}
    assert figures.verdict(row, 1.9) == "reached"
    assert figures.verdict(row, 1.4) == "missed by 0.50"
    assert figures.best(row) == "LLFree 1.65"


SCALE = {"scale/0/harts/1": 11.5, "scale/0/harts/4": 22.54, "scale/0/ratio/4": 1.96,
         "scale/yardstick/harts/1": 6.1, "scale/0/yardsticks": 1.885, "scale/calls/yardsticks": 3.8,
         "pair/0": 90}


def test_throughput_is_a_table_of_its_own():
    assert [line.split()[:2] for line in figures.target_table(SCALE)[1:]] == [["order", "0,"]]
    head, *rows = figures.target_table(SCALE, more=True)
    assert head.split()[:2] == ["throughput", "ratio"]
    ends = ["1.89       3  Linux-min 0.75  missed by 1.11", "3.80                       -",
            "1.96    1.95     LLFree 1.96  reached"]
    assert len(rows) == 3 and all(row.endswith(end) for row, end in zip(rows, ends)), rows


def test_rates_by_harts():
    assert figures.scale_rows(SCALE) == (["million pairs a second", "1 hart", "4 harts", "4:1"],
                                         [["0", "11.50", "22.54", "1.96"], ["yardstick", "6.10", "", ""]])


def test_what_goes_by_the_clock_is_not_compared():
    assert figures.compared(SCALE) == {"pair/0": 90}


def test_the_table_of_targets():
    """Every row names a figure of its own, and a peer that has a column; the best is the least."""
    rows = figures.targets()
    assert len({row["figure"] for row in rows}) == len(rows)
    assert all(set(row["peers"]) <= set(figures.PEERS) for row in rows)
    assert figures.best({"peers": {"xv6": 439, "LLFree": 830}}) == "xv6 439"


def test_the_tables_of_a_document_are_replaced():
    begin, end = "<!-- scripts/bench --markdown: begin -->", "<!-- scripts/bench --markdown: end -->"
    text = f"# Title\n{begin}\nold\nold\n{end}\nafter\n"
    assert figures.with_tables(text, ["new"]) == f"# Title\n{begin}\nnew\n{end}\nafter\n"
    with pytest.raises(figures.Unusable):
        figures.with_tables(text.replace(end, ""), ["new"])


def test_tables_show_what_is_in_one_alone():
    lines = figures.comparison({"a/a": 100, "b/b": 5}, {"a/a": 110, "c/c": 7}, ["base", "now"])
    assert [line.split() for line in lines] == [
        ["figure", "base", "now", "change"], ["a/a", "100", "110", "+10.0", "%"],
        ["c/c", "-", "7", "-"], ["b/b", "5", "-", "-"]]
