"""Each check of a diagnosis on numbers of our choice: what it finds, what it says, and what it lets pass."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from explorer.analysis.diagnosis import SEVERITIES, Severity, Subject, examine
from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.checks.drift import grows
from explorer.analysis.diagnosis.checks.duplicates import correlations, weights_apart
from explorer.analysis.diagnosis.telling import WIDTH, as_text, summary
from explorer.analysis.diagnosis.words import count_of, units
from explorer.signals import Array, Belt
from tests.analysis.examined import STEPS, UNITS, drawn, fact, found, leaning, one, reaching, subject, wandering


def turned(block: str, unit: int, other: int, sign: float = 1.0) -> dict[str, Array]:
    """A block's weights in which `other` has those of `unit`, or their opposite."""
    weights = drawn(elman=False)
    names = [f"W_i{block}", f"W_h{block}", f"b_i{block}", f"b_h{block}"]
    for name in names:
        weights[name][other] = sign * weights[name][unit]
    return {name: weights[name] for name in names}


def test_nothing_is_found_in_a_healthy_network() -> None:
    for elman in (False, True):
        diagnosis = examine(subject(elman=elman))
        assert diagnosis.findings == ()
        assert not diagnosis.wrong
        assert summary(diagnosis) == "Nothing is wrong."
        assert diagnosis.facts


def test_a_nan_among_the_weights_is_wrong_and_ends_all_other_checks() -> None:
    weights = drawn(elman=False)
    weights["W_hf"][2, 3] = np.nan
    weights["b_ig"][1] = np.inf
    diagnosis = examine(subject(weights=weights, f=np.zeros((STEPS, UNITS))))
    (finding,) = diagnosis.findings
    assert (finding.check, finding.severity, finding.value) == ("not-a-number", "wrong", 2)
    assert "2 weights are NaN or Inf, in W_hf, b_ig" in finding.title
    assert "All other checks of the network" in diagnosis.left_out[0]


def test_a_nan_in_the_input_is_named_with_its_step() -> None:
    given = subject()
    x = given.trace["x"].copy()
    x[4, 1] = np.nan
    arrays = {**given.trace.arrays, "x": x}
    object.__setattr__(given.trace, "arrays", arrays)
    assert "the first at step 5" in one(given, "not-a-number").title


def test_states_that_overflow_are_told_from_weights_that_are_no_numbers() -> None:
    c = wandering()
    c[30:, 2] = np.inf
    finding = one(subject(c=c), "not-a-number")
    assert finding.title.startswith(
        "Finite weights and a finite input give 10 values that are NaN or Inf, the first at step 31"
    )


@pytest.mark.parametrize(("shut", "severity"), [(1, "note"), (4, "look"), (8, "wrong")])
def test_gates_that_are_stuck_shut(shut: int, severity: str) -> None:
    """A gate that opens at 1 step in 20 is stuck, one that opens at 3 is not."""
    f = wandering()
    f[:, :shut] = 0.05
    f[:2, :shut] = 0.5
    finding = one(subject(f=f), "gate-shut")
    assert finding.severity == severity
    verb = "is" if shut == 1 else "are"
    assert finding.title == f"{shut} of {UNITS} forget gates {verb} shut (f < 0.1) on 95 % of the steps or more"
    assert finding.units == tuple(range(shut))
    assert finding.value == shut / UNITS
    f[:3, :shut] = 0.5
    assert found(subject(f=f), "gate-shut") == []


def test_a_gate_that_is_open_all_the_time_is_never_wrong() -> None:
    f = np.full((STEPS, UNITS), 0.99)
    finding = one(subject(f=f), "gate-open")
    assert finding.severity == "note"
    assert finding.picture is not None
    assert finding.picture["marked"] == list(range(UNITS))


def test_a_forget_bias_of_minus_five_is_wrong() -> None:
    finding = one(subject(weights={"b_if": np.full(UNITS, -5.0)}), "forget-bias")
    assert (finding.severity, finding.value, finding.see) == ("wrong", -5.0, "gates")
    assert "-5.0 in the median" in finding.title


def test_both_biases_count_as_one() -> None:
    halves = {"b_if": np.full(UNITS, -2.5), "b_hf": np.full(UNITS, -2.5)}
    assert one(subject(weights=halves), "forget-bias").value == -5.0
    against = {"b_if": np.full(UNITS, -5.0), "b_hf": np.full(UNITS, 6.0)}
    assert found(subject(weights=against), "forget-bias") == []


