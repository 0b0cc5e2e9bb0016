"""Style rules beyond Streamlit's theme, and the theme of figures."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

from explorer.figures.theme import THEMES, Theme

ASSETS = Path(__file__).parents[2] / "assets"


@cache
def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def apply() -> None:
    """Add the style sheet with its theme colours, and the script that corrects typed text, to the page."""
    colours = theme()
    st.html(
        f"<style>:root {{ --page: {colours.background}; --accent: {colours.accent}; }}\n{_asset('style.css')}</style>"
    )
    with st.sidebar.container(key="typing"):  # hidden by the style sheet
        st.html(f"<script>{_asset('typing.js')}</script>", unsafe_allow_javascript=True)


def theme() -> Theme:
    """Return the theme that the user's browser shows."""
    return THEMES[st.context.theme.type or "light"]
