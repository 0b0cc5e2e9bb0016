"""Gradients: how much of the signal reaches each step, for LSTM, GRU and RNN on the same axes."""

import streamlit as st

from explorer.analysis.reach import magnitudes
from explorer.figures import gradients as figures
from explorer.studio import controls, sentences, service, style
from explorer.studio.page import chart, opening

here = opening(
    "How far does the gradient reach?",
    "Training can only use what the gradient brings back. Three networks, the same text, one objective: where does it vanish?",
)
if len(here.text) < 2:
    st.info("A gradient needs a next character: type at least two.")
    st.stop()

theme = style.theme()
of, at = controls.objective(here.text, states={"h"})
grads = {
    card.cell: service.gradients(card.name, here.text, of, at, here.unit if of == "h" else None, here.layer)
    for card in reversed(service.siblings(here.model))
}
tokens = grads[here.card.cell].tokens

reach = {cell: magnitudes(grad, "h") for cell, grad in grads.items()}
st.markdown(sentences.of_reach(reach, at))
chart(
    figures.reach_rows(reach, tokens, theme, target=None if of == "mean" else at),
    "rows",
    "The text once for each network; letters fade with the gradient that reaches them.",
)

shared = controls.shared_signal(grads)
curves = {cell: magnitudes(grad, shared) for cell, grad in grads.items()}
figure = figures.siblings(curves, tokens, theme, name=shared, last=at, step=here.step)
chart(figure, "siblings", f"The gradient by {shared} at each step for the three networks, on a log axis.")

st.subheader(f"Every signal of the {here.card.cell.upper()}", anchor=False)
figure = figures.every_signal(grads[here.card.cell], theme, here.layer, last=at, step=here.step)
chart(figure, "every signal", "The gradient by each signal of this network at each step, on a log axis.")
