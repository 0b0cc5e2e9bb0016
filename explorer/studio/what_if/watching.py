"""The cell at work on the stage, in the original or the edited run."""

from __future__ import annotations

import streamlit as st

from explorer.studio.components.stage import stage
from explorer.studio.components.stage.reading import Reading
from explorer.studio.page import strip
from explorer.studio.state import Place
from explorer.studio.what_if import choose, words
from explorer.studio.what_if.plan import planned

HELP = "The cell itself, reading step by step; what the edits set is marked. Choose it again to fold it."
ORIGINAL, EDITED = "original", "edited"
NOTHING_YET = "Nothing is edited yet, so this is the original. Run one of the experiments below, or add an edit."


def show(here: Place, page: str) -> None:
    """Draw the strip; or the whole stage, if the user watches a run."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="watching"):
        st.markdown("**Watch it happen:**", width="content", help=HELP)
        run = st.segmented_control(
            "Watch it happen",
            [ORIGINAL, EDITED],
            key="watch",
            bind="query-params",
            label_visibility="collapsed",
        )
    if run is None:
        strip(here, page)
        return
    reading = Reading.of(here) if run == ORIGINAL else edited(here)
    if run == EDITED and not reading.edited:
        st.caption(NOTHING_YET)
    stage(here, page=page, whole=True, reading=reading)


def edited(here: Place) -> Reading:
    """Return the run with the applied edits."""
    lines, _ = choose.applied()
    plan = planned(here, lines)
    if plan.idle:
        return Reading.of(here)
    done = [line for number, line in enumerate(lines) if line.on and number not in plan.refused]
    return Reading(here, plan.text, plan.where, plan.edits, tuple(map(words.plainly, done)))
