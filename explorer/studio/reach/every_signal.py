"""Every signal: the gradient by each quantity of the chosen network."""

from __future__ import annotations

import streamlit as st

from explorer.figures import gradients as figures
from explorer.studio import notation, service
from explorer.studio.page import chart
from explorer.studio.reach import View


def draw(view: View) -> None:
    """Draw the whole tab."""
    here, wanted = view.here, view.wanted
    st.markdown(f"Every signal of the **{here.card.cell.upper()}**")
    grads = service.gradients(here.model, here.text, wanted.of, wanted.at, wanted.unit, here.layer, wanted.label)
    back, letters = view.back, notation.current()
    figure = figures.every_signal(
        grads, view.theme, here.layer, first=min(back), last=max(back), step=here.step, notation=letters
    )
    chart(figure, "every signal", "The gradient by each signal of this network at each step, on a log axis.")
