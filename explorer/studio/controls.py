"""Questions that a page asks its reader."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.signals import Trace
from explorer.studio.sentences import glyph

OBJECTIVES = {
    "the loss: −ln P of the real next character": "loss",
    "the mean loss of all steps": "mean",
    "the score (logit) of the real next character": "logit",
    "h of the pinned unit": "h",
    "c of the pinned unit": "c",
}
"""As a reader sees them, and the link has them -> as `explorer.gradients` names them."""


def changed_character(text: str) -> tuple[int, str]:
    """Which character is read differently the second time (from 0), and as what."""
    opening = text.find('"')
    left, right, said = st.columns([1, 1, 3], vertical_alignment="bottom")
    first = (opening if opening >= 0 else len(text) // 4) + 1
    position = _number(left, "Change character number", 1, len(text), first, "changed") - 1
    typed = right.text_input(
        "into", "x", max_chars=2, key="into", bind="query-params"
    )  # 2: an emoji counts twice there
    into = (typed or "")[:1]
    if into in ("", text[position]):
        into = "x" if text[position] != "x" else "o"
    said.markdown(f"The second reading has {glyph(into)} in place of {glyph(text[position])}; all else is the same.")
    return position, into


def objective(text: str, states: Collection[str]) -> tuple[str, int]:
    """What the gradient is of, and at which step (from 0). `states` are those that all compared networks have."""
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    choices = [label for label, of in OBJECTIVES.items() if of not in ("h", "c") or of in states]
    label = left.selectbox(
        "How much does a tiny change at each step move …",
        choices,
        key="of",
        bind="query-params",
        help="A gradient is the effect of a tiny change on this one number. It is small where the network is already sure; "
        "it is neither importance nor memory.",
    )
    last = len(text) - 1
    of = OBJECTIVES[label or choices[0]]
    if of == "mean":
        return of, last - 1
    return of, _number(right, "at step", 1, last, last, "at") - 1


def _number(where: DeltaGenerator, label: str, low: int, high: int, default: int, key: str) -> int:
    """A whole number, in the link. While it was not chosen it is the default of the text at hand, as it is where it does not fit."""
    state = st.session_state
    unchosen = state.get(key) == state.get(f"{key}_default")
    if key in state and (unchosen or not low <= state[key] <= high) and state[key] != default:
        state[key] = default
        number = where.number_input(label, low, high, key=key, bind="query-params")
    else:
        number = where.number_input(label, low, high, default, key=key, bind="query-params")
    state[f"{key}_default"] = default
    return int(number)


def shared_signal(grads: Mapping[str, Trace]) -> str:
    """A signal that all of these networks have, to be compared."""
    common = [name for name in ("h", "x") if all(f"grad_{name}" in grad for grad in grads.values())]
    return st.segmented_control("By", common, key="by", bind="query-params", default="h", required=True) or "h"


def saturation_margin() -> float:
    """How close to 0 or 1 a gate must be to count as shut or open."""
    return st.slider(
        "A gate counts as shut within this of 0, and as open within this of 1",
        0.01,
        0.4,
        0.1,
        0.01,
        key="margin",
        bind="query-params",
        width=420,
    )
