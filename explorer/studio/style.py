"""The few rules that Streamlit's theme cannot say, and the theme of figures."""

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
    """Adds to the page the style sheet, with what it needs of the theme by name, and what mends the text that is typed."""
    shown = theme()
    st.html(f"<style>:root {{ --page: {shown.background}; --accent: {shown.accent}; }}\n{_asset('style.css')}</style>")
    with st.sidebar.container(key="typing"):  # hidden by the style sheet
        st.html(f"<script>{_asset('typing.js')}</script>", unsafe_allow_javascript=True)


def theme() -> Theme:
    """The appearance that the reader's browser shows."""
    return THEMES[st.context.theme.type or "light"]
