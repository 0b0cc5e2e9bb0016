"""Who wrote the memory: every row is what was written times what was kept since, and all rows add up to the belt and to the logit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import explorer
from explorer import edits, formula
from explorer.analysis.ledger import ledger
from explorer.signals import Array, Trace
from tests.helpers import FEW, TEXT, VARIANTS, Shape, Variant, network, state_of

SHAPES: list[Shape] = [(1, False), (2, True)]
BELTED = [variant for variant in VARIANTS if network(variant.values[0]).cell.belts]
# Sums of a dozen terms of size 1.
CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-12}

each_belted = pytest.mark.parametrize("variant", BELTED)


def reading(variant: Variant, shape: Shape = (1, False), dtype: torch.dtype = torch.float64) -> Trace:
    model = network(variant, shape, dtype=dtype)
    return explorer.trace(model, TEXT, state=state_of(model))


def by_hand(trace: Trace, state: str, row: int, steps: list[int]) -> Array:
    """The belt run along those steps, each contribution by itself."""
    (belt,) = (belt for belt in trace.belts if belt.state == state)
    values = dict(trace.arrays)
    keep = np.broadcast_to(formula.evaluate(belt.keep, values), trace[state].shape)[row]
    write = formula.evaluate(belt.write, values)[row]
    rows = [trace.initial[state][row]]
    for step in steps:
        rows = [one * keep[step] for one in rows] + [write[step]]
    return np.array(rows)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@each_belted
def test_each_row_is_a_write_and_what_was_kept_since(variant: Variant, shape: Shape) -> None:
    """For every belt, in every row of the stack, at the end and mid-text; they add up to the belt."""
    trace = reading(variant, shape)
    for belt in trace.belts:
        account = ledger(trace, belt.state)
        for row in range(trace.rows):
            every = account.every(row)
            for at in (0, 4, len(TEXT) - 1):
                steps = list(account.steps(at, row))
                found = account.contributions(at, row)
                np.testing.assert_allclose(found, by_hand(trace, belt.state, row, steps), **CLOSE)
                np.testing.assert_allclose(found.sum(0), trace[belt.state][row, at], **CLOSE)
                np.testing.assert_allclose(every[len(steps) - 1, : len(steps) + 1], found, **CLOSE)
                assert not every[len(steps) - 1, len(steps) + 1 :].any(), "nothing was written yet"


@each_belted
def test_in_float32(variant: Variant) -> None:
    """As exact as the trace is, relative to the sum of all sizes."""
    trace = reading(variant, (2, False), torch.float32)
    found = ledger(trace).contributions()
    error = np.abs(found.sum(0) - trace[trace.belts[0].state][-1, -1])
    assert (error <= 1e-5 * np.abs(found).sum(0)).all()


@pytest.mark.parametrize("by", ["writes", "states"])
@pytest.mark.parametrize("layers", [1, 2])
@each_belted
def test_down_to_the_logit(variant: Variant, layers: int, by: Any) -> None:
    """Contributions and bias add up to the network's own score, for every label, at the end and mid-text."""
    model = network(variant, (layers, False))
    trace = explorer.trace(model, TEXT, state=state_of(model))
    assert trace.readout is not None
    for at in (-1, 3):
        scores = trace.readout.weight @ trace["h"][-1, at] + trace.readout.bias
        for column, label in enumerate(model.labels):
            account = ledger(trace).logit(label, at, by=by)
            assert len(account.contributions) == range(len(TEXT))[at] + 2
            np.testing.assert_allclose(account.total, scores[column], **CLOSE)
            np.testing.assert_array_equal(account.contributions, ledger(trace).logit(column, at, by=by).contributions)


