"""The carried-state gradient: by all that a step hands to the next one, each state a variable of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import explorer
from explorer import edits
from explorer.backend.gradients import handed_on
from explorer.models.model import Model
from explorer.signals import Array
from tests.helpers import TEXT, VARIANTS, Variant, network, state_of

T = len(TEXT)
TORCH = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
FIRSTS = {variant.values[0][0]: variant for variant in reversed(VARIANTS)}.values()
"""Each cell once."""


def by_torch(model: Model, kind: type[nn.RNNBase]) -> Array:
    """‖∂ loss at T / ∂ (h_t, c_t)‖ [target, source]: torch's own layer reads up to t, its state becomes a leaf, and it reads on."""
    layer = kind(model.cell.input_size, model.cell.hidden_size, dtype=torch.float64)
    layer.load_state_dict(model.stack.state_dict())
    assert model.vocabulary is not None and model.embedding is not None and isinstance(model.readout, nn.Linear)
    ids = torch.from_numpy(model.vocabulary.encode(TEXT).values)
    x = model.embedding.weight.detach()[ids]
    found = np.zeros((T, T))
    found[-1] = np.nan
    for source in range(T - 1):
        with torch.no_grad():
            _, state = layer(x[: source + 1])
        leaves = [leaf.clone().requires_grad_() for leaf in (state if isinstance(state, tuple) else (state,))]
        for target in range(source, T - 1):
            h = leaves[0]
            if target > source:
                h, _ = layer(x[source + 1 : target + 1], tuple(leaves) if len(leaves) > 1 else leaves[0])
            loss = F.cross_entropy(model.readout(h[-1:]), ids[target + 1 : target + 2])
            grads = torch.autograd.grad(loss, leaves, materialize_grads=True)
            found[target, source] = torch.cat(list(grads), -1).norm()
    return found


@pytest.mark.parametrize("name", TORCH)
def test_the_matrix_is_that_of_torchs_own_layer_begun_anew_from_the_state(name: str) -> None:
    model = network((name, {}))
    expected = by_torch(model, TORCH[name])
    np.testing.assert_allclose(explorer.gradient_matrix(model, TEXT, by="state"), expected, rtol=1e-9, atol=1e-14)
    if name != "lstm":  # whose h is all there is
        np.testing.assert_allclose(explorer.gradient_matrix(model, TEXT), expected, rtol=1e-9, atol=1e-14)


def slope(model: Model, asked: dict[str, Any], nudge: dict[str, Array], step: int, row: int) -> float:
    """How the objective changes along a nudge of a row's states at a step, all of them set at once: by a central difference."""
    trace = explorer.trace(model, TEXT, state=state_of(model))

    def value(size: float) -> float:
        patched = [
            edits.patch(name, trace[name][row, step] + size * by, at=step, layer=row) for name, by in nudge.items()
        ]
        if asked["of"] == "c":
            changed = explorer.trace(model, TEXT, state=state_of(model), edits=patched)
            return float(changed["c"][asked["layer"], asked["at"], asked["unit"]])
        log_p = explorer.predict(model, TEXT, state=state_of(model), edits=patched)
        assert model.vocabulary is not None
        ids = model.vocabulary.encode(TEXT).values
        losses = -log_p[np.arange(T - 1), ids[1:]]
        return float(losses.mean() if asked["of"] == "mean" else losses[asked["at"]])

    return (value(1e-5) - value(-1e-5)) / 2e-5


