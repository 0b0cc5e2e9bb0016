"""Untrained cells that begin as they were asked to, and how far a gradient reaches in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer.analysis.reach import FLOOR
from explorer.cells import Cell
from explorer.cells.esn import radius_of
from explorer.models.starts import OPEN, SQUASHES, USUAL_RADIUS, Start, at_start
from explorer.models.startup import INPUTS, RECURRENT
from explorer.signals import Array

SIGMOID = Start("rnn", "sigmoid")
EPS = float(np.finfo(np.float32).eps)


def input_of(seed: int, steps: int) -> Array:
    """What draw number `seed` reads."""
    return torch.randn(steps + 1, INPUTS, generator=torch.Generator().manual_seed(seed)).numpy()


def keep_bias(cell: Cell, gate: int) -> Array:
    """Both of torch's biases of the gate's block, added."""
    block = slice(gate * cell.hidden_size, (gate + 1) * cell.hidden_size)
    return (cell.bias_ih + cell.bias_hh)[block].numpy()


@pytest.mark.parametrize("recurrent", RECURRENT)
@pytest.mark.parametrize("radius", [0.0, 0.5, 1.0, 3.0])
def test_the_spectral_radius_is_what_was_asked_for(recurrent: str, radius: float) -> None:
    cell = Start("rnn", recurrent=recurrent, radius=radius).build(64, 3)
    # Scaled in float32: an eigenvalue of a random matrix of 64 units moves by some hundred roundings at most.
    assert radius_of(cell.weight_hh) == pytest.approx(radius, rel=300 * EPS)


def test_the_usual_radius_is_what_torch_draws() -> None:
    """Averaged over seeds, since one matrix of 128 units strays by a twentieth."""
    radii = []
    for seed in range(20):
        torch.manual_seed(seed)
        radii.append(radius_of(torch.nn.RNN(INPUTS, 128).weight_hh_l0))
    assert np.mean(radii) == pytest.approx(USUAL_RADIUS, rel=0.05)


def test_the_gain_multiplies_what_was_drawn() -> None:
    one, three = (Start("lstm", gain=gain).build(16, 0) for gain in (1.0, 3.0))
    torch.testing.assert_close(three.weight_hh, 3 * one.weight_hh)
    torch.testing.assert_close(three.weight_ih, one.weight_ih)


@pytest.mark.parametrize(("cell", "gate"), [("lstm", "ifgo".index("f")), ("gru", "rzn".index("z"))])
@pytest.mark.parametrize("bias", [-2.0, 0.0, 3.0, OPEN])
def test_the_keep_bias_is_that_of_the_gate_that_keeps_and_of_no_other(cell: str, gate: int, bias: float) -> None:
    usual, begun = Start(cell).build(8, 1), Start(cell, keep=bias).build(8, 1)
    np.testing.assert_array_equal(keep_bias(begun, gate), np.full(8, bias, np.float32))
    for other in set(range(len(begun.blocks))) - {gate}:
        np.testing.assert_array_equal(keep_bias(begun, other), keep_bias(usual, other))
    for name in ("weight_ih", "weight_hh"):
        assert torch.equal(getattr(begun, name), getattr(usual, name))


def test_chrono_prepares_for_lags_up_to_the_longest() -> None:
    """Tallec & Ollivier 2018: σ(b_f) = u/(u+1), so a unit keeps for about u steps, and b_i = -b_f."""
    cell = Start("lstm", chrono=50).build(64, 0)
    write, keep = (keep_bias(cell, gate) for gate in (0, 1))
    assert keep.min() >= 0 and keep.max() <= np.log(49)
    np.testing.assert_array_equal(write, -keep)


@pytest.mark.parametrize("of", ["memory", "h"])
@pytest.mark.parametrize(
    "start", [SIGMOID, Start("lstm", keep=1.0), Start("gru", keep=1.0)], ids=lambda start: start.cell
)
def test_it_is_the_jacobian_of_the_public_api(start: Start, of: str) -> None:
    """‖∂s_T/∂s_t‖_F / √unit at each distance, of each draw."""
    units, steps = 6, 7
    found = at_start(start, units=units, steps=steps, draws=2, seed=4, of=of)
    assert found.state == (start.memory if of == "memory" else "h")
    for draw, seed in enumerate((4, 5)):
        cell, x = start.build(units, seed), input_of(seed, steps)
        for distance, reach in enumerate(found.reach[draw]):
            J = explorer.jacobian(cell, x, to=steps, since=steps - distance, of=found.state)
            # The same walk in float32; only the norm is summed up otherwise.
            assert reach == pytest.approx(np.linalg.norm(J.astype(float)) / np.sqrt(units), rel=50 * EPS)


@pytest.mark.parametrize("start", [Start("lstm", keep=1.0), Start("gru", keep=1.0)], ids=lambda start: start.cell)
def test_the_direct_path_is_what_channels_has(start: Start) -> None:
    found = at_start(start, units=6, steps=7, draws=1, seed=2)
    assert found.direct is not None
    cell, x = start.build(6, 2), input_of(2, 7)
    for distance, reach in enumerate(found.direct[0]):
        direct, _ = explorer.channels(cell, x, to=7, since=7 - distance)
        assert reach == pytest.approx(np.sqrt(np.mean(direct**2)), rel=50 * EPS)  # gates in float32


@pytest.mark.parametrize("start", [SIGMOID, Start("lstm")], ids=["no belt", "h is none"])
def test_what_is_no_belt_has_no_direct_path(start: Start) -> None:
    assert at_start(start, units=4, steps=3, draws=1, of="h").direct is None


def test_an_orthogonal_linear_network_does_not_decay() -> None:
    found = at_start(Start("rnn", "linear", "orthogonal", radius=1.0), steps=200)
    # Two hundred products of 64 sums each in float32; the errors of a sum grow with the root of its length.
    np.testing.assert_allclose(found.reach, 1, rtol=200 * 8 * EPS)


def test_a_scalar_linear_network_doubles() -> None:
    """W = 2: exactly 2^k, as long as float32 can hold it; then it overflows, and that is told."""
    found = at_start(Start("rnn", "linear", radius=2.0), units=1, steps=140, draws=1)
    np.testing.assert_allclose(found.reach[0, :128], 2.0 ** np.arange(128), rtol=1e-12)
    assert not np.isfinite(found.reach[0, 128:]).any()


def test_a_sigmoid_network_reaches_the_floor_within_a_few_dozen_steps() -> None:
    found = at_start(SIGMOID)
    below = [int(np.flatnonzero(draw < FLOOR)[0]) for draw in found.reach]
    assert len(below) == 5 and all(36 <= distance <= 60 for distance in below)
    assert not found.reach[:, 60:].any(), "float32 has flushed it to 0"


@pytest.mark.parametrize("nonlinearity", SQUASHES)
def test_no_step_stretches_more_than_the_bound(nonlinearity: str) -> None:
    """Pascanu et al. 2013: σ_max(W) times the steepest slope; the typical stretch is below the largest."""
    start = Start("rnn", nonlinearity, radius=0.9)
    found = at_start(start, units=16, steps=30, draws=1)
    bound = (found.sigma * start.steepest) ** np.arange(31)
    assert (found.reach[0] <= bound * (1 + 1e-5)).all(), "but for the rounding of float32"
    assert found.sigma == pytest.approx(np.linalg.norm(start.build(16, 0).weight_hh.numpy(), 2), rel=1e-6)


@pytest.mark.parametrize("bias", [0.0, 1.0, 3.0])
def test_an_lstm_keeps_about_the_sigmoid_of_its_bias_a_step(bias: float) -> None:
    found = at_start(Start("lstm", keep=bias))
    assert found.direct is not None and found.keep is not None
    open_at_start = 1 / (1 + np.exp(-bias))
    assert found.keep == pytest.approx(open_at_start, abs=0.02), "x and h, small at the start, average out"
    # Units differ in their gates, and those that keep best are what is left: a little more than σ(b) a step.
    a_step = np.median(found.direct[:, 20]) ** (1 / 20)
    assert open_at_start - 0.01 <= a_step <= open_at_start + 0.05


def test_a_higher_forget_bias_reaches_further_and_none_vanishes_too() -> None:
    """At 100 steps: with bias 0 an LSTM vanishes as well."""
    ends = [float(np.median(at_start(Start("lstm", keep=bias)).reach[:, -1])) for bias in (0.0, 1.0, 3.0)]
    assert ends == sorted(ends) and ends[0] < 1e-15 and ends[2] > 0.1


def test_forced_open_is_the_constant_error_carousel() -> None:
    """f is 1 in float32, so the belt by itself loses nothing at all."""
    found = at_start(Start("lstm", keep=OPEN))
    assert found.keep == 1.0 and found.direct is not None
    np.testing.assert_array_equal(found.direct, np.ones((5, 101)))


def test_a_large_radius_explodes() -> None:
    found = at_start(Start("rnn", "tanh", radius=3.0))
    assert (found.reach[:, -1] > 1e6).all()


def test_the_same_seed_is_the_same_cell_and_each_draw_another() -> None:
    start = Start("lstm", chrono=100)
    one = at_start(start, units=8, steps=9, draws=3, seed=7)
    torch.rand(5)  # whatever else draws in this process
    np.testing.assert_array_equal(one.reach, at_start(start, units=8, steps=9, draws=3, seed=7).reach)
    np.testing.assert_array_equal(one.reach[1:], at_start(start, units=8, steps=9, draws=2, seed=8).reach)
    assert len(np.unique(one.reach[:, -1])) == 3


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"cell": "esn"}, "unknown cell 'esn'"),
        ({"nonlinearity": "sine"}, "unknown nonlinearity 'sine'"),
        ({"recurrent": "zeros"}, "unknown recurrent weights 'zeros'"),
        ({"radius": -1.0}, "radius is -1.0"),
        ({"gain": float("nan")}, "gain is nan"),
        ({"keep": 1.0}, "has no gate that keeps"),
        ({"cell": "gru", "chrono": 9}, "chrono is 9; it is for an lstm"),
        ({"cell": "lstm", "chrono": 9, "keep": 1.0}, "chrono is 9; it is for an lstm whose keep is left out"),
    ],
)
def test_a_wrong_start_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(Start(), **wrong)


def test_a_state_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown state 'c'; choose from memory, h"):
        at_start(SIGMOID, of="c")
