"""The axis that all figures share: the text, one token a step."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from explorer.analysis.tokens import LONGEST, cut, visible
from explorer.figures.theme import MONO, Theme

LEGIBLE = 120
"""Most characters side by side that do not overlap."""
SLANTED = 60
"""Most words that stand slanted; with more the axis counts steps instead."""


def label(token: str, most: int = LONGEST) -> str:
    """A token for plotly: visible, cut to a number of letters, and never interpreted as markup."""
    return escape(cut(visible(token), most), quote=False)


def hover_tokens(tokens: Sequence[str]) -> list[str]:
    """ "step 12 · ‘a’" for each step, counted from 1 as on the screen."""
    return [f"step {step} · ‘{label(token)}’" for step, token in enumerate(tokens, start=1)]


def letters(tokens: Sequence[str]) -> int:
    """Number of characters the tokens need side by side, each as much as the longest."""
    return len(tokens) * max((len(visible(token)) for token in tokens), default=1)


def letter_size(tokens: Sequence[str]) -> int | None:
    """The font size at which the tokens stand side by side; None where none is readable."""
    needed = letters(tokens)
    return None if needed > LEGIBLE else 13 if needed <= 60 else 11 if needed <= 90 else 9


def token_axis(figure: go.Figure, tokens: Sequence[str], theme: Theme, **which: int) -> None:
    """Put the text along the x axis (of the subplot named by row= and col=): side by side, words slanted if necessary,
    and numbers of steps if there are too many."""
    steps = len(tokens)
    figure.update_xaxes(range=[-0.5, steps - 0.5], showgrid=False, zeroline=False, ticks="", **which)
    size = letter_size(tokens)
    slanted = size is None and letters(tokens) > steps and steps <= SLANTED
    if size is not None or slanted:
        figure.update_xaxes(
            tickmode="array",
            tickvals=list(range(steps)),
            ticktext=[label(token) for token in tokens],
            tickangle=-45 if slanted else 0,
            tickfont={"family": MONO, "size": size or 12, "color": theme.text},
            **which,
        )
        if slanted:
            longest = max(len(visible(token)) for token in tokens)
            room = round(24 + 5.2 * min(longest, LONGEST))  # of a slanted word of 12 px
            figure.update_layout(margin={"b": room}, height=figure.layout.height + room - figure.layout.margin.b)
    else:
        every = 20 if steps < 400 else 100
        ticks = list(range(every - 1, steps, every))
        figure.update_xaxes(
            tickmode="array", tickvals=ticks, ticktext=[str(t + 1) for t in ticks], title_text="step", **which
        )


def playhead(figure: go.Figure, step: int, theme: Theme) -> None:
    """A thin line at the step where the reader is, through all subplots."""
    figure.add_vline(x=step, line={"color": theme.text, "width": 1.5}, opacity=0.55)
