# SPDX-License-Identifier: BSD-2-Clause
"""What a command is: `pf NAME`, its docstring as help, its faults as one line."""
import gdb

from . import view


class Pf(gdb.Command):
    """Look at Pageframe's allocator and harts. Nothing is changed, and the machine does not run.

The commands work on a machine that runs (and is stopped), and on one that has crashed: set
`hbreak report_fatal_end` to have it stop there. Before the allocator is up only `pf harts` and
`pf symbols` work. A PAGE is a pfn, a physical or linear address, or a struct page *; as in the
monitor pfn=N, pa=N and va=N say which."""

    def __init__(self):
        super().__init__("pf", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)

    def invoke(self, argument, from_tty):
        gdb.execute("help pf")


class Command(gdb.Command):
    """A command of `pf`: a subclass has a name, a docstring, and run()."""

    name = None
    needs_allocator = True
    completer = gdb.COMPLETE_EXPRESSION

    def __init__(self):
        super().__init__(f"pf {self.name}", gdb.COMMAND_DATA, self.completer)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        try:
            with view.machine(allocator=self.needs_allocator):
                self.run(argument.strip())
        except gdb.MemoryError as error:
            raise gdb.GdbError(f"pf {self.name}: memory could not be read: {error}") from error

    def run(self, argument):
        raise NotImplementedError

    def no_argument(self, argument):
        if argument:
            raise gdb.GdbError(f"pf {self.name}: takes no argument, not `{argument}`")


def register(*commands):
    for command in commands:
        command()
