"""What pages have in common: title, strip, charts."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from explorer.studio.components.stage import stage
from explorer.studio.look_for import look_for
from explorer.studio.state import Place
from explorer.studio.workbench import place

CHART = {"displayModeBar": False, "scrollZoom": False}


def opening(title: str, lead: str) -> Place:
    """Title, one sentence, and the strip with the place that all pages share."""
    here = place()
    st.title(title, anchor=False)
    st.markdown(lead)
    look_for(here.card)
    stage(here, page=title, whole=False)
    return here


def chart(figure: go.Figure, key: str, says: str) -> None:
    """A figure; `says` is what it shows, for those who cannot see it."""
    st.plotly_chart(figure, key=key, theme=None, config=CHART, alt=says)
