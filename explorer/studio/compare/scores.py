"""Scores: how good every trained network of the task is on held-out sequences, all seeds."""

from __future__ import annotations

import streamlit as st

from explorer.analysis.comparing import spreads
from explorer.figures import compare as figures
from explorer.models import Card
from explorer.studio.compare import View, labels, words
from explorer.studio.page import chart
from explorer.studio.sentences import plain


def draw(view: View) -> None:
    """The whole tab."""
    cards = dict(zip(labels(view.cards), view.cards, strict=True))
    headline = view.here.card.headline
    found = {label: of_seeds(card) for label, card in cards.items()}
    if view.here.card.wired:
        st.markdown("These networks were **wired by hand**: nothing was trained, and no seed was drawn.")
    else:
        values = {label: [score for _, score in dots] for label, dots in found.items()}
        st.markdown(words.of_spreads(spreads(values), len(cards), headline.says, share=headline.percent))
    figure = figures.scores(
        found,
        {label: card.seed for label, card in cards.items()},
        f"{headline.says} ({headline.better} is better)",
        figures.styles({label: card.cell for label, card in cards.items()}, view.theme),
        view.theme,
        percent=headline.percent,
        baseline=headline.baseline,
    )
    chart(
        figure,
        "scores_fits",
        "The held-out score of every network of this task and every seed, a dot each, on one axis.",
    )
    if view.here.card.seeds:
        st.caption(
            "A dot is a seed; the one with the thick rim is shipped: it was chosen by its score on other sequences, not by these."
        )
    st.markdown(table(cards))


def of_seeds(card: Card) -> list[tuple[int, float]]:
    """(seed, score) of each that was trained."""
    key = card.headline.key
    return [(int(one["seed"]), float(one[key])) for one in card.seeds] or [(card.seed, card.score)]


def table(cards: dict[str, Card]) -> str:
    """Every network with its sizes, the score of the one that is shipped, and of every seed."""
    rows = ["| network | units | parameters | shipped | every seed |", "|---|---:|---:|---|---|"]
    for label, card in cards.items():
        tried = " · ".join(f"{seed}: {score:.4g}" for seed, score in of_seeds(card))
        shipped = f"**{card.headline.number(card.score)}**" + ("" if card.wired else f" (seed {card.seed})")
        rows.append(
            f"| {plain(label)} | {card.hidden_size} | {card.parameters:,} | {shipped} | {'' if card.wired else tried} |"
        )
    return "\n".join(rows)
