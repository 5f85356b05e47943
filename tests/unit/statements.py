# SPDX-License-Identifier: BSD-2-Clause
"""statements.py NAME=PROGRAM...: the numbered statements of the semantics, section 20, one by one.

Runs the unit programs (cmocka) and lists, in order, every number that section 20 has, with the
tests that begin with it (S37_...). Status 1 if a number has no test, a test did not pass, a program
did not end well, or a test has a number that the section does not have.
"""
import os
import re
import subprocess
import sys

# Section 20's numbers; they are not consecutive.
NUMBERS = [
    *range(1, 8), 9, 10, 11, 12,                 # sizes
    *range(13, 18), 20,                          # descriptors and lists
    21, 22, 23, 25, 26, 27,                      # buddy
    28, 30, 31, 32, 34, 35, 36,                  # per-CPU cache
    37, 39, 41,                                  # watermarks
    43, 44, 46, 47, 48,                          # slow path
    49, 50, 52, 53,                              # content, checks, compound
    55, 57,                                      # policy and statistics
    58, 60,                                      # boot allocator, reports
]
# Numbers that do not bind this project, and why.
NOT_BINDING = {
    58: "the boot allocator is memblock, not a bitmap (its tests: unit/mm/memblock*)",
    59: "the boot allocator is memblock, not a bitmap (its tests: unit/mm/memblock*)",
}
# Not in the section, but named there (S60: "after S42"): a test may have the number.
NAMED = {42}
# A program that hangs is ended; no measure of speed.
SECONDS = 120

OK_LINE = re.compile(r"^(ok|not ok) \d+ - (?:.*: )?(\w+)(.*)$", re.MULTILINE)
STATEMENT = re.compile(r"S(\d+)_\w+")


class Outcome:
    """What the programs said: {number: [(passed, where)]}, and faults that are no test's."""

    def __init__(self):
        self.tests = {}
        self.faults = []

    def add(self, name, text):
        """The TAP output of one program; how many tests it ran."""
        lines = OK_LINE.findall(text)
        for verdict, test, rest in lines:
            statement = STATEMENT.fullmatch(test)
            passed = verdict == "ok" and "SKIP" not in rest.upper()
            if statement:
                where = f"{name}: {test}"
                self.tests.setdefault(int(statement[1]), []).append((passed, where))
        return len(lines)


def run(name, program, outcome):
    environment = {**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"}
    try:
        ended = subprocess.run([program], env=environment, timeout=SECONDS, check=False, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        outcome.faults.append(f"{name}: {error}")
        return
    if outcome.add(name, ended.stdout) == 0:
        outcome.faults.append(f"{name}: no test in its output")
    if ended.returncode != 0:
        outcome.faults.append(f"{name}: ended with status {ended.returncode}")


def report(outcome):
    """Print the list; returns how many numbers are not as they should be."""
    wrong = 0
    for number in sorted({*NUMBERS, *NOT_BINDING, *outcome.tests}):
        label = f"S{number}".ljust(4)
        tests = outcome.tests.get(number, [])
        if number in NOT_BINDING:
            print(f"{label} n/a   {NOT_BINDING[number]}")
            continue
        if number not in NUMBERS and number not in NAMED:
            verdict, tests = "FAIL", [*tests, (None, "section 20 has no such statement")]
        elif not tests:
            verdict, tests = "FAIL", [(None, "no test begins with this number")]
        else:
            verdict = "pass" if all(passed for passed, _ in tests) else "FAIL"
        wrong += verdict != "pass"
        for passed, where in tests:
            mark = "  <- did not pass" if passed is False else ""
            print(f"{label} {verdict}  {where}{mark}")
            label, verdict = "    ", "    "
    return wrong


def main():
    outcome = Outcome()
    programs = [argument.partition("=") for argument in sys.argv[1:]]
    if not programs or any(not program for _, _, program in programs):
        sys.exit(__doc__)
    for name, _, program in programs:
        run(name, program, outcome)
    wrong = report(outcome)
    for fault in outcome.faults:
        print(fault)
    binding = len([n for n in NUMBERS if n not in NOT_BINDING])
    print(f"{binding} statements bind, {wrong} numbers are wrong, {len(outcome.faults)} programs "
          "went wrong")
    sys.exit(1 if wrong or outcome.faults else 0)


if __name__ == "__main__":
    main()
