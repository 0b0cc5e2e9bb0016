"""Clipping of the same gradient by norm, and by value."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.figures import training_step as figures
from explorer.models.clipping import clipped
from explorer.signals import Array
from explorer.studio import service
from explorer.studio.page import chart
from explorer.studio.training_step import View, settings, words

SOURCE = (
    "By norm: g · min(1, limit / ‖g‖), [Pascanu et al. 2013](https://arxiv.org/abs/1211.5063). By value: each entry is held to "
    "±limit by itself. The gradient is that of the mean loss by every weight, embedding and readout included; nothing is truncated."
)


def draw(view: View) -> None:
    """Draw both kinds side by side, each with its limit; then the parts of the gradient before and after."""
    whole = service.whole_gradient(view.here.model, view.here.text, **view.right)
    flat = np.concatenate([part.ravel() for part in whole.values()])
    left, right = st.columns(2, gap="medium")
    with left:
        longest = settings.limit("norm")
        by_norm = clipped(whole, "norm", longest)
        st.markdown(words.of_norm(by_norm, longest))
        sizes = {"before": whole, "by norm": by_norm.gradient}
    with right:
        largest = settings.limit("value")
        by_value = clipped(whole, "value", largest)
        st.markdown(words.of_value(by_value, largest, len(flat), int((flat == 0).sum())))
        sizes["by value"] = by_value.gradient
    with left:
        parts = {name: {_part(key): _norm(value) for key, value in some.items()} for name, some in sizes.items()}
        st.markdown(words.of_parts(parts["before"], by_norm.factor or 0.0, parts["by value"]))
        lengths = {name: np.array([*some.values()]) for name, some in parts.items()}
        figure = figures.norms(list(parts["before"]), lengths, view.theme)
        chart(
            figure,
            "norms_fits",
            "The norm of the gradient by each weight, before and after clipping by norm and by value.",
        )
    with right:
        chart(
            figures.entries(flat, largest, view.theme),
            "entries_fits",
            "How large the gradient's entries are, and which are cut.",
        )
    st.markdown(f":small[{SOURCE}]")


def _part(name: str) -> str:
    return name.removeprefix("stack.").removesuffix("_l0")


def _norm(value: Array) -> float:
    return float(np.sqrt(np.square(value).sum()))
