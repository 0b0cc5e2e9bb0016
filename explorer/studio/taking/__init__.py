"""What can be taken away: the reading, the diagnosis, the weights, and a program that computes one number again."""

from __future__ import annotations

import streamlit as st

from explorer.studio.state import Place
from explorer.studio.taking import files, program


def section(here: Place) -> None:
    """Folded; nothing in it is made before it is opened, and no file before its button is pressed."""
    with st.expander("Take it away", icon=":material/download:", key="take", on_change="rerun") as section:
        if section.open:
            files.buttons(here)
            program.shown(here)
