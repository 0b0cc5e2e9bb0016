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
from explorer.figures.heatmap import reach
from explorer.figures.roles import HINTS, SAYS, in_story_order
from explorer.figures.theme import THEMES
from explorer.models import Card
from explorer.models.vocabulary import named
from explorer.signals import Signal, Trace
from explorer.studio import sentences, service
from explorer.studio.components.stage import answers
from explorer.studio.components.stage.json_numbers import rounded, short
from explorer.studio.state import Place

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
        "play": state.play if whole else None,
        "place": {"step": place.step, "unit": place.unit},
        "steps": trace.steps,
        "units": trace.units,
        "shown": [visible(token) for token in trace.tokens],
        "names": [named(token) for token in trace.tokens],
        "inputs": rounded(trace["x"][:, 0]) if place.card.tokens == "numbers" else None,
        "unknown": unknown_steps(place),
        "generated": generated_since(place),
        "memory": trace.memory,
        "squashed": trace.memory != "h" and not show.counted,
        "reach": reach(trace, trace.memory, place.layer),
        "ordered": "longest memory first" if trace.belt else "slowest first",
        "order": service.order(place.model, place.text, place.layer).tolist(),
        "signals": [
            {"name": s.name, "kind": s.kind, "role": s.role, "label": s.label, "formula": s.formula}
            | {"says": SAYS[s.role], "hint": HINTS[s.role]}
            for s in signals
        ],
        "show": {"unit": show.unit, "claims": claims(place.card), "other": other_unit(trace)},
        "answers": answers.at_each_step(place),
        "link": {"model": place.model, "text": None if place.text == show.text else place.text}
        | ({} if trace.rows > 1 else {"layer": None}),
        "themes": {mode: asdict(theme) for mode, theme in THEMES.items()},
    }
    if whole:
        header["next"] = answers.in_full(place)
        header["why"] = why(place)
    return header


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def claims(card: Card) -> dict[int, str]:
    """What each unit is known to follow: correlation, chance, effect and rank together, since the first alone means little."""
    told: dict[int, str] = {}
    for finding in sorted(card.findings, key=lambda one: not one.holds):
        if finding.unit in told:
            continue
        told[finding.unit] = (
            f"Pinned: unit {finding.unit}, “{finding.follows}”. It {sentences.of_finding(finding, card.hidden_size)} "
            if finding.holds
            else f"Pinned: unit {finding.unit}. No unit of this network follows “{finding.follows}”: this comes nearest, and correlates "
            f"only {abs(finding.correlation):.2f} on held-out sequences. "
        ) + "Bold is this unit, faint are all others."
    return told


def other_unit(trace: Trace) -> str:
    """The caption for any other unit, of which nothing is claimed."""
    return f"Pinned: unit {{unit}} of {trace.units}. Bold is this unit, faint are all others. A unit's number and sign mean nothing."


def unknown_steps(place: Place) -> list[int]:
    """The steps whose character the model does not know."""
    ids = service.model(place.model).prepare(place.text).ids
    return [] if ids is None else np.flatnonzero(ids.numpy() == 0).tolist()


def generated_since(place: Place) -> int | None:
    """The step from which on the network itself wrote the text; None where a person did."""
    text, since = st.session_state.get("generated", (None, 0))
    return since if text == place.text else None


def why(place: Place) -> dict[str, Any]:
    """Of the pinned unit: what input, recurrent side and bias add to each pre-activation, and which units pushed hardest."""
    parts = {}
    for name, pushes in service.pushes(place.model, place.text, place.layer, place.unit).items():
        hardest = np.argsort(-np.abs(pushes.units), axis=1)[:, :PUSHERS]
        sizes = np.take_along_axis(pushes.units, hardest, axis=1)
        parts[name] = {
            "input": rounded(pushes.inputs.sum(-1)),
            "recurrent": rounded(pushes.units.sum(-1)),
            "bias": rounded(pushes.bias),
            "by": [
                [[int(u), short(v)] for u, v in zip(*pair, strict=True)] for pair in zip(hardest, sizes, strict=True)
            ],
        }
    return {"unit": place.unit, "parts": parts}
