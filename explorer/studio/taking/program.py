"""A few lines of PyTorch that recompute one number: of the pinned unit, at the playhead's step."""

from __future__ import annotations

import streamlit as st

from explorer.models.weights import NAME
from explorer.studio import service
from explorer.studio.sentences import plain
from explorer.studio.state import Place
from explorer.studio.taking.files import stem_of

SHOWN = 150
"""Maximum number of lines to show; a program with a long input is only downloaded."""


def shown(here: Place) -> None:
    """Draw the choice of the signal, the program, and its button."""
    trace = service.trace(here.model, here.text)
    names = [name for name in trace.signals if name != "x"]
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    signal = left.selectbox(
        "Compute again",
        names,
        index=names.index("h"),
        key="take_signal",
        format_func=lambda name: f"{name}: {trace.signals[name].label}",
    )
    where = f"of unit {here.unit} at step {here.step + 1} ({here.step} in the program, which counts from 0)"
    right.markdown(
        f"In PyTorch alone, {where}. Save `{NAME}` beside it; it ends with an error unless it finds the number that is shown here."
    )
    try:
        program = service.snippet(here.model, here.text, signal or "h", here.layer, here.step, here.unit)
    except ValueError as problem:  # torch has no function for this cell, or the input is too long to write out
        st.info(plain(f"{str(problem)[:1].upper()}{str(problem)[1:]}."), icon=":material/info:")
        return
    st.download_button(
        "The program",
        program,
        f"{stem_of(here.card)}-{signal}-unit-{here.unit}-step-{here.step + 1}.py",
        "text/x-python",
        key="take program",
        on_click="ignore",
        icon=":material/download:",
    )
    if (lines := program.count("\n")) <= SHOWN:
        st.code(program, language="python", wrap_lines=True)
    else:
        st.caption(f"It has {lines:,} lines, most of them the input; download it to read it.")
