"""Watch: the network reads, step by step; one unit is pinned."""

import streamlit as st

from explorer.studio import sentences
from explorer.studio.components.stage import stage
from explorer.studio.look_for import look_for
from explorer.studio.workbench import place

with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
    st.title(sentences.of_watching(place().card), anchor=False, width="content")
    look_for(place().card)


@st.fragment
def watch() -> None:
    """A fragment, so that a new pin brings its arithmetic without the rest of the page."""
    stage(place(), page="watch", whole=True)


watch()
