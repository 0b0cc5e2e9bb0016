"""Conveyor belt: one unit's memory along the text, what each step kept of it and what it wrote."""

import streamlit as st

from explorer.analysis.timescales import half_lives
from explorer.figures.belt import belt
from explorer.studio import notation, sentences, service, style
from explorer.studio.page import chart, opening
from explorer.studio.workbench import place

trace = service.trace(place().model, place().text)
here = opening(
    "The conveyor belt of one unit",
    "A memory cell is a number on a belt. At each step it is multiplied by what is **kept**, and something is **written** onto it."
    if trace.belt
    else "LSTM and GRU carry their memory along on a belt. This network does not, and that is worth seeing.",
)
lives = half_lives(trace, here.layer)

left, right = st.columns([3, 1], vertical_alignment="bottom")
left.markdown(sentences.of_belt(trace, here.layer, here.unit, here.step))
others = right.multiselect(
    "Other units beside it",
    [unit for unit in range(trace.units) if unit != here.unit],
    key="others",
    max_selections=8,
    bind="query-params",
    placeholder="Choose units",
)
figure = belt(
    trace, style.theme(), here.unit, row=here.layer, others=others, step=here.step, notation=notation.current()
)
chart(figure, "belt", f"The belt of unit {here.unit} along the text, what was kept and what was written at each step.")

if lives is not None:
    st.caption(sentences.of_half_life(lives, here.unit))
