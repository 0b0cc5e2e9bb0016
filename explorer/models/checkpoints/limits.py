"""How large a network of one's own may be, so that a server that others use stays alive. Checked before the work begins."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from explorer.models.checkpoints.contents import Recurrent, Unreadable
from explorer.models.checkpoints.wording import quoted

MEGABYTE = 2**20
MOST_BYTES = 100 * MEGABYTE
"""Of a file, and of all that it unpacks to."""
MOST_TENSORS = 4096
LARGEST_SIZE = 2**63
"""Of a tensor in one dimension: less than this."""
MOST_UNITS, MOST_ROWS = 2048, 16
MOST_SYMBOLS = 100_000
MOST_STEPS = 1000
MOST_SIGNALS = 250_000
"""Units times rows times steps of a reading: some 10 MB of signals, and some ten seconds for what takes longest."""
MOST_ANSWERS = 4_000_000
"""Outputs times steps of a reading: 16 MB of log-probabilities."""
MOST_REREAD = 250
"""Steps of a text whose every prefix is read anew, backwards as well: some 0.5 s for 128 units."""
MOST_WORK = 10_000_000_000
"""Units² times rows times steps times readings. Of 2,048 units and 23 steps the full derivative to one step, which is as much as a reading
a unit, is twenty times that, and took 164 s on one core."""


def check_bytes(size: int, what: str = "The file") -> None:
    """Raises Unreadable where that is too much to be read at all. `what` begins the sentence: "The file", "What it unpacks to"."""
    if size > MOST_BYTES:
        megabytes = f"{size / MEGABYTE:,.0f}" if size < 10**12 else "more than a million"
        raise Unreadable(
            f"{what} has {megabytes} MB; at most {MOST_BYTES // MEGABYTE} MB are read. "
            "Save the recurrent part, its embedding and its readout alone, without the optimizer's state."
        )


def check_claims(shapes: Iterable[tuple[str, Sequence[int], int]]) -> None:
    """Tensors by name, shape and bytes a number, as a file's header claims them, before one is read. Raises Unreadable for too much."""
    total = count = 0
    for name, shape, width in shapes:
        if any(not 0 <= size < LARGEST_SIZE for size in shape):
            raise Unreadable(f"{quoted(name)} claims a shape that no tensor has; the file is damaged.")
        total, count = total + math.prod(shape) * width, count + 1
        check_bytes(total, "What it unpacks to")
    check_count(count)


def check_count(tensors: int) -> None:
    """Raises Unreadable for more tensors than are read."""
    if tensors > MOST_TENSORS:
        raise Unreadable(f"The file holds {tensors:,} tensors; at most {MOST_TENSORS:,} are read.")


def check_size(found: Recurrent) -> None:
    """Raises Unreadable for more units or rows than can be shown."""
    if found.hidden_size > MOST_UNITS or found.rows > MOST_ROWS:
        raise Unreadable(
            f"{quoted(found.where or found.cell)} has {found.hidden_size:,} units in {found.rows} rows of layers; at most "
            f"{MOST_UNITS:,} in {MOST_ROWS} can be shown."
        )


def work(units: int, rows: int, steps: int, readings: int) -> int:
    """How much so many readings of so many steps are, or what is as much: a matrix unit by unit is as many readings as there are units."""
    return units * units * rows * steps * readings


def steps(units: int, rows: int, outputs: int) -> int:
    """How many steps of a text such a network may read at once."""
    return max(2, min(MOST_STEPS, MOST_SIGNALS // (units * rows), MOST_ANSWERS // max(1, outputs)))
