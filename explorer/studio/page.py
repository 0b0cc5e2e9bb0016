"""Layout shared by all pages: title, strip, charts."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import plotly.graph_objects as go
import streamlit as st

from explorer.studio.components.stage import stage
from explorer.studio.look_for import look_for
from explorer.studio.state import Place
from explorer.studio.workbench import place

CHART = {"displayModeBar": False, "scrollZoom": False}


def strip(here: Place, page: str) -> None:
    """Draw the tokens, the pinned unit's line and the transport."""
    stage(here, page=page, whole=False)


def opening(title: str, lead: str, show: Callable[[Place, str], None] = strip) -> Place:
    """Draw the title, a lead sentence, and the strip (or another `show`), and return the user's place."""
    here = place()
    st.title(title, anchor=False)
    st.markdown(lead)
    look_for(here.card)
    show(here, title)
    return here


def switch(path: str) -> NoReturn:
    """Open another page from within a run. Its link starts empty: Streamlit refuses to leave one that a widget is bound to."""
    st.switch_page(path, query_params={})


def chart(figure: go.Figure, key: str, says: str, picked: Callable[[], None] | None = None) -> None:
    """Draw a figure; `says` describes it for screen readers. `picked` is called when a point is clicked."""
    if picked is None:
        st.plotly_chart(figure, key=key, theme=None, config=CHART, alt=says)
    else:
        st.plotly_chart(figure, key=key, theme=None, config=CHART, alt=says, on_select=picked, selection_mode="points")
