"""Conveyor belt: one unit's memory along the text, the tokens that wrote it, and its contribution to the answer."""

import streamlit as st

from explorer.studio import service
from explorer.studio.ledger import View, answer, belt, written
from explorer.studio.page import opening
from explorer.studio.workbench import place

TABS = {"The belt": belt.draw, "Who wrote it": written.draw, "Down to the answer": answer.draw}

trace = service.trace(place().model, place().text)
here = opening(
    "The conveyor belt of one unit",
    "A memory cell is a number on a belt. At each step it is multiplied by what is **kept**, and something is **written** onto it."
    if trace.belt
    else "LSTM and GRU carry their memory along on a belt. This network does not, and that is worth seeing.",
)
view = View(here, trace)
for tab, draw in zip(st.tabs(list(TABS), key="ledger", bind="query-params"), TABS.values(), strict=True):
    if tab.open:
        with tab:
            draw(view)
