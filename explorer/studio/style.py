"""The few rules that Streamlit's theme cannot say, and the theme of figures."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

from explorer.figures.theme import THEMES, Theme

SHEET = Path(__file__).parents[2] / "assets" / "style.css"


@cache
def _sheet() -> str:
    return SHEET.read_text(encoding="utf-8")


def apply() -> None:
    """Adds the style sheet to the page, and by name what it needs of the theme."""
    shown = theme()
    st.html(f"<style>:root {{ --page: {shown.background}; --accent: {shown.accent}; }}\n{_sheet()}</style>")


def theme() -> Theme:
    """The appearance that the reader's browser shows."""
    return THEMES[st.context.theme.type or "light"]
