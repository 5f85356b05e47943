# SPDX-License-Identifier: BSD-2-Clause
"""run.py: a bounded run of the fuzz target, from the seed corpus, and what of the code it reached.

Ends with status 1 if an input was a finding (it is kept, and how to run it again is said), or if a
function of the files below was never entered: then the run has not shown what it is for. Bounded by
inputs, not by time; with the same seed, program and number of processes it is the same run.

Large trees are slow, and libFuzzer likes them: they have a small share of the inputs to themselves.
"""
import argparse
import concurrent.futures
import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# Every function of these must be entered; their lines are the coverage that is printed.
REACHED = ["drivers/of/*.c", "mm/init.c", "mm/memblock.c", "mm/memmap.c", "mm/node.c",
           "mm/offline.c", "mm/zone.c"]

# Trees up to so many bytes are small; none is larger than the second.
SMALL_BYTES, LARGE_BYTES = 4096, 24576
# One input in so many is a large one.
LARGE_ONE_IN = 20
# Hang detector for one input: its usual time is a fraction of a millisecond.
INPUT_SECONDS = 300


def parse():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add = parser.add_argument
    add("--program", required=True, help="fuzz-tree of the preset host-fuzz")
    add("--clang", default="clang", help="the compiler it was built by; for its tools")
    add("--work", required=True, help="folder for corpus, findings and profile; made anew")
    add("--runs", type=int, default=100000, help="inputs, over all processes")
    add("--processes", type=int, default=1)
    add("--seed", type=int, default=1)
    return parser.parse_args()


def make_folder(work):
    """The seed corpus, small and large, in empty folders; earlier findings stay beside them."""
    seeds = os.path.join(work, "seeds")
    for old in [seeds, *glob.glob(os.path.join(work, "corpus-*"))]:
        shutil.rmtree(old, ignore_errors=True)
    for old in glob.glob(os.path.join(work, "*.profraw")):
        os.unlink(old)
    small, large = os.path.join(seeds, "small"), os.path.join(seeds, "large")
    subprocess.run(["/usr/bin/python3", os.path.join(HERE, "make_corpus.py"), small], check=True)
    os.makedirs(large)
    for path in glob.glob(os.path.join(small, "*")):
        if os.path.getsize(path) > SMALL_BYTES:
            shutil.move(path, large)
    return small, large


class Job:
    """One libFuzzer process: a share of the inputs, from one of the two folders of seeds."""

    def __init__(self, options, index, runs, seeds, max_bytes):
        self.name = f"{index}-{os.path.basename(seeds)}"
        self.work = options.work
        self.corpus = os.path.join(options.work, f"corpus-{self.name}")
        self.command = [options.program, f"-runs={runs}", f"-seed={options.seed + index}",
                        f"-max_len={max_bytes}", f"-timeout={INPUT_SECONDS}",
                        "-rss_limit_mb=4096", "-print_final_stats=1",
                        f"-artifact_prefix={options.work}/found-", self.corpus, seeds]
        self.status = None
        self.text = ""

    def run(self):
        """To its end; the output is kept in a file while it runs."""
        os.makedirs(self.corpus)
        print("+", shlex.join(self.command), flush=True)
        environment = {**os.environ, "LLVM_PROFILE_FILE": f"{self.work}/{self.name}.profraw"}
        path = os.path.join(self.work, f"{self.name}.log")
        with open(path, "wb") as log:
            self.status = subprocess.run(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                         stderr=log, env=environment, check=False).returncode
        with open(path, encoding="utf-8", errors="replace") as log:
            self.text = log.read()

    def report(self):
        """What was found, without the progress before it."""
        begin = re.search(r"^.*(does not hold: |runtime error: |ERROR: |PANIC: )", self.text, re.M)
        return self.text[begin.start():] if begin else self.text[-4000:]

    def inputs(self):
        return int(re.search(r"^stat::number_of_executed_units: +(\d+)$", self.text, re.M)[1])


def jobs_of(options, seeds):
    large = options.runs // LARGE_ONE_IN
    for index in range(options.processes):
        for total, folder, max_bytes in ((options.runs - large, seeds[0], SMALL_BYTES),
                                         (large, seeds[1], LARGE_BYTES)):
            runs = total // options.processes + (index < total % options.processes)
            yield Job(options, index, runs, folder, max_bytes)


def fuzz(options, seeds):
    """All jobs to their end, so many at a time; returns the inputs tried."""
    jobs = list(jobs_of(options, seeds))
    with concurrent.futures.ThreadPoolExecutor(options.processes) as pool:
        list(pool.map(Job.run, jobs))
    failed = [job for job in jobs if job.status != 0]
    for job in failed:
        print(job.report())
    if failed:
        for path in glob.glob(f"{options.work}/found-*"):
            print(f"fuzz: a finding: run it by {options.program} {path}")
        sys.exit("fuzz: FAILED; if an input alone passes, the one before it matters: the `+` line "
                 "above repeats the run")
    return sum(job.inputs() for job in jobs)


def tool(options, name):
    """A tool of the same LLVM as the compiler."""
    done = subprocess.run([options.clang, f"-print-prog-name={name}"], check=True, text=True,
                          capture_output=True)
    return done.stdout.strip()


def coverage(options):
    """llvm-cov's account of all processes together."""
    profile = os.path.join(options.work, "profile")
    subprocess.run([tool(options, "llvm-profdata"), "merge", "-o", profile,
                    *glob.glob(os.path.join(options.work, "*.profraw"))], check=True)
    done = subprocess.run([tool(options, "llvm-cov"), "export", options.program,
                           f"-instr-profile={profile}", "-skip-expansions"], check=True, text=True,
                          stdout=subprocess.PIPE)
    return json.loads(done.stdout)["data"][0]


def judge(data):
    """Print the lines reached of each file; returns the functions that were never entered."""
    names = sorted(path for pattern in REACHED for path in glob.glob(os.path.join(ROOT, pattern)))
    lines = {file["filename"]: file["summary"]["lines"] for file in data["files"]}
    for path in names:
        print(f"  {os.path.relpath(path, ROOT):24} {lines[path]['covered']:4} of "
              f"{lines[path]['count']:4} lines, {lines[path]['percent']:6.2f}%")
    covered, count = (sum(lines[path][key] for path in names) for key in ("covered", "count"))
    print(f"coverage: {covered} of {count} lines, {100 * covered / count:.1f}%")
    return [function["name"] for function in data["functions"]
            if function["filenames"][0] in names and function["count"] == 0]


def main():
    options = parse()
    options.work = os.path.abspath(options.work)
    os.makedirs(options.work, exist_ok=True)
    seeds = make_folder(options.work)
    begin = time.monotonic()
    inputs = fuzz(options, seeds)
    seconds = time.monotonic() - begin
    never = judge(coverage(options))
    print(f"fuzz: {inputs} inputs, {inputs / seconds:.0f} a second by {options.processes} "
          f"processes, seed {options.seed}, no finding")
    if never:
        sys.exit("fuzz: never entered: " + " ".join(sorted(never)))


if __name__ == "__main__":
    main()
