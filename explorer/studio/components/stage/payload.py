"""What the stage is sent, once a reading: a JSON header and the signals as float32, in one run of bytes (unpacked by payload.js)."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import asdict
from typing import Any

import numpy as np
import streamlit as st

from explorer.analysis.tokens import visible
from explorer.figures.roles import HINTS, SAYS, in_story_order
from explorer.figures.theme import THEMES
from explorer.models.vocabulary import named
from explorer.signals import Array, Signal, Trace
from explorer.studio import service
from explorer.studio.state import Place

GUESSES = 6
"""How many of the likeliest next tokens are shown."""
FOLLOWS = 0.3
"""From this |correlation| on a unit is said to follow a property; below it, that none does."""
PUSHERS = 3
"""How many units of h_{t-1} are named that pushed a pre-activation hardest."""


def payload(place: Place, *, whole: bool) -> bytes:
    """Header length (uint32), header, padding to four bytes, then each signal as [step, unit]."""
    trace = service.trace(place.model, place.text)
    signals = in_story_order(trace.per_unit())
    header = json.dumps(_header(place, trace, signals, whole), separators=(",", ":")).encode()
    blocks = [np.ascontiguousarray(trace[s.name][place.layer], dtype="<f4").tobytes() for s in signals]
    return b"".join([struct.pack("<I", len(header)), header, b"\0" * (-(4 + len(header)) % 4), *blocks])


def _header(place: Place, trace: Trace, signals: list[Signal], whole: bool) -> dict[str, Any]:
    show, state = place.card.show, st.session_state
    text = _hash(f"{state.get('turn', 0)}\n{place.text}")
    header: dict[str, Any] = {
        "id": _hash(f"{place.model}\n{place.layer}\n{text}"),
        "text": text,
        "more": place.more,
        "whole": whole,
        "autoplay": whole and bool(state.autoplay) and place.text == show.text,
        "place": {"step": place.step, "unit": place.unit},
        "steps": trace.steps,
        "units": trace.units,
        "shown": [visible(token) for token in trace.tokens],
        "names": [named(token) for token in trace.tokens],
        "unknown": unknown_steps(place),
        "memory": trace.memory,
        "squashed": trace.memory != "h",
        "ordered": "longest memory first" if trace.belt else "slowest first",
        "order": service.order(place.model, place.text, place.layer).tolist(),
        "signals": [
            {"name": s.name, "kind": s.kind, "role": s.role, "label": s.label, "formula": s.formula}
            | {"says": SAYS[s.role], "hint": HINTS[s.role]}
            for s in signals
        ],
        "show": {"unit": show.unit, "claim": claim(place), "other": other_unit(trace)},
        "link": {"model": place.model, "text": None if place.text == show.text else place.text}
        | ({} if trace.rows > 1 else {"layer": None}),
        "themes": {mode: asdict(theme) for mode, theme in THEMES.items()},
    }
    if whole:
        header["next"] = guesses(place)
        header["why"] = why(place)
    return header


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def claim(place: Place) -> str:
    """What the pinned unit is known to follow: correlation, effect and rank together, since the first alone means little."""
    show = place.card.show
    if abs(show.correlation) < FOLLOWS:
        return (
            f"Pinned: unit {show.unit}. No unit of this network follows “{show.property}”: this one comes nearest, and correlates only "
            f"{abs(show.correlation):.2f} on held-out text. Bold is this unit, faint are all others."
        )
    change = f"{show.effect:+.2f}".replace("-", "−")
    return (
        f"Pinned: unit {show.unit}. It correlates {abs(show.correlation):.2f} with “{show.property}” on held-out text; holding it at "
        f"its mean changes log₂ P({show.foretells}) by {change}, rank {show.rank} of {place.card.hidden_size} units. "
        "Bold is this unit, faint are all others."
    )


def other_unit(trace: Trace) -> str:
    """The caption for any other unit, of which nothing is claimed."""
    return f"Pinned: unit {{unit}} of {trace.units}. Bold is this unit, faint are all others. A unit's number and sign mean nothing."


def unknown_steps(place: Place) -> list[int]:
    """The steps whose character the model does not know."""
    ids = service.model(place.model).prepare(place.text).ids
    return [] if ids is None else np.flatnonzero(ids.numpy() == 0).tolist()


def guesses(place: Place) -> dict[str, Any]:
    """For each step the likeliest next tokens with their probabilities, and how the real one fared (None at the last step)."""
    log_p = service.predictions(place.model, place.text)
    model = service.model(place.model)
    ids = model.prepare(place.text).ids
    assert ids is not None
    top = np.argsort(-log_p, axis=1)[:, :GUESSES]
    labels = [visible(label) for label in model.labels]
    shares = np.exp(np.take_along_axis(log_p, top, axis=1))
    real: list[dict[str, float | None] | None] = []
    for row, index in zip(log_p[:-1], ids[1:].tolist(), strict=True):
        rank = int((row > row[index]).sum()) + 1
        real.append({"share": _short(np.exp(row[index])), "rank": rank, "bits": _short(-row[index] / np.log(2))})
    return {
        "top": [[[labels[i], _short(p)] for i, p in zip(*pair, strict=True)] for pair in zip(top, shares, strict=True)],
        "real": [*real, None],
    }


def why(place: Place) -> dict[str, Any]:
    """Of the pinned unit: what input, recurrent side and bias add to each pre-activation, and which units pushed hardest."""
    parts = {}
    for name, pushes in service.pushes(place.model, place.text, place.layer, place.unit).items():
        hardest = np.argsort(-np.abs(pushes.units), axis=1)[:, :PUSHERS]
        sizes = np.take_along_axis(pushes.units, hardest, axis=1)
        parts[name] = {
            "input": _rounded(pushes.inputs.sum(-1)),
            "recurrent": _rounded(pushes.units.sum(-1)),
            "bias": _rounded(pushes.bias),
            "by": [
                [[int(u), _short(v)] for u, v in zip(*pair, strict=True)] for pair in zip(hardest, sizes, strict=True)
            ],
        }
    return {"unit": place.unit, "parts": parts}


def _short(value: float) -> float | None:
    """Six significant digits: nearly all that a float32 has, in half the bytes. None for what is no finite number: JSON has no NaN."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


def _rounded(values: Array) -> list[float | None]:
    return [_short(value) for value in values.tolist()]
