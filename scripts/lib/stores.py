# SPDX-License-Identifier: BSD-2-Clause
"""scripts/cost --stores [PATCH...]: cache lines that a pair of alloc_pages() and __free_pages() writes,
by order, and which of them other CPUs write too.

One hart, stepped by gdb (stores_gdb.py): who owns a line is told by its address, so one hart is
enough. A pair that writes no shared line meets nobody, with however many harts.
"""
import json
import os
import re
import sys
import tempfile

import cost

ORDERS = range(11)
# The first ones may fill the caches.
WARM = 3


def measure(elf, orders=ORDERS, warm=WARM, before=()):
    """[{"order", "cpu", "stack", "pages": lines of this CPU's, "shared": names}] by order; `before`:
    the monitor commands before each order's first pair."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stores_gdb.py")
    commands = [command for order in orders
                for command in [*before, *[f"alloc {order}", "free last"] * (warm + 1)]]
    with tempfile.TemporaryDirectory(prefix="pageframe-stores-") as folder:
        text = cost.under_gdb(elf, folder, commands, [
            "-ex", f"source {script}", "-ex", f"python run({list(orders)}, {warm})"])
    found = [json.loads(line) for line in re.findall(r"^stores (.*)$", text, re.MULTILINE)]
    if len(found) != len(orders):
        sys.exit(f"scripts/cost: gdb did not follow {len(orders)} pairs:\n{text}")
    return found


def show(elf, _, patch):
    found = measure(elf)
    if patch:
        print(f"with {patch}:", flush=True)
    for pair in found:
        names = f": {', '.join(sorted(pair['shared']))}" if pair["shared"] else ""
        print(f"order {pair['order']:2}: {pair['cpu']:2} lines of the CPU's, "
              f"{pair['pages']} of its pages, {pair['stack']} of its stack; "
              f"{len(pair['shared'])} shared{names}", flush=True)


if __name__ == "__main__":
    cost.for_each_patch(show)
