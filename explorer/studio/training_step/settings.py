"""Settings of the training-step page; all of them are in the link."""

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
"""Cost of a truncated gradient in forward passes of one step: at 2,048 units, 24 took 28 s and 16 bytes per weight each, 6 GB."""
BACK = 8
"""Default truncation window, in steps."""


def right_answer(here: Place) -> dict[str, Any]:
    """Return the right answer; ask for it if the text does not contain it."""
    answer, card = ANSWERS[here.card.answer], here.card
    if answer.in_text:
        return {}
    left, note = st.columns([1, 3], vertical_alignment="bottom")
    truth = [one for one in service.truth(card, service.trace(here.model, here.text).tokens) if one is not None]
    answer_dict = _number(left, truth, here) if answer.numbers else _label(left, truth, here)
    note.caption(
        ":material/info: A loss needs a right answer, and this text does not contain one: the answer chosen here is used at every step."
    )
    return answer_dict


def _label(where: DeltaGenerator, known: Sequence[Any], here: Place) -> dict[str, Any]:
    labels = list(here.card.labels)
    likeliest = labels[int(np.nan_to_num(service.predictions(here.model, here.text)[-1]).argmax())]
    first = str(known[-1]) if known and str(known[-1]) in labels else likeliest
    # first: the right answer according to a rule, else the network's answer
    order = sorted(labels, key=lambda one: one != first)
    chosen = where.selectbox("The right answer is", order, key="right", bind="query-params")
    return {"label": chosen if chosen in labels else first}


def _number(where: DeltaGenerator, known: Sequence[Any], here: Place) -> dict[str, Any]:
    prediction = float(np.nan_to_num(service.predictions(here.model, here.text)[-1, 0]))
    first = round(float(known[-1]) if known else prediction, 3)
    return {"target": float(number(where, "The right answer is", -1e4, 1e4, first, "answer", step=0.1, format="%.3f"))}


def readings(steps: int) -> int:
    """Return the page's initial cost in forward passes: one per target, and a gradient for every weight at each truncation."""
    return steps + TRUNCATED * len(service.lengths(steps)) // steps


def pair(shares: Array) -> tuple[int, int]:
    """Ask for a term, target and source, from 0. Default: the loss with the largest total gradient, and its largest earlier source."""
    left, right, _ = st.columns([1, 1, 2])
    sums = np.nan_to_num(shares).sum(1)
    count = len(sums)
    target = int(number(left, "The loss at step", 1, count, int(sums.argmax()) + 1, "target")) - 1
    before = np.nan_to_num(shares[target, :target])
    usual = int(before.argmax()) if target else 0
    last = target if _triangular(shares) else count - 1
    return target, int(number(right, "and the weights at step", 1, last + 1, min(usual, last) + 1, "used")) - 1


def choose_pair(target: int, source: int) -> None:
    """Set the term to the clicked entry of the matrix."""
    st.session_state["target"], st.session_state["used"] = target + 1, source + 1


def _triangular(shares: Array) -> bool:
    return not np.triu(np.nan_to_num(shares), 1).any()


def back(ks: Sequence[int], where: DeltaGenerator | None = None) -> int:
    """Ask how many steps a truncated gradient goes back."""
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
    """Ask for the clipping limit, for the norm or for each value."""
    key = {"norm": "longest", "value": "largest"}[by]
    says = {"norm": "Longest norm", "value": "Largest entry, ±"}[by]
    chosen = (where or st).select_slider(
        says, LIMITS[by], **_first(key, USUAL[by]), format_func=_plain, key=key, bind="query-params"
    )
    return float(chosen)


def clipping(where: DeltaGenerator) -> tuple[str | None, float | None]:
    """Ask how to clip the update's gradient: by norm or value, and the limit."""
    chosen = where.segmented_control("Clip", list(CLIPS), key="clip", bind="query-params", default="no", required=True)
    by = CLIPS[chosen or "no"]
    return by, limit(by, where) if by else None


def rate(where: DeltaGenerator) -> float:
    """Ask for the learning rate."""
    return float(
        where.select_slider(
            "Learning rate", RATES, **_first("rate", 0.1), format_func=_plain, key="rate", bind="query-params"
        )
    )


def optimiser(where: DeltaGenerator) -> str:
    """Ask for plain gradient descent or Adam."""
    chosen = where.segmented_control(
        "Optimiser", list(OPTIMISERS), key="optimiser", bind="query-params", default="SGD", required=True
    )
    return OPTIMISERS[chosen or "SGD"]


def truncates(where: DeltaGenerator, card: Card, ks: Sequence[int]) -> int | None:
    """Ask whether and where the update truncates its gradient; None for no truncation."""
    if card.bidirectional or not where.toggle("Truncate", key="cut", bind="query-params"):
        return None
    return back(ks, where)


def _first(key: str, value: Any) -> dict[str, Any]:
    """Return the default of a widget until it has a value: Streamlit complains about both."""
    return {} if key in st.session_state else {"value": value}


def _plain(value: float) -> str:
    return f"{value:.5f}".rstrip("0").rstrip(".") if value < 1 else f"{value:g}"
