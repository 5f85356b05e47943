# SPDX-License-Identifier: BSD-2-Clause
"""Reports for programs, cut out of what a run printed."""
import json


def cut(lines, name):
    """The lines of the one frame `name`."""
    begin, end = f"-----BEGIN {name}-----", f"-----END {name}-----"
    assert lines.count(begin) == 1 and lines.count(end) == 1, f"no single frame {name}"
    return lines[lines.index(begin) + 1:lines.index(end)]


def layout(lines):
    """The object that `layout json` printed."""
    return json.loads("\n".join(cut(lines, "layout.json")))
