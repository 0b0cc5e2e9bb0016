"""What a reader chooses on the page on one training step; all of it is in the link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.models import Card
from explorer.models.answers import ANSWERS
from explorer.signals import Array
from explorer.studio import service
from explorer.studio.controls import number
from explorer.studio.state import Place

RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
LIMITS = {
    "norm": (0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0),
    "value": (0.00001, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
}
USUAL = {"norm": 1.0, "value": 0.01}
CLIPS = {"no": None, "by norm": "norm", "by value": "value"}
OPTIMISERS = {"SGD": "sgd", "Adam": "adam"}
TRUNCATED = 1000
"""A truncated gradient counts as so many steps of one: at 2,048 units 24 of them took 28 s, and 16 bytes a weight each, 6 GB."""
BACK = 8
"""How many steps a truncated gradient goes back while nobody chose."""


def right_answer(here: Place) -> dict[str, Any]:
    """What the network should have said, asked for where the text does not hold it."""
    answer, card = ANSWERS[here.card.answer], here.card
    if answer.in_text:
        return {}
    left, said = st.columns([1, 3], vertical_alignment="bottom")
    known = [one for one in service.truth(card, service.trace(here.model, here.text).tokens) if one is not None]
    found = _number(left, known, here) if answer.numbers else _label(left, known, here)
    said.caption(
        ":material/info: A loss needs a right answer, and this text does not hold one: it is what you say here, at every step."
    )
    return found


def _label(where: DeltaGenerator, known: Sequence[Any], here: Place) -> dict[str, Any]:
    labels = list(here.card.labels)
    said = labels[int(np.nan_to_num(service.predictions(here.model, here.text)[-1]).argmax())]
    first = str(known[-1]) if known and str(known[-1]) in labels else said
    order = sorted(
        labels, key=lambda one: one != first
    )  # first: what a rule knows to be right, else what the network says
    chosen = where.selectbox("The right answer is", order, key="right", bind="query-params")
    return {"label": chosen if chosen in labels else first}


def _number(where: DeltaGenerator, known: Sequence[Any], here: Place) -> dict[str, Any]:
    said = float(np.nan_to_num(service.predictions(here.model, here.text)[-1, 0]))
    first = round(float(known[-1]) if known else said, 3)
    return {"target": float(number(where, "The right answer is", -1e4, 1e4, first, "answer", step=0.1, format="%.3f"))}


def readings(steps: int) -> int:
    """As how much work the page begins with counts: a reading a target, and the gradient by every weight at each truncation."""
    return steps + TRUNCATED * len(service.lengths(steps)) // steps


def pair(shares: Array) -> tuple[int, int]:
    """The chosen term, target and source, from 0. While nobody chose: the loss that pulls most, and what it pulls at most before it."""
    left, right, _ = st.columns([1, 1, 2])
    sums = np.nan_to_num(shares).sum(1)
    count = len(sums)
    target = int(number(left, "The loss at step", 1, count, int(sums.argmax()) + 1, "target")) - 1
    before = np.nan_to_num(shares[target, :target])
    usual = int(before.argmax()) if target else 0
    last = target if _triangular(shares) else count - 1
    return target, int(number(right, "and the weights at step", 1, last + 1, min(usual, last) + 1, "used")) - 1


def choose_pair(target: int, source: int) -> None:
    """A click on the matrix."""
    st.session_state["target"], st.session_state["used"] = target + 1, source + 1


def _triangular(shares: Array) -> bool:
    return not np.triu(np.nan_to_num(shares), 1).any()


def back(ks: Sequence[int], where: DeltaGenerator | None = None) -> int:
    """How many steps a truncated gradient goes back."""
    usual = BACK if BACK in ks else ks[-1]
    if st.session_state.get("k", usual) not in ks:
        st.session_state["k"] = usual
    return int(
        (where or st).select_slider(
            "Go back at most k steps", ks, **_first("k", usual), key="k", bind="query-params",
            help="Terms with T − t ≥ k are dropped: the loss at step T sends nothing to the steps more than k − 1 before it.",
        )
    )  # fmt: skip


def limit(by: str, where: DeltaGenerator | None = None) -> float:
    """Where the gradient is clipped, by its norm or by each value."""
    key = {"norm": "longest", "value": "largest"}[by]
    says = {"norm": "Longest norm", "value": "Largest entry, ±"}[by]
    chosen = (where or st).select_slider(
        says, LIMITS[by], **_first(key, USUAL[by]), format_func=_plain, key=key, bind="query-params"
    )
    return float(chosen)


def clipping(where: DeltaGenerator) -> tuple[str | None, float | None]:
    """How the update clips its gradient: by what, and where."""
    chosen = where.segmented_control("Clip", list(CLIPS), key="clip", bind="query-params", default="no", required=True)
    by = CLIPS[chosen or "no"]
    return by, limit(by, where) if by else None


def rate(where: DeltaGenerator) -> float:
    """The learning rate."""
    return float(
        where.select_slider(
            "Learning rate", RATES, **_first("rate", 0.1), format_func=_plain, key="rate", bind="query-params"
        )
    )


def optimiser(where: DeltaGenerator) -> str:
    """Plain gradient descent or Adam."""
    chosen = where.segmented_control(
        "Optimiser", list(OPTIMISERS), key="optimiser", bind="query-params", default="SGD", required=True
    )
    return OPTIMISERS[chosen or "SGD"]


def truncates(where: DeltaGenerator, card: Card, ks: Sequence[int]) -> int | None:
    """At how many steps the update truncates its gradient, if it does."""
    if card.bidirectional or not where.toggle("Truncate", key="cut", bind="query-params"):
        return None
    return back(ks, where)


def _first(key: str, value: Any) -> dict[str, Any]:
    """The default of a widget, for as long as it has no value: with both Streamlit would complain."""
    return {} if key in st.session_state else {"value": value}


def _plain(value: float) -> str:
    return f"{value:.5f}".rstrip("0").rstrip(".") if value < 1 else f"{value:g}"
