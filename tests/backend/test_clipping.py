"""Clipping: what torch does in place, as pure functions."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from explorer.backend import clipping
from tests.helpers import FEW

numbers = st.floats(-100, 100, width=32)
limits = st.floats(0.01, 1000)
gradients = st.lists(numbers, min_size=3, max_size=3).map(
    lambda values: {
        "w": torch.tensor(values[:2], dtype=torch.float64),
        "b": torch.tensor(values[2:], dtype=torch.float64),
    }
)


def by_torch(gradient: dict[str, Tensor], clip: Any, limit: float) -> dict[str, Tensor]:
    """The same gradient in parameters, clipped by torch."""
    weights = [nn.Parameter(torch.zeros_like(value)) for value in gradient.values()]
    for weight, value in zip(weights, gradient.values(), strict=True):
        weight.grad = value.clone()
    clip(weights, limit)
    return {name: weight.grad for name, weight in zip(gradient, weights, strict=True) if weight.grad is not None}


@given(gradient=gradients, limit=limits)
@FEW
def test_by_norm_it_is_what_torch_leaves(gradient: dict[str, Tensor], limit: float) -> None:
    """The direction stays, the norm is at most the limit, and what is handed in is not written to."""
    before = {name: value.clone() for name, value in gradient.items()}
    found = clipping.by_norm(gradient, limit)
    for name, expected in by_torch(gradient, nn.utils.clip_grad_norm_, limit).items():
        torch.testing.assert_close(found.gradient[name], expected, rtol=1e-12, atol=0)  # float64
        assert torch.equal(gradient[name], before[name])
    norm = math.sqrt(sum(float((value**2).sum()) for value in gradient.values()))
    assert found.norm == pytest.approx(norm)
    assert found.factor is not None
    assert found.factor * norm <= limit * (1 + 1e-12)
    assert (found.factor == 1) is (norm + clipping.CLOSE <= limit)
    assert math.isnan(found.angle) if norm == 0 else found.angle < 1e-6  # degrees; rounding of the units


@given(gradient=gradients, limit=limits)
@FEW
def test_by_value_it_is_what_torch_leaves(gradient: dict[str, Tensor], limit: float) -> None:
    """Every entry is within the limit; how many were cut is counted, and how far it turned is an angle."""
    found = clipping.by_value(gradient, limit)
    for name, expected in by_torch(gradient, nn.utils.clip_grad_value_, limit).items():
        assert torch.equal(found.gradient[name], expected)
    entries = torch.cat([*gradient.values()])
    assert found.share == pytest.approx(float((entries.abs() > limit).double().mean()))
    if found.share == 0:
        assert math.isnan(found.angle) or found.angle == 0


def test_by_value_it_turns() -> None:
    """(3, 1) held to 1 is (1, 1): half of the entries cut, and 45° - arctan ⅓ between them."""
    found = clipping.by_value({"w": torch.tensor([3.0, 1.0])}, 1.0)
    assert found.gradient["w"].tolist() == [1, 1]
    assert (found.share, found.factor) == (0.5, None)
    assert found.angle == pytest.approx(45 - math.degrees(math.atan(1 / 3)))


@pytest.mark.parametrize("clip", [clipping.by_norm, clipping.by_value])
@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan])
def test_a_limit_that_is_none_is_told(clip: Any, limit: float) -> None:
    with pytest.raises(ValueError, match="cannot be clipped at"):
        clip({"w": torch.ones(2)}, limit)
