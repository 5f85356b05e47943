# SPDX-License-Identifier: BSD-2-Clause
"""Which way includes may point: a rule per room, checked for every include of every C file.

Private include paths (CMakeLists.txt) let most forbidden includes fail to compile; this also
catches those that share a path, such as include/drivers seen from mm/.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Headers that any freestanding C17 compiler has, and string.h for memcpy() and memset().
FREESTANDING = {"assert.h", "float.h", "limits.h", "stdalign.h", "stdarg.h", "stdatomic.h",
                "stdbool.h", "stddef.h", "stdint.h", "stdnoreturn.h", "string.h"}
ANY_LIBC = None  # any system header without a folder

# Room: the folders of <...> it may include, and the system headers.
RULES = {
    "include/mm": ({"mm", "port"}, FREESTANDING),
    "include/port": ({"mm", "port", "arch"}, FREESTANDING),
    "include/drivers": ({"mm", "port", "drivers"}, FREESTANDING),
    "mm": ({"mm", "port"}, FREESTANDING),
    "kernel/stress": ({"mm", "port"}, ANY_LIBC),
    "kernel": ({"mm", "port", "drivers"}, ANY_LIBC),
    "drivers": ({"mm", "port", "drivers"}, ANY_LIBC),
    # A program, not a part of the port: it stands where the runtime stands on a target.
    "arch/host/layout": ({"mm", "port", "arch", "drivers"}, ANY_LIBC),
    "arch": ({"mm", "port", "arch"}, ANY_LIBC),
}
# Architectures that share arch/common, which includes headers that each of them has.
SHARING = ("arm64", "riscv64")
# One include from outside its rule: the page size is the architecture's, in page arithmetic.
ALLOWED = {("include/mm/pfn.h", "arch/page_size.h")}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def sources():
    for top in ("arch", "drivers", "include", "kernel", "mm"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".S")):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def room_of(path):
    return next(room for room in RULES if path.startswith(room + "/"))


def is_private(path, target):
    """Does "target" lead to a header within the room's own folder, arch/ARCH counting as a room?

    Of arch/common its users see "common/...", and it sees by name what all of them have.
    """
    parts = path.split("/")
    top = "/".join(parts[:2]) if parts[0] == "arch" else parts[0]
    for start in (os.path.dirname(path), top):
        found = os.path.normpath(os.path.join(start, target))
        if found.startswith(top + "/") and os.path.exists(os.path.join(ROOT, found)):
            return True
    if top == "arch/common":
        return all(os.path.exists(os.path.join(ROOT, "arch", arch, target)) for arch in SHARING)
    return (parts[1] in SHARING and target.startswith("common/") and
            os.path.exists(os.path.join(ROOT, "arch", target)))


def wrong(path, bracket, target):
    """Why this include is forbidden, or None."""
    if (path, target) in ALLOWED:
        return None
    if bracket == '"':
        return None if is_private(path, target) else f'"{target}" is no header of this room'
    folders, system = RULES[room_of(path)]
    folder = target.split("/")[0] if "/" in target else None
    if folder is None:
        return None if system is ANY_LIBC or target in system else f"<{target}> needs a libc"
    if folder in folders or (folder in ("sys", "linux") and system is ANY_LIBC):
        return None
    return f"<{target}>: {room_of(path)}/ may include {', '.join(sorted(folders))}"


def main():
    count = 0
    for path in sources():
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                match = INCLUDE.match(line)
                reason = match and wrong(path, match[1], match[2])
                if reason:
                    print(f"{path}:{number}: {reason}")
                    count += 1
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
