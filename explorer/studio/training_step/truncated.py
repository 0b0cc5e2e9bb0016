"""Truncation: the part of the gradient lost when it goes back only a few steps."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.figures import training_step as figures
from explorer.studio.page import chart
from explorer.studio.training_step import View, settings, words

BOTH_WAYS = (
    "**A network that reads both ways has no truncation**: its gradient goes forward in the text as well as back."
)
SOURCE = (
    "Each loss goes back k steps, as in truncated backpropagation through time of "
    "[Williams & Peng 1990](https://doi.org/10.1162/neco.1990.2.4.490). Training on chunks of k steps loses more: the losses at the "
    "beginning of a chunk cannot go back at all."
)


def draw(view: View) -> None:
    """Draw the lost share and the angle for several k, one of them chosen."""
    truncations = view.apart.truncated
    if not truncations:
        st.markdown(BOTH_WAYS)
        return
    k = settings.back([one.k for one in truncations])
    st.markdown(words.of_truncation(truncations, view.apart.norm, len(view.shares), k))
    lost, angles = (np.array([getattr(one, name) for one in truncations]) for name in ("lost", "angle"))
    figure = figures.truncation([one.k for one in truncations], lost, angles, view.theme, k)
    chart(
        figure,
        "truncation",
        f"What truncation at k steps throws away of the gradient and how far it turns it, k = {k} marked.",
    )
    st.markdown(f":small[{SOURCE}]")
