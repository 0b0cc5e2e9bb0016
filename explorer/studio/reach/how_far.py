"""How far: each network's gradient along the text, the effect of deleting each token, curves, and distances."""

from __future__ import annotations

import streamlit as st

from explorer.analysis.reach import distance_to_floor, distance_to_share, magnitudes
from explorer.figures import gradients as figures
from explorer.signals import Array, Trace
from explorer.studio import sentences, service
from explorer.studio.page import chart
from explorer.studio.reach import AXIS, CHANGED, View, words


def draw(view: View) -> None:
    """Draw the whole tab."""
    measure = view.measure()
    view = view.having(measure)
    wanted, tokens = view.wanted, view.tokens
    grads = gradients(view, measure)
    curves = {cell: magnitudes(grad, measure, view.row(view.cards[cell])) for cell, grad in grads.items()}
    # The carried state first reaches the target's step from the step before; at the target's own step there is only the readout's gradient.
    steps = view.back[1:] if measure == "state" and len(view.back) > 1 else view.back
    behind = {cell: curve[steps] for cell, curve in curves.items()}
    target = None if wanted.of == "mean" else wanted.at
    st.markdown(sentences.of_reach(behind, steps[0], CHANGED[measure]) + view.other_order())
    chart(
        figures.reach_rows(curves, tokens, view.theme, target=target, read=view.back),
        "rows",
        "The text once for each network; tokens fade with the gradient that reaches them. A click makes a token the target.",
        picked=_retarget if target is not None else None,
    )
    if target is not None:
        _deleted(view, curves, target)
    figure = figures.siblings(
        curves, tokens, view.theme, name=AXIS[measure], first=min(view.back), last=max(view.back), step=view.here.step
    )
    chart(figure, "siblings", f"The gradient by the {AXIS[measure]} at each step for each network, on a log axis.")
    st.markdown(distances(behind, steps[0]))


def gradients(view: View, measure: str) -> dict[str, Trace]:
    """Return the gradients of the chosen objective with respect to the measure, for every network."""
    here, wanted = view.here, view.wanted
    return {
        cell: service.gradients(
            card.name, here.text, wanted.of, wanted.at, wanted.unit, view.row(card), wanted.label, measure
        )
        for cell, card in view.cards.items()
    }


def distances(behind: dict[str, Array], at: int) -> str:
    """Return a table: for each network, how many steps back from step `at` the gradient first falls below half, a thousandth and the
    float32 minimum, and its size at both ends."""
    heads = ("network", "first below half after", "first below 1/1000 after", "first below the smallest float32 after")
    rows: list[tuple[str, ...]] = [(*heads, f"at step {at + 1}", "at the first step read"), ("---",) * 6]
    for cell, curve in behind.items():
        falls = (distance_to_share(curve), distance_to_share(curve, 1e-3), distance_to_floor(curve))
        rows.append((cell.upper(), *map(_steps, falls), words.size(float(curve[0])), words.size(float(curve[-1]))))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _steps(distance: int | None) -> str:
    return "never" if distance is None else sentences.counted(distance)


def _deleted(view: View, reach: dict[str, Array], target: int) -> None:
    here, wanted = view.here, view.wanted
    if not view.affordable(len(view.tokens), "Reading the text once without each token"):
        return
    question = (wanted.of, wanted.at, wanted.unit, here.layer, wanted.label)
    changes = view.of_each(
        "Taking one token out after the other",
        question,
        lambda card, told: service.deletions(
            card.name, here.text, wanted.of, wanted.at, wanted.unit, view.row(card), wanted.label, progress=told
        ),
    )
    st.markdown(words.of_deletions(changes, reach, view.tokens, target, both=here.card.bidirectional))
    chart(
        figures.deletion_rows(changes, view.tokens, view.theme, target=target),
        "deleted",
        "The text once for each network; a token's colour is by how much the result changes if that token is left out.",
    )


def _retarget() -> None:
    """Make the clicked token the target. The source of a pair stays, or moves if it would come after the target."""
    points = st.session_state["rows"].selection.points
    if points:
        st.session_state["at"] = int(points[0]["x"]) + 1
