"""The echo state network: its radius is what was asked for, its past fades, and training leaves it alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer import cells
from explorer.cells.esn import EchoState
from tests.helpers import steps_of

CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-12}
"""The same sums in another order, float64."""


def reservoir(units: int, inputs: int = 3, seed: int = 0, **options: Any) -> EchoState:
    torch.manual_seed(seed)
    cell = cells.build("esn", inputs, units, **options)
    assert isinstance(cell, EchoState)
    return cell


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("density", [1.0, 0.1])
@pytest.mark.parametrize("radius", [0.2, 0.9, 1.3])
@pytest.mark.parametrize("units", [1, 2, 16, 100, 300])
def test_the_radius_is_what_was_asked_for(units: int, radius: float, density: float, seed: int) -> None:
    """By numpy's eigenvalues of the weights as they are stored, in float32."""
    weights = reservoir(units, seed=seed, spectral_radius=radius, density=density).weight_hh.detach().numpy()
    found = np.abs(np.linalg.eigvals(weights.astype(np.float64))).max()
    assert found == pytest.approx(radius, abs=1e-6)


def test_every_row_of_a_stack_has_it() -> None:
    network = cells.build("esn", 3, 20, 2, True, spectral_radius=0.7)
    for name in ("l0", "l0_reverse", "l1", "l1_reverse"):
        values = np.linalg.eigvals(network.state_dict()[f"weight_hh_{name}"].double().numpy())
        assert np.abs(values).max() == pytest.approx(0.7, abs=1e-6)


@pytest.mark.parametrize(("density", "heard"), [(1.0, 20), (0.5, 10), (0.13, 3), (0.001, 1)])
def test_density(density: float, heard: int) -> None:
    """Each unit hears that share of the units, and one at least."""
    assert (reservoir(20, density=density).weight_hh != 0).sum(1).tolist() == [heard] * 20


def test_input_scale() -> None:
    cell = reservoir(200, input_scale=0.3)
    for weight in (cell.weight_ih, cell.bias_ih):
        assert 0.28 < weight.abs().max() <= 0.3
    assert not cell.bias_hh.any()


@pytest.mark.parametrize("leak", [1.0, 0.3, 1e-5])
@pytest.mark.parametrize("seed", [0, 1])
def test_its_equations(leak: float, seed: int) -> None:
    """Written out in numpy."""
    cell, x = reservoir(5, seed=seed, leak=leak).double(), steps_of(3, seed=seed)
    h = np.random.default_rng(seed).normal(size=5)
    trace = explorer.trace(cell, x, state={"h": h})
    W_x, W_h, b = (getattr(cell, name).numpy() for name in ("weight_ih", "weight_hh", "bias_ih"))
    for t, read in enumerate(x):
        n = np.tanh(W_x @ read + b + W_h @ h)
        h = (1 - leak) * h + leak * n
        np.testing.assert_allclose(trace["n"][0, t], n, **CLOSE)
        np.testing.assert_allclose(trace["h"][0, t], h, **CLOSE)
    np.testing.assert_allclose(trace.belts[0].kept(trace.arrays), np.full((1, len(x), 5), 1 - leak), **CLOSE)


def test_without_a_leak_it_is_an_elman_network() -> None:
    cell, rnn = reservoir(6, leak=1.0).double(), cells.build("rnn", 3, 6).double()
    rnn.load_state_dict(cell.state_dict())
    np.testing.assert_allclose(*(explorer.trace(one, steps_of(3))["h"] for one in (cell, rnn)), **CLOSE)


def test_the_past_fades() -> None:
    """The echo state property: two starts are soon forgotten below a radius of 1, and are not far above."""

    def apart(radius: float) -> float:
        cell = reservoir(50, spectral_radius=radius, leak=1.0, input_scale=0.1).double()
        x = steps_of(3, steps=200)
        start = np.random.default_rng(0).normal(size=50)
        first, second = (explorer.trace(cell, x, state={"h": h})["h"][0, -1] for h in (start, -start))
        return float(np.linalg.norm(first - second))

    assert apart(0.8) < 1e-9
    assert apart(3.0) > 0.1


def test_training_leaves_it_alone() -> None:
    assert not any(weight.requires_grad for weight in reservoir(4).parameters())
    assert not EchoState.trained
    assert all(cell.trained for name, cell in cells.REGISTRY.items() if name != "esn")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"leak": 0.0}, "leak is 0.0; it must be above 0 and at most 1"),
        ({"leak": 1.5}, "leak is 1.5"),
        ({"density": 0}, "density is 0; it must be above 0 and at most 1"),
        ({"spectral_radius": 0}, "spectral_radius is 0; it must be above 0"),
        ({"input_scale": -1}, "input_scale is -1; it must be above 0"),
        ({"leak": float("nan")}, "leak is nan"),
    ],
)
def test_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cells.build("esn", 3, 4, **options)
