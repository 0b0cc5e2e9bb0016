"""Gates: how open each gate is, for every unit at every step."""

import streamlit as st

from explorer.analysis.saturation import saturation
from explorer.analysis.timescales import half_lives
from explorer.analysis.tokens import means_by_kind
from explorer.figures import gates
from explorer.figures.heatmap import heatmap
from explorer.figures.roles import HINTS, SAYS, in_story_order
from explorer.studio import controls, sentences, service, style
from explorer.studio.page import chart, opening
from explorer.studio.workbench import place

trace, theme = service.trace(place().model, place().text), style.theme()
gated = sorted(in_story_order(trace.of_kind("gate")), key=lambda signal: signal.role != "keep")
here = opening(
    "Gates, open and shut",
    "Every gate of every unit at every step: background is 0, full colour is 1. Units with the longest memory are on top."
    if gated
    else "LSTM and GRU decide with gates what to keep and what to write. This network has none.",
)
order = service.order(here.model, here.text, here.layer)
lives = half_lives(trace, here.layer)

if not gated:
    st.markdown(sentences.NO_GATES)
    shown = heatmap(trace, "h", theme, order, row=here.layer, unit=here.unit, step=here.step)
    chart(shown, "no gates", "The hidden state of all units along the text.")

if lives is not None:
    st.markdown(sentences.of_half_life(lives, here.unit))
body = st.container()
margin = controls.saturation_margin() if gated else 0.0  # asked below the pictures, which need the answer
for signal in gated:
    body.subheader(
        f"{SAYS[signal.role].capitalize()}: the {signal.label} {signal.name}", anchor=False, help=HINTS[signal.role]
    )
    map_column, kind_column, share_column = body.columns([6, 2, 2], gap="medium")
    with map_column:
        st.caption(f"{HINTS[signal.role][0].upper()}{HINTS[signal.role][1:]}.")
        shown = heatmap(trace, signal.name, theme, order, row=here.layer, unit=here.unit, step=here.step)
        chart(shown, signal.name, f"The {signal.label} of all units along the text.")
    with kind_column:
        st.caption("Mean by kind of character")
        table = means_by_kind(trace[signal.name][here.layer], trace.tokens)
        chart(
            gates.means(table, theme, signal.role), f"{signal.name} kinds", f"Mean {signal.label} by kind of character."
        )
    with share_column:
        st.caption("Shut and open, a dot a unit")
        shares = saturation(trace, signal.name, here.layer, margin, 1 - margin)
        dots = gates.saturation(shares, theme, signal.role, here.unit, margin, 1 - margin)
        chart(dots, f"{signal.name} saturation", f"How often the {signal.label} of each unit is shut and open.")
