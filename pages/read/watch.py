"""Watch: the network reads, step by step; one unit is pinned."""

import streamlit as st

from explorer.studio import sentences
from explorer.studio.components.stage import stage
from explorer.studio.look_for import look_for
from explorer.studio.workbench import place

look_for(place().card, sentences.of_watching(place().card))


@st.fragment
def watch() -> None:
    """A fragment, so that a new pin brings its arithmetic without the rest of the page."""
    stage(place(), page="watch", whole=True)


watch()
