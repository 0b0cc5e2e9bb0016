"""The memory of a sentence about several, put into the same sentence about one: in this one, and in many that the grammar makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer import edits as surgery
from explorer.analysis.numbers import share
from explorer.models import Card, Transplants
from explorer.models.answers import NEXT_TOKEN
from explorer.models.recipes import grammar
from explorer.signals import Array
from explorer.studio import service
from explorer.studio.state import Place
from explorer.studio.what_if import View, words
from explorer.studio.what_if.experiments import Run, start
from explorer.studio.what_if.lines import Line

TASK = "agreement"
SHARE = 0.5
"""Where verbs have so much of the probability, a verb is due."""


@dataclass(frozen=True)
class Sentences:
    """The same sentence about one and about several, as words: where the noun stands, the step before the verb, and the verb of several."""

    one: list[str]
    several: list[str]
    noun: int
    last: int
    verb: str


def card(here: Place) -> None:
    """What is transplanted, when, and the press."""
    found = sentences_of(here)
    states = belt_first(here)
    options = whats(states)
    what = "belt" if len(states) > 1 else "memory"
    st.subheader(f"Transplant the {what} of the plural sentence", anchor=False)
    st.markdown(
        f"The network reads {words.quoted(' '.join(found.one[: found.last + 1]))}; at one step it is given the state that it has in "
        f"{words.quoted(' '.join(found.several[: found.last + 1]))}. Which verb follows?"
    )
    left, middle, right = st.columns([3, 5, 4], vertical_alignment="bottom")
    chosen = left.selectbox("What", list(options), key="transplanted")
    steps = range(found.noun, found.last + 1)
    at = middle.selectbox(
        "After step",
        steps,
        key=f"transplanted at {found.noun} {found.last}",
        format_func=lambda step: f"{step + 1} · {found.one[step]}{_moment(found, step)}",
    )
    at = found.noun if at is None else at
    first = next(iter(options))
    right.button(
        "Transplant it",
        type="primary",
        icon=":material/play_arrow:",
        key="run transplant",
        on_click=start,
        args=(here, run_of(here, found, *options[chosen or first], at)),
    )


def whats(states: Sequence[str]) -> dict[str, tuple[list[str], bool]]:
    """What can be transplanted, as a reader sees it -> the states, and whether h is kept as it was: where c of a step is changed, h of the
    same step follows from it."""
    if len(states) == 1:
        return {states[0]: (list(states), False)}
    found: dict[str, tuple[list[str], bool]] = {}
    for state in states:
        if state != "h":
            found[f"{state}, and h follows"] = ([state], False)
            found[f"{state} alone, h as it was"] = ([state], True)
    return found | {"h alone": (["h"], False), " and ".join(states): (list(states), False)}


def run_of(here: Place, found: Sentences, states: Sequence[str], alone: bool, at: int) -> Run:
    """The press: the sentence about one is read, with that state of the other one; `alone` with its own h at that step."""
    line = Line(
        does="patch",
        signals=tuple(states),
        steps=(at, at),
        text=" ".join(found.several),
        name=f"{' and '.join(states)} of the plural sentence",
    )
    kept = Line(does="patch", signals=("h",), steps=(at, at), text=" ".join(found.one), name="h as it was")
    column = here.card.reader.id_of(found.verb)
    return Run("", (line, kept) if alone else (line,), " ".join(found.one), found.last, column)


def belt_first(here: Place) -> list[str]:
    """The states that are a unit's memory, h last."""
    return sorted(surgery.memories(service.model(here.model).cell), key=lambda state: state == "h")


def _moment(found: Sentences, step: int) -> str:
    if step == found.noun:
        return ", the noun"
    return ", before the verb" if step == found.last else ""


def sentences_of(here: Place) -> Sentences:
    """Of the text at hand, where its first sentence is about a noun and has a verb; else of one of the card's that is."""
    for text in (here.own, *(finding.text for finding in here.card.findings), *here.card.examples.values()):
        tokens = [token.lower() for token in here.card.reader.encode(text).tokens]
        noun = next(((k, place.subject) for k, place in enumerate(grammar.places(tokens)) if place.subject), None)
        due = next((choice for choice in grammar.choices(tokens) if not choice.pronoun), None)
        if noun and due and noun[1] not in grammar.PRONOUNS and noun[0] <= due.step:
            other = _counterpart(tokens, noun[0], due.step + 1)
            one, several = (other, tokens) if noun[1] in grammar.PLURAL else (tokens, other)
            return Sentences(one, several, noun[0], due.step, several[due.step + 1])
    raise ValueError("none of the card's own texts is about a noun")


def _counterpart(tokens: Sequence[str], subject: int, verb: int) -> list[str]:
    """The sentence with its subject and its verb in the other number."""
    number = grammar.PLURALS | {several: one for one, several in grammar.PLURALS.items()}
    return [
        number[token] if k == subject else grammar.OTHER_FORM[token] if k == verb else token
        for k, token in enumerate(tokens)
    ]


def of_shares(card: Card, found: Transplants) -> str:
    """In what share of the generated pairs each transplant flips the verb."""
    states = sorted({state for one in found.flips for state in one.states}, key=lambda state: state == "h")
    parts = []
    for name, (chosen, alone) in whats(states).items():
        noun, verb = (share(found.share(chosen, where, alone=alone)) for where in ("after the noun", "before the verb"))
        parts.append(f"**{name}** {noun} / {verb}")
    return (
        f"Of {found.pairs} generated pairs, in so many the verb of the {card.cell.upper()} flips, transplanted right after the noun / "
        f"just before the verb: {' · '.join(parts)}."
    )


def of_verbs(view: View) -> str:
    """How much of the probability at the playhead is on verbs of several and of one; nothing where no verb is due."""
    if view.here.card.task != TASK or view.answer is not NEXT_TOKEN or not view.reaches_playhead:
        return ""
    before, after = (np.exp(values[view.here.step]) for values in view.answers)
    if (
        not np.isfinite(after).all()
        or max(mass(view, before, set(grammar.OTHER_FORM)), mass(view, after, set(grammar.OTHER_FORM))) < SHARE
    ):
        return ""
    parts = [
        f"all verbs of {who} together from **{share(mass(view, before, forms))}** to **{share(mass(view, after, forms))}**"
        for who, forms in (("several", set(grammar.VERBS.values())), ("one", set(grammar.VERBS)))
    ]
    return f"At the playhead {', '.join(parts)}."


def mass(view: View, shares: Array, forms: set[str]) -> float:
    """The probability of these words, all together."""
    return float(sum(shares[column] for column, label in enumerate(view.labels) if label in forms))
