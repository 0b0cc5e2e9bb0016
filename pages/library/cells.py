"""Cells: each cell of the family at work, and its changes to its parent in the picture, the equations and the code."""

import streamlit as st

from explorer.studio import service
from explorer.studio.cells import View, about, choose, equations
from explorer.studio.components.stage import stage
from explorer.studio.workbench import place

choose.arrive()
here = place()
view = View.of(service.model(here.model).cell)
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="cells_head"):
    st.title(view.title, anchor=False, width="content")
    choose.walk(here.card)
about.what_changes(view)
left, right = st.container(key="cells_beside").columns([3, 2], gap="medium")
with right:
    marked = choose.marks(view)
    choose.notation_here()
    equations.draw(view, marked)
    about.size(here.card, view)
    about.source(view)
    choose.weights(here.card)
    about.folded(view)


@st.fragment
def at_work() -> None:
    """A fragment, so that a new pin brings its arithmetic without the rest of the page."""
    stage(place(), page=choose.PAGE, whole=True, study=view.study(marked))


with left:
    at_work()
