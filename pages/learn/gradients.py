"""Gradients: how much of the signal reaches each step, for LSTM, GRU and RNN on the same axes."""

import streamlit as st

from explorer.analysis.reach import magnitudes
from explorer.figures import gradients as figures
from explorer.studio import controls, sentences, service, style
from explorer.studio.page import chart, opening

here = opening(
    "How far does the gradient reach?",
    "Training can only use what the gradient brings back. The same text, one objective, each network of the task: where does it vanish?",
)
theme, tokens = style.theme(), service.trace(here.model, here.text).tokens
if len(tokens) < 2:
    st.info("A gradient needs a step before the one that it is of: type at least two.")
    st.stop()

wanted = controls.objective(here, len(tokens), states={"h"})
grads = {
    card.cell: service.gradients(card.name, here.text, wanted.of, wanted.at, wanted.unit, here.layer, wanted.label)
    for card in reversed(service.siblings(here.model))
    if wanted.unit is None or wanted.unit < card.hidden_size
}
far, every = st.tabs(["How far", "Every signal"], key="reach", bind="query-params")
if far.open:
    with far:
        reach = {cell: magnitudes(grad, "h") for cell, grad in grads.items()}
        st.markdown(sentences.of_reach(reach, wanted.at))
        chart(
            figures.reach_rows(reach, tokens, theme, target=None if wanted.of == "mean" else wanted.at),
            "rows",
            "The text once for each network; tokens fade with the gradient that reaches them.",
        )
        shared = controls.shared_signal(grads)
        curves = {cell: magnitudes(grad, shared) for cell, grad in grads.items()}
        figure = figures.siblings(curves, tokens, theme, name=shared, last=wanted.at, step=here.step)
        chart(figure, "siblings", f"The gradient by {shared} at each step for each network, on a log axis.")
if every.open:
    with every:
        st.markdown(f"Every signal of the **{here.card.cell.upper()}**")
        figure = figures.every_signal(grads[here.card.cell], theme, here.layer, last=wanted.at, step=here.step)
        chart(figure, "every signal", "The gradient by each signal of this network at each step, on a log axis.")
