"""Memory of a changed token: each network of the task reads the same text twice."""

from __future__ import annotations

import streamlit as st

from explorer.analysis.differences import distance, rounding_floor, steps_remembered
from explorer.figures import hidden
from explorer.studio import controls, sentences, service, style
from explorer.studio.page import chart
from explorer.studio.state import Place

NAMES = {"state": "carried state", "h": "hidden state h", "c": "cell state c"}


def remembered(here: Place) -> None:
    """Ask for a change and a measure, and draw the difference along the text."""
    trace, theme = service.trace(here.model, here.text), style.theme()
    changed, other = controls.changed_token(here.card, here.text)
    cards = {card.cell: card for card in service.siblings(here.model)}
    by = controls.measure([service.trace(card.name, here.text).initial for card in cards.values()], "measure")
    readings = {
        cell: (service.trace(card.name, here.text), service.trace(card.name, other))
        for cell, card in cards.items()
        if by == "state" or by in service.trace(card.name, here.text).initial
    }
    if lacking := [cell for cell in cards if cell not in readings]:
        st.caption(sentences.of_lacking(lacking, by))
    rows = {cell: here.row_of(cards[cell].rows) for cell in readings}
    read = list(trace.steps_read(0 if trace.reads_backward(here.layer) else -1, here.layer))
    differences = {cell: distance(one, two, rows[cell], by) for cell, (one, two) in readings.items()}
    in_order = {cell: values[read] for cell, values in differences.items()}
    place = read.index(changed)
    durations = {cell: steps_remembered(values, place) for cell, values in in_order.items()}
    exact = {
        cell: (service.exact(cards[cell].name, here.text), service.exact(cards[cell].name, other)) for cell in readings
    }
    floor = max(rounding_floor(*readings[cell], *exact[cell], row=rows[cell], by=by) for cell in readings)
    st.markdown(sentences.of_memory(in_order, place, durations, floor, by))
    figure = hidden.memory_of_a_change(
        differences, trace.tokens, theme, read=read[place:], floor=floor, name=NAMES[by], step=here.step
    )
    chart(figure, "memory", f"The distance between the two {NAMES[by]}s along the text, for each network.")
