"""The GRU in its forms: against the equations written out once more, and against one another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer import cells
from explorer.cells import Cell
from explorer.cells.gru_cho import KEEPS, TAKES
from explorer.signals import Array
from tests.helpers import steps_of

SIZES = [(1, 1), (3, 4), (5, 2), (4, 8)]
STARTS = ["zeros", "a state"]
# float64: the same sums in another order.
CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-12}

each_size = pytest.mark.parametrize("sizes", SIZES, ids=str)
each_start = pytest.mark.parametrize("start", STARTS)
each_seed = pytest.mark.parametrize("seed", [0, 1])


def made(name: str, *sizes: int, seed: int = 0, **options: Any) -> Cell:
    """A random cell in float64, with larger weights than torch draws, so that gates open and close."""
    torch.manual_seed(seed)
    cell = cells.build(name, *sizes, **options).double()
    assert isinstance(cell, Cell)
    for weight in cell.parameters():
        weight.data *= 2
    return cell


def first_state(start: str, units: int) -> Array:
    return np.zeros(units) if start == "zeros" else np.linspace(-0.9, 0.9, units)


def sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


@each_seed
@each_start
@each_size
@pytest.mark.parametrize("update", ["keeps", "takes"])
@pytest.mark.parametrize("candidate", ["tanh", "sigmoid"])
def test_chos_equations(candidate: str, update: str, sizes: tuple[int, int], start: str, seed: int) -> None:
    """Written out once more, step by step in numpy."""
    cell, x = made("gru-cho", *sizes, seed=seed, update=update, candidate=candidate), steps_of(sizes[0])
    h = first_state(start, sizes[1])
    trace = explorer.trace(cell, x, state={"h": h})
    W, U, b, c = (cell.state_dict()[name].numpy() for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    U_r, U_z, U_n = np.split(U, 3)
    c_r, c_z, c_n = np.split(c, 3)
    for t, x_t in enumerate(x):
        x_r, x_z, x_n = np.split(W @ x_t + b, 3)
        r, z = sigmoid(x_r + U_r @ h + c_r), sigmoid(x_z + U_z @ h + c_z)
        n = {"tanh": np.tanh, "sigmoid": sigmoid}[candidate](x_n + U_n @ (r * h) + c_n)
        h = z * h + (1 - z) * n if update == "keeps" else (1 - z) * h + z * n
        for name, value in {"r": r, "z": z, "n": n, "h": h}.items():
            np.testing.assert_allclose(trace[name][0, t], value, err_msg=name, **CLOSE)


@each_seed
@each_start
@each_size
def test_where_the_matrix_mixes_no_units_the_reset_gate_may_stand_before_or_behind_it(
    sizes: tuple[int, int], start: str, seed: int
) -> None:
    """gru-cho is gru where W_hn is diagonal and b_hn = 0, and only there."""
    cho, gru, x = made("gru-cho", *sizes, seed=seed), made("gru", *sizes), steps_of(sizes[0])
    block, state = slice(2 * sizes[1], None), {"h": first_state(start, sizes[1])}
    with torch.no_grad():
        cho.weight_hh[block] *= torch.eye(sizes[1])
        cho.bias_hh[block] = 0
    gru.load_state_dict(cho.state_dict())
    ours, theirs = explorer.trace(cho, x, state=state), explorer.trace(gru, x, state=state)
    for name in theirs.signals:
        np.testing.assert_allclose(ours[name], theirs[name], err_msg=name, **CLOSE)
    cho.bias_hh.data[block] = 0.5
    gru.load_state_dict(cho.state_dict())
    ours, theirs = explorer.trace(cho, x, state=state), explorer.trace(gru, x, state=state)
    assert np.abs(ours["h"] - theirs["h"]).max() > 1e-3


@each_size
def test_a_gate_that_takes_is_one_that_keeps_with_negated_weights(sizes: tuple[int, int]) -> None:
    keeps, takes = made("gru-cho", *sizes), made("gru-cho", *sizes, update="takes")
    takes.load_state_dict(keeps.state_dict())
    for weight in takes.parameters():
        weight.data[sizes[1] : 2 * sizes[1]] *= -1
    x = steps_of(sizes[0])
    ours, theirs = explorer.trace(keeps, x), explorer.trace(takes, x)
    np.testing.assert_allclose(ours["h"], theirs["h"], **CLOSE)
    np.testing.assert_allclose(ours["z"], 1 - theirs["z"], **CLOSE)


def test_the_role_follows_what_the_gate_does() -> None:
    """And so do belt and picture."""
    keeps, takes = made("gru-cho", 3, 4), made("gru-cho", 3, 4, update="takes")
    assert [signal.role for signal in keeps.signals] == ["reset", "keep", "candidate", "belt"]
    assert [signal.role for signal in takes.signals] == ["reset", "write", "candidate", "belt"]
    assert (keeps.belts[0].keep, takes.belts[0].keep) == ("z", "1 - z")
    assert (keeps.diagram, takes.diagram) == (KEEPS, TAKES)


@each_seed
@each_start
@each_size
def test_a_gru_with_a_sigmoid_candidate(sizes: tuple[int, int], start: str, seed: int) -> None:
    """torch's equations with σ in the place of tanh, in numpy."""
    cell, x = made("gru", *sizes, seed=seed, candidate="sigmoid"), steps_of(sizes[0])
    h = first_state(start, sizes[1])
    trace = explorer.trace(cell, x, state={"h": h})
    W, U, b, c = (cell.state_dict()[name].numpy() for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    for t, x_t in enumerate(x):
        (x_r, x_z, x_n), (h_r, h_z, h_n) = np.split(W @ x_t + b, 3), np.split(U @ h + c, 3)
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        h = (1 - z) * sigmoid(x_n + r * h_n) + z * h
        np.testing.assert_allclose(trace["h"][0, t], h, **CLOSE)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("gru", {"candidate": "cube"}, "unknown candidate 'cube'; choose from tanh, relu, sigmoid"),
        ("gru-cho", {"candidate": "cube"}, "unknown candidate 'cube'; choose from tanh, relu, sigmoid"),
        ("gru-cho", {"update": "forgets"}, "unknown update 'forgets'; choose from keeps, takes"),
    ],
)
def test_refused(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cells.build(name, 3, 4, **options)
