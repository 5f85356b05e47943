# SPDX-License-Identifier: BSD-2-Clause
"""corpus.py [FOLDER]: run `layout` on every .dtb below FOLDER, or of Debian's arm64 kernel package.

The package, 60 MB, is fetched with an apt state of its own for arm64, so that the system gets no
foreign architecture and nothing is installed, and is checked against the system's keys. Its trees
are kept in $XDG_CACHE_HOME/pageframe, outside of the sources.

Of each tree: layout neither crashes nor gets a sanitizer's report; it lays out what has memory,
with numbers that add up to what libfdt finds in the tree, in text, JSON and a drawing; what has
none it refuses, and says so. Any other refusal, and one without a single reason, is a failure.
Prints the counts. $PAGEFRAME_LAYOUT names the program, which should have its sanitizers.
"""
import collections
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "scripts", "lib")]

import tree  # noqa: E402  the path has to be set first

# The archive may have dropped this one when you run it: then the newest that it has.
PACKAGE = "linux-image-6.1.0-47-arm64-unsigned"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
SUITES = ["http://deb.debian.org/debian bookworm main",
          "http://deb.debian.org/debian-security bookworm-security main"]
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "pageframe")
FEWEST_TREES = 500

PROGRAM = os.environ.get("PAGEFRAME_LAYOUT",
                         os.path.join(ROOT, "build", "host-asan", "layout"))
SECONDS = 120  # what takes so long hangs
SVG = "{http://www.w3.org/2000/svg}"


class Wrong(Exception):
    """What layout made of a tree is not right; the text says how."""


def apt_options(scratch):
    """Of an apt that knows nothing of this system but its keys."""
    for folder in ("state/lists/partial", "cache/archives/partial", "etc"):
        os.makedirs(os.path.join(scratch, folder))
    with open(os.path.join(scratch, "state", "status"), "w", encoding="ascii"):
        pass
    with open(os.path.join(scratch, "sources.list"), "w", encoding="ascii") as file:
        for suite in SUITES:
            file.write(f"deb [arch=arm64 signed-by={KEYS}] {suite}\n")
    settings = {"Dir::State": f"{scratch}/state", "Dir::State::status": f"{scratch}/state/status",
                "Dir::Cache": f"{scratch}/cache", "Dir::Log": scratch,
                "Dir::Etc::sourcelist": f"{scratch}/sources.list",
                "Dir::Etc::sourceparts": "/dev/null", "Dir::Etc::preferences": "/dev/null",
                "Dir::Etc::preferencesparts": "/dev/null", "APT::Architecture": "arm64",
                "APT::Architectures": "arm64", "APT::Sandbox::User": ""}
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def choose(options):
    """The name of the package to fetch."""
    names = subprocess.run(["apt-cache", *options, "pkgnames", "linux-image-6.1.0-"], check=True,
                           capture_output=True, text=True).stdout.split()
    if PACKAGE in names:
        return PACKAGE
    found = {int(match[1]): match[0] for name in names
             if (match := re.fullmatch(r"linux-image-6\.1\.0-(\d+)-arm64-unsigned", name))}
    if not found:
        sys.exit("corpus: the archive has no kernel package for arm64")
    return found[max(found)]


def extract(package, to):
    """The package's trees, into place in one step."""
    scratch = tempfile.mkdtemp(dir=CACHE)
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as tar:
        subprocess.run(["tar", "-x", "-C", scratch, "--wildcards", "*.dtb"], stdin=tar.stdout,
                       check=True)
    if tar.returncode:
        sys.exit(f"corpus: {package} can not be unpacked")
    shutil.rmtree(to, ignore_errors=True)
    os.rename(scratch, to)