@pytest.mark.parametrize(("kept", "severity"), [(0.05, "wrong"), (0.3, "look"), (0.6, "note")])
def test_a_low_forget_bias_is_judged_by_what_the_gate_does(kept: float, severity: str) -> None:
    given = subject(weights={"b_if": np.full(UNITS, -3.0)}, f=wandering(0, kept / 2, kept * 1.5))
    assert one(given, "forget-bias").severity == severity


def test_forget_biases_where_they_were_drawn_are_noted() -> None:
    finding = one(subject(weights={"b_if": np.linspace(-0.3, 0.3, UNITS)}), "forget-bias")
    assert finding.severity == "note"
    assert "all within ±0.71" in finding.title


def test_where_an_open_gate_takes_its_bias_counts_the_other_way_round() -> None:
    given = subject(weights={"b_if": np.full(UNITS, 5.0)})
    object.__setattr__(given.trace, "belts", (Belt("c", keep="1 - f", write="f * g"),))
    assert one(given, "forget-bias").value == -5.0


def test_a_unit_that_does_the_same_whatever_is_read_is_dead() -> None:
    """In both of the other readings: one of them may happen to be to a unit what the text is."""
    controls = np.zeros((2, 1, STEPS, UNITS))
    h = wandering()
    controls[0, 0, :, 3] = h[:, 3] + 0.0005
    assert found(subject(h=h, controls=controls), "dead") == []
    controls[1, 0, :, 3] = h[:, 3]
    finding = one(subject(h=h, controls=controls), "dead")
    assert (finding.severity, finding.units) == ("note", (3,))
    assert "unit 3" in finding.title
    controls[:, 0, :, 3:5] = h[:, 3:5]
    assert one(subject(h=h, controls=controls), "dead").severity == "look"


def test_a_dead_layer_is_wrong() -> None:
    finding = one(subject(h=np.zeros((STEPS, UNITS))), "dead")
    assert finding.severity == "wrong"
    assert finding.title.startswith("The layer is dead")


def test_of_an_input_that_never_changes_no_layer_is_dead() -> None:
    given = subject(h=np.zeros((STEPS, UNITS)))
    object.__setattr__(given.trace, "arrays", {**given.trace.arrays, "x": np.ones((STEPS, 3))})
    assert found(given, "dead") == []
    assert "the input is constant" in examine(given).left_out[0]


def test_a_unit_that_nobody_hears() -> None:
    weights = drawn(elman=False)
    for name in ("W_hf", "W_hi", "W_hg"):
        weights[name][:, 5] = 0
    given = subject(weights=weights)
    assert found(given, "unheard") == []  # the readout hears it
    assert given.trace.readout is not None
    readout = given.trace.readout.weight.copy()
    readout[:, 5] = 0
    object.__setattr__(given.trace.readout, "weight", readout)
    finding = one(given, "unheard")
    assert (finding.severity, finding.units) == ("note", (5,))


def test_two_units_with_the_same_weights_and_the_same_path_are_one() -> None:
    h = wandering()
    h[:, 6] = h[:, 1]
    weights = turned("f", 1, 6) | turned("i", 1, 6) | turned("g", 1, 6)
    finding = one(subject(h=h, weights=weights), "duplicates")
    assert (finding.severity, finding.units) == ("wrong", (1, 6))
    assert "Units 1 and 6 are duplicates: r = 1.0000 and the same incoming weights" in finding.title


def test_opposite_units_have_the_same_gates_and_opposite_candidates() -> None:
    h = wandering()
    h[:, 6] = -h[:, 1]
    given = subject(h=h, weights=turned("f", 1, 6) | turned("i", 1, 6) | turned("g", 1, 6, -1))
    assert "r = -1.0000 and opposite incoming weights" in one(given, "duplicates").title
    assert weights_apart(given, given.rows[0], 1, 6, -1) == 0
    assert weights_apart(given, given.rows[0], 1, 6, 1) > 0.5


def test_the_same_path_by_other_weights_is_no_duplicate() -> None:
    h = wandering()
    h[:, 6] = h[:, 1]
    assert found(subject(h=h), "duplicates") == []


def test_a_unit_that_does_not_move_correlates_with_none() -> None:
    h = wandering()
    h[:, 0] = 0.5
    r = correlations(h)
    np.testing.assert_array_equal(r[0], 0)
    np.testing.assert_allclose(r[1:, 1:], np.corrcoef(h[:, 1:].T), atol=1e-12)  # float64 sums of 40 numbers


