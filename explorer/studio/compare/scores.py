"""Scores: how good every trained network of the task is on held-out sequences, all seeds."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from explorer.analysis.comparing import spreads
from explorer.figures import compare as figures
from explorer.models import Card
from explorer.studio.compare import View, labels, words
from explorer.studio.page import chart
from explorer.studio.sentences import plain


def draw(view: View) -> None:
    """The whole tab."""
    if not view.shipped.measured:
        st.markdown(words.NO_SCORES)
        return
    cards = dict(zip(labels(view.cards), view.cards, strict=True))
    headline = view.shipped.headline
    found = {label: of_seeds(card) for label, card in cards.items()}
    if view.shipped.wired:
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
    if view.shipped.seeds:
        st.caption(
            "A dot is a seed; the one with the thick rim is shipped: it was chosen by its score on other sequences, not by "
            "these. In the table it is bold."
        )
    st.markdown(table(cards))


def of_seeds(card: Card) -> list[tuple[int, float]]:
    """(seed, score) of each that was trained."""
    key = card.headline.key
    return [(int(one["seed"]), float(one[key])) for one in card.seeds] or [(card.seed, card.score)]


def table(cards: Mapping[str, Card]) -> str:
    """A column for each network: its sizes, and the score of every seed; that of the one that is shipped is bold."""
    tried = {label: dict(of_seeds(card)) for label, card in cards.items()}
    seeds = sorted({seed for scores in tried.values() for seed in scores})
    rows = [
        ["", *map(plain, cards)],
        ["---", *["---:"] * len(cards)],
        ["units", *(str(card.hidden_size) for card in cards.values())],
        ["parameters", *(f"{card.parameters:,}" for card in cards.values())],
    ]
    for seed in seeds:
        cells = [_score(card, seed, tried[label].get(seed)) for label, card in cards.items()]
        rows.append(["score" if next(iter(cards.values())).wired else f"seed {seed}", *cells])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _score(card: Card, seed: int, score: float | None) -> str:
    if score is None:
        return ""
    written = f"{100 * score:.1f} %" if card.headline.percent else f"{score:.4g}"
    return f"**{written}**" if seed == card.seed else written
