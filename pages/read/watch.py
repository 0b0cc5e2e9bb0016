"""Watch: the network reads, step by step; one unit is pinned."""

import streamlit as st

from explorer.studio.components.stage import stage
from explorer.studio.page import an
from explorer.studio.workbench import place

name = an(place().card.cell)
st.title(f"{name[0].upper()}{name[1:]} reads your text, one character at a time", anchor=False)


@st.fragment
def watch() -> None:
    """A fragment, so that a new pin brings its arithmetic without the rest of the page."""
    stage(place(), whole=True)


watch()
