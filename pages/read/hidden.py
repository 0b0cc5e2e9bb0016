"""Hidden state: how long it remembers a token, all units at once, the reading as a path."""

import numpy as np
import streamlit as st

from explorer.analysis.differences import distance, rounding_floor, steps_remembered
from explorer.analysis.orderings import ORDERINGS
from explorer.analysis.projection import principal_components
from explorer.figures import hidden
from explorer.figures.heatmap import heatmap
from explorer.studio import controls, sentences, service, style
from explorer.studio.page import chart, opening

here = opening(
    "The hidden state",
    "The prediction sees nothing but h, and the gates of the next step see it. How long does it remember a single change?",
)
trace, theme = service.trace(here.model, here.text), style.theme()
memory, units, path = st.tabs(["How long it remembers", "All units", "The path"], key="view", bind="query-params")

if memory.open:
    with memory:
        changed, other = controls.changed_token(here.card, here.text)
        readings = {
            card.cell: (service.trace(card.name, here.text), service.trace(card.name, other))
            for card in service.siblings(here.model)
        }
        differences = {cell: distance(one, two) for cell, (one, two) in readings.items()}
        remembered = {cell: steps_remembered(values, changed) for cell, values in differences.items()}
        exact = {
            card.cell: (service.exact(card.name, here.text), service.exact(card.name, other))
            for card in service.siblings(here.model)
        }
        floor = max(rounding_floor(*readings[cell], *exact[cell]) for cell in readings)
        st.markdown(sentences.of_memory(differences, changed, remembered, floor))
        figure = hidden.memory_of_a_change(
            differences, trace.tokens, theme, changed=changed, floor=floor, step=here.step
        )
        chart(figure, "memory", "The distance between the two hidden states along the text, for each network.")

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
