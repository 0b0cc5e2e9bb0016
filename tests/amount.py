"""How much is tested: a usual run, or every case of every test."""

from __future__ import annotations

import os

FULL = os.environ.get("CAROUSEL_TESTS") == "full"
"""Whether every size and every case is run: `tests/run.py --full`."""
