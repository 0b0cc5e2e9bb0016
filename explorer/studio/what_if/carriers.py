"""Which units carry an answer: each is erased in turn, and they are ranked by what that changes."""

from __future__ import annotations

import streamlit as st

from explorer.studio.what_if import View


def draw(view: View) -> None:
    """To come."""
    st.empty()
