"""The start-up lab: three untrained cells, their settings, and the gradient in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from explorer.analysis.startup import Course, Spread, course, courses, spread
from explorer.figures import startup as figures
from explorer.models.starts import AtStart, Start
from explorer.signals import Array
from explorer.studio import sentences, service, style
from explorer.studio.page import chart
from explorer.studio.startup import choices, words
from explorer.studio.startup.choices import MEASURED, OPENING, Setting

__all__ = ["MEASURED", "lab"]

SOURCES = """Sources: [Pascanu et al. 2013](https://arxiv.org/abs/1211.5063) on vanishing and exploding ·
[Jozefowicz et al. 2015](https://proceedings.mlr.press/v37/jozefowicz15.html) on the forget bias ·
[Tallec & Ollivier 2018](https://arxiv.org/abs/1804.11188) on chrono initialisation ·
[Saxe et al. 2014](https://arxiv.org/abs/1312.6120) on orthogonal matrices ·
[Hochreiter & Schmidhuber 1997](https://doi.org/10.1162/neco.1997.9.8.1735) on the constant error carousel."""


@st.fragment
def lab() -> None:
    """Draw the lab. A fragment: a slider reruns this part of the page alone."""
    if doubts := choices.doubts():
        st.warning("\n\n".join(map(sentences.plain, doubts)), icon=":material/link_off:")
    presets = st.container(horizontal=True, gap="small", key="presets", vertical_alignment="center")
    left, right = st.columns([5, 3], gap="medium")
    with right:
        starts = choices.starts()
    with presets:
        choices.presets()
    columns = st.columns(len(OPENING), gap="large")
    setting = choices.setting()
    results = {slot: _at_start(start, setting) for slot, start in starts.items()}
    spreads = {slot: spread(one.reach) for slot, one in results.items()}
    with left:
        _drawn(starts, results, spreads, setting)
    for column, (slot, start) in zip(columns, starts.items(), strict=True):
        with column:
            _said(slot, start, results[slot], course(spreads[slot].middle), courses(results[slot].reach))
    st.markdown(f":small[{SOURCES}]")


def _at_start(start: Start, setting: Setting) -> AtStart:
    return service.at_start(start, setting.units, setting.steps, setting.draws, setting.seed, setting.of)


def _said(slot: str, start: Start, found: AtStart, found_course: Course, each: Sequence[Course]) -> None:
    """Draw a cell's name and a description of its curve."""
    st.subheader(f"{slot} · {words.name_of(start)}", anchor=False)
    st.markdown(words.of_course(found_course, each))
    st.caption(words.of_start(start, found, found_course.steps))


def _drawn(
    starts: Mapping[str, Start], found: Mapping[str, AtStart], spreads: Mapping[str, Spread], setting: Setting
) -> None:
    curves = [
        figures.Untrained(
            slot,
            words.name_of(start),
            start.cell,
            f"‖∂{found[slot].state}_T/∂{found[slot].state}_t‖ / √{setting.units}, root mean square of the singular values",
            spreads[slot],
            setting.draws,
            _direct(found[slot]),
        )
        for slot, start in starts.items()
    ]
    chosen = list(OPENING).index(choices.chosen())
    says = "What is left of a gradient by the number of steps back, for three untrained cells, on one log axis."
    chart(figures.reach_at_start(curves, style.theme(), chosen=chosen), "startup", says)
    last = setting.seed + setting.draws - 1
    seeds = f"seeds {setting.seed} to {last}" if setting.draws > 1 else f"seed {last}"
    st.caption(
        f"Median of {_counted_draws(setting.draws)} ({seeds}), {setting.units} units; {choices.chosen()}’s band: lowest to highest."
    )


def _counted_draws(draws: int) -> str:
    return f"{draws} draw{'' if draws == 1 else 's'}"


def _direct(found: AtStart) -> Array | None:
    return None if found.direct is None else spread(found.direct).middle
