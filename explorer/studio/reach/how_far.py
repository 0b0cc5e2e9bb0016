"""How far: the text once for each network, fading with the gradient; what deleting a token changes; curves; distances."""

from __future__ import annotations

import streamlit as st

from explorer.analysis.reach import distance_to_floor, distance_to_share, magnitudes
from explorer.figures import gradients as figures
from explorer.signals import Array, Trace
from explorer.studio import controls, sentences, service
from explorer.studio.page import chart
from explorer.studio.reach import View, words


def draw(view: View) -> None:
    """The whole tab."""
    wanted, tokens = view.wanted, view.tokens
    grads = gradients(view)
    reach = {cell: magnitudes(grad, "h") for cell, grad in grads.items()}
    target = None if wanted.of == "mean" else wanted.at
    st.markdown(sentences.of_reach(reach, wanted.at))
    chart(
        figures.reach_rows(reach, tokens, view.theme, target=target),
        "rows",
        "The text once for each network; tokens fade with the gradient that reaches them. A click makes a token the target.",
        picked=_retarget if target is not None else None,
    )
    if target is not None:
        _deleted(view, reach, target)
    shared = controls.shared_signal(grads)
    curves = {cell: magnitudes(grad, shared) for cell, grad in grads.items()}
    figure = figures.siblings(curves, tokens, view.theme, name=shared, last=wanted.at, step=view.here.step)
    chart(figure, "siblings", f"The gradient by {shared} at each step for each network, on a log axis.")
    st.markdown(distances(reach, wanted.at))


def gradients(view: View) -> dict[str, Trace]:
    """Of every network, the gradients of the chosen objective."""
    here, wanted = view.here, view.wanted
    return {
        cell: service.gradients(card.name, here.text, wanted.of, wanted.at, wanted.unit, here.layer, wanted.label)
        for cell, card in view.cards.items()
    }


def distances(reach: dict[str, Array], at: int) -> str:
    """A table: for each network, after how many steps back the gradient is below half, a thousandth and the floor, and what arrives."""
    heads = ("network", "below half after", "below 1/1000 after", "below the smallest float32 after")
    rows: list[tuple[str, ...]] = [(*heads, "at its own step", "at the first step"), ("---",) * 6]
    for cell, curve in reach.items():
        falls = (distance_to_share(curve, at), distance_to_share(curve, at, 1e-3), distance_to_floor(curve, at))
        rows.append((cell.upper(), *map(_steps, falls), words.size(float(curve[at])), words.size(float(curve[0]))))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _steps(distance: int | None) -> str:
    return "never" if distance is None else sentences.counted(distance)


def _deleted(view: View, reach: dict[str, Array], target: int) -> None:
    here, wanted = view.here, view.wanted
    if not view.affordable(len(view.tokens), "Reading the text once without each token"):
        return
    asked = (wanted.of, wanted.at, wanted.unit, here.layer, wanted.label)
    changes = view.of_each(
        "Taking one token out after the other",
        asked,
        lambda card, told: service.deletions(card.name, here.text, *asked, progress=told),
    )
    st.markdown(words.of_deletions(changes, reach, view.tokens, target))
    chart(
        figures.deletion_rows(changes, view.tokens, view.theme, target=target),
        "deleted",
        "The text once for each network; a token's colour is by how much the result changes if that token is left out.",
    )


def _retarget() -> None:
    """A letter was clicked. The source of a pair stays, or follows where it would lie behind the target."""
    points = st.session_state["rows"].selection.points
    if points:
        st.session_state["at"] = int(points[0]["x"]) + 1
