"""The user's notation for every equation and label."""

from __future__ import annotations

import streamlit as st

from explorer.notations import NOTATIONS, PYTORCH, Notation

KEY = "notation"


def current() -> Notation:
    """Return the chosen notation; PyTorch's by default."""
    return NOTATIONS.get(st.session_state.get(KEY, ""), PYTORCH)


def choose() -> None:
    """Ask for the notation, under View."""
    st.selectbox(
        "Notation",
        list(NOTATIONS),
        key=KEY,
        bind="query-params",
        help="The same equations and labels with other letters, in the same colours.",
    )
    st.caption(f"As in {current().used}.")
