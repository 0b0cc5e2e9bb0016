"""Every pair: gradients from source to target for each network on one scale, and their dependence on distance."""

from __future__ import annotations

import streamlit as st

from explorer.analysis.reach import by_distance
from explorer.figures import gradients as figures
from explorer.studio import controls, service
from explorer.studio.components.matrix import matrices
from explorer.studio.page import chart
from explorer.studio.reach import AXIS, CHANGED, View, words


def draw(view: View) -> None:
    """Draw the whole tab."""
    here, wanted = view.here, view.wanted
    if not view.affordable(len(view.tokens), "Every pair of steps"):
        return
    measure = view.measure()
    view = view.having(measure)
    of, at, last = wanted.of, wanted.at, wanted.at + 1
    if of == "mean":  # each row is the loss of one step
        of, at = "loss", int(controls.number(st.container(), "at step", 1, last, last, "at")) - 1
    matrices_by_cell = view.of_each(
        "Carrying every step's gradient back",
        (of, wanted.unit, here.layer, wanted.label, measure),
        lambda card, told: service.gradient_matrix(
            card.name, here.text, of, wanted.unit, view.row(card), wanted.label, measure, progress=told
        ),
    )
    source = controls.source(at, len(view.tokens), backward=view.backward)
    st.markdown(words.of_pair(matrices_by_cell, view.tokens, at, source, CHANGED[measure]) + view.other_order())
    matrices(
        matrices_by_cell,
        view.tokens,
        target=at,
        source=source,
        says=f"how much a tiny change {CHANGED[measure]} at the source moves the result at the target",
        chosen=controls.choose_pair,
        key="pairs",
    )
    spread = {cell: by_distance(matrix, backward=view.backward) for cell, matrix in matrices_by_cell.items()}
    st.markdown(words.of_distances(spread))
    chart(
        figures.by_distance(spread, view.theme, AXIS[measure]),
        "distances",
        "For each network the median gradient by the distance between source and target, with the middle half of all pairs.",
    )