@pytest.mark.cases(16)
@pytest.mark.parametrize("variant", FIRSTS)
@pytest.mark.parametrize("shape", [(2, False), (2, True)], ids=["forward", "both"])
def test_each_state_counts_as_a_variable_of_its_own(variant: Variant, shape: tuple[int, bool]) -> None:
    """Of every cell, in a lower and in a backward row: against differences of edited readings."""
    model, random = network(variant, shape), np.random.default_rng(3)
    rows = len(model.stack.rows)
    for asked in ({"of": "mean"}, {"of": "loss", "at": 6}):
        grads = explorer.gradients(model, TEXT, **asked, by="state", state=state_of(model))
        states = [s.removeprefix("grad_") for s in grads.signals if s != "grad_state"]
        trace = explorer.trace(model, TEXT)
        for row, step in ((0, 3), (rows - 1, 8 if shape[1] else 2)):
            nudge = {name: random.normal(size=trace[name].shape[-1]) for name in states}
            if "t" in nudge:  # the clock of a clockwork network counts, and nothing moves it a little
                nudge["t"][:] = 0
            found = sum(float(grads[f"grad_{name}"][row, step] @ by) for name, by in nudge.items())
            assert found == pytest.approx(slope(model, asked, nudge, step, row), rel=1e-6, abs=1e-9)
        ordered = [grads[f"grad_{name}"] for name in states]
        assert sorted(grads["grad_state"].ravel()) == sorted(np.concatenate(ordered, -1).ravel())


@pytest.mark.cases(8)
@pytest.mark.parametrize("variant", FIRSTS)
@pytest.mark.parametrize("shape", [(2, False), (2, True)], ids=["forward", "both"])
def test_a_matrix_holds_the_sizes_of_the_gradients(variant: Variant, shape: tuple[int, bool]) -> None:
    model = network(variant, shape)
    for layer in range(len(model.stack.rows)):
        found = explorer.gradient_matrix(model, TEXT, by="state", layer=layer)
        for at in (0, 5, T - 2):
            grads = explorer.gradients(model, TEXT, "loss", at, by="state")["grad_state"][layer]
            np.testing.assert_allclose(found[at], np.linalg.norm(grads, axis=-1), rtol=1e-9, atol=1e-15)


def test_through_an_edit() -> None:
    """A frozen belt hands on what it was given: the derivative by it is that of the edited reading."""
    model, cuts = network(("lstm", {})), [edits.freeze("c", steps=(4, 6)), edits.scale("o", 0.5, steps=5)]
    grads = explorer.gradients(model, TEXT, "loss", 8, by="state", edits=cuts)
    trace, direction = explorer.trace(model, TEXT, edits=cuts), np.random.default_rng(1).normal(size=(2, 4))

    def loss(size: float) -> float:
        moved = [
            edits.patch(name, trace[name][0, 3] + size * by, at=3) for name, by in zip("hc", direction, strict=True)
        ]
        assert model.vocabulary is not None
        right = int(model.vocabulary.encode(TEXT).values[9])
        return -float(explorer.predict(model, TEXT, edits=[*cuts, *moved])[8, right])

    found = grads["grad_h"][0, 3] @ direction[0] + grads["grad_c"][0, 3] @ direction[1]
    assert found == pytest.approx((loss(1e-5) - loss(-1e-5)) / 2e-5, rel=1e-6)


def test_what_is_asked_for_alone() -> None:
    model = network(("lstm", {}))
    whole = explorer.gradients(model, TEXT)
    for name in ("h", "c", "x"):
        alone = explorer.gradients(model, TEXT, by=name)
        assert list(alone.signals) == [f"grad_{name}"]
        assert np.array_equal(alone[f"grad_{name}"], whole[f"grad_{name}"])
    with pytest.raises(ValueError, match="gru has no state 'c'; it has h"):
        explorer.gradients(network(("gru", {})), TEXT, by="c")
    with pytest.raises(ValueError, match="lstm has no state 'f'; it has h, c"):
        explorer.gradient_matrix(model, TEXT, by="f")


def test_what_a_step_hands_on() -> None:
    found = {name: explorer.cells.REGISTRY[name](2, 3).carried for name in explorer.cells.names()}
    assert found["lstm"] == found["lstm-peephole"] == ("h", "c")
    assert found["gru"] == found["rnn"] == ("h",)
    assert found["jordan"] == ("y",)
    assert found["grid"] == ("h", "c")  # what goes along the depth goes to the layer above
    assert found["lstm-fgr"] == ("h", "c", "i", "f", "o")
    assert handed_on(explorer.cells.REGISTRY["jordan"](2, 3)) == ("h", "y"), (
        "h, which the readout reads, and y, which comes back"
    )
    assert handed_on(explorer.cells.REGISTRY["clockwork"](2, 4)) == ("h",), "nothing moves a clock"
