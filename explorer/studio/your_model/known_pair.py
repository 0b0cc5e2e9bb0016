"""One known pair (input, output): the box in which the user gives it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from explorer.models import checkpoints
from explorer.models.checkpoints import Pair, Unreadable
from explorer.studio import own, sentences
from explorer.studio.own import Own

PROBLEM = "own_pair_problem"


def known_pair(here: Own) -> None:
    """Draw a popover for an input and its expected output, or a file with both."""
    with st.popover("Verify with a known pair", icon=":material/rule:"):
        st.markdown(
            "Paste what your own code answers to one input: the scores or probabilities, separated by commas or spaces, or as JSON. "
            "The answer shown here is then measured against it."
        )
        st.text_input(
            "Input", key="own_pair_input", placeholder="the text, ids or numbers now being read, if left empty"
        )
        st.text_area("Output", key="own_pair_output", placeholder="0.12, 0.88", height=80)
        st.button("Compare", key="own_pair_compare", type="primary", on_click=_compare)
        st.file_uploader(
            "Or a file: JSON with “input” and “output”, or .npz",
            key="own_pair_file",
            max_upload_size=5,
            on_change=_from_file,
        )
        if here.pair is not None:
            st.button("Remove the pair", key="own_pair_remove", on_click=own.confirm, args=(None,))
    if problem := st.session_state.get(PROBLEM):
        st.warning(sentences.plain(problem), icon=":material/rule:")


def _compare() -> None:
    typed = st.session_state.own_pair_input or st.session_state.get("text", "")
    _confirm(lambda: checkpoints.typed_pair(typed, st.session_state.own_pair_output))


def _from_file() -> None:
    file = st.session_state.own_pair_file
    if file is not None:
        _confirm(lambda: checkpoints.parse_pair(file.getvalue()))


def _confirm(read: Callable[[], Pair]) -> None:
    st.session_state[PROBLEM] = ""
    try:
        own.confirm(read())
    except Unreadable as problem:
        st.session_state[PROBLEM] = str(problem)
