"""Long computations: a progress bar, and a way to stop it."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.analysis import numbers
from explorer.models import Card
from explorer.studio import sentences

Result = TypeVar("Result")

PATIENCE = 0.5
"""Delay in seconds before the bar appears: shorter computations need none."""
EVERY = 0.1
"""Interval in seconds between updates of the bar."""
STOPPED = "stopped"


def affordable(card: Card, steps: int, readings: int, says: str) -> bool:
    """Return whether the network is small enough for this much work here; if not, show a message before anything starts."""
    if card.affords(steps, readings):
        return True
    st.info(
        f"{says} would overload this shared server: it takes {readings:,} forward passes over {sentences.counted(steps)} with "
        f"{card.hidden_size:,} units in {sentences.counted_rows(card.rows)}. Try a shorter text; on your own machine "
        "`explorer.load` reads the same file without a limit.",
        icon=":material/weight:",
    )
    return False


def stoppable(says: str, of: Hashable, compute: Callable[[Callable[[float], None]], Result]) -> Result:
    """Return `compute(progress)`, where `progress` takes the fraction done (0 to 1); if the user stops it, the page ends here.

    `of` identifies the computation: once stopped, it runs again only on request. Stopping works because any click starts a new run of the
    page, and Streamlit ends this run at its next message to the browser: the next call of `progress`.
    """
    if st.session_state.get(STOPPED) == of:
        st.info(f"Stopped: {says[0].lower()}{says[1:]} takes long for a text of this length. A shorter one is quicker.")
        st.button("Run it anyway", key="go on after all", on_click=st.session_state.pop, args=(STOPPED,))
        st.stop()
    place, began = st.empty(), time.monotonic()
    next_update = began + PATIENCE
    bar: DeltaGenerator | None = None

    def progress(share: float) -> None:
        nonlocal next_update, bar
        now = time.monotonic()
        if now < next_update:
            return
        if bar is None:
            with place.container(horizontal=True, vertical_alignment="center"):
                bar = st.progress(share, text=f"{says} …")
                st.button("Stop", key=f"stop {says}", on_click=st.session_state.__setitem__, args=(STOPPED, of))
        bar.progress(min(1.0, share), text=f"{says} … {numbers.share(share)}")
        next_update = now + EVERY

    result = compute(progress)
    place.empty()
    return result
