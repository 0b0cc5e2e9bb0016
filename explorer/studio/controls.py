"""Widgets that several pages share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.models import Card
from explorer.models.answers import ANSWERS, NEXT_TOKEN, Answer
from explorer.studio import sentences, service
from explorer.studio.state import Place

SAMPLES = ("this text", "held-out texts")


def changed_token(card: Card, text: str) -> tuple[int, str]:
    """Ask for a token to change, and return its position (from 0) and the text with the changed token."""
    tokens = list(card.reader.encode(text).tokens)
    opening = tokens.index('"') if '"' in tokens else len(tokens) // 4
    left, right, said = st.columns([1, 1, 3], vertical_alignment="bottom")
    position = int(number(left, f"Change {card.reader.one} number", 1, len(tokens), opening + 1, "changed")) - 1
    usual, most, key = _INTO[card.tokens]
    most = max(most, *map(len, card.vocabulary)) if card.tokens == "characters" else most
    typed = right.text_input(
        "into",
        usual,
        max_chars=most,
        key=key,
        bind="query-params",
        placeholder=another(card, tokens[position]) if not usual else None,
    )
    old, (into, message) = tokens[position], replaced(card, tokens[position], typed or "")
    if message:
        said.caption(
            f":material/info: {sentences.plain(message)} The second reading has {sentences.glyph(into)} there."
        )
    else:
        said.markdown(
            f"The second reading has {sentences.glyph(into)} in place of {sentences.glyph(old)}; all else is the same."
        )
    tokens[position] = into
    return position, service.spelled(card, tokens)


_INTO = {
    "characters": ("x", 2, "into"),
    "words": ("not", 30, "into_word"),
    "pieces": ("", 30, "into_piece"),
    "ids": ("", 9, "into_id"),
    "numbers": ("", 60, "into_row"),
}
"""Default replacement of a token, maximum number of characters to type (an emoji counts twice), and key in the link."""


def replaced(card: Card, old: str, typed: str) -> tuple[str, str]:
    """Return the replacement for a token: the typed text if it is one different token, else another token and the reason."""
    instead = another(card, old)
    if not typed.strip() and not _INTO[card.tokens][0]:
        return instead, ""  # nothing typed yet, and the default depends on the network
    try:
        first = card.reader.pieces(typed)[:1] if card.tokens == "characters" else [typed]
        tokens = card.reader.encode("".join(first)).tokens
    except ValueError as error:
        return instead, "" if typed == _INTO[card.tokens][0] else f"That cannot be read ({error})."
    if len(tokens) != 1 or tokens[0] == old:
        what = "the same as before" if tokens == (old,) else f"{len(tokens)} {card.tokens}"
        return instead, f"That is {what}."
    return tokens[0], ""


def another(card: Card, old: str) -> str:
    """Return a token that the network can read and that differs from `old`; `old` itself if there is no other."""
    if card.tokens == "numbers":
        zeros = " ".join(["0"] * len(card.vocabulary))
        return zeros if old != zeros else zeros.replace("0", "1")
    usual = {"characters": ("x", "o"), "words": ("the", "a")}.get(card.tokens, ())
    return next((token for token in (*usual, *card.reader.labels) if token != old and _is_one(card, token)), old)


def _is_one(card: Card, text: str) -> bool:
    try:
        return card.reader.encode(text).tokens == (text,)
    except ValueError:
        return False


@dataclass(frozen=True)
class Objective:
    """The quantity that a gradient is of, as `explorer.gradients` takes it; `at` counts from 0."""

    of: str
    at: int
    label: str | None = None
    unit: int | None = None


def objective(here: Place, steps: int, states: Collection[str]) -> Objective:
    """Ask for the quantity that the gradient is of, and its step. `states` are those that all compared networks have."""
    answer = ANSWERS[here.card.answer]
    choices = _objectives(here, answer, states, steps)
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    chosen = left.selectbox(
        "How much does a tiny change at each step move …",
        list(choices),
        key="of",
        bind="query-params",
        help="A gradient is the effect of a tiny change on this one number. It is small where the network is already sure; "
        "it is neither importance nor memory.",
    )
    of, label = choices.get(chosen or "", next(iter(choices.values())))
    last = steps - 1 if answer.in_text and of in ("loss", "logit", "mean") else steps
    if of == "mean":
        return Objective(of, last - 1)
    at = int(number(right, "at step", 1, last, last, "at")) - 1
    return Objective(of, at, label, here.unit if of in ("h", "c") else None)


def source(target: int, steps: int, where: DeltaGenerator | None = None, *, backward: bool = False) -> int:
    """Ask for the source step of a pair, from 0: the target itself or a step read before it, which in a backward row comes later in the
    text. The default lies a third of the way back."""
    low, high = (target + 1, steps) if backward else (1, target + 1)
    usual = min(steps, target + 1 + (steps - target) // 3) if backward else max(1, (target + 1) * 2 // 3)
    return int(number(where or st.container(), "from step", low, high, usual, "since")) - 1


def choose_pair(target: int, source: int) -> None:
    """Set the page's pair of steps to the clicked one."""
    st.session_state["at"], st.session_state["since"] = target + 1, source + 1
    st.session_state.pop("since_default", None)  # an explicit choice, even if it equals the default


