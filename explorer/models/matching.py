"""Untrained networks beside a trained one: any cell, reading through the same embedding, with about as many weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from explorer.models.model import Model
from explorer.models.startup import seeded
from explorer.models.zoo import assemble

MARK = "~"
"""Separator of the parts of a name: "english-lstm~mgu~0"."""
SEED_DIGITS = 9
MOST = 4096
"""No more units are tried."""


@dataclass(frozen=True)
class Variant:
    """An untrained network: its cell, the seed of its weights, the shipped model that it stands beside."""

    cell: str
    seed: int
    beside: str

    @property
    def name(self) -> str:
        """Name in the form of shipped models; none of those has a tilde in it."""
        return MARK.join((self.beside, self.cell, str(self.seed)))

    @staticmethod
    def named(name: str) -> Variant | None:
        """The variant of that name; None if it does not name one."""
        beside, *parts = name.split(MARK)
        if len(parts) != 2 or not parts[1].isdecimal() or len(parts[1]) > SEED_DIGITS:
            return None
        return Variant(parts[0], int(parts[1]), beside)


def matched(variant: Variant, beside: Model) -> Model:
    """The untrained network, in evaluation mode. It reads through the embedding of `beside`; its cell and readout are as torch draws them.

    It has as many units as bring the number of its weights, all of them, closest to that of `beside`. Raises ValueError where the cell
    cannot be built in this shape.
    """
    card = beside.card
    assert card is not None

    def build(units: int) -> Model:
        return assemble(
            variant.cell,
            card.input_size,
            units,
            card.reader,
            answer=card.answer,
            labels=card.labels,
            num_layers=card.num_layers,
            bidirectional=card.bidirectional,
        )

    with torch.device("meta"):  # sizes and no numbers, so that nothing is drawn
        units = closest(lambda units: build(units).parameter_count, beside.parameter_count)
    with seeded(variant.seed):
        model = build(units).to(beside.dtype)
    model.name, model.embedding = variant.name, beside.embedding
    return model.eval().requires_grad_(False)


def closest(count: Callable[[int], int], wanted: int) -> int:
    """Number of units whose `count`, which grows with it, is closest to `wanted`. Skips sizes that a cell does not
    have, for which `count` raises ValueError; raises that error if no size is left."""

    def counted(units: int) -> int | None:
        try:
            return count(units)
        except ValueError:
            return None

    def from_here_on(units: int) -> int:
        """The next size that the cell has."""
        return next((size for size in range(units, min(units + 64, MOST)) if counted(size) is not None), MOST)

    low, high = 0, 1
    while high < MOST and (parameters := counted(from_here_on(high))) is not None and parameters < wanted:
        low, high = high, 2 * high
    while high - low > 1:  # the first size with at least as many is above `low`, and `high` or below it
        middle = (low + high) // 2
        parameters = counted(from_here_on(middle))
        low, high = (middle, high) if parameters is not None and parameters < wanted else (low, middle)
    below = next((size for size in range(high - 1, max(0, high - 65), -1) if counted(size) is not None), high)
    sizes = {size: parameters for size in (from_here_on(high), below) if (parameters := counted(size)) is not None}
    if not sizes:
        count(1)  # says why
        raise ValueError("this cell has none of the sizes that were tried")
    return min(sizes, key=lambda size: (abs(sizes[size] - wanted), size))