def test_what_grows_along_the_text() -> None:
    t = np.arange(40.0)
    values = np.stack([t, 40 - t, np.sin(t), np.zeros(40)], 1)
    assert grows(values).tolist() == [True, False, False, False]


def test_cell_states_that_drift() -> None:
    """Where most units do, and there is a gate to forget with, it is wrong; where there is none, it is what the cell does."""
    c = np.arange(STEPS)[:, None] * np.linspace(0.3, 0.9, UNITS)
    finding = one(subject(c=c), "drift")
    assert (finding.severity, finding.step, finding.unit) == ("wrong", STEPS - 1, UNITS - 1)
    assert "and in 8 of them it grows all along the text" in finding.title
    never = subject(c=c)
    object.__setattr__(never.trace, "belts", (Belt("c", keep="1", write="i * g"),))
    finding = one(never, "drift")
    assert finding.severity == "note"
    assert "this cell cannot forget, by design" in finding.title


def test_a_cell_state_out_of_hand_is_wrong_in_one_unit() -> None:
    c = wandering()
    c[20, 0] = 2000
    assert one(subject(c=c), "drift").severity == "wrong"
    for large in (200, 12):
        c[20, 0] = large
        assert one(subject(c=c), "drift").severity == "note"


def test_very_large_states_that_grow_are_worth_a_look() -> None:
    c = wandering()
    c[:, :3] = 10 * np.arange(STEPS)[:, None]
    assert one(subject(c=c), "drift").severity == "look"
    c[:, 1:3] = 5
    assert one(subject(c=c), "drift").severity == "note"


def test_hidden_units_at_their_ends() -> None:
    h = wandering(0, -0.5, 0.5)
    h[:, :2] = np.where(np.arange(STEPS) % 2, 0.999, -0.999)[:, None]
    assert found(subject(elman=True, h=h), "saturated") == []  # healthy tanh networks have more of them
    h[:, :6] = h[:, :1]
    finding = one(subject(elman=True, h=h), "saturated")
    assert (finding.severity, finding.units) == ("look", (0, 1, 2, 3, 4, 5))
    assert one(subject(elman=True, h=np.sign(h) * 0.999), "saturated").severity == "wrong"
    assert found(subject(h=np.sign(h) * 0.999), "saturated") == []  # gates stand between: they have checks of their own


def test_the_size_of_recurrent_weights_is_a_fact_and_no_finding() -> None:
    W = 3 * np.eye(UNITS)[::-1]
    diagnosis = examine(subject(elman=True, weights={"W_hh": W}))
    assert fact(diagnosis, "Recurrent weights of the hidden state") == pytest.approx(3)
    assert diagnosis.findings == ()


@pytest.mark.parametrize(("growth", "severity"), [(1.1, "look"), (1.3, "wrong")])
def test_a_gradient_that_grows_on_its_way_back(growth: float, severity: str) -> None:
    finding = one(subject(elman=True, reach=reaching(growth ** np.arange(STEPS))), "exploding")
    assert finding.severity == severity
    assert "39 steps back" in finding.title
    assert "spectral radius" in finding.explains


def test_a_gradient_that_overflows_explodes() -> None:
    curve = np.full(STEPS, np.inf)
    curve[0] = 1
    assert "larger than any number" in one(subject(reach=reaching(curve)), "exploding").title


def test_a_gradient_is_lost_where_the_answer_still_leans_on_the_text() -> None:
    curve = 0.1 ** np.arange(STEPS)
    finding = one(subject(reach=reaching(curve), leaning=leaning(d1=0.5, d8=0.04, d16=0.001)), "vanishing")
    assert finding.severity == "look"
    assert (
        "8 steps back it is 1 × 10⁻⁸ of what it was, but without the token there 4 % of the probability"
        in finding.title
    )
    short = leaning(d1=0.5, d4=0.2, d8=0.001)
    assert found(subject(reach=reaching(curve), leaning=short), "vanishing") == []


def test_weights_as_a_library_draws_them_are_worth_a_look() -> None:
    chance = np.random.default_rng(0)
    uniform = {"W_hh": chance.uniform(-1, 1, (UNITS, UNITS)) / np.sqrt(UNITS)}
    assert "uniform within ±0.354 = ±1/√8" in one(subject(elman=True, weights=uniform), "untrained").title
    orthogonal = {"W_hh": np.linalg.qr(chance.standard_normal((UNITS, UNITS)))[0]}
    assert "orthogonal" in one(subject(elman=True, weights=orthogonal), "untrained").title
    assert found(subject(elman=True, weights={"W_hh": np.eye(UNITS)}), "untrained") == []
    assert found(subject(elman=True, weights=uniform, trained=False), "untrained") == []


