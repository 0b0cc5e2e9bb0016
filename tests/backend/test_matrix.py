"""The gradient matrix: each entry against autograd, one call a target; by the steps back written by hand and without them."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any, NoReturn

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import explorer
from explorer.backend import back
from explorer.cells import Cell
from explorer.models.model import Model
from explorer.signals import Array
from tests import reference
from tests.backend.definitions import KNOWN, SHAPES, T, by_autograd, has, objective_of, squashes
from tests.helpers import (
    DEVICES,
    FEWER,
    SYMBOLS,
    TEXT,
    VARIANTS,
    Shape,
    Variant,
    flushes_denormals,
    network,
    state_of,
    steps_of,
)

FLOOR = np.finfo(np.float32).tiny
OBJECTIVES: dict[str, dict[str, Any]] = {
    "loss": {"of": "loss"},
    "logit": {"of": "logit"},
    "logit-named": {"of": "logit", "token": "c"},
    "log_prob": {"of": "log_prob"},
    "h": {"of": "h", "unit": 1},
    "c": {"of": "c", "unit": -1},
}
CASES = [
    pytest.param(variant.values[0], objective, id=f"{variant.id}-{objective}")
    for variant in KNOWN
    for objective, asked in OBJECTIVES.items()
    if has(variant.values[0], asked["of"])
]


def sources(model: Model) -> list[tuple[int, str]]:
    """What a matrix can be by: each row's states, and x."""
    return [(row, name) for row in range(len(model.stack.rows)) for name in model.cell.State._fields] + [(0, "x")]


@cache
def matrices(objective: str, name: str, given: tuple[tuple[str, Any], ...], shape: Shape) -> dict[Any, Array]:
    """By every source, from the definition: autograd in float64 over a plain loop, one call a target. Of a unit's state it is by that
    row alone, since `layer` names both."""
    model, asked = network((name, dict(given)), shape), OBJECTIVES[objective]
    weights = dict(model.stack.state_dict())
    x = model.prepare(TEXT).x[:, 0].detach().requires_grad_()
    initial = {key: torch.from_numpy(values) for key, values in state_of(model).items()}
    options = squashes(dict(given))
    rows = reference.read(name, weights, x, initial, *shape, options)
    found: dict[Any, Array] = {source: np.full((T, T), np.nan) for source in sources(model)}
    own = asked["of"] in ("h", "c")
    for row in range(len(rows)) if own else [-1]:
        mine = [source for source in found if not own or source[0] == row]
        leaves = [leaf for r, by in mine for leaf in ([x] if by == "x" else rows[r][by])]
        for at in range(T - 1 if asked["of"] == "loss" else T):
            target = objective_of(model, rows, **asked, at=at, layer=row)
            grads = list(torch.autograd.grad(target, leaves, materialize_grads=True, retain_graph=True))
            for r, by in mine:
                by_step = grads.pop(0) if by == "x" else torch.stack([grads.pop(0) for _ in range(T)])
                found[r, by][at] = by_step.norm(dim=-1).numpy()
    return found


@pytest.mark.cases(20)
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("variant", "objective"), CASES)
def test_a_matrix_is_that_of_autograd(variant: Variant, objective: str, shape: Shape, device: str, path: str) -> None:
    """In float64, from a given initial state, by every state of every row and by x; where there is no next token it is NaN."""
    model, asked = network(variant, shape), OBJECTIVES[objective]
    state, largest = state_of(model), 0.0
    for (row, by), expected in matrices(objective, variant[0], tuple(variant[1].items()), shape).items():
        found = explorer.gradient_matrix(model, TEXT, layer=row, wrt=by, state=state, device=device, **asked)
        # The same sums in another order: errors are some 1e-16 of values below 10.
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9, err_msg=f"{row} {by}")
        largest = max(largest, np.nanmax(found))
    assert largest > 1e-2  # there was something to compare


@pytest.mark.cases(12)
@pytest.mark.parametrize("variant", VARIANTS)
@given(text=st.text(SYMBOLS, min_size=2, max_size=9), seed=st.integers(0, 9), data=st.data())
@FEWER
def test_a_row_is_what_gradients_gives_for_its_target(variant: Variant, text: str, seed: int, data: Any) -> None:
    """Every registered cell: the norms of grad_h for that target; on the diagonal what reaches h from its own objective."""
    model = network(variant, data.draw(st.sampled_from([(1, False), (2, False), (2, True)])), seed=seed)
    at, layer = data.draw(st.integers(0, len(text) - 2)), data.draw(st.integers(0, len(model.stack.rows) - 1))
    matrix = explorer.gradient_matrix(model, text, layer=layer)
    expected = explorer.gradients(model, text, at=at)["grad_h"][layer]
    np.testing.assert_allclose(matrix[at], np.linalg.norm(expected, axis=-1), rtol=0, atol=1e-12)  # float64
    if not model.stack.bidirectional:
        assert (matrix[:-1][np.triu_indices(len(text) - 1, 1, len(text))] == 0).all()


