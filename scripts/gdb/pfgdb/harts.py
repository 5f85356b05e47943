# SPDX-License-Identifier: BSD-2-Clause
"""harts and symbols: where every hart is, also before paging is on."""
import gdb

from . import facts, machine, mm, view
from .command import Command, register as register_commands

FRAMES = 16


def place(pc):
    """Function and offset at an address of the image, or None."""
    text = gdb.execute(f"info symbol {pc:#x}", to_string=True)
    return text.split(" in section")[0] if "in section" in text else None


def in_image(pc):
    return facts.address("_start") <= pc < facts.address("image_text_end")


def where(pc):
    """(kind, text): "kernel", "early" (before paging, at the load address) or "outside"."""
    if in_image(pc):
        return "kernel", f"{place(pc)}{facts.source(pc)}"
    linked = (pc + facts.link_offset()) % (1 << 64)
    if in_image(linked):
        return "early", f"{place(linked)}{facts.source(linked)}, before paging"
    return "outside", "not in the image: in the firmware, or not started"


def cpu_of(hwid):
    """struct kernel_cpu and CPU id of a hardware id; (None, None) if it is no CPU of ours."""
    kernel = facts.variable("kernel")
    for i in range(int(kernel["nr_cpus"])):
        if int(kernel["cpus"]["cpu"][i]["hwid"]) == hwid:
            pointer = kernel["cpu"][i]
            return (pointer.dereference() if int(pointer) else None), i
    return None, None


def cpu_text(hwid, seen):
    """Which CPU it is, its state and the thread that runs there, as far as the kernel knows."""
    if hwid is None:
        return "hart of no known id"
    text = f"hart {hwid:#x}"
    cpu, number = cpu_of(hwid) if seen else (None, None)
    if number is not None:
        text = f"cpu {number} {text}"
    if cpu is None:
        return text
    state = facts.names_of("cpu_state", "CPU_").get(int(cpu["state"]), "?").lower()
    text += f" {state.replace('_', ' ')}"
    current = cpu["run"]["current"]
    if int(current):
        text += f", thread {int(current['id'])} {mm.text(current['name'])}"
    return text


def irq_text():
    on = machine.irqs_on()
    return "unknown" if on is None else "on" if on else "off"


def backtrace():
    """The selected hart's calls, indented."""
    try:
        text = gdb.execute(f"backtrace {FRAMES}", to_string=True)
    except gdb.error as error:
        text = f"no backtrace: {error}\n"
    return "".join(f"    {line}\n" for line in text.splitlines())


class Harts(Command):
    """Every hart: CPU, thread, interrupts, where it is, and the calls that led there.

A hart in the firmware has no symbols and no backtrace. One that runs before paging is on is shown
by the symbols of where it is linked; `pf symbols` gives its frames names."""

    name = "harts"
    needs_allocator = False

    def run(self, argument):
        self.no_argument(argument)
        before = gdb.selected_thread()
        seen = view.sees_kernel()
        for thread in view.threads():
            # What the kernel says of it is read by the eyes of the hart that sees.
            thread.switch()
            hwid, irqs = machine.hwid(), irq_text()
            pc = machine.register("pc")
            kind, text = where(pc)
            calls = backtrace() if kind != "outside" else ""
            before.switch()
            print(f"thread {thread.num}: {cpu_text(hwid, seen)}, interrupts {irqs}\n"
                  f"    pc {pc:#x} {text}")
            print(calls, end="")


class Symbols(Command):
    """Add the image's symbols a second time, where it runs until paging is on: pf symbols [ADDRESS]

ADDRESS is where its first byte was loaded; without, where the ELF file says. A breakpoint on a
function then has two places: set it with hbreak. `remove-symbol-file -a ADDRESS` takes them away."""

    name = "symbols"
    needs_allocator = False

    def run(self, argument):
        start = facts.address("_start")
        offset = facts.link_offset()
        if argument:
            offset = start - int(gdb.parse_and_eval(argument))
        file = gdb.current_progspace().filename
        gdb.execute(f'add-symbol-file "{file}" -o {-offset % (1 << 64):#x}', to_string=True)
        print(f"symbols of {file} at {(start - offset) % (1 << 64):#x}, too")


def register():
    register_commands(Harts, Symbols)
