"""Gradients of an edited reading: the total derivatives by its signals as the edits left them; nothing passes through a set value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import explorer
from explorer import edits
from explorer.backend import forward, surgery
from explorer.backend.edits import Edit
from explorer.cells import Tap
from explorer.models.model import Model
from explorer.signals import Array
from tests.backend.definitions import T, objective_of
from tests.helpers import TEXT, VARIANTS, Shape, Variant, network

LSTM = network(("lstm", {}))


def operation(model: Model) -> list[Edit]:
    """Every kind of edit at once: on what is squashed and before, on states after a step and as they enter one."""
    gate = model.cell.blocks[0]
    belt = "c" if "c" in model.cell.State._fields else "h"
    return [
        edits.set_to(gate, 0.25, units=1, steps=(2, 6)),
        edits.scale(f"{gate}_pre", 1.5),
        edits.noise("h", 0.1, seed=5, units=(0, 3)),
        edits.freeze(belt, units=2, steps=(4, 5)),
        edits.patch(belt, [0.25, -0.5], units=(0, 2), at=7),
        edits.scale("h_prev", 0.75, steps=8),
        edits.set_to("h_prev", 0.1, units=1, steps=3),
    ]


@torch.no_grad()
def differences(model: Model, name: str, made: list[Edit], asked: dict[str, Any], by: float = 1e-5) -> Array:
    """Central differences of the objective by every element of a signal, nudged behind the edits; all nudges are one batch."""
    x = model.prepare(TEXT).x
    rows, width = (
        (1, x.shape[-1]) if name == "x" else (len(model.stack.rows), forward.read(model.stack, x)[0][name].shape[-1])
    )
    nudges = torch.eye(rows * T * width, dtype=x.dtype).view(-1, rows, T, width) * by
    nudges = torch.cat([nudges, -nudges])  # [batch, row, step, unit]

    def nudged(row: int, step: int) -> Tap:
        return lambda signal, value: value + nudges[:, row, step] if signal == name else value

    batch = x.repeat(1, len(nudges), 1)
    if name == "x":
        batch = batch + nudges[:, 0].transpose(0, 1)
    taps = surgery.then(surgery.tap_at(made, model.stack, x), nudged)
    read = forward.read(model.stack, batch, tap_at=taps)
    values: Tensor = objective_of(model, [{key: list(one) for key, one in row.items()} for row in read], **asked)
    up, down = values.chunk(2)
    found: Array = ((up - down) / (2 * by)).view(rows, T, width).numpy()
    return found[0] if name == "x" else found


@pytest.mark.cases(12)
@pytest.mark.parametrize("asked", [{"of": "loss"}, {"of": "h", "unit": 1, "at": 6}], ids=["loss", "h"])
@pytest.mark.parametrize("shape", [(1, False), (2, True)], ids=str)
@pytest.mark.parametrize("variant", VARIANTS)
def test_gradients_of_an_edited_reading_are_finite_differences(
    variant: Variant, shape: Shape, asked: dict[str, Any]
) -> None:
    model = network(variant, shape)
    made = operation(model)
    found = explorer.gradients(model, TEXT, edits=made, **asked)
    plain, edited = explorer.trace(model, TEXT), explorer.trace(model, TEXT, edits=made)
    assert np.abs(edited["h"] - plain["h"]).max() > 1e-2, "it is another reading"
    for name in ("x", *(signal.name for signal in model.cell.recorded)):
        expected = differences(model, name, made, asked)
        # Central differences at 1e-5: 1e-10 of curvature, 1e-11 of rounding, and room for a sharp network.
        np.testing.assert_allclose(found[f"grad_{name}"], expected, rtol=0, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_passes_through_a_set_value(variant: Variant) -> None:
    """h of all units set at one step, and every other state with it: to what came before it, the objective is as good as blind, exactly.
    The set values themselves have a gradient: what a change of them would do."""
    model, at = network(variant, seed=1), 5  # in this one, a unit with relu is awake at the step after
    made = [edits.set_to(state, 0.5, steps=at) for state in model.cell.State._fields]
    found = explorer.gradients(model, TEXT, of="logit", at=at + 1, edits=made)
    for name in found.arrays:
        early = found[name][: at + 1] if name == "grad_x" else found[name][:, :at]
        assert not early.any(), name
    heard = "y" if variant[0] == "jordan" else "h"
    assert np.abs(found[f"grad_{heard}"][0, at]).max() > 1e-4
    assert np.abs(found["grad_x"][at + 1]).max() > 1e-4


def test_a_gate_that_is_held_hears_of_nothing() -> None:
    """f of unit 2 held open: no gradient into its pre-activation, one by the gate itself, and the others as ever."""
    found = explorer.gradients(LSTM, TEXT, of="logit", edits=[edits.set_to("f", 1.0, units=2)])
    assert not found["grad_f_pre"][0, :, 2].any()
    assert found["grad_f"][0, 1:, 2].all()
    assert found["grad_f_pre"][0, 1:, [0, 1, 3]].all()
    before = explorer.gradients(LSTM, TEXT, of="logit", edits=[edits.set_to("f_pre", 3.0, units=2)])
    assert before["grad_f_pre"][0, 1:, 2].all(), "what was set before the squashing passes through it"


def test_a_set_value_knows_nothing_of_what_it_replaces() -> None:
    """A forget gate whose bias is NaN, held: everything but its pre-activation is sound, and so is every gradient."""
    broken = network(("lstm", {}))
    broken.cell.bias_ih.data[4:8] = torch.nan
    made = [edits.set_to("f", 0.5)]
    assert set(explorer.trace(broken, TEXT, edits=made).nonfinite) == {"f_pre"}
    assert np.isfinite(explorer.predict(broken, TEXT, edits=made)).all()
    found = explorer.gradients(broken, TEXT, edits=made)
    assert not found.nonfinite
    assert not found["grad_f_pre"].any()
    assert found["grad_f"][0, 1 : T - 1].all()
    one = [edits.set_to("f", 0.5, units=unit) for unit in range(4)]
    assert set(explorer.trace(broken, TEXT, edits=one).nonfinite) == {"f_pre"}, "unit by unit as well"


def test_a_frozen_belt_hands_its_gradient_to_the_step_before() -> None:
    """c frozen at steps 3 to 9 of 0 to 10: between, dL/dc moves only by what its own h hears."""
    found = explorer.gradients(LSTM, TEXT, of="c", unit=1, edits=[edits.freeze("c", steps=(3, 9))])
    for gate in "ifg":
        assert not found[f"grad_{gate}"][0, 3:10].any(), gate
    straight = explorer.trace(LSTM, TEXT, edits=[edits.freeze("c", steps=(3, 9))])["f"][0, 10, 1]
    np.testing.assert_allclose(
        found["grad_c"][0, 9, 1] - found["grad_c"][0, 10, 1] * straight, by_way_of_h(found), atol=1e-14
    )


def by_way_of_h(found: explorer.Trace) -> float:
    """What c at step 9 does to step 10 through its h: dL/dh_9 · o_9 · (1 - tanh² c_9), of unit 1."""
    trace = explorer.trace(LSTM, TEXT, edits=[edits.freeze("c", steps=(3, 9))])
    o, c = trace["o"][0, 9, 1], trace["c"][0, 9, 1]
    return float(found["grad_h"][0, 9, 1] * o * (1 - np.tanh(c) ** 2))


def test_the_objective_is_the_edited_readings() -> None:
    """Its loss, and the likeliest label as it is then."""
    made = [edits.set_to("h", -3.0, units=0, steps=T - 1), edits.set_to("h", 3.0, units=1, steps=T - 1)]
    log_p = explorer.predict(LSTM, TEXT, edits=made)[-1]
    likeliest = int(log_p.argmax())
    assert likeliest != int(explorer.predict(LSTM, TEXT)[-1].argmax())
    found = explorer.gradients(LSTM, TEXT, of="log_prob", edits=made)
    named = explorer.gradients(LSTM, TEXT, of="log_prob", token=likeliest, edits=made)
    np.testing.assert_array_equal(found["grad_h"], named["grad_h"])
