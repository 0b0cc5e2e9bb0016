"""Size limits for uploaded models, which protect a shared server. They are checked before any work begins."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from explorer.models.checkpoints.contents import Recurrent, Unreadable
from explorer.models.checkpoints.wording import quoted

MEGABYTE = 2**20
MOST_BYTES = 100 * MEGABYTE
"""Maximum size of a file, and of its unpacked contents."""
MOST_TENSORS = 4096
LARGEST_SIZE = 2**63
"""Exclusive limit for one dimension of a tensor."""
MOST_UNITS, MOST_ROWS = 2048, 16
MOST_SYMBOLS = 100_000
MOST_STEPS = 1000
MOST_SIGNALS = 250_000
"""Units × rows × steps of a forward pass: about 10 MB of signals, and ten seconds for the slowest computation."""
MOST_ANSWERS = 4_000_000
"""Outputs × steps of a forward pass: 16 MB of log-probabilities."""
MOST_REREAD = 250
"""Maximum number of steps if every prefix of the text is read again, in both directions: about 0.5 s for 128 units."""
MOST_WORK = 10_000_000_000
"""Units² × rows × steps × forward passes. The full derivative with respect to one step costs one pass per unit: with 2,048 units and 23
steps it is twenty times this limit, and took 164 s on one core."""


def check_bytes(size: int, what: str = "The file") -> None:
    """Raise Unreadable for more bytes than the limit. `what` begins the message: "The file", "The unpacked file"."""
    if size > MOST_BYTES:
        megabytes = f"{size / MEGABYTE:,.0f}" if size < 10**12 else "more than a million"
        raise Unreadable(
            f"{what} has {megabytes} MB; at most {MOST_BYTES // MEGABYTE} MB are read. "
            "Save the recurrent part, its embedding and its readout alone, without the optimizer's state."
        )


def check_claims(shapes: Iterable[tuple[str, Sequence[int], int]]) -> None:
    """Check the (name, shape, bytes per number) claims of a file's header before reading any tensor. Raise Unreadable for too much."""
    total = count = 0
    for name, shape, width in shapes:
        if any(not 0 <= size < LARGEST_SIZE for size in shape):
            raise Unreadable(f"{quoted(name)} claims a shape that no tensor has; the file is damaged.")
        total, count = total + math.prod(shape) * width, count + 1
        check_bytes(total, "The unpacked file")
    check_count(count)


def check_count(tensors: int) -> None:
    """Raise Unreadable for too many tensors."""
    if tensors > MOST_TENSORS:
        raise Unreadable(f"The file holds {tensors:,} tensors; at most {MOST_TENSORS:,} are read.")


def check_size(found: Recurrent) -> None:
    """Raise Unreadable for more units or rows than can be shown."""
    if found.hidden_size > MOST_UNITS or found.rows > MOST_ROWS:
        raise Unreadable(
            f"{quoted(found.where or found.cell)} has {found.hidden_size:,} units in {found.rows} rows of layers; at most "
            f"{MOST_UNITS:,} in {MOST_ROWS} can be shown."
        )


def work(units: int, rows: int, steps: int, readings: int) -> int:
    """Return the cost of forward passes in the unit of MOST_WORK. A unit × unit matrix costs one pass per unit."""
    return units * units * rows * steps * readings


def steps(units: int, rows: int, outputs: int) -> int:
    """Return the maximum number of steps in one forward pass of such a network."""
    return max(2, min(MOST_STEPS, MOST_SIGNALS // (units * rows), MOST_ANSWERS // max(1, outputs)))
