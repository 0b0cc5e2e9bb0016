"""One finding on the page: severity, title, explanation, advice, chart, and a link to the page that shows it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from explorer.analysis.diagnosis import Finding
from explorer.figures.diagnosis import of_finding
from explorer.signals import Trace
from explorer.studio import state, style
from explorer.studio.diagnosis import words
from explorer.studio.page import chart, switch
from explorer.studio.sentences import plain
from explorer.studio.state import Place


def draw_open(here: Place, trace: Trace, finding: Finding, number: int, *, told: bool) -> None:
    """Draw a finding in full. `told`: whether one above has already given this explanation."""
    badge = words.BADGES[finding.severity]
    with st.container(gap="small"):
        st.badge(badge.word, icon=badge.icon, color=badge.colour)  # type: ignore[arg-type]
        st.subheader(plain(finding.title), anchor=False)
        _body(here, trace, finding, number, told=told)


def draw_folded(here: Place, trace: Trace, finding: Finding, number: int) -> None:
    """Draw a finding's title; the rest is drawn when the user opens it."""
    badge = words.BADGES[finding.severity]
    label = f"{badge.word}: {plain(finding.title)}"
    with st.expander(label, icon=badge.icon, key=f"folded {number}", on_change="rerun") as folded:
        if folded.open:
            _body(here, trace, finding, number, told=False)


def _body(here: Place, trace: Trace, finding: Finding, number: int, *, told: bool) -> None:
    if finding.picture is None:
        _words(here, finding, number, told=told)
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _words(here, finding, number, told=told)
    with right:
        st.markdown(f"**{plain(finding.picture['title'])}**")
        figure = of_finding(finding.picture, style.theme(), words.role_of(finding, trace))
        chart(figure, f"finding_{number}_fits", f"{finding.picture['title']}. {finding.title}")


def _words(here: Place, finding: Finding, number: int, *, told: bool) -> None:
    if told:
        st.caption(words.AS_ABOVE)
    else:
        st.markdown(plain(finding.explains))
        st.markdown(f"**Try:** {plain(finding.tries)}")
    if finding.see:
        _see(here, finding, number)


def _see(here: Place, finding: Finding, number: int) -> None:
    page = words.PAGES[finding.see]
    stand = partial(state.stand, here.card, layer=finding.layer, unit=finding.unit, step=finding.step)
    if st.button(f"See it: {page.name}", key=f"see {number}", icon=":material/arrow_forward:", on_click=stand):
        switch(page.path)
