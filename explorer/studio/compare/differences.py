"""Differences tab: distances between the networks' answers along the text, and each network's error."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.analysis.comparing import apart
from explorer.figures import compare as figures
from explorer.studio import service
from explorer.studio.compare import View, choices, right, words
from explorer.studio.page import chart


def draw(view: View) -> None:
    """Draw the whole tab."""
    chosen, numbers = choices.networks(view), view.answer.numbers
    reference, *others = chosen
    answers = {label: service.predictions(one.name, view.here.text) for label, one in chosen.items()}
    away = {label: apart(answers[reference], answers[label], numbers=numbers) for label in others}
    st.markdown(words.of_differences(away, view.tokens, reference, numbers=numbers))
    losses = {label: right.losses(view, one) for label, one in chosen.items()}
    unit = "squared error" if numbers else "surprise in bits"
    more = {label: losses[label] - losses[reference] for label in others}
    has_losses = any(np.isfinite(values).any() for values in more.values())
    figure = figures.differences(
        away,
        more if has_losses else {},
        view.tokens,
        figures.styles({label: one.cell for label, one in chosen.items()}, view.theme),
        view.theme,
        says=(f"{'difference' if numbers else 'total variation'} from {reference}", f"{unit}, above {reference}"),
        bounded=not numbers,
        step=view.here.step,
    )
    chart(
        figure,
        "differences",
        "How far each network's answer is from the first one's along the text, and how much more wrong it is.",
    )
    st.markdown(words.of_losses(losses, unit))
    st.caption(words.NO_UNITS)
