"""Number of parameters of a cell, as a formula in the sizes: fitted to cells that are really built."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd
from typing import Any

import torch

from explorer.cells.base import REGISTRY

UNITS, INPUTS = 32, 5
"""First sizes of the fit: enough units for a few modules, and another number of inputs than of units."""


@dataclass(frozen=True)
class ParameterCount:
    """H units that read I numbers have `by_both`·HI + `by_square`·H² + `by_units`·H + `by_inputs`·I + `constant` parameters.

    equal  what they have where I = H, if that is another number: some cells then need no weights to take x as it is
    """

    by_both: int
    by_square: int
    by_units: int
    by_inputs: int
    constant: int
    equal: ParameterCount | None = None

    def at(self, input_size: int, hidden_size: int) -> int:
        """The number for one layer in one direction."""
        if self.equal and input_size == hidden_size:
            return self.equal.at(input_size, hidden_size)
        of_units = self.by_both * input_size + self.by_square * hidden_size + self.by_units
        return of_units * hidden_size + self.by_inputs * input_size + self.constant

    def __str__(self) -> str:
        """Formula as text: "4(HI + H² + 2H)"."""
        counts = (self.by_both, self.by_square, self.by_units, self.by_inputs, self.constant)
        factor = gcd(*counts)
        names = ("HI", "H²", "H", "I", "")
        terms = [(count // factor, name) for count, name in zip(counts, names, strict=True) if count]
        if len(terms) == 1:
            total = _term(factor * terms[0][0], terms[0][1])
        else:
            total = " + ".join(_term(count, name) for count, name in terms)
            total = total if factor == 1 else f"{factor}({total})"
        return f"{total}; {self.equal} where I = H" if self.equal else total


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
    rest = _in_units([count(INPUTS, units) - INPUTS * each for units, each in zip(sizes, by_inputs, strict=True)])
    formula = replace(rest, by_both=by_both, by_inputs=by_inputs[0] - by_both * UNITS)
    equal = [count(units, units) for units in sizes]
    differs = equal != [formula.at(units, units) for units in sizes]
    return replace(formula, equal=_in_units(equal) if differs else None)


def _in_units(counts: list[int]) -> ParameterCount:
    """The polynomial in H alone that has these values at UNITS and the two sizes behind it."""
    by_square = (counts[2] - 2 * counts[1] + counts[0]) // 2
    by_units = counts[1] - counts[0] - by_square * (2 * UNITS + 1)
    return ParameterCount(0, by_square, by_units, 0, counts[0] - (by_square * UNITS + by_units) * UNITS)
