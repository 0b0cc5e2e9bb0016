"""The belt of the pinned unit along the text: its value, and what each step kept and wrote."""

from __future__ import annotations

import streamlit as st

from explorer.analysis.timescales import half_lives
from explorer.figures.belt import belt
from explorer.studio import notation, sentences, style
from explorer.studio.ledger import View
from explorer.studio.page import chart


def draw(view: View) -> None:
    """Draw the whole tab."""
    here, trace = view.here, view.trace
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
    says = f"The belt of unit {here.unit} along the text, what was kept and what was written at each step."
    chart(figure, "belt", says)
    lives = half_lives(trace, here.layer)
    if lives is not None:
        st.caption(sentences.of_half_life(lives, here.unit))
