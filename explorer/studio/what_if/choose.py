"""The applied edits and the followed label, which are in the link; the staged edits, and undo."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explorer.analysis.tokens import visible
from explorer.models.answers import ANSWERS
from explorer.models.vocabulary import named
from explorer.studio import sentences, service
from explorer.studio.state import Place
from explorer.studio.what_if.lines import Line, all_written, read_all

APPLIED = "edits"
STAGED, STAGED_ON, PAST = "edits_staged", "edits_staged_on", "edits_past"
MADE_FOR = "edits_made_for"
FOLLOWED = "follow"
DUE = "what is right there"
LONGEST = 8000
"""Maximum length of the edits in a link, in characters."""
BACK = 30
"""Maximum number of changes to undo."""


def applied() -> tuple[list[Line], list[str]]:
    """Return the applied edits, and messages on invalid lines."""
    return read_all(_now())


def _now() -> str:
    """Return the text box's content, or the link's before the box is first drawn."""
    state = st.session_state
    return (state[APPLIED] if APPLIED in state else st.query_params.get(APPLIED)) or ""


def staged() -> list[Line]:
    """Return the staged edits, applied or not. A new link or new text in the box replaces them."""
    state = st.session_state
    now = _now()
    if STAGED not in state or state.get(STAGED_ON) != now:
        state[STAGED], state[STAGED_ON] = tuple(read_all(now)[0]), now
    return list(state[STAGED])


def waiting() -> bool:
    """Return whether some staged edits are not applied yet."""
    return staged() != applied()[0]


def stage(lines: Sequence[Line]) -> None:
    """Stage these edits without running them."""
    _remember()
    st.session_state[STAGED] = tuple(lines)


def apply() -> None:
    """Run the staged edits."""
    _remember()
    _put(staged())


def run(lines: Sequence[Line]) -> None:
    """Stage these edits and run them at once."""
    _remember()
    _put(lines)


def undo() -> None:
    """Undo the last change of the list, and restore the edits that were applied then."""
    past = st.session_state.get(PAST, [])
    if past:
        st.session_state[STAGED], st.session_state[APPLIED] = past.pop()
        st.session_state[STAGED_ON] = st.session_state[APPLIED]


def made_for_another(here: Place) -> str:
    """Return the network for which the units were chosen if it is not this one, where the same numbers are other units; else ""."""
    made_for: str = st.session_state.setdefault(MADE_FOR, here.model)
    named = any(line.units is not None for line in applied()[0])
    return made_for if named and made_for != here.model else ""


def can_undo() -> bool:
    """Return whether there is a change to undo."""
    return bool(st.session_state.get(PAST))


def _put(lines: Sequence[Line]) -> None:
    state = st.session_state
    state[STAGED] = tuple(lines)
    state[APPLIED] = state[STAGED_ON] = all_written(lines)
    state[MADE_FOR] = state.read_model


def _remember() -> None:
    state = st.session_state
    now = (tuple(staged()), _now())
    state[PAST] = [*state.get(PAST, []), now][-BACK:]


def as_text() -> None:
    """Draw the applied edits as text to copy and change; the link carries the same text."""
    st.text_area(
        "One edit a line",
        key=APPLIED,
        bind="query-params",
        max_chars=LONGEST,
        height=110,
        placeholder="set f 1 unit 3 steps 5-9",
        help="Ctrl+Enter (⌘+Enter) applies it. " + FORMS,
    )
    st.caption(FORMS)


FORMS = (
    "Forms: `set f 1 unit 3 steps 5-9` · `scale c 0.5` · `noise c 0.5 seed 1` · `freeze c steps 5-9` · `erase unit 3` · "
    '`patch c,h step 5 from "another text" at 5` · `delete step 13` · `replace step 13 by "x"`. `off` in front switches a line off, '
    '`as "a name"` at its end names it. `f_pre` is f before the squashing, `h_prev` is h as it enters a step.'
)


def followed(here: Place) -> int | None:
    """Ask which column to follow along the text; None for the right answer at the playhead, or for a number."""
    if ANSWERS[here.card.answer].numbers:
        return None
    columns = names_of_labels(here)
    state = st.session_state
    label = state[FOLLOWED] if FOLLOWED in state else st.query_params.get(FOLLOWED)
    if label is not None and label not in (DUE, *columns):
        st.info(
            sentences.plain(f"“{label}” is not among this network's labels; what is right at the playhead is followed.")
        )
        state.pop(FOLLOWED, None)
    chosen = st.selectbox(
        "Follow P of",
        [DUE, *columns],
        key=FOLLOWED,
        bind="query-params",
        help="The label whose probability is drawn along the text. While none is chosen, it is what is right at the playhead.",
    )
    return columns.get(chosen or DUE)


def names_of_labels(here: Place) -> dict[str, int]:
    """Return the label names used here and in the link -> columns."""
    columns: dict[str, int] = {}
    labels = service.model(here.model).labels
    for column in service.guesses(here.card, len(labels)).tolist():
        label = labels[column]
        text = visible(label)
        name = text if text not in columns and text != DUE else f"{text} ({named(label)})"
        columns[name if name not in columns else f"{name} ({column})"] = (
            column  # long ones are cut and may look the same
        )
    return columns
