"""Backpropagation through time, itemised: the gradient of each loss at each use of the weights."""

from __future__ import annotations

import streamlit as st

from explorer.figures import training_step as figures
from explorer.studio.components.matrix import matrices
from explorer.studio.page import chart
from explorer.studio.training_step import View, settings, words

SAYS = "what the loss at the target's step sends to the weights as the source's step uses them"
AXES = "→ the step that uses the weights     ↓ the step whose loss pulls at them"
TELLS = "is the pull of the loss at {target} on the weights at {source}, distance {steps}"
SOURCE = (
    "The same weights work at every step; what the loss of one step sends to each use of them are the terms that backpropagation "
    "through time adds up ([Werbos 1990](https://doi.org/10.1109/5.58337)). An entry is a term's norm, √Σ ‖δ‖²·‖input‖² over the "
    "blocks of rows: exact, and never made as a matrix."
)


def draw(view: View) -> None:
    """Draw the matrix of all terms, and beside it the chosen target's row and the chosen source's column."""
    st.markdown(words.of_all(view.shares, view.apart.norm))
    target, source = settings.pair(view.shares)
    left, right = st.columns([4, 7], gap="medium")
    with left:
        own = view.tokens[: len(view.shares)]
        matrices(
            {view.here.card.cell: view.shares},
            own,
            target=target,
            source=source,
            says=SAYS,
            chosen=settings.choose_pair,
            key="itemised",
            axes=AXES,
            tells=TELLS,
        )
    with right:
        st.markdown(words.of_target(view.shares, view.apart.losses, target, view.tokens, view.unit, view.of_next))
        sent = figures.pulls(
            view.shares[target], own, view.theme, fixed=target, chosen=source, title=f"pull of loss {target + 1}"
        )
        chart(sent, "sent", f"What the loss at step {target + 1} sends to the weights at each step.")
        st.markdown(words.of_source(view.shares, source, view.tokens))
        received = figures.pulls(
            view.shares[:, source], own, view.theme, fixed=source, chosen=target, title=f"pull at step {source + 1}"
        )
        chart(received, "met", f"What the loss of each step sends to the weights at step {source + 1}.")
    st.markdown(f":small[{SOURCE} {words.CANCELLED}]")
