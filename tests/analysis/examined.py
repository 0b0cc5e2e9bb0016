"""Subjects of a diagnosis with numbers of our choice: an LSTM-like layer, or an Elman one, that has read something."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from explorer.analysis.diagnosis import Diagnosis, Finding, Leaning, Reach, Row, Subject, examine
from explorer.signals import Array, Readout, Signal, Trace
from tests.analysis.made import made

STEPS, UNITS = 40, 8
X = Signal(name="x", symbol="x_t", kind="signed", role="input", dims=("step", "input"))
GATED = {
    "f_pre": "W_if @ x + b_if + W_hf @ h_prev + b_hf",
    "i_pre": "W_ii @ x + b_ii + W_hi @ h_prev + b_hi",
    "g_pre": "W_ig @ x + b_ig + W_hg @ h_prev + b_hg",
}
LABELS = {"f": "forget gate", "i": "input gate", "g": "candidate", "c": "cell state", "h": "hidden state"}
ELMAN = {"h_pre": "W_ih @ x + b_ih + W_hh @ h_prev + b_hh"}


def wandering(seed: int = 0, low: float = 0.2, high: float = 0.8, steps: int = STEPS) -> Array:
    """[step, unit] between two bounds, with nothing to be said of it."""
    return np.random.default_rng(seed).uniform(low, high, (steps, UNITS))


def subject(
    *, elman: bool = False, weights: dict[str, Array] | None = None, steps: int = STEPS, **changed: Any
) -> Subject:
    """A healthy one, but for what is changed: signals by their name, weights by theirs, or the subject's own fields."""
    fields = {name: changed.pop(name) for name in list(changed) if name in Subject.__dataclass_fields__}
    names = ("h",) if elman else ("f", "i", "g", "c", "h")
    signals = {name: wandering(number, steps=steps) for number, name in enumerate(names)} | changed
    trace = made(belt=not elman, **signals)
    x = np.random.default_rng(9).standard_normal((steps, 3))
    named = {name: replace(signal, label=LABELS[name]) for name, signal in trace.signals.items()}
    named["h"] = replace(named["h"], formula="tanh(h_pre)" if elman else "o * tanh(c)")
    readout = Readout(np.random.default_rng(8).standard_normal((4, UNITS)), np.zeros(4))
    trace = Trace(
        arrays={"x": x, **trace.arrays},
        signals={"x": X, **named},
        tokens=trace.tokens,
        belts=trace.belts,
        initial=trace.initial,
        readout=readout,
    )
    row = Row(
        0, 0, 0, drawn(elman) | (weights or {}), ELMAN if elman else GATED, names[:1] if elman else ("f", "i", "g")
    )
    whole = Subject(
        trace=trace,
        rows=(row,),
        network="made up",
        read="numbers",
        parameters=row.weights,
        controls=np.zeros((2, *trace["h"].shape)),
    )
    return replace(whole, **fields)


def drawn(elman: bool) -> dict[str, Array]:
    """Weights that do not look as if a library had drawn them; the forget gate's bias is 1."""
    chance = np.random.default_rng(7)
    found: dict[str, Array] = {}
    for block in ("h",) if elman else ("f", "i", "g"):
        found |= {
            f"W_i{block}": chance.standard_normal((UNITS, 3)),
            f"W_h{block}": chance.standard_normal((UNITS, UNITS)),
        }
        found |= {f"b_i{block}": chance.standard_normal(UNITS) / 10, f"b_h{block}": np.zeros(UNITS)}
    if not elman:
        found["b_if"] = np.ones(UNITS)
    return found


def reaching(curve: Array) -> Reach:
    """Gradients of two targets that both follow the curve."""
    return Reach("the loss", (STEPS - 2, STEPS - 1), np.stack([curve, curve])[None])


def leaning(**moved: float) -> Leaning:
    """Answers that move so when the token at a distance is left out: leaning(d1=0.5, d8=0.02)."""
    return Leaning(
        "of the probability goes elsewhere", tuple(int(name[1:]) for name in moved), np.array(list(moved.values()))
    )


def found(given: Subject, check: str) -> list[Finding]:
    """What one check found."""
    return [finding for finding in examine(given).findings if finding.check == check]


def one(given: Subject, check: str) -> Finding:
    """The only thing that one check found."""
    (finding,) = found(given, check)
    return finding


def fact(diagnosis: Diagnosis, label: str) -> float:
    """The number of the fact that is called so."""
    (value,) = [one.value for one in diagnosis.facts if one.label == label]
    return value
