"""The notation that the reader has chosen, for every equation and label."""

from __future__ import annotations

import streamlit as st

from explorer.notations import NOTATIONS, PYTORCH, Notation

KEY = "notation"


def current() -> Notation:
    """The chosen one; PyTorch's while nobody chose."""
    return NOTATIONS.get(st.session_state.get(KEY, ""), PYTORCH)


def choose() -> None:
    """The question, under View."""
    st.selectbox(
        "Notation",
        list(NOTATIONS),
        key=KEY,
        bind="query-params",
        help="The same equations and labels with other letters, in the same colours.",
    )
    st.caption(f"As in {current().used}.")
