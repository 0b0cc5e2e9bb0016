"""Two paths of the gradient: along the belt alone, and along all paths."""

from __future__ import annotations

import streamlit as st

from explorer.figures import gradients as figures
from explorer.studio import controls, service
from explorer.studio.page import chart
from explorer.studio.reach import View, words

WHAT = (
    "A memory on its belt reaches a later step **directly**: by the product of the keep gates between, and nothing else. "
    "It also moves the gates and candidates on its way: the **full** derivative counts every path. The first alone is often printed as "
    '"the gradient of an LSTM"; it is not.'
)


def draw(view: View) -> None:
    """Draw the whole tab."""
    here, to = view.here, view.target
    cards = {cell: card for cell, card in view.cards.items() if service.trace(card.name, here.text).belt}
    st.markdown(WHAT + view.other_order())
    if not cards:
        st.info("None of these networks has a belt: each step makes the state anew, so there is no direct path.")
        return
    if not view.affordable(None, "The derivative by all paths, unit by unit,"):
        return
    since = controls.source(to, len(view.tokens), backward=view.backward)
    for cell, card in cards.items():
        row = view.row(card)
        paths = service.paths(card.name, here.text, to, row)
        st.markdown(f"**{cell.upper()}**: {words.of_paths(words.going_back(paths, view.back), abs(to - since))}")
        left, right = st.columns([3, 2])
        unit = here.unit if card.name == here.model else None
        with left:
            figure = figures.two_paths(paths, view.tokens, view.theme, view.back, unit=unit, since=since)
            chart(
                figure,
                f"paths {cell}",
                f"{cell.upper()}: the direct and the full derivative from each step, on a log axis.",
            )
        with right:
            direct, full = service.channels(card.name, here.text, to, since, row)
            figure = figures.channels(direct, full, view.theme, service.order(card.name, here.text, row))
            chart(
                figure, f"channels {cell}", f"{cell.upper()}: the full derivative between the two steps, unit by unit."
            )
