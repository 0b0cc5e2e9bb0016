"""The stage: the token strip with the pinned unit's line, the transport and, on the first page, the numbers of the step.

HTML, CSS and plain JavaScript, no build step. The script files are parts of one module and are joined here in the order of use.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from explorer.studio import state
from explorer.studio.components.stage.payload import payload
from explorer.studio.state import Place

HERE = Path(__file__).parent
SCRIPTS = ("payload", "draw", "answers", "film", "now", "next", "why", "transport", "main")

_STAGE = st.components.v2.component(
    "carousel_stage",
    html='<div class="stage" data-testid="stage"></div>',
    css=(HERE / "stage.css").read_text(encoding="utf-8"),
    js="\n".join((HERE / "js" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS),
)


def stage(place: Place, *, whole: bool) -> None:
    """Mounts the stage on a page: `whole` with the numbers of the step, else strip, line and transport alone."""
    key = "stage" if whole else "stage_strip"
    _STAGE(key=key, data=payload(place, whole=whole), on_place_change=lambda: state.moved(key))
    st.session_state.play = None  # it is for the first picture of a session, and for what was just generated
