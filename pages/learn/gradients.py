"""Gradients: how much of the signal reaches each step, exactly, for LSTM, GRU and RNN on the same scales."""

import streamlit as st

from explorer.studio import controls, service, style
from explorer.studio.page import opening
from explorer.studio.reach import View, every_signal, how_far, pairs, two_paths, why

here = opening(
    "How far does the gradient reach?",
    "Training can only use what the gradient brings back. The same text, one objective, each network of the task: where does it vanish?",
)
tokens = service.trace(here.model, here.text).tokens
if len(tokens) < 2:
    st.info("A gradient needs a step before the one that it is of: type at least two.")
    st.stop()

objective = controls.objective(here, len(tokens), states={"h"})
cards = {
    card.cell: card
    for card in reversed(service.siblings(here.model))
    if objective.unit is None or objective.unit < card.hidden_size
}
view = View(here, cards, objective, tokens, style.theme())
TABS = {
    "How far": how_far.draw,
    "Every pair": pairs.draw,
    "Two paths": two_paths.draw,
    "Why": why.draw,
    "Every signal": every_signal.draw,
}
for tab, draw in zip(st.tabs(list(TABS), key="reach", bind="query-params"), TABS.values(), strict=True):
    if tab.open:
        with tab:
            draw(view)
