"""The stage: the token strip with the pinned unit's line, the transport and, on the first page, the cell itself, at work.

HTML, CSS and plain JavaScript, no build step. The script files are parts of one module and are joined here in the order of use.
"""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from explorer.studio import state
from explorer.studio.components import shared
from explorer.studio.components.stage import arithmetic
from explorer.studio.components.stage.payload import Study, payload, telling
from explorer.studio.components.stage.reading import Reading
from explorer.studio.state import Place

HERE = Path(__file__).parent
SCRIPTS = (
    *shared.SCRIPTS,
    *(
        HERE / "js" / f"{name}.js"
        for name in (
            *("payload", "edits", "formula", "answers", "film", "roll"),
            *("wires", "ribbons", "parts", "cell", "unfold", "next", "why", "code", "transport", "save", "main"),
        )
    ),
)


def script() -> str:
    """Return the module: all scripts inside one function, whose source a saved page includes, and the style sheet as a string."""
    parts = shared.joined(*SCRIPTS)
    sheet = json.dumps((HERE / "stage.css").read_text(encoding="utf-8"))
    module = f"const sheet = {sheet};\nfunction carousel(sheet) {{\n{parts}\nreturn {{ mount, replay }};\n}}\n"
    return f"{module}export default carousel(sheet).mount;\n"


_STAGE = st.components.v2.component(
    "carousel_stage",
    html='<div class="stage" data-testid="stage"></div>',
    css=(HERE / "stage.css").read_text(encoding="utf-8"),
    js=script(),
)
# Replies to the stage's requests have a component of their own, so that the reading is not sent again.
_POST = st.components.v2.component(
    "carousel_post",
    js="export default ({ data }) => { document.dispatchEvent(new CustomEvent('carousel-post', { detail: data })); };\n",
)


def stage(place: Place, *, page: str, whole: bool, study: Study | None = None, reading: Reading | None = None) -> None:
    """Mounts the stage on `page`: `whole` with the cell, the answers and the roll, else strip, line and transport alone.

    It plays the text as it is, or another `reading` of it. Where the cell itself is studied, its code stands in the place of the roll.
    """
    reading = reading or Reading.of(place)
    key = "stage" if whole else "stage_strip"
    result = _STAGE(
        key=key,
        data=payload(reading, page=page, whole=whole, study=study),
        on_place_change=lambda: state.moved(key),
        on_arithmetic_change=lambda: None,  # a trigger: set only in the run that it causes
    )
    request = result.arithmetic
    if request and request["id"] == reading.id:  # otherwise the reading changed while the request was on its way
        with st.container(key="post"):
            unit = request["unit"]
            units = arithmetic.worth(reading, telling(place)) if unit is None else [int(unit)]
            _POST(key="arithmetic", data=arithmetic.packed(reading, units))
