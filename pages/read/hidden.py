"""Hidden state: how long it remembers a token, all units at once, the reading as a path."""

import numpy as np
import streamlit as st

from explorer.analysis.orderings import ORDERINGS
from explorer.analysis.projection import principal_components
from explorer.figures import hidden
from explorer.figures.heatmap import heatmap
from explorer.studio import sentences, service, style
from explorer.studio.page import chart, opening
from explorer.studio.remembering import remembered

here = opening(
    "The hidden state",
    "Change one token and read again. How long does it make a difference to what the network carries on?",
)
trace, theme = service.trace(here.model, here.text), style.theme()
memory, units, path = st.tabs(["How long it remembers", "All units", "The path"], key="view", bind="query-params")

if memory.open:
    with memory:
        remembered(here)

if units.open:
    with units:
        chosen = st.selectbox("Order of the units", list(ORDERINGS), key="order", bind="query-params")
        order = ORDERINGS[chosen](trace, here.layer)
        figure = heatmap(trace, "h", theme, order, row=here.layer, unit=here.unit, step=here.step)
        chart(figure.update_layout(height=520), "units", "The hidden state of all units along the text.")

if path.open:
    with path:
        components = principal_components(trace["h"][here.layer])
        st.caption(
            "Each token stands where h was after reading it; early ones are pale, late ones strong; the ring is the current step."
            + sentences.of_no_place(int(np.isnan(components.scores).any(1).sum()))
        )
        chart(
            hidden.path(components, trace.tokens, theme, here.step),
            "path",
            "The reading as a path through two principal components.",
        )
