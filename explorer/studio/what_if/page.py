"""The whole page: experiments, edits, effects."""

from __future__ import annotations

from functools import partial

import streamlit as st

from explorer.studio import sentences, service, style
from explorer.studio.state import Place
from explorer.studio.what_if import View, carriers, choose, experiments, listing, results, transplanting, words
from explorer.studio.what_if.experiments import Experiment, Run
from explorer.studio.what_if.plan import planned

TABS = {"Along the text": results.drawn_along, "Every unit": results.every_unit, "Which units carry it": carriers.draw}


def draw(here: Place) -> None:
    """Draw the page, from experiments to effects."""
    lines, faults = choose.applied()
    with st.container(key="experiments"):
        cards = [partial(_card, here, experiment) for experiment in experiments.large(here)]
        if here.card.task == transplanting.TASK:
            cards = [partial(transplanting.card, here), *cards]
        for column, card in zip(st.columns(2), cards, strict=False):
            with column:
                card()
        _small(here)
    if faults:
        st.warning("\n\n".join(map(sentences.plain, faults)), icon=":material/link_off:")
    if other := choose.made_for_another(here):
        st.info(words.of_other_units(other), icon=":material/swap_horiz:")
    view = View(here, tuple(lines), planned(here, lines), style.theme())
    left, right = st.columns([4, 1], vertical_alignment="center")
    with right:
        view = View(here, view.lines, view.plan, view.theme, choose.followed(here))
    with left:
        st.markdown(words.of_change(view, "" if view.plan.idle else transplanting.of_verbs(view)))
        if not view.plan.idle:
            results.loop(view)
            results.other_networks(view)
        if here.card.task == transplanting.TASK:
            st.markdown(transplanting.of_shares(here.card, service.transplants(here.model)))
    listing.draw(view)
    for tab, show in zip(st.tabs(list(TABS), key="shown", bind="query-params"), TABS.values(), strict=True):
        if tab.open:
            with tab:
                show(view)


def _card(here: Place, experiment: Experiment) -> None:
    st.subheader(experiment.title, anchor=False)
    st.markdown(experiment.says)
    with st.container(horizontal=True, gap="small"):
        for number, run in enumerate(experiment.runs):
            _button(here, experiment, run, first=number == 0)


def _button(here: Place, experiment: Experiment, run: Run, *, first: bool) -> None:
    st.button(
        run.label,
        key=f"run {experiment.title} {run.label}",
        type="primary" if first else "secondary",
        icon=":material/play_arrow:",
        on_click=partial(experiments.start, here, run),
    )


def _small(here: Place) -> None:
    with st.container(horizontal=True, gap="xsmall", key="small_experiments", vertical_alignment="center"):
        st.markdown("Or", width="content")
        for label, lines in experiments.small(here).items():
            st.button(label, key=f"run {label}", type="tertiary", on_click=choose.run, args=(lines,))
