"""How long a changed token is remembered."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

import explorer
from explorer.analysis.differences import distance, rounding_floor, states_of, steps_remembered
from explorer.analysis.norms import norms
from tests.analysis.made import made
from tests.helpers import TEXT, network


def test_distance() -> None:
    """‖h - h'‖ a step, in float64, in the top row unless another is asked for."""
    one, other = np.zeros((2, 3, 2), np.float32), np.zeros((2, 3, 2), np.float32)
    other[1, 1] = [3, 4]
    other[0, 2] = [0, 2]
    found = distance(made(h=one), made(h=other))
    assert found.dtype == np.float64
    assert found.tolist() == [0, 5, 0]
    assert distance(made(h=one), made(h=other), row=0).tolist() == [0, 0, 2]


def test_a_difference_below_float32s_range_is_still_one() -> None:
    """float32 keeps 1e-30, but not its square."""
    one = np.zeros((1, 1, 2), np.float32)
    other = np.full((1, 1, 2), 1e-30, np.float32)
    assert distance(made(h=one), made(h=other))[0] == pytest.approx(np.sqrt(2) * 1e-30)


def test_readings_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="3 and 4 steps"):
        distance(made(h=np.zeros((3, 2))), made(h=np.zeros((4, 2))))


def elman(weights: dict[str, np.ndarray], text: str, ids: dict[str, int]) -> np.ndarray:
    """h [step, unit] of the shipped Elman network in float64, by NumPy alone."""
    W = {name: value.astype(np.float64) for name, value in weights.items()}
    h, found = np.zeros(W["stack.weight_hh_l0"].shape[1]), []
    for character in text:
        x = W["embedding.weight"][ids[character]]
        h = np.tanh(
            W["stack.weight_ih_l0"] @ x + W["stack.bias_ih_l0"] + W["stack.weight_hh_l0"] @ h + W["stack.bias_hh_l0"]
        )
        found.append(h)
    return np.array(found)


def test_the_floor_bounds_what_rounding_really_does() -> None:
    """Of a shipped network: no distance in float32 is further from that in float64, by NumPy, and the bound is nearly reached."""
    model = explorer.load("english-rnn")
    exact = deepcopy(model).double()
    text = 'He paused. "Where away?" cried Ahab, and the mate of the ship looked up at the man on the mast. ' * 2
    other = "S" + text[1:]
    one, two = explorer.trace(model, text), explorer.trace(model, other)
    floor = rounding_floor(one, two, explorer.trace(exact, text), explorer.trace(exact, other))
    weights = {name: weight.numpy() for name, weight in model.state_dict().items()}
    ids = {character: model.labels.index(character) for character in set(text + other)}
    true = np.linalg.norm(elman(weights, text, ids) - elman(weights, other, ids), axis=-1)
    error = np.abs(np.linalg.norm(one["h"][0].astype(np.float64) - two["h"][0], axis=-1) - true)
    assert error.max() <= floor * (1 + 1e-6)
    assert error.max() >= 0.9 * floor or floor <= np.finfo(np.float32).eps
    assert floor > np.finfo(np.float32).eps  # one unit in the last place of h is less than what is passed on


def test_where_nothing_is_lost_the_floor_is_that_of_the_numbers() -> None:
    one, other = made(h=np.zeros((2, 2), np.float32)), made(h=np.ones((2, 2), np.float32))
    assert rounding_floor(one, other, one, other) == np.finfo(np.float32).eps


@pytest.mark.parametrize(
    ("differences", "steps"),
    [
        ([0, 1, 0.5, 0.2, 0.09, 0], 3),
        ([0, 1, 0, 0, 0, 0], 1),
        ([0, 1, 0, 0.5, 0, 0], 3),  # below a tenth for a while, and then not
        ([0, 1, 1, 1, 1, 1], None),
        ([0, 1, 0, 0, 0, 0.11], None),
        ([0, 0, 0, 0, 0, 0], 0),  # no difference at all, as for two characters that are read alike
    ],
)
def test_steps_remembered(differences: list[float], steps: int | None) -> None:
    assert steps_remembered(np.array(differences), since=1) == steps


def test_a_change_at_the_last_step_has_no_steps_to_be_forgotten() -> None:
    assert steps_remembered(np.array([0.0, 0.0, 1.0]), since=2) is None


def test_norms_of_tiny_values() -> None:
    """In float32 the squares of these are 0."""
    values = np.full((2, 4), 1e-38, np.float32)
    np.testing.assert_allclose(norms(values), 2e-38, rtol=1e-6)  # 1e-38 itself is rounded in float32
    assert norms(values).dtype == np.float64
    assert norms(np.zeros((3, 2))).tolist() == [0, 0, 0]


def test_all_that_is_carried_on() -> None:
    """An LSTM's h and c side by side; a Jordan network hands on y alone."""
    for cell, states in (("lstm", "hc"), ("gru", "h"), ("jordan", "y")):
        one, other = (explorer.trace(network((cell, {})), text) for text in (TEXT, "b" + TEXT[1:]))
        squares = sum(((one[name][-1] - other[name][-1]) ** 2).sum(-1) for name in states)
        np.testing.assert_allclose(distance(one, other, by="state"), np.sqrt(squares), rtol=1e-12)
        assert states_of(one).shape == (len(TEXT), len(states) * 4)
