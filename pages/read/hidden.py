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

NAMES = {"state": "carried state", "h": "hidden state h", "c": "cell state c"}

here = opening(
    "The hidden state",
    "Change one token and read again. How long does it make a difference to what the network carries on?",
)
trace, theme = service.trace(here.model, here.text), style.theme()
memory, units, path = st.tabs(["How long it remembers", "All units", "The path"], key="view", bind="query-params")

if memory.open:
    with memory:
        changed, other = controls.changed_token(here.card, here.text)
        cards = {card.cell: card for card in service.siblings(here.model)}
        by = controls.measure([service.trace(card.name, here.text).initial for card in cards.values()], "measure")
        readings = {
            cell: (service.trace(card.name, here.text), service.trace(card.name, other))
            for cell, card in cards.items()
            if by == "state" or by in service.trace(card.name, here.text).initial
        }
        rows = {cell: min(here.layer, cards[cell].rows - 1) for cell in readings}
        order = list(trace.steps_read(0 if trace.reads_backward(here.layer) else -1, here.layer))
        differences = {cell: distance(one, two, rows[cell], by) for cell, (one, two) in readings.items()}
        in_order = {cell: values[order] for cell, values in differences.items()}
        place = order.index(changed)
        remembered = {cell: steps_remembered(values, place) for cell, values in in_order.items()}
        exact = {cell: [service.exact(cards[cell].name, text) for text in (here.text, other)] for cell in readings}
        floor = max(rounding_floor(*readings[cell], *exact[cell], rows[cell], by) for cell in readings)
        st.markdown(sentences.of_memory(in_order, place, remembered, floor, by))
        figure = hidden.memory_of_a_change(
            differences, trace.tokens, theme, read=order[place:], floor=floor, name=NAMES[by], step=here.step
        )
        chart(figure, "memory", f"The distance between the two {NAMES[by]}s along the text, for each network.")

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
