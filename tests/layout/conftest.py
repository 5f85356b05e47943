# SPDX-License-Identifier: BSD-2-Clause
"""Tests of `layout`, the host program that $PAGEFRAME_LAYOUT names."""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "scripts", "lib"), os.path.join(ROOT, "tests", "boot")]