def test_a_readout_that_hears_nothing() -> None:
    given = subject()
    assert given.trace.readout is not None
    weight, bias = given.trace.readout.weight, np.array([100.0, 0, 0, 0])
    object.__setattr__(given.trace.readout, "bias", bias)
    assert one(given, "readout").severity == "look"
    object.__setattr__(given.trace.readout, "weight", 0 * weight)
    assert one(given, "readout").severity == "wrong"


def test_tokens_that_cannot_be_told_apart() -> None:
    table = np.random.default_rng(0).standard_normal((6, 3))
    table[4] = table[2]
    given = subject()
    given = subject(parameters={**given.parameters, "embedding.weight": table})
    assert one(given, "embedding").title.startswith("2 of the 6 rows of the embedding are not unique")


def test_latches_are_named_the_longest_first() -> None:
    f = wandering(steps=100)
    f[:, 4] = 1
    f[:, 2] = 0.97  # half is gone after 23 steps
    finding = one(subject(steps=100, f=f), "latches")
    assert finding.severity == "note"
    assert finding.units == (4, 2)
    assert "2 of 8 units are latches" in finding.title


def test_of_a_few_steps_nothing_is_said_that_they_cannot_tell() -> None:
    steps = at.STEPS - 1
    diagnosis = examine(subject(steps=steps, f=np.zeros((steps, UNITS)), h=np.zeros((steps, UNITS))))
    assert not diagnosis.wrong
    assert "9 steps are too few" in diagnosis.left_out[0]


def everything() -> Subject:
    """A subject with which nearly everything is wrong."""
    weights = {"b_if": np.full(UNITS, -5.0)}
    curve = 2.0 ** np.arange(STEPS)
    return subject(
        weights=weights, f=0.01 * wandering(), h=np.zeros((STEPS, UNITS)), c=50 * wandering(), reach=reaching(curve)
    )


def test_the_worst_stands_first() -> None:
    severities = [SEVERITIES.index(finding.severity) for finding in examine(everything()).findings]
    assert severities == sorted(severities)
    assert severities[0] == 0


@pytest.mark.parametrize(
    ("severities", "says"),
    [
        ([], "Nothing is wrong."),
        (["note"], "Nothing is wrong; 1 note."),
        (["look"], "Nothing is wrong, 1 thing is worth a look."),
        (["wrong", "look", "look", "note", "note"], "1 thing is wrong, 2 are worth a look; 2 notes."),
    ],
)
def test_the_verdict_is_a_sentence(severities: list[Severity], says: str) -> None:
    healthy = examine(subject())
    any_finding = one(subject(h=np.zeros((STEPS, UNITS))), "dead")
    findings = tuple(replace(any_finding, severity=severity) for severity in severities)
    assert summary(replace(healthy, findings=findings)) == says


def test_every_picture_is_plain_data() -> None:
    """What JSON can hold, with a value for each x."""
    for finding in examine(everything()).findings:
        picture = finding.picture
        if picture is None:
            continue
        json.dumps(picture, allow_nan=False)
        drawn_over = picture["lines"] if picture["kind"] == "line" else [{"y": picture["y"]}]
        assert all(len(curve["y"]) == len(picture["x"]) for curve in drawn_over)


def test_the_text_is_readable_in_a_hundred_columns_and_repeats_itself_to_nobody() -> None:
    text = repr(examine(everything()))
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text.count("Both biases of torch's layers add up to one.") == 1
    assert "\nWRONG The forget gates are biased to forget" in text
    assert "\nMeasured\n" not in as_text(examine(everything()), facts=False)


def test_a_notebook_shows_a_table_with_nothing_to_be_interpreted() -> None:
    shown = examine(subject(network="<b>net</b>", c=50 * wandering()))._repr_html_()
    assert "&lt;b&gt;net" in shown
    assert "<table>" in shown


def test_numbers_in_sentences() -> None:
    assert count_of(3, 128, "forget gate") == "3 of 128 forget gates"
    assert units([3]) == "unit 3"
    assert units([3, 5, 9]) == "units 3, 5 and 9"
    assert units(list(range(12))) == "units 0, 1, 2, 3 and 8 more"
