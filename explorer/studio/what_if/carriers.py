"""Units that carry an answer: each is fixed in turn, and they are ranked by the effect, beside their correlations."""

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
"""Number of units with a row."""
HELD = {"at 0": "zero", "at its mean on this text": "mean"}
NAMED = 3
"""Number of units with an Erase button."""


def draw(view: View) -> None:
    """Draw the ranking for the original run, at the playhead."""
    here = view.here
    if not affordable(here.card, view.before.steps, here.card.hidden_size, "Holding one unit after the other"):
        return
    held = st.segmented_control(
        "Each unit's memory is held", list(HELD), key="held", bind="query-params", default="at 0", required=True
    )
    effects = effects_of(view, HELD[held or "at 0"])
    finding, r = followed_by(view)
    order = np.argsort(-np.nan_to_num(np.abs(effects)), kind="stable")
    units = [int(unit) for unit in order[:SHOWN]]
    if finding is not None and finding.unit not in units:
        units = [*units[: SHOWN - 1], finding.unit]
    st.markdown(words.of_carriers(view, effects, order, finding, r))
    chart(
        carriers(
            units, effects[units], None if r is None else r[units], view.theme, says=says(view), pinned=view.here.unit
        ),
        "carriers",
        f"The units whose erasure moves {words.what(view)} most, the largest effect first"
        + (f"; beside it how much each follows “{finding.follows}” on this text." if finding else "."),
    )
    with st.container(horizontal=True, gap="xsmall", key="erase_units", vertical_alignment="center"):
        for unit in units[:NAMED]:
            st.button(f"Erase unit {unit}", key=f"erase {unit}", on_click=_erase, args=([unit],))
        if len(units) > NAMED:
            first = units[:NAMED]
            st.button(f"Erase all {NAMED}", key="erase several", on_click=_erase, args=(first,))
    st.caption(words.CARRIERS)


def effects_of(view: View, held: str) -> Array:
    """Return the change of the followed answer at the playhead when each unit is fixed, [unit]: of log₂ P in bits, or of the number."""
    here, column = view.here, view.column
    effects = service.sweep(
        here.model, here.text, "logit" if column is None else "log_prob", here.step, column or 0, view.row, held
    )
    return effects if column is None else effects / np.log(2)


def says(view: View) -> str:
    """Return the axis title of the effects."""
    return "change of the answer" if view.column is None else "change of log₂ P"


def followed_by(view: View) -> tuple[Finding | None, Array | None]:
    """Return a known property of the card's units (the pinned one's first), and each unit's correlation with it on this text, [unit]."""
    findings: Sequence[Finding] = [one for one in view.here.card.findings if one.holds and one.layer == view.row]
    findings = sorted(findings, key=lambda one: one.unit != view.here.unit)
    for finding in findings:
        marks = marks_on(view.here, finding, view.before.tokens)
        if marks is not None and np.ptp(marks) > 0:
            memory = view.before[view.before.memory][view.row].astype(np.float64)
            seen = memory if finding.counted or view.before.memory == "h" else np.tanh(memory)
            return finding, np.nan_to_num(correlations(seen, marks))
    return None, None


def _erase(units: Sequence[int]) -> None:
    choose.run([Line(does="erase", units=tuple(sorted(units)))])
