"""How many parameters a cell has, as a formula in the sizes: found from cells that are really built."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from math import gcd
from typing import Any

import torch

from explorer.cells.base import REGISTRY

UNITS, INPUTS = 32, 5
"""Where the counting begins: with room for a few modules, and another number of inputs than of units."""


@dataclass(frozen=True)
class ParameterCount:
    """H units that read I numbers have `by_both`·HI + `by_square`·H² + `by_units`·H + `by_inputs`·I + `constant` parameters."""

    by_both: int
    by_square: int
    by_units: int
    by_inputs: int
    constant: int

    def at(self, input_size: int, hidden_size: int) -> int:
        """The number for one layer in one direction."""
        of_units = self.by_both * input_size + self.by_square * hidden_size + self.by_units
        return of_units * hidden_size + self.by_inputs * input_size + self.constant

    def __str__(self) -> str:
        """As one writes it: "4(HI + H² + 2H)"."""
        factor = gcd(*astuple(self))
        counts = zip(astuple(self), ("HI", "H²", "H", "I", ""), strict=True)
        terms = [(count // factor, name) for count, name in counts if count]
        if len(terms) == 1:
            return _term(factor * terms[0][0], terms[0][1])
        total = " + ".join(_term(count, name) for count, name in terms)
        return total if factor == 1 else f"{factor}({total})"


def _term(count: int, name: str) -> str:
    return f"{count if count != 1 or not name else ''}{name}"


def parameter_formula(name: str, **options: Any) -> ParameterCount:
    """The polynomial of a cell's parameters, with its options as `build` takes them. Those that training leaves alone count as well.

    Raises ValueError for an unknown cell.
    """
    if name not in REGISTRY:
        raise ValueError(f"unknown cell {name!r}; choose from {', '.join(REGISTRY)}")

    def count(inputs: int, units: int) -> int:
        with torch.device("meta"):  # sizes and no numbers, so that nothing is drawn
            return sum(weight.numel() for weight in REGISTRY[name](inputs, units, **options).parameters())

    sizes = (UNITS, UNITS + 1, UNITS + 2)
    by_inputs = [count(INPUTS + 1, units) - count(INPUTS, units) for units in sizes]
    by_both = by_inputs[1] - by_inputs[0]
    rest = [count(INPUTS, units) - INPUTS * each for units, each in zip(sizes, by_inputs, strict=True)]
    by_square = (rest[2] - 2 * rest[1] + rest[0]) // 2
    by_units = rest[1] - rest[0] - by_square * (2 * UNITS + 1)
    return ParameterCount(
        by_both=by_both,
        by_square=by_square,
        by_units=by_units,
        by_inputs=by_inputs[0] - by_both * UNITS,
        constant=rest[0] - (by_square * UNITS + by_units) * UNITS,
    )
