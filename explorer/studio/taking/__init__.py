"""Export section: the trace, the diagnosis, the weights, and a program that recomputes one number."""

from __future__ import annotations

import streamlit as st

from explorer.models import Card
from explorer.studio.state import Place
from explorer.studio.taking import files, program


def section(here: Place) -> None:
    """Draw the section, folded. Nothing is computed before it is opened, and no file before its button is pressed."""
    with st.expander("Export", icon=":material/download:", key="take", on_change="rerun") as section:
        if section.open:
            files.buttons(here)
            st.caption(_in_a_terminal(here.card))
            program.shown(here)


def _in_a_terminal(card: Card) -> str:
    what, read = "FILE" if card.own else card.name, "--input x.npy" if card.tokens == "numbers" else "--text TEXT"
    return (
        f":material/terminal: The same in a terminal: `python -m explorer check {what} {read}` prints the diagnosis, and exits with 1 when "
        "something is wrong."
    )
