# SPDX-License-Identifier: BSD-2-Clause
"""A trace of a run on the target is a test on the host: scripts/replay agrees with it."""
import os
import re
import subprocess

import frame
import machine as machines
from conftest import ROOT


def replay(path):
    """What scripts/replay says of a log, after it has said that it agrees."""
    done = subprocess.run([os.path.join(ROOT, "scripts", "replay"), path], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, text=True)
    print(done.stdout)
    assert done.returncode == 0
    return re.search(r"^replay: PASS (\d+) events of 4 cpus, (\d+) blocks; (\d+) not served here, "
                     r"\d+ served here alone, (\d+) ends of blocks from before, (\d+) events lost$",
                     done.stdout, re.MULTILINE)


def test_replay(run, tmp_path):
    """All of a small run, from the start; then what rings that are too small have kept of another."""
    commands = ["trace on 1000", "stress ops=800", "trace", "trace dump", "trace on",
                "stress ops=20000", "trace", "trace dump"]
    result = run(machines.sized(4, "512M", 2), commands)
    assert result.status == 0
    text = result.text.replace("\r", "")
    states = re.findall(r"^trace: on, (\d+) events kept, (\d+) lost$", text, re.MULTILINE)
    first, second = tmp_path / "first", tmp_path / "second"
    cut = text.index(frame.END.format("trace")) + len(frame.END.format("trace")) + 1
    first.write_text(text[:cut])
    second.write_text(text)

    # No event but those of commands comes between `trace` and the dump, and they make none.
    found = replay(str(first))
    assert found[1] == states[0][0] and states[0][1] == "0"
    assert int(found[2]) > 300 and found[3] == found[4] == found[5] == "0"
    found = replay(str(second))
    assert int(states[1][1]) > 0 and int(found[5]) >= int(states[1][1])
    assert int(found[1]) > 500 and int(found[3]) == 0
