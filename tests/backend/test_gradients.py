"""Gradients: each grad_* against autograd over a plain loop, against finite differences, by the sweeps and without them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer.backend import forward
from explorer.cells import Tap
from explorer.models.model import Model
from explorer.signals import Array
from tests.backend.definitions import KNOWN, SHAPES, T, by_autograd, has, objective_of
from tests.helpers import DEVICES, TEXT, VARIANTS, Shape, Variant, network, state_of

OBJECTIVES: dict[str, dict[str, Any]] = {
    "loss": {"of": "loss"},
    "loss-first": {"of": "loss", "at": 0},
    "loss-from-the-end": {"of": "loss", "at": -3},
    "mean": {"of": "mean"},
    "logit": {"of": "logit", "at": 4},
    "logit-named": {"of": "logit", "token": "c", "at": -1},
    "logit-numbered": {"of": "logit", "token": 0, "at": -2},
    "log_prob": {"of": "log_prob", "at": -4},
    "log_prob-likeliest": {"of": "log_prob"},
    "h": {"of": "h", "unit": 1},
    "h-below": {"of": "h", "unit": -1, "layer": 0, "at": 3},
    "c": {"of": "c", "unit": 2, "at": -2},
    "c-below": {"of": "c", "unit": 0, "layer": 0, "at": 5},
}


ONE_OF_EACH = ("loss", "logit", "h-below", "c")


def cases(variants: list[Any]) -> list[Any]:
    """Each variant with each objective that its cell has: of those that torch knows all, of the others one of each kind."""
    known = {variant.id for variant in KNOWN}
    return [
        pytest.param(variant.values[0], objective, id=f"{variant.id}-{objective}")
        for variant in variants
        for objective, asked in OBJECTIVES.items()
        if has(variant.values[0], asked["of"]) and (variant.id in known or objective in ONE_OF_EACH)
    ]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("variant", "objective"), cases(KNOWN))
def test_gradients_are_those_of_autograd(
    variant: Variant, objective: str, shape: Shape, device: str, path: str
) -> None:
    """Every grad_* in float64 from a given initial state, for every objective."""
    model, asked = network(variant, shape), OBJECTIVES[objective]
    state = state_of(model)
    expected = by_autograd(model, variant, TEXT, asked, state)
    found = explorer.gradients(model, TEXT, state=state, device=device, **asked)
    assert set(found.arrays) == set(expected)
    assert max(np.abs(values).max() for values in expected.values()) > 1e-3  # there is something to compare
    for name, values in expected.items():
        # The same sums in another order: errors are some 1e-16 of values below 10.
        np.testing.assert_allclose(found[name], values, rtol=0, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("shape", [(2, True)], ids=str)  # it has a row of each kind
@pytest.mark.parametrize(("variant", "objective"), cases(VARIANTS))
def test_gradients_are_finite_differences(variant: Variant, objective: str, shape: Shape, path: str) -> None:
    """Nudging one number at one step moves the objective by its gradient: for each signal of every registered cell, and for x."""
    model, asked = network(variant, shape), OBJECTIVES[objective]
    found = explorer.gradients(model, TEXT, **asked)
    for name in ("x", *(signal.name for signal in model.cell.recorded)):
        # Central differences at 1e-5: 1e-10 of curvature, 1e-11 of rounding, and room for a sharp network.
        np.testing.assert_allclose(
            found[f"grad_{name}"], differences(model, name, asked), rtol=0, atol=1e-7, err_msg=name
        )


@torch.no_grad()
def differences(model: Model, name: str, asked: dict[str, Any], by: float = 1e-5) -> Array:
    """Central differences of the objective by every element of a signal; all nudges are one batch."""
    x = model.prepare(TEXT).x
    rows, width = (
        (1, x.shape[-1]) if name == "x" else (len(model.stack.rows), forward.read(model.stack, x)[0][name].shape[-1])
    )
    nudges = torch.eye(rows * T * width, dtype=x.dtype).view(-1, rows, T, width) * by
    nudges = torch.cat([nudges, -nudges])  # [batch, row, step, unit]

    def tap_at(row: int, step: int) -> Tap:
        return lambda signal, value: value + nudges[:, row, step] if signal == name else value

    batch = x.repeat(1, len(nudges), 1)
    if name == "x":
        batch = batch + nudges[:, 0].transpose(0, 1)
    read = forward.read(model.stack, batch, tap_at=tap_at)
    values = objective_of(model, [{key: list(values) for key, values in row.items()} for row in read], **asked)
    up, down = values.chunk(2)
    found = ((up - down) / (2 * by)).view(rows, T, width).numpy()
    return found[0] if name == "x" else found


@pytest.mark.cases(6)
@pytest.mark.parametrize("shape", [(1, False), (2, True)], ids=str)
@pytest.mark.parametrize("variant", KNOWN)
def test_float32_holds_above_the_floor(variant: Variant, shape: Shape, path: str) -> None:
    """In float32, on a text long enough to vanish: each step's gradient whose norm is above the floor is right to 1e-3."""
    floor = np.finfo(np.float32).tiny
    model = network(variant, shape, dtype=torch.float32)
    for weight in model.stack.parameters():
        weight.data *= 0.4  # forgets faster, so that the floor is reached
    state = {name: np.zeros_like(values) for name, values in state_of(model).items()}
    asked: dict[str, Any] = {"of": "h", "unit": 3, "layer": 0}
    text = (TEXT * 50)[: 400 if variant[0] == "lstm" else 200]  # a forget gate that is open takes longer
    expected = by_autograd(model, variant, text, asked, state)
    found = explorer.gradients(model, text, **asked)
    assert np.linalg.norm(expected["grad_h"][0, 0]) < floor
    for name, values in expected.items():
        norms = np.linalg.norm(values, axis=-1)
        errors = np.linalg.norm(found[name].astype(np.float64) - values, axis=-1)
        # Rounding is 6e-8 a step and grows with their number; a sweep that flushed a term that counts would be off by far more.
        assert (errors[norms > floor] <= 1e-3 * norms[norms > floor]).all(), name
    assert found["grad_h"].dtype == np.float32
