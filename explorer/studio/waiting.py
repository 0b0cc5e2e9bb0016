"""What takes long: a bar that fills, and a way to stop it."""

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
"""Seconds before the bar is shown: what is done sooner needs none."""
EVERY = 0.1
"""Seconds between two looks of the bar."""
STOPPED = "stopped"


def affordable(card: Card, steps: int, readings: int, says: str) -> bool:
    """Whether the network may be put to so much work here. Where it may not, that is said, before anything begins."""
    if card.affords(steps, readings):
        return True
    st.info(
        f"{says} is too much for a server that others use: it is the work of {readings:,} readings of {sentences.counted(steps)} by "
        f"{card.hidden_size:,} units in {sentences.counted_rows(card.rows)}. A shorter text may do; on a machine of your own "
        "`explorer.load` reads the same file, and nothing is too large.",
        icon=":material/weight:",
    )
    return False


def stoppable(says: str, of: Hashable, compute: Callable[[Callable[[float], None]], Result]) -> Result:
    """What `compute` makes, which is handed a function to be told the share that is done; the page ends here if that is stopped.

    `of` is what is computed: once stopped, the same is begun again only when it is asked for. Stopping works because any press begins
    a new run of the page, for which Streamlit ends this one at its next word to the browser: the next share told.
    """
    if st.session_state.get(STOPPED) == of:
        st.info(f"Stopped: {says[0].lower()}{says[1:]} takes long for so long a text. A shorter one is quicker.")
        st.button("Go on after all", key="go on after all", on_click=st.session_state.pop, args=(STOPPED,))
        st.stop()
    place, began = st.empty(), time.monotonic()
    shown = began + PATIENCE
    bar: DeltaGenerator | None = None

    def told(share: float) -> None:
        nonlocal shown, bar
        now = time.monotonic()
        if now < shown:
            return
        if bar is None:
            with place.container(horizontal=True, vertical_alignment="center"):
                bar = st.progress(share, text=f"{says} …")
                st.button("Stop", key=f"stop {says}", on_click=st.session_state.__setitem__, args=(STOPPED, of))
        bar.progress(min(1.0, share), text=f"{says} … {numbers.share(share)}")
        shown = now + EVERY

    found = compute(told)
    place.empty()
    return found
