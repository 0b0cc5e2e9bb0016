"""Why: singular values of the Jacobian between steps; the textbook bounds for Elman networks beside the exact norm."""

from __future__ import annotations

import streamlit as st

from explorer.figures import gradients as figures
from explorer.figures import squashing
from explorer.studio import sentences, service
from explorer.studio.page import chart
from explorer.studio.reach import View, words


def draw(view: View) -> None:
    """Draw the whole tab."""
    here, to, back = view.here, view.target, view.back
    carried = {cell.upper(): service.model(card.name).cell.carried for cell, card in view.cards.items()}
    st.markdown(
        f"What a step does to a later one is a matrix, the **Jacobian** of all that is carried on ({sentences.of_carried(carried)}) "
        "at the target by the same at the source. Its singular values say by how much it stretches each direction: where even the "
        f"largest one dies, nothing of the source is left to be learned from.{view.other_order()}"
    )
    if not view.affordable(None, "Taking apart a matrix of unit by unit for each step"):
        return
    spectra = view.of_each(
        "Taking the Jacobians apart",
        (to, here.layer),
        lambda card, told: service.spectra(card.name, here.text, to, view.row(card), told),
    )
    drawn = {cell: figures.singular_values(one, view.tokens, view.theme, back) for cell, one in spectra.items()}
    figures.on_one_scale(list(drawn.values()))
    columns = st.columns(len(drawn), vertical_alignment="bottom")
    for column, (cell, figure) in zip(columns, drawn.items(), strict=True):
        with column:
            st.markdown(f"**{cell.upper()}**: {words.of_spectra(words.going_back(spectra[cell], back))}")
            chart(
                figure,
                f"spectra {cell}",
                f"{cell.upper()}: the singular values of the Jacobian from each step to the target.",
            )
    if "rnn" in view.cards:
        _elman(view)
    _squashing(view)


def _elman(view: View) -> None:
    st.subheader("The Elman network: textbook bounds and the exact norm", anchor=False)
    card = view.cards["rnn"]
    jacobian = service.elman(card.name, view.here.text, view.target, view.row(card))
    st.markdown(words.of_elman(words.going_back(jacobian, view.back)))
    figure = figures.elman(jacobian, view.tokens, view.theme, view.back)
    chart(
        figure,
        "elman",
        "The exact norm of the RNN's Jacobian from each step, Pascanu's bound, and the product in the wrong order.",
    )


def _squashing(view: View) -> None:
    st.subheader("Squashed again and again", anchor=False)
    times = st.slider("How many times", 1, 12, 3, key="times", bind="query-params", width=420)
    st.markdown(words.of_squashing(times))
    chart(
        squashing.repeated(times, view.theme),
        "squashing",
        "σ, tanh and relu applied repeatedly to their own result, and the slope of that.",
    )
