# SPDX-License-Identifier: BSD-2-Clause
"""scripts/plot LOG [PICTURE.svg|PICTURE.png]: draw what a run's frames say of the allocator over time.

    scripts/run -- 'sample ms=100 stress seconds=2' > run.log
    scripts/plot run.log

The frames are those of the monitor's `sample`. If the log has none: of `buddyinfo`, by number, as
they have no time. Without PICTURE it is LOG.svg. Three panels: free blocks by order; fragmentation,
as the unusable free index, the part of free memory that lies in blocks too small for a request of
that order; pages allocated and freed per second and hart. In the SVG each curve has an id.
"""
import os
import re
import sys

import frame

ZONE = re.compile(r"Node (\d+), zone +(\S+) +([\d ]+)")
HART = re.compile(r"hart (\d+) pgalloc (\d+) pgfree (\d+) pcp_alloc (\d+) pcp_refill (\d+)")
TIME = re.compile(r"time_ms (\d+)")


class Sample:
    """One frame: `time` in seconds or a number, blocks[order] over all zones, harts[id] = (pages
    allocated, pages freed) since boot."""

    def __init__(self, time, lines):
        self.time, self.blocks, self.harts = time, [], {}
        for line in lines:
            self.take(line)
        if not self.blocks:
            raise frame.Missing("a frame without a line of free blocks")

    def take(self, line):
        if match := TIME.fullmatch(line):
            self.time = int(match[1]) / 1000
        elif match := HART.fullmatch(line):
            self.harts[int(match[1])] = int(match[2]), int(match[3])
        elif match := ZONE.fullmatch(line):
            counts = [int(word) for word in match[3].split()]
            self.blocks = [a + b for a, b in zip(self.blocks or [0] * len(counts), counts)]
        else:
            raise frame.Missing(f"a frame has the line `{line}`, which is no sample's")


def samples(lines):
    """The samples of a log, in order."""
    for name in "sample", "buddyinfo":
        found = list(frame.every(lines, name))
        if found:
            return [Sample(number, inside) for number, inside in enumerate(found)]
    raise frame.Missing("there is no frame `sample` or `buddyinfo`; `sample COMMAND` prints some")


def unusable(blocks, order):
    """The unusable free index: 0 if any free page could serve a request of that order, 1 if none."""
    pages = [count << i for i, count in enumerate(blocks)]
    return sum(pages[:order]) / sum(pages) if sum(pages) else 0.0


def rates(taken, hart, which):
    """(times, pages per second) of a hart between each sample and the next; which: 0 allocated."""
    times, values = [], []
    for before, after in zip(taken, taken[1:]):
        if after.time > before.time:
            times.append(after.time)
            values.append((after.harts[hart][which] - before.harts[hart][which]) /
                          (after.time - before.time))
    return times, values


def curves(taken):
    """The panels: (title, label of the axis, [(id, times, values)])."""
    times = [sample.time for sample in taken]
    orders = range(len(taken[0].blocks))
    yield ("Free blocks by order", "blocks",
           [(f"order-{order}", times, [sample.blocks[order] for sample in taken])
            for order in orders])
    yield ("Fragmentation: unusable free index by order", "part of free memory",
           [(f"unusable-{order}", times, [unusable(sample.blocks, order) for sample in taken])
            for order in orders[1:]])
    if taken[0].harts and len(taken) > 1:
        yield ("Pages allocated and freed by hart", "pages per second",
               [(f"hart-{hart}-{word}", *rates(taken, hart, which))
                for hart in sorted(taken[0].harts)
                for which, word in enumerate(("alloc", "free"))])


def draw(taken, path):
    """Write the picture; its format is by the ending of the name."""
    import matplotlib  # here: the rest works without it
    matplotlib.use("Agg")
    from matplotlib import pyplot
    # Every sample is a point of its curve, and the same log makes the same file.
    matplotlib.rcParams.update({"path.simplify": False, "svg.hashsalt": "pageframe"})
    panels = list(curves(taken))
    figure, axes = pyplot.subplots(len(panels), 1, figsize=(11, 4 * len(panels)), squeeze=False,
                                   constrained_layout=True)
    for axis, (title, label, lines) in zip(axes[:, 0], panels):
        pairs = 2 if lines[0][0].endswith("-alloc") else 1  # a hart's two have one colour
        for number, (name, times, values) in enumerate(lines):
            colour = matplotlib.colormaps["turbo"](number // pairs * pairs / len(lines))
            axis.plot(times, values, label=name, gid=name, linewidth=1, color=colour,
                      linestyle="--" if name.endswith("-free") else "-")
        axis.set_title(title)
        axis.set_ylabel(label)
        axis.set_ylim(bottom=0)
        axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize="small")
    axes[-1, 0].set_xlabel("seconds since boot" if taken[0].harts else "frame")
    svg = path.endswith(".svg")
    figure.savefig(path, metadata={"Date": None} if svg else None)


def main():
    arguments = sys.argv[1:]
    if not 1 <= len(arguments) <= 2 or any(a.startswith("-") for a in arguments):
        sys.exit(__doc__)
    log = arguments[0]
    path = arguments[1] if len(arguments) == 2 else os.path.splitext(log)[0] + ".svg"
    if not path.endswith((".svg", ".png")):
        sys.exit(f"scripts/plot: {path} ends neither in .svg nor in .png")
    try:
        with open(log, "rb") as file:
            taken = samples(frame.lines_of(file.read()))
        draw(taken, path)
    except (frame.Missing, OSError) as error:
        sys.exit(f"scripts/plot: {error}")
    print(f"{path}: {len(taken)} samples, {taken[-1].time - taken[0].time:g} "
          f"{'s' if taken[0].harts else 'frames'}")


if __name__ == "__main__":
    main()
