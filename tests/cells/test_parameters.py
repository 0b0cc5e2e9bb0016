"""The formula of a cell's parameters, against cells of other sizes than those that it was found from."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from explorer import cells
from explorer.cells import parameter_formula
from explorer.cells.parameters import ParameterCount
from tests.helpers import VARIANTS, Variant


def evaluated(formula: str, inputs: int, units: int) -> int:
    """A formula as it is printed, read by a person: HI is H times I, and the second one counts where I = H."""
    usual, _, equal = formula.removesuffix(" where I = H").partition("; ")
    formula = equal if equal and inputs == units else usual
    python = formula.replace("HI", "H*I").replace("H²", "H**2")
    for letter in "HI(":
        for digit in "0123456789":
            python = python.replace(f"{digit}{letter}", f"{digit}*{letter}")
    return int(eval(python, {"H": units, "I": inputs}))


@pytest.mark.parametrize(("inputs", "units"), [(7, 40), (16, 16), (64, 8), (1, 100)], ids=str)
@pytest.mark.parametrize("variant", VARIANTS)
def test_it_counts_every_cell(variant: Variant, inputs: int, units: int) -> None:
    name, options = variant
    built = sum(weight.numel() for weight in cells.build(name, inputs, units, **options).parameters())
    formula = parameter_formula(name, **options)
    assert formula.at(inputs, units) == built
    assert evaluated(str(formula), inputs, units) == built


@pytest.mark.parametrize(
    ("name", "options", "formula"),
    [
        ("rnn", {}, "HI + H² + 2H"),
        ("lstm", {}, "4(HI + H² + 2H)"),
        ("gru", {}, "3(HI + H² + 2H)"),
        ("depth-gated", {}, "5HI + 4H² + 11H"),
        ("grid", {}, "8(HI + H² + 2H)"),
        ("mut2", {}, "3(HI + H² + 2H); 5(H² + H) where I = H"),
        ("jordan", {"output_size": 3}, "HI + 8H + 3"),
    ],
)
def test_as_one_writes_it(name: str, options: dict[str, Any], formula: str) -> None:
    assert str(parameter_formula(name, **options)) == formula


@pytest.mark.parametrize(
    ("counts", "written"),
    [((0, 2, 0, 0, 0), "2H²"), ((0, 0, 1, 0, 0), "H"), ((6, 0, 0, 3, 9), "3(2HI + I + 3)"), ((0, 0, 0, 0, 1), "1")],
)
def test_other_shapes_are_written_too(counts: tuple[int, ...], written: str) -> None:
    assert str(ParameterCount(*counts)) == written


def test_nothing_is_drawn() -> None:
    """Asking for a formula leaves the generator as it was."""
    before = torch.get_rng_state()
    for name in cells.names():
        parameter_formula(name)
    assert torch.equal(torch.get_rng_state(), before)


def test_an_unknown_cell() -> None:
    with pytest.raises(ValueError, match=r"unknown cell 'lsmt'; choose from .*rnn"):
        parameter_formula("lsmt")
