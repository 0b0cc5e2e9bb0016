"""The box for sequences that an uploaded network was not trained on, with their right answers."""

from __future__ import annotations

import streamlit as st

from explorer import models
from explorer.models import Card
from explorer.studio import sentences, service
from explorer.studio.state import Place

BOX, FILE, KEPT, PROBLEM = "examples_box", "examples_file", "examples_kept", "examples_problem"
MEGABYTES = 5
FORMS = {
    "next token": (
        "A text that it was not trained on",
        "Paste a text, the longer the better.",
        "It was the best of times",
    ),
    "forecast": (
        "Sequences that it was not trained on",
        'A JSON object on each line: `{"text": "0.1\\n0.2\\n0.3"}`.',
        '{"text": "0.1\\n0.2\\n0.3"}',
    ),
    "class": ("Labelled examples", "On each line the text, a tab and its label.", "a fine film\tpositive"),
    "label": (
        "Labelled examples",
        "On each line the text, a tab and a label for each step with blanks between; `-` for a step without a question.",
        "abba\t- - - even",
    ),
    "number": (
        "Labelled examples",
        'On each line the text, a tab and its number; or a JSON object: `{"text": "0.1 1\\n0.5 0", "answer": 0.1}`.',
        '{"text": "0.1 1\\n0.5 0", "answer": 0.1}',
    ),
}
"""For each kind of answer: the label of the box, how to write an example, and one example."""


def entered_examples(card: Card) -> str:
    """Return the examples that the user entered for this network; empty if there are none."""
    name, text = st.session_state.get(KEPT, ("", ""))
    return str(text) if name == card.name else ""


def box(here: Place) -> None:
    """Draw a box for pasted examples, and a file upload, for an uploaded network. Shipped ones have held-out sequences."""
    if not here.card.own or here.card.answer not in FORMS:
        return
    name, how, placeholder = FORMS[here.card.answer]
    with st.expander(name, icon=":material/fact_check:", expanded=not entered_examples(here.card)):
        st.markdown(f"Whether the answers are right shows on sequences that the network was not trained on. {how}")
        if BOX not in st.session_state:
            st.session_state[BOX] = entered_examples(here.card)
        st.text_area(name, key=BOX, placeholder=placeholder, height=120, label_visibility="collapsed")
        st.button("Check answers", key="examples_check", type="primary", on_click=_from_box, args=(here.card,))
        st.file_uploader(
            "Or a file: text or JSON lines",
            key=FILE,
            max_upload_size=MEGABYTES,
            on_change=_from_file,
            args=(here.card,),
        )
    if problem := st.session_state.get(PROBLEM):
        st.warning(sentences.plain(problem), icon=":material/fact_check:")


def _from_box(card: Card) -> None:
    _keep(card, st.session_state[BOX])


def _from_file(card: Card) -> None:
    file = st.session_state[FILE]
    if file is None:
        return
    try:
        _keep(card, file.getvalue().decode("utf-8"))
    except UnicodeDecodeError as error:
        st.session_state[PROBLEM] = f"The file is not UTF-8 text: {error.reason} at byte {error.start}."


def _keep(card: Card, text: str) -> None:
    """Take the examples if they fit the network; else say what does not, and leave those that were there."""
    st.session_state[PROBLEM] = ""
    try:
        models.parse_examples(text, service.model(card.name))
    except ValueError as problem:
        st.session_state[PROBLEM] = f"These examples cannot be used: {problem}."
        return
    st.session_state[KEPT] = (card.name, text)