def test_what_was_erased_counts_for_nothing() -> None:
    """A step whose write was wiped since has no part in the logit; the account by states, which is another question, gives it one."""
    trace = reading(("lstm", {}))
    arrays = dict(trace.arrays)
    keep, written = np.array(arrays["f"]), arrays["i"] * arrays["g"]
    keep[:, 5] = 0
    state = np.zeros_like(written)
    before = trace.initial["c"]
    for step in range(trace.steps):
        before = state[:, step] = keep[:, step] * before + written[:, step]
    arrays |= {"f": keep, "c": state, "h": arrays["o"] * np.tanh(state)}
    wiped = ledger(Trace(**_fields(trace) | {"arrays": arrays}))
    np.testing.assert_array_equal(wiped.logit(1).contributions[:6], 0)
    assert np.abs(wiped.logit(1, by="states").contributions[:6]).min() > 0
    np.testing.assert_allclose(wiped.logit(1).total, wiped.logit(1, by="states").total, **CLOSE)


def _fields(trace: Trace) -> dict[str, Any]:
    return {
        "signals": trace.signals, "tokens": trace.tokens, "cell": trace.cell, "belts": trace.belts,
        "initial": trace.initial, "readout": trace.readout,
    }  # fmt: skip


@FEW
@given(at=st.integers(-len(TEXT), len(TEXT) - 1))
def test_any_step(at: int) -> None:
    trace = reading(("gru", {}))
    np.testing.assert_allclose(ledger(trace).contributions(at).sum(0), trace["h"][0, at], **CLOSE)
    share = ledger(trace).share(at)
    assert (np.diff(share, axis=0) >= 0).all() and (share[-1] == 1).all(), "z is a gate: what is older has lost more"


def test_a_saved_trace_has_its_ledger(tmp_path: Any) -> None:
    """Labels and all."""
    trace = reading(("lstm", {}))
    trace.save(tmp_path / "x.npz")
    again = Trace.read(tmp_path / "x.npz")
    np.testing.assert_array_equal(
        ledger(again).logit("a").contributions, explorer.ledger(trace).logit("a").contributions
    )


def test_what_there_is_no_account_of() -> None:
    with pytest.raises(ValueError, match="no belt: each step makes its state anew"):
        ledger(reading(("rnn", {})))
    with pytest.raises(ValueError, match="no belt 'h'; it has c"):
        ledger(reading(("lstm", {})), "h")
    with pytest.raises(ValueError, match="no output 'q'; there are"):
        ledger(reading(("lstm", {}))).logit("q")
    with pytest.raises(ValueError, match="from 0 to 6"):
        ledger(reading(("lstm", {}))).logit(7)
    with pytest.raises(ValueError, match="both ways"):
        ledger(reading(("lstm", {}), (1, True))).logit("a")
    cell = explorer.cells.build("lstm", 3, 4)
    with pytest.raises(ValueError, match="no readout"):
        ledger(explorer.trace(cell, np.ones((5, 3)))).logit(0)


def test_there_is_no_account_of_what_nobody_wrote() -> None:
    """A belt that was set holds what no step wrote; h that was set is not made of the belt. A gate that was held is a gate."""
    model = network(("lstm", {}))

    def edited(*names: str) -> Trace:
        return explorer.trace(model, TEXT, edits=[edits.set_to(name, 0.5, units=1, steps=3) for name in names])

    for name in ("c", "c_prev"):
        with pytest.raises(ValueError, match=f"{name} was edited in this reading"):
            ledger(edited("f", name))
    with pytest.raises(ValueError, match="h was edited in this reading"):
        ledger(edited("h")).logit("a")
    for trace in (edited("f", "i", "g_pre", "h_prev"), edited("h")):
        np.testing.assert_allclose(ledger(trace).contributions(8).sum(0), trace["c"][0, 8], **CLOSE)
    held = edited("f", "o")
    logit = explorer.predict(model, TEXT, edits=[edits.set_to(name, 0.5, units=1, steps=3) for name in "fo"])[-1]
    totals = np.array([ledger(held).logit(label).total for label in range(len(model.labels))])
    np.testing.assert_allclose(totals - np.log(np.exp(totals).sum()), logit, **CLOSE)