@pytest.mark.cases(4)
@pytest.mark.parametrize("shape", [(1, False), (2, True)], ids=str)
@pytest.mark.parametrize("variant", KNOWN)
def test_float32_holds_above_the_floor(variant: Variant, shape: Shape, path: str) -> None:
    """In float32, on a text long enough to vanish: each entry above the floor is right to 1e-3, down to it."""
    model = network(variant, shape, dtype=torch.float32)
    for weight in model.stack.parameters():
        weight.data *= 0.4  # forgets faster, so that the floor is reached
    state = {name: np.zeros_like(values) for name, values in state_of(model).items()}
    text = (TEXT * 50)[: 400 if variant[0] == "lstm" else 200]  # a forget gate that is open takes longer
    asked: dict[str, Any] = {"of": "h", "unit": 3, "layer": 0}
    found = explorer.gradient_matrix(model, text, **asked)
    for at in (len(text) // 2, len(text) - 1):
        grads = by_autograd(model, variant, text, {**asked, "at": at}, state)["grad_h"][0]
        expected = np.linalg.norm(grads, axis=-1)
        above = expected > FLOOR
        # Rounding is 6e-8 a step and grows with their number; a step back that flushed a term that counts would be off by far more.
        np.testing.assert_allclose(found[at][above], expected[above], rtol=1e-3)
        assert above.any()
    assert expected[0] < FLOOR


@pytest.mark.parametrize("shape", [(1, False), (2, False)], ids=str)
def test_float64_and_float32_agree_over_a_long_text(shape: Shape) -> None:
    """All entries of a matrix of 300 steps, whose float64 twin is the one that autograd vouches for."""
    model = network(("lstm", {"forget_bias": 3.0}), shape, dtype=torch.float32)
    text = (TEXT * 30)[:300]
    found = explorer.gradient_matrix(model, text)[:-1]
    expected = explorer.gradient_matrix(copy.deepcopy(model).double(), text)[:-1]
    above = expected > FLOOR
    np.testing.assert_allclose(found[above], expected[above], rtol=1e-3)  # 300 steps of float32 rounding
    assert above.sum() > 300 * 299 / 3


@pytest.mark.parametrize(("weight", "steps"), [(2.0, 120), (0.5, 160), (2.0, 140)])
def test_a_scalar_linear_network_is_exact(weight: float, steps: int, path: str) -> None:
    """|dh_T/dh_t| = W^(T-t): doubled at each step, without headroom where it needs all of float32; too large a number is infinite."""
    cell = explorer.cells.build("rnn", 1, 1, nonlinearity="linear")
    with torch.no_grad():
        cell.weight_hh.fill_(weight)
    found = explorer.gradient_matrix(cell, np.zeros((steps, 1)), of="h", unit=0)
    distance = np.subtract.outer(np.arange(steps), np.arange(steps))
    exact = np.where(distance >= 0, weight ** np.maximum(distance, 0.0), 0)
    expected = np.where(exact > np.finfo(np.float32).max, np.inf, exact)
    np.testing.assert_array_equal(found, expected)  # powers of two: nothing is rounded


def test_an_orthogonal_linear_network_does_not_decay(path: str) -> None:
    cell = explorer.cells.build("rnn", 3, 8, nonlinearity="linear")
    with torch.no_grad():
        torch.nn.init.orthogonal_(cell.weight_hh)
    found = explorer.gradient_matrix(cell, steps_of(3, 150), of="h", unit=5)
    np.testing.assert_allclose(found[np.tril_indices(150)], 1, rtol=1e-4)  # 150 roundings of float32


@pytest.mark.parametrize("seed", range(3))
def test_an_untrained_sigmoid_network_reaches_the_floor_within_a_few_dozen_steps(seed: int) -> None:
    """σ' is at most ¼, and the recurrent weights that torch draws do not make up for it. A tanh network gets there, too, but later."""
    torch.manual_seed(seed)
    x, reached = steps_of(8, 150), []
    for nonlinearity in ("sigmoid", "tanh"):
        cell = explorer.cells.build("rnn", 8, 64, nonlinearity=nonlinearity)
        back_from_the_end = explorer.gradient_matrix(cell, x, of="h", unit=0)[-1, ::-1]
        reached.append(int(np.argmax(back_from_the_end < FLOOR)) or len(x))
    assert 24 < reached[0] < 60
    assert reached[1] > 2 * reached[0]


def test_the_steps_back_by_hand_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the three cells of torch; so the suite above holds both ways to the same numbers."""

    def refuse(*_: Any) -> NoReturn:
        raise AssertionError("the general path was taken")

    monkeypatch.setattr(back, "_FromStep", refuse)
    for name in reference.STEPS:
        assert explorer.cells.REGISTRY[name].backwards is not Cell.backwards
        explorer.gradient_matrix(network((name, {})), TEXT)
    monkeypatch.setattr(explorer.cells.REGISTRY["gru"], "backwards", Cell.backwards)
    with pytest.raises(AssertionError, match="general path"):
        explorer.gradient_matrix(network(("gru", {})), TEXT)


@pytest.mark.parametrize("trainable", [True, False])
def test_a_shared_model_is_left_alone(trainable: bool, path: str) -> None:
    """No `.grad` appears, `.requires_grad` and every weight are as before."""
    model = network(("lstm", {}), (2, False)).requires_grad_(trainable)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    for of in ("loss", "logit", "log_prob"):
        explorer.gradient_matrix(model, TEXT, of)
    explorer.jacobian(model, TEXT, to=5, since=2)
    explorer.channels(model, TEXT, to=5, since=2)
    assert all(weight.grad is None for weight in model.parameters())
    assert all(weight.requires_grad is trainable for weight in model.parameters())
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


@pytest.mark.parametrize("shape", [(2, False), (2, True)], ids=str)
def test_progress_is_told(shape: Shape, monkeypatch: pytest.MonkeyPatch) -> None:
    """The share that is done rises to 1."""
    monkeypatch.setattr(back, "PACE", 0)
    shares: list[float] = []
    explorer.gradient_matrix(network(("gru", {}), shape), TEXT, progress=shares.append)
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] == 1


@pytest.mark.parametrize("shape", [(1, False), (1, True)], ids=str)
def test_what_progress_raises_ends_it(shape: Shape, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelling leaves nothing behind: the same model gives the same numbers afterwards, and denormals are as they were."""
    monkeypatch.setattr(back, "PACE", 0)
    model, before = network(("lstm", {}), shape, dtype=torch.float32), flushes_denormals()
    expected = explorer.gradient_matrix(model, TEXT)

    def cancel(_: float) -> NoReturn:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explorer.gradient_matrix(model, TEXT, progress=cancel)
    assert flushes_denormals() is before
    np.testing.assert_array_equal(explorer.gradient_matrix(model, TEXT), expected)


def test_blocks_of_targets_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that reads both ways holds all steps of a few targets at once."""
    model = network(("lstm", {}), (2, True))
    expected = [explorer.gradient_matrix(model, TEXT, layer=row) for row in range(4)]
    monkeypatch.setattr(back, "HELD", 1)
    for row in range(4):
        np.testing.assert_allclose(explorer.gradient_matrix(model, TEXT, layer=row), expected[row], rtol=0, atol=1e-12)


def test_a_classifier_is_asked_for_the_logit_of_its_answer() -> None:
    """Without `label` there is no loss, and the matrix is of the likeliest label at each step; with it there is a loss everywhere."""
    layers = network(("gru", {})).stack
    model = Model(layers, readout=torch.nn.Linear(4, 3).double(), answer="class", labels=("a", "b", "c"))
    x = steps_of(3)
    found = explorer.gradient_matrix(model, x)
    for at in range(len(x)):
        likeliest = int(explorer.predict(model, x)[at].argmax())
        expected = explorer.gradients(model, x, "logit", at, token=likeliest)["grad_h"][0]
        np.testing.assert_allclose(found[at], np.linalg.norm(expected, axis=-1), rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="needs the right label"):
        explorer.gradient_matrix(model, x, "loss")
    assert np.isfinite(explorer.gradient_matrix(model, x, "loss", label="b")).all()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"of": "mean"}, "no objective 'mean'; choose from loss, logit, log_prob, h, c"),
        ({"of": "speed"}, "no objective 'speed'"),
        ({"of": "h"}, "choose it with unit="),
        ({"of": "h", "unit": 4}, "unit is 4, but there are 4"),
        ({"of": "c", "unit": 0}, "gru has no state 'c'; it has h"),
        ({"wrt": "c"}, "gru has no state 'c'; it has h"),
        ({"layer": 1}, "layer is 1, but there are 1"),
        ({"device": "abacus"}, "unknown device 'abacus'"),
    ],
)
def test_wrong_use_is_told(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        explorer.gradient_matrix(network(("gru", {})), TEXT, **asked)


def test_one_token_has_no_loss() -> None:
    with pytest.raises(ValueError, match="give at least two"):
        explorer.gradient_matrix(network(("gru", {})), "a")
    assert explorer.gradient_matrix(network(("gru", {})), "a", "h", unit=0).tolist() == [[1.0]]


def test_weights_that_are_no_numbers_are_not_hidden() -> None:
    """A NaN in the weights is a NaN in the matrix, below and on the diagonal; above it nothing depends on anything."""
    model = network(("lstm", {}), dtype=torch.float32)
    model.cell.weight_hh.data[0, 0] = np.nan
    found = explorer.gradient_matrix(model, TEXT, "logit", token="a")
    assert np.isnan(found[np.tril_indices(T, -1)]).all()
    assert (found[np.triu_indices(T, 1)] == 0).all()
