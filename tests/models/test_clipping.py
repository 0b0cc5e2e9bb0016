"""A gradient as arrays, clipped: torch's own numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from explorer.models.clipping import clipped

GRADIENT = {"w": np.array([[3.0, -0.5], [0.0, 1.0]]), "b": np.array([-4.0, 0.25])}


def with_torch(clip, limit: float) -> dict[str, np.ndarray]:
    weights = {
        name: torch.nn.Parameter(torch.zeros(value.shape, dtype=torch.float64)) for name, value in GRADIENT.items()
    }
    for name, weight in weights.items():
        weight.grad = torch.from_numpy(GRADIENT[name].copy())
    clip(list(weights.values()), limit)
    return {name: weight.grad.numpy() for name, weight in weights.items()}


@pytest.mark.parametrize(
    ("by", "clip"), [("norm", torch.nn.utils.clip_grad_norm_), ("value", torch.nn.utils.clip_grad_value_)]
)
@pytest.mark.parametrize("limit", [0.3, 2.0, 100.0])
def test_as_torch_does_it(by: str, clip, limit: float) -> None:
    found, expected = clipped(GRADIENT, by, limit), with_torch(clip, limit)
    for name, value in expected.items():
        np.testing.assert_allclose(found.gradient[name], value, rtol=1e-12)


def test_what_it_says_of_itself() -> None:
    norm = np.sqrt(sum(np.square(value).sum() for value in GRADIENT.values()))
    by_norm, by_value = clipped(GRADIENT, "norm", 1.0), clipped(GRADIENT, "value", 1.0)
    assert by_norm.norm == by_value.norm == pytest.approx(norm, rel=1e-12)
    assert by_norm.factor == pytest.approx(1 / norm, rel=1e-6), "torch adds a millionth to the norm"
    assert by_norm.angle == pytest.approx(0, abs=1e-5)
    assert by_value.share == 2 / 6, "3 and -4 are beyond 1"
    assert by_value.angle > 0


def test_the_gradient_that_is_clipped_stays_as_it_is() -> None:
    before = {name: value.copy() for name, value in GRADIENT.items()}
    for by in ("norm", "value"):
        clipped(GRADIENT, by, 0.1)
    for name, value in before.items():
        np.testing.assert_array_equal(GRADIENT[name], value)
