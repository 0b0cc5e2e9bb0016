"""Gates: how open each gate is, for every unit at every step, and on average by kind of token."""

import streamlit as st

from explorer.analysis.saturation import saturation
from explorer.analysis.timescales import half_lives
from explorer.figures import gates
from explorer.figures.heatmap import heatmap, heatmaps
from explorer.figures.roles import gate_heading, in_story_order
from explorer.studio import controls, notation, sentences, service, style
from explorer.studio.page import chart, opening
from explorer.studio.workbench import place

trace, theme = service.trace(place().model, place().text), style.theme()
gated = sorted(in_story_order(trace.of_kind("gate")), key=lambda signal: signal.role != "keep")
here = opening(
    "Gates, open and shut",
    "Every gate of every unit at every step: background is 0, full colour is 1. Units with the longest memory are on top."
    if gated
    else "LSTM and GRU decide with gates what to keep and what to write. This network has none.",
)
order, where = (
    service.order(here.model, here.text, here.layer),
    {"row": here.layer, "unit": here.unit, "step": here.step},
)
letters = notation.current()
lives = half_lives(trace, here.layer)

if not gated:
    st.markdown(sentences.NO_GATES)
    chart(heatmap(trace, "h", theme, order, **where), "no gates", "The hidden state of all units along the text.")
    st.stop()

every, kinds, shares = st.tabs(["Every unit", "By kind of token", "Shut and open"], key="gates", bind="query-params")
if every.open:
    with every:
        if lives is not None:
            st.markdown(sentences.of_half_life(lives, here.unit))
        titles = {s.name: gate_heading(s, letters) for s in gated}
        figure = heatmaps(trace, titles, theme, order, **where)
        chart(figure, "every unit", f"{', '.join(s.label for s in gated)} of all units along the text.")
if kinds.open:
    with kinds:
        table = controls.census(here)
        st.markdown(sentences.of_kinds(table, trace))
        chart(gates.by_kind(table, gated, theme, letters), "kinds", "Mean gate and mean write by kind of token.")
if shares.open:
    with shares:
        margin = controls.saturation_margin()
        counted = {s.name: saturation(trace, s.name, here.layer, margin, 1 - margin) for s in gated}
        figure = gates.saturations(counted, gated, theme, here.unit, margin, 1 - margin, letters)
        chart(figure, "saturation", "How often each gate of each unit is shut and open.")