def _objectives(here: Place, answer: Answer, states: Collection[str], steps: int) -> dict[str, tuple[str, str | None]]:
    """Return the choices as shown on the page and in the link -> objective and label for `explorer.gradients`."""
    choices: dict[str, tuple[str, str | None]] = {}
    if answer is NEXT_TOKEN:
        one = here.card.reader.one
        choices = {
            f"the loss: −ln P of the real next {one}": ("loss", None),
            "the mean loss of all steps": ("mean", None),
            f"the score (logit) of the real next {one}": ("logit", None),
        }
    elif answer.numbers:
        choices = {"the number it gives": ("logit", None)}
        if answer.in_text:
            choices |= {"the squared error": ("loss", None), "the mean squared error of all steps": ("mean", None)}
    else:
        likeliest = int(
            service.predictions(here.model, here.text)[-1].argmax()
        )  # listed first: the answer to the whole text
        labels = sorted(here.card.labels, key=lambda label: label != here.card.labels[likeliest])
        choices = {f"the score (logit) of “{label}”": ("logit", label) for label in labels}
        choices |= {f"the loss, if “{label}” is right": ("loss", label) for label in labels}
    if answer.in_text and steps < 2:
        choices = {}
    return choices | {f"{state} of the pinned unit": (state, None) for state in ("h", "c") if state in states}


def number(
    where: DeltaGenerator, label: str, low: float, high: float, default: float, key: str, **options: Any
) -> float:
    """Ask for a number kept in the link. Until the user chooses one, and where the chosen one is out of range, it is the default."""
    state = st.session_state
    unchosen = state.get(key) == state.get(f"{key}_default")
    if key in state and (unchosen or not low <= state[key] <= high) and state[key] != default:
        state[key] = default
    # Always pass the default, which a link omits; otherwise it would be the lowest number.
    value: float = where.number_input(label, low, high, default, key=key, bind="query-params", **options)
    state[f"{key}_default"] = default
    return value


MEASURES = {"carried state": "state", "h": "h", "c": "c", "x": "x"}
"""Measured quantities, as shown on the page and in the link -> their names in `explorer.gradients`."""


def measure(states: Iterable[Collection[str]], key: str, *more: str) -> str:
    """Ask for the measured quantity: the carried state, one of the `states` of the compared networks, or one of `more`."""
    has = {"state", *more, *(name for of_one in states for name in of_one)}
    options = [label for label, name in MEASURES.items() if name in has]
    chosen = st.segmented_control(
        "By",
        options,
        key=key,
        bind="query-params",
        default=options[0],
        required=True,
        help="Carried state: all that a step hands to the next one, h and c of an LSTM together, h of a GRU or RNN, y of a Jordan network. "
        "By h alone an LSTM is measured without its belt.",
    )
    return MEASURES[chosen or options[0]]


def census(here: Place) -> pd.DataFrame:
    """Return gate means by kind of token, on this text or on held-out ones, as the user chooses."""
    samples = SAMPLES if service.has_held_out(here.card) else SAMPLES[:1]
    sample = st.segmented_control("Over", samples, key="over", bind="query-params", default=SAMPLES[0], required=True)
    if sample == SAMPLES[0] or not service.has_held_out(here.card):
        return service.census(here.model, here.text, here.layer)
    return service.held_out_census(here.model, here.layer)


def saturation_margin() -> float:
    """Ask how close to 0 or 1 a gate must be to count as shut or open."""
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
