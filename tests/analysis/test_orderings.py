"""Every order has each unit once, and is sorted as it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import explorer
from explorer.analysis.orderings import (
    ORDERINGS,
    by_activity,
    by_contribution,
    by_half_life,
    by_likeness,
    by_number,
    is_read,
)
from explorer.analysis.timescales import half_lives
from explorer.signals import Array, Readout, Trace
from tests.analysis.made import made
from tests.helpers import FEW

shapes = st.tuples(st.integers(1, 12), st.integers(1, 7))
"""(steps, units)"""
gates = shapes.flatmap(lambda shape: arrays(np.float32, shape, elements=st.sampled_from([0.0, 0.5, 0.875, 1.0])))
signed = shapes.flatmap(lambda shape: arrays(np.float32, shape, elements=st.floats(-1, 1, width=32)))


@FEW
@pytest.mark.parametrize("name", ORDERINGS)
@given(values=signed, belt=st.booleans())
def test_each_unit_stands_once(name: str, values: Array, belt: bool) -> None:
    trace = made(h=values, f=np.abs(values), belt=belt) if belt else made(h=values, belt=False)
    order = ORDERINGS[name](trace, 0)
    assert sorted(order.tolist()) == list(range(trace.units))


@FEW
@given(gates)
def test_longest_memory_first(keep: Array) -> None:
    """Those that outlive the text first, then the longer half-life, then the larger mean keep."""
    trace = made(f=keep)
    lives, order = half_lives(trace), by_half_life(trace)
    assert lives is not None
    keys = [(not lives.at_least[u], -lives.steps[u], -keep[:, u].mean()) for u in order]
    assert keys == sorted(keys)


@FEW
@given(signed)
def test_slowest_first_without_a_belt(h: Array) -> None:
    change = [
        sum(abs(float(b) - float(a)) for a, b in zip(h[:-1, u], h[1:, u], strict=True)) for u in range(h.shape[1])
    ]
    found = [change[u] for u in by_half_life(made(h=h, belt=False))]
    np.testing.assert_allclose(
        found, sorted(found), atol=1e-5
    )  # a mean of float32 differences, against a sum in float64


@FEW
@given(signed)
def test_most_active_first(h: Array) -> None:
    found = [h[:, u].astype(np.float64).var() for u in by_activity(made(h=h))]
    np.testing.assert_allclose(found, sorted(found, reverse=True), atol=1e-6)  # float32 against float64


def test_units_that_move_together_stand_together() -> None:
    """Three pairs that share a course, scattered: each pair is side by side in the order."""
    steps = np.linspace(0, 2 * np.pi, 40)
    courses = np.stack([np.sin(steps), np.cos(steps), np.sin(steps + 0.8)])
    mixed = [0, 1, 2, 2, 1, 0]
    order = by_likeness(made(h=courses[mixed].T)).tolist()
    for course in range(3):
        places = [place for place, unit in enumerate(order) if mixed[unit] == course]
        assert (places[1] - places[0]) % len(order) in (1, len(order) - 1)  # angles go round


def test_too_few_steps_for_likeness_is_the_units_own_order() -> None:
    trace = made(h=np.random.default_rng(0).normal(size=(2, 5)))
    np.testing.assert_array_equal(by_likeness(trace), by_number(trace))


def test_the_row_asked_for() -> None:
    keep = np.stack([np.tile([1.0, 0.0], (8, 1)), np.tile([0.0, 1.0], (8, 1))])
    trace = made(f=keep)
    assert [by_half_life(trace, row).tolist() for row in (0, 1)] == [[0, 1], [1, 0]]


def swinging(sizes: list[float], *rows: list[float]) -> Trace:
    """Units whose h goes to and fro by that much; below the top row others."""
    h = np.stack([np.outer([1, -1, 1, -1], given) for given in (*rows, sizes)])
    return made(h=h)


def answering(trace: Trace, *scores: list[float]) -> Trace:
    """With a readout: for each score the weights of the units."""
    return replace(trace, readout=Readout(np.array(scores), np.zeros(len(scores))))


def test_the_strongest_effect_first() -> None:
    """How much h varies times how much the readout makes of it: neither alone."""
    trace = answering(swinging([1, 0.1, 0.5]), [1, 20, 8], [-1, -20, -8])
    assert by_contribution(trace).tolist() == [2, 1, 0]


def test_what_all_scores_share_counts_nothing() -> None:
    """It moves no answer: the first unit raises all three scores alike, the second only one, a little."""
    trace = answering(swinging([1, 1]), [9, 0.1], [9, 0], [9, 0])
    assert by_contribution(trace).tolist() == [1, 0]


def test_a_number_alone_has_nothing_to_share() -> None:
    """Of one output every weight counts, whatever its sign."""
    assert by_contribution(answering(swinging([1, 1, 1]), [1, -3, 2])).tolist() == [1, 2, 0]


@pytest.mark.parametrize("bidirectional", [False, True])
def test_where_no_readout_looks_it_is_the_spread_of_h(bidirectional: bool) -> None:
    """Without one; below the top layer; and in two directions, whose weights stand side by side."""
    assert by_contribution(swinging([1, 3, 2])).tolist() == [1, 2, 0]
    trace = replace(swinging([1, 3, 2], [3, 1, 2]), bidirectional=bidirectional)
    trace = answering(trace, [1, 0, 0] * (1 + bidirectional), [0] * 3 * (1 + bidirectional))
    assert by_contribution(trace, 0).tolist() == [0, 2, 1]
    assert by_contribution(trace, 1).tolist() == ([1, 2, 0] if bidirectional else [0, 1, 2])


@FEW
@given(signed, st.integers(0, 9))
def test_the_effect_is_the_spread_of_what_a_unit_adds_to_the_scores(h: Array, seed: int) -> None:
    """Summed over the scores in squares, with the mean of all scores taken off: found here from the scores themselves."""
    weight = np.random.default_rng(seed).normal(size=(4, h.shape[1]))
    added = h.astype(np.float64)[:, None] * (weight - weight.mean(0))  # [step, score, unit]
    effect = np.sqrt(added.var(0).sum(0))
    found = effect[by_contribution(answering(made(h=h), *weight.tolist()))]
    np.testing.assert_allclose(
        found, sorted(found, reverse=True), atol=1e-5
    )  # float32's spread, against that in float64


def test_the_order_is_by_the_part_of_the_scores_and_not_by_erasing() -> None:
    """On a shipped network: the first twelve are those whose part of log P varies most by NumPy alone; erasing gives other ones."""
    text = 'He paused. "Where away?" cried Ahab.'
    model = explorer.load("english-lstm")
    trace = explorer.trace(model, text)
    weight = model.readout.weight.numpy().astype(np.float64)
    parts = trace["h"][0].astype(np.float64)[:, None, :] * (weight - weight.mean(0))  # [step, score, unit]
    first = np.argsort(-np.sqrt(parts.var(0).sum(0)))[:12]
    assert by_contribution(trace)[:12].tolist() == first.tolist()
    erased = np.abs(explorer.sweep(model, text, of="mean"))
    assert set(np.argsort(-erased)[:12].tolist()) != set(first.tolist())
    assert is_read(trace, 0)
