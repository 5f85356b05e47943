# SPDX-License-Identifier: BSD-2-Clause
"""Measures of the sources beside their aims, for information: how long functions and files are, how
much is commented, asserted, documented and tested. Function spans are ctags'.
"""
import os
import re
import statistics
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOMS = ("arch", "drivers", "include", "kernel", "mm")
ASSERT = re.compile(r"\b(assert|static_assert|_Static_assert|report_panic|misuse|mm_assert)\s*\(",
                    re.IGNORECASE)


def files(tops, end):
    for top in tops:
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith(end):
                    yield os.path.join(folder, name)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def split_comments(text):
    """(lines of code, lines of comment only) without blank lines and the licence."""
    text = re.sub(r"^/\* SPDX.*\n", "", text)
    bare = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)
    bare = re.sub(r"//.*", "", bare)
    code = sum(bool(line.strip()) for line in bare.split("\n"))
    filled = sum(bool(line.strip()) for line in text.split("\n"))
    return code, filled - code


def functions(paths):
    """[(lines, place)] of every function."""
    done = subprocess.run(["ctags", "--fields=+ne", "--c-kinds=f", "-o", "-", *paths],
                          stdout=subprocess.PIPE, text=True, check=True)
    found = []
    for line in done.stdout.splitlines():
        fields = line.split("\t")
        span = dict(f.split(":", 1) for f in fields[3:] if f.startswith(("line:", "end:")))
        if "end" in span:
            lines = int(span["end"]) - int(span["line"]) + 1
            found.append((lines, f"{os.path.relpath(fields[1], ROOT)}:{fields[0]}"))
    return sorted(found)


def documented(paths):
    """Shares of prototypes with a /** comment before them, over all headers."""
    with_comment = total = 0
    for path in paths:
        for block in re.split(r"\n\s*\n", read(path)):
            prototypes = re.findall(r"^(?!static|#|\s|/|\*|typedef)[\w \*]+\([^;{]*\);", block, re.M)
            total += len(prototypes)
            with_comment += len(prototypes) if "/**" in block or "/*" in block else 0
    return with_comment / total if total else 0.0


def per_thousand(pattern, texts, code):
    return 1000 * sum(len(pattern.findall(text)) for text in texts) / max(code, 1)


def report(name, aim, value):
    print(f"  {name:52} {aim:>14}   {value}")


def main():
    sources, headers = list(files(ROOMS, ".c")), list(files(ROOMS, ".h"))
    spans = functions(sources)
    lengths = [lines for lines, _ in spans]
    report("measure", "aim", "now")
    p90 = lengths[int(len(lengths) * 0.9)]
    report("function lines, median / p90 / longest", "15 / 40 / 60",
           f"{statistics.median(lengths):.0f} / {p90} / {lengths[-1]} ({spans[-1][1]})")
    for end, aim, paths in ((".c", 500, sources), (".h", 250, headers)):
        longest = max(paths, key=lambda path: read(path).count("\n"))
        report(f"longest {end}, lines", str(aim),
               f"{read(longest).count(chr(10))} ({os.path.relpath(longest, ROOT)})")
    core = [read(path) for path in files(("mm", "kernel"), (".c", ".h"))]
    core_code = sum(split_comments(text)[0] for text in core)
    report("#if per 1,000 code lines in mm, kernel", "3",
           f"{per_thousand(re.compile('^#if(?!ndef .*_H$)', re.M), core, core_code):.1f}")
    for end, aim, paths in ((".c", ".15-.30", sources), (".h", ".4-.7", headers)):
        code, comment = (sum(n) for n in zip(*(split_comments(read(path)) for path in paths)))
        report(f"comment ratio {end}", aim, f"{comment / code:.2f}")
    report("prototypes documented in include/", "90%",
           f"{100 * documented(files(('include',), '.h')):.0f}%")
    mm_texts = [read(path) for path in files(("mm",), ".c")]
    mm_code = sum(split_comments(text)[0] for text in mm_texts)
    report("asserts per 1,000 lines in mm", "20-40", f"{per_thousand(ASSERT, mm_texts, mm_code):.0f}")
    tests = sum(split_comments(read(path))[0] for path in files(("tests/unit/mm",), ".c"))
    report("test lines per code line, mm", ">= 1.0", f"{tests / max(mm_code, 1):.2f}")
    for lines, place in spans[::-1]:
        if lines > 60:
            print(f"  over 60 lines: {place}, {lines}")


if __name__ == "__main__":
    main()
