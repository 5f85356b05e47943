# SPDX-License-Identifier: BSD-2-Clause
"""The commands `pf NAME`, the functions $pfn() and so on, and the pretty-printers.

One module per subject. view says which hart's eyes memory is read by, facts what debug information
tells (numbers are never copied from the C sources), mm gives the allocator's structures, and memmap
its page descriptors, many at a time. The others each have some commands.
"""


def load():
    """Register everything with gdb."""
    from . import check, command, dump, find, functions, harts, owner, page, printers, reports, trace
    command.Pf()
    for module in (reports, page, owner, trace, harts, find, check, dump, functions, printers):
        module.register()
