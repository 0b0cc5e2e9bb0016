"""Which units carry an answer: each is held still in turn, and they are ranked by what that changes, beside what they correlate with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.analysis.probes import correlations
from explorer.figures.what_if import carriers
from explorer.models import Finding
from explorer.signals import Array
from explorer.studio import service
from explorer.studio.page import chart
from explorer.studio.waiting import affordable
from explorer.studio.what_if import View, choose, words
from explorer.studio.what_if.experiments import marks_on
from explorer.studio.what_if.lines import Line

SHOWN = 12
"""So many units have a row."""
HELD = {"at 0": "zero", "at its mean on this text": "mean"}
NAMED = 3
"""So many of them can be erased by a press."""


def draw(view: View) -> None:
    """The ranking of the run as it was, at the playhead."""
    here = view.here
    if not affordable(here.card, view.before.steps, here.card.hidden_size, "Holding one unit after the other"):
        return
    held = st.segmented_control(
        "Each unit's memory is held", list(HELD), key="held", bind="query-params", default="at 0", required=True
    )
    effects = effects_of(view, HELD[held or "at 0"])
    finding, r = followed_by(view)
    order = np.argsort(-np.nan_to_num(np.abs(effects)), kind="stable")
    shown = [int(unit) for unit in order[:SHOWN]]
    if finding is not None and finding.unit not in shown:
        shown = [*shown[: SHOWN - 1], finding.unit]
    st.markdown(words.of_carriers(view, effects, order, finding, r))
    chart(
        carriers(
            shown, effects[shown], None if r is None else r[shown], view.theme, says=says(view), pinned=view.here.unit
        ),
        "carriers",
        f"The units whose erasure moves {words.what(view)} most, the largest effect first"
        + (f"; beside it how much each follows “{finding.follows}” on this text." if finding else "."),
    )
    with st.container(horizontal=True, gap="xsmall", key="erase_units", vertical_alignment="center"):
        for unit in shown[:NAMED]:
            st.button(f"Erase unit {unit}", key=f"erase {unit}", on_click=_erase, args=([unit],))
        if len(shown) > NAMED:
            first = shown[:NAMED]
            st.button(f"Erase all {NAMED}", key="erase several", on_click=_erase, args=(first,))
    st.caption(words.CARRIERS)


def effects_of(view: View, held: str) -> Array:
    """By how much the followed answer at the playhead changes when each unit is held, [unit]: in bits of log₂ P, or the number itself."""
    here, column = view.here, view.column
    found = service.sweep(
        here.model, here.text, "logit" if column is None else "log_prob", here.step, column or 0, view.row, held
    )
    return found if column is None else found / np.log(2)


def says(view: View) -> str:
    """What an effect is, on its axis."""
    return "change of the answer" if view.column is None else "change of log₂ P"


def followed_by(view: View) -> tuple[Finding | None, Array | None]:
    """What the card's units are known to follow, the pinned one first, and by how much each unit follows it on this text, [unit]."""
    found: Sequence[Finding] = [one for one in view.here.card.findings if one.holds and one.layer == view.row]
    found = sorted(found, key=lambda one: one.unit != view.here.unit)
    for finding in found:
        marks = marks_on(view.here, finding, view.before.tokens)
        if marks is not None and np.ptp(marks) > 0:
            memory = view.before[view.before.memory][view.row].astype(np.float64)
            seen = memory if finding.counted or view.before.memory == "h" else np.tanh(memory)
            return finding, np.nan_to_num(correlations(seen, marks))
    return None, None


def _erase(units: Sequence[int]) -> None:
    choose.run([Line(does="erase", units=tuple(sorted(units)))])
