"""What stands in the link: the edits that are applied, and what is followed; and those that are staged, with a way back."""

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
"""A link has room for so many characters of edits."""
BACK = 30
"""So many changes can be undone."""


def applied() -> tuple[list[Line], list[str]]:
    """The edits that the page shows the result of, and what is wrong with the others."""
    return read_all(_now())


def _now() -> str:
    """As the box has it; before its first run it has what the link brings."""
    state = st.session_state
    return (state[APPLIED] if APPLIED in state else st.query_params.get(APPLIED)) or ""


def staged() -> list[Line]:
    """Those that are written down, to be applied or already so. Another link, or another text typed in, begins anew from there."""
    state = st.session_state
    now = _now()
    if STAGED not in state or state.get(STAGED_ON) != now:
        state[STAGED], state[STAGED_ON] = tuple(read_all(now)[0]), now
    return list(state[STAGED])


def waiting() -> bool:
    """Whether some of what is staged is not applied yet."""
    return staged() != applied()[0]


def stage(lines: Sequence[Line]) -> None:
    """Other edits are written down; what is shown stays as it is."""
    _remember()
    st.session_state[STAGED] = tuple(lines)


def apply() -> None:
    """What is staged is run."""
    _remember()
    _put(staged())


def run(lines: Sequence[Line]) -> None:
    """These edits are staged and run at once."""
    _remember()
    _put(lines)


def undo() -> None:
    """The last change of the list is taken back, and what was shown then is shown again."""
    past = st.session_state.get(PAST, [])
    if past:
        st.session_state[STAGED], st.session_state[APPLIED] = past.pop()
        st.session_state[STAGED_ON] = st.session_state[APPLIED]


def made_for_another(here: Place) -> str:
    """The network for which units were chosen, where this is another one: the same numbers are other units here. Empty where it is not."""
    made_for: str = st.session_state.setdefault(MADE_FOR, here.model)
    named = any(line.units is not None for line in applied()[0])
    return made_for if named and made_for != here.model else ""


def can_undo() -> bool:
    """Whether there is something to take back."""
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
    """The applied edits as a text that can be copied, changed and typed; it is what the link carries."""
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
    """The column that is followed along the text, as the reader chooses; None: what is right at the playhead, or a number."""
    if ANSWERS[here.card.answer].numbers:
        return None
    columns = names_of_labels(here)
    state = st.session_state
    asked = state[FOLLOWED] if FOLLOWED in state else st.query_params.get(FOLLOWED)
    if asked is not None and asked not in (DUE, *columns):
        st.info(
            sentences.plain(f"“{asked}” is not among this network's labels; what is right at the playhead is followed.")
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
    """What a label is called here and in the link -> its column."""
    found: dict[str, int] = {}
    labels = service.model(here.model).labels
    for column in service.guesses(here.card, len(labels)).tolist():
        label = labels[column]
        shown = visible(label)
        name = shown if shown not in found and shown != DUE else f"{shown} ({named(label)})"
        found[name if name not in found else f"{name} ({column})"] = column  # long ones are cut and may look the same
    return found