def fetched():
    """The folder with the package's trees."""
    kept = sorted(glob.glob(os.path.join(CACHE, "dtbs", "linux-image-*")))
    if kept:
        return kept[-1]
    os.makedirs(os.path.join(CACHE, "dtbs"), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pageframe-apt-") as scratch:
        options = apt_options(scratch)
        subprocess.run(["apt-get", *options, "-q", "update"], check=True)
        name = choose(options)
        subprocess.run(["apt-get", *options, "-q", "download", name], check=True, cwd=scratch)
        [package] = glob.glob(os.path.join(scratch, f"{name}_*.deb"))
        extract(package, os.path.join(CACHE, "dtbs", name))
    return os.path.join(CACHE, "dtbs", name)


def pages_in(path):
    """Whole pages of the banks in a tree, each page once, and how many banks are empty."""
    with open(path, "rb") as file:
        banks = tree.all_banks(file.read())
    pages, end = 0, 0
    for bank in banks:
        first = max(-(-bank.base // 4096), end)
        end = max(end, (bank.base + bank.size) // 4096)
        pages += max(end - first, 0)
    return pages, sum(bank.size == 0 for bank in banks)


def check_numbers(found, pages):
    """The object adds up, and to the `pages` that the tree has."""
    banks = [int(bank["end"], 16) + 1 - int(bank["start"], 16)
             for bank in found["early_node_ranges"]]
    zones = [(f"{nid}:{name}", zone) for nid, node in found["nodes"].items()
             for name, zone in node["zones"].items()]
    present = sum(zone["present"] for _, zone in zones)
    if not pages == sum(banks) // 4096 == present:
        raise Wrong(f"{pages} pages in the tree, {sum(banks) // 4096} in banks, {present} in zones")
    for name, zone in zones:
        if not zone["managed"] <= zone["present"] <= zone["spanned"]:
            raise Wrong(f"{name}: managed, present and spanned do not ascend")
        if not zone["min"] <= zone["low"] <= zone["high"]:
            raise Wrong(f"{name}: min, low and high do not ascend")
    populated = sorted(name for name, zone in zones if zone["present"])
    for nid, zonelist in found["zonelist_of_node"].items():
        if sorted(zonelist) != populated:
            raise Wrong(f"node {nid}: not all zones are in its zonelist")


def check_drawing(path, found):
    """Well-formed, and each bank's first and last byte is in it."""
    try:
        texts = {text.text for text in xml.etree.ElementTree.parse(path).iter(f"{SVG}text")}
    except xml.etree.ElementTree.ParseError as error:
        raise Wrong(f"the drawing: {error}") from error
    for bank in found["early_node_ranges"]:
        if not {bank["start"], bank["end"]} <= texts:
            raise Wrong(f"the drawing lacks the bank at {bank['start']}")


def run(*arguments):
    """One run of the program, which must end by itself and well."""
    # The sanitizer's own status is 1, which is layout's for a tree that is no good.
    environment = {**os.environ, "ASAN_OPTIONS": "exitcode=99", "UBSAN_OPTIONS": "exitcode=99"}
    try:
        done = subprocess.run([PROGRAM, "--arch", "arm64", *arguments], capture_output=True,
                              text=True, timeout=SECONDS, check=False, env=environment)
    except subprocess.TimeoutExpired as error:
        raise Wrong("hangs") from error
    if done.returncode not in (0, 1) or re.search("Sanitizer|runtime error:", done.stderr):
        raise Wrong(f"crashed, status {done.returncode}: {done.stderr}")
    return done


def refusal(path, done):
    """Why a tree was refused, as one line; of the reasons only `no memory` is right."""
    pages, empty = pages_in(path)
    said = [line for line in done.stderr.splitlines() if line.startswith("layout: ")]
    if done.stdout or len(said) != 2 or said[1] != f"layout: {path}: not laid out":
        raise Wrong(f"refused without one clear reason: {done.stderr}")
    if not said[0].startswith("layout: no memory that can be used") or pages:
        raise Wrong(f"refused: {done.stderr}")
    if ("of size 0, for a boot loader" in done.stderr) != bool(empty):
        raise Wrong(f"refused, but not for what the tree has: {done.stderr}")
    return ("no memory: banks of size 0, for a boot loader to fill in" if empty
            else "no memory: no memory node")


def outcome(path):
    """What became of one tree, as one line; raises Wrong."""
    with tempfile.TemporaryDirectory(prefix="pageframe-layout-") as scratch:
        picture = os.path.join(scratch, "picture.svg")
        done = run("--json", "--svg", picture, path)
        if done.returncode:
            return refusal(path, done)
        found = json.loads(done.stdout)
        check_numbers(found, pages_in(path)[0])
        check_drawing(picture, found)
    text = run(path)
    if text.returncode or text.stderr != done.stderr or " present " not in text.stdout:
        raise Wrong(f"in text it ends otherwise, status {text.returncode}: {text.stderr}")
    return "laid out, with findings" if done.stderr else "laid out"


def judged(path):
    """The outcome of one tree, and what is wrong with it or None."""
    try:
        return outcome(path), None
    except (Wrong, ValueError, KeyError) as error:
        return "WRONG", f"{path}: {error!r}"


def survey(folder):
    """Run all trees of a folder; returns how many came to which outcome."""
    paths = sorted(glob.glob(os.path.join(glob.escape(folder), "**", "*.dtb"), recursive=True))
    counts = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for result, wrong in pool.map(judged, paths):
            counts[result] += 1
            if wrong:
                print(wrong)
    return counts


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else fetched()
    counts = survey(folder)
    print(f"{sum(counts.values())} trees of {os.path.basename(folder)}")
    for result, number in counts.most_common():
        print(f"{number:6} {result}")
    if counts["WRONG"] or sum(counts.values()) < (1 if len(sys.argv) > 1 else FEWEST_TREES):
        sys.exit("corpus: FAILED")


if __name__ == "__main__":
    main()
