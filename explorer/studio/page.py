"""What pages have in common: title, strip, charts."""

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
    """The tokens, the pinned unit's line and the transport."""
    stage(here, page=page, whole=False)


def opening(title: str, lead: str, show: Callable[[Place, str], None] = strip) -> Place:
    """Title, one sentence, and the strip with the place that all pages share; or what else is to `show` that place."""
    here = place()
    st.title(title, anchor=False)
    st.markdown(lead)
    look_for(here.card)
    show(here, title)
    return here


def switch(path: str) -> NoReturn:
    """Opens another page, from within a run. The link there begins anew: Streamlit refuses to leave one that a widget is bound to."""
    st.switch_page(path, query_params={})


def chart(figure: go.Figure, key: str, says: str, picked: Callable[[], None] | None = None) -> None:
    """A figure; `says` is what it shows, for those who cannot see it. `picked` is called when a point of it was clicked."""
    if picked is None:
        st.plotly_chart(figure, key=key, theme=None, config=CHART, alt=says)
    else:
        st.plotly_chart(figure, key=key, theme=None, config=CHART, alt=says, on_select=picked, selection_mode="points")
