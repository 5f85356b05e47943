# SPDX-License-Identifier: BSD-2-Clause
"""Commands for gdb-multiarch that know the allocator: gdb-multiarch -x scripts/gdb/pageframe.py ELF

`help pf` lists them. They only read the machine, and never let it run.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(os.path.expanduser(__file__))))

import pfgdb  # noqa: E402  the path has to be set first

pfgdb.load()
