"""How things are timed: all contestants in turn, many rounds, medians, so that a busy moment hits each of them alike.

What computes on one thread is timed by the clock of that thread, which stands still while another process has the core: on the wall
clock a call that is longer than a slice of the scheduler would look worse than it is beside one that is shorter.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ROUNDS, WARM_UP = 101, 5


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table: what was measured, in words; the number, what it is compared with, and the budget, if there is one.

    `value`, `peer` and `budget` are written as they are to be read ("1.52 ms"); `met` is None where there is no budget.
    """

    what: str
    value: str
    peer: str = ""
    ratio: float | None = None
    budget: str = ""
    met: bool | None = None


def medians(calls: dict[str, Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, float]:
    """The median time of each call in seconds of this thread, one round after another."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    collects = gc.isenabled()
    gc.disable()
    try:
        for n in range(WARM_UP + rounds):
            for name, call in calls.items():
                start = time.thread_time()
                call()
                if n >= WARM_UP:
                    times[name].append(time.thread_time() - start)
    finally:
        if collects:
            gc.enable()
    return {name: statistics.median(values) for name, values in times.items()}


def against(what: str, seconds: float, peer: float, at_most: float | None = None) -> Row:
    """A row that says how many times as long as its peer something took, and how many times it may."""
    ratio = seconds / peer
    return Row(
        what=what,
        value=milliseconds(seconds),
        peer=milliseconds(peer),
        ratio=ratio,
        budget=f"≤ {at_most:g}×" if at_most else "",
        met=ratio <= at_most if at_most else None,
    )


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms"
