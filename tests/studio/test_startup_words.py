"""What the start-up lab says of a curve and of a cell, on made ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.analysis.startup import course, courses, spread
from explorer.models.starts import OPEN, AtStart, Start, at_start
from explorer.studio.startup.words import name_of, of_course, of_start


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (Start("rnn", "sigmoid"), "sigmoid RNN"),
        (Start("rnn", "tanh", radius=3.0), "tanh RNN, ρ 3"),
        (Start("rnn", "linear", "orthogonal", radius=1.0), "orthogonal linear RNN, ρ 1"),
        (Start("lstm", keep=0.0), "LSTM, forget bias 0"),
        (Start("lstm", keep=-1.5, gain=2.0), "LSTM, forget bias −1.5, × 2"),
        (Start("lstm", keep=OPEN), "LSTM, forget gate open"),
        (Start("lstm", recurrent="orthogonal", chrono=100), "orthogonal LSTM, chrono 100"),
        (Start("gru", keep=3.0), "GRU, keep bias 3"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_cell_has_a_short_name(start: Start, name: str) -> None:
    assert name_of(start) == name


@pytest.mark.parametrize(
    ("curve", "says"),
    [
        ([1, 0.3, 0.09], "Falls to half after **1 step**, is **0.09** after 2 steps: × 0.3 a step on average."),
        ([1, 1e-30, 0], "Falls to half after **1 step**, reaches the floor of float32 after **2 steps**: × 1 × 10⁻³⁰ a step on average."),
        ([1, 3, 9], "Has doubled after **1 step**, is **9** after 2 steps: × 3 a step on average."),
        ([1, 3, np.inf], "Has doubled after **1 step**, overflows float32 after **2 steps**: × 3 a step on average."),
        ([1, 0.9, 0.81], "Never falls to half, is **0.81** after 2 steps: × 0.9 a step on average."),
        ([1, 0.1, 0.4], "Falls to half after **1 step**, is lowest after 1 (0.1) and **0.4** after 2."),
        ([1, 1, 0.999], "Does not decay: **0.999** of it is left after 2 steps."),
        ([1, 0.01, 2e-7], "Falls to half after **1 step**, is **2 × 10⁻⁷** after 2 steps: × 4.47 × 10⁻⁴ a step on average."),
    ],
)  # fmt: skip
def test_a_course_is_told_by_its_numbers(curve: list[float], says: str) -> None:
    assert of_course(course(np.array(curve, float))) == says


def found(*, keep: float | None = None, direct: float | None = None, sigma: float = 1.0) -> AtStart:
    path = None if direct is None else np.full((3, 2), direct)
    return AtStart("h", np.ones((3, 2)), path, keep, sigma)


@pytest.mark.parametrize(
    ("nonlinearity", "sigma", "says"),
    [
        ("sigmoid", 2.0, "σ_max(W) = 2.00 and φ′ ≤ ¼: never more than × 0.50 a step, so it must vanish."),
        ("tanh", 2.0, "σ_max(W) = 2.00 and φ′ ≤ 1: never more than × 2.00 a step, so it need not vanish."),
        ("relu", 0.5, "σ_max(W) = 0.50 and φ′ ≤ 1: never more than × 0.50 a step, so it must vanish."),
    ],
)
def test_an_rnn_is_told_its_bound(nonlinearity: str, sigma: float, says: str) -> None:
    assert of_start(Start("rnn", nonlinearity), found(sigma=sigma), 1) == says


def test_a_gated_cell_is_told_its_gates() -> None:
    """σ(b), what was measured, and what the keep gates would leave by themselves."""
    said = of_start(Start("lstm", keep=3.0), found(keep=0.9496, direct=0.012), 100)
    assert "near σ(3) = 0.953, measured 0.95 on average" in said
    assert "would leave 0.012 after 100 steps" in said
    chrono = of_start(Start("lstm", chrono=100), found(keep=0.96, direct=0.2), 100)
    assert "from σ(0) = 0.5 to σ(ln 99) = 0.990" in chrono
    by_h = of_start(Start("lstm", keep=-1.0), found(keep=0.27), 100)
    assert "σ(−1) = 0.269" in by_h and "only through gates and candidate" in by_h


def test_what_turns_with_the_seed_is_told_with_its_range() -> None:
    """Of 5 draws that halve at once, later or never, and end far apart."""
    distance = np.arange(11.0)
    rates = [0.4, 0.6, 0.8, 0.9, 0.99]
    each = courses(np.array([rate**distance for rate in rates]))
    halves = [int(np.ceil(np.log(0.5) / np.log(rate))) for rate in rates]  # 1, 2, 4, 7 and 69, beyond the end
    said = of_course(course(0.8**distance), each)
    assert halves[-1] > 10
    assert f"Falls to half after **4 steps** (in 4 of 5 draws, {halves[0]} to {halves[3]})" in said
    assert "is **0.11** after 10 steps (1 × 10⁻⁴ to 0.90 over 5 draws)" in said
    assert "Never falls to half (but does in 4 of 5 draws, 1 to 7)" in of_course(course(0.99**distance), each)
    assert "draws" not in of_course(course(0.8**distance), each[:1])


def test_a_bound_that_turns_with_the_seed_is_told_so() -> None:
    """σ_max of five draws on both sides of 4: the slope of σ is ¼."""
    drawn = replace(found(sigma=3.9), sigmas=(3.5, 3.8, 3.9, 4.1, 4.4))
    said = of_start(Start("rnn", "sigmoid"), drawn, 1)
    assert "σ_max(W) = 3.90 (3.50 to 4.40 over 5 draws)" in said and "must vanish in 3 of 5 draws" in said


def test_the_draws_are_those_that_the_median_is_of() -> None:
    """Of the lab's own cells: the range over draws, from the arrays themselves."""
    start = Start("lstm", keep=2.0)
    measured = at_start(start, units=8, steps=30, draws=5, seed=0)
    said = of_course(course(spread(measured.reach).middle), courses(measured.reach))
    half = (measured.reach < 0.5).argmax(1)
    assert f"({half.min()} to {half.max()} over 5 draws)" in said
    assert len(measured.sigmas) == 5 and measured.sigma == sorted(measured.sigmas)[2]
