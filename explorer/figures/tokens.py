"""The axis that all figures share: the text, one token a step."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from explorer.analysis.tokens import visible
from explorer.figures.theme import MONO, Theme

LEGIBLE = 120
"""With more tokens than this the letters would run into one another, and the axis counts steps instead."""


def label(token: str) -> str:
    """A token as plotly may show it: visible, and never taken for markup."""
    return escape(visible(token), quote=False)


def hover_tokens(tokens: Sequence[str]) -> list[str]:
    """ "step 12 · ‘a’" for each step, counted from 1 as on the screen."""
    return [f"step {step} · ‘{label(token)}’" for step, token in enumerate(tokens, start=1)]


def token_axis(figure: go.Figure, tokens: Sequence[str], theme: Theme, **which: int) -> None:
    """Puts the text along the x axis (of the subplot named by row= and col=)."""
    steps = len(tokens)
    figure.update_xaxes(range=[-0.5, steps - 0.5], showgrid=False, zeroline=False, ticks="", **which)
    if steps <= LEGIBLE:
        size = 13 if steps <= 60 else 11 if steps <= 90 else 9
        figure.update_xaxes(
            tickmode="array",
            tickvals=list(range(steps)),
            ticktext=[label(token) for token in tokens],
            tickangle=0,
            tickfont={"family": MONO, "size": size, "color": theme.text},
            **which,
        )
    else:
        every = 20 if steps < 400 else 100
        ticks = list(range(every - 1, steps, every))
        figure.update_xaxes(
            tickmode="array", tickvals=ticks, ticktext=[str(t + 1) for t in ticks], title_text="step", **which
        )


def playhead(figure: go.Figure, step: int, theme: Theme) -> None:
    """A thin line at the step where the reader is, through all subplots."""
    figure.add_vline(x=step, line={"color": theme.text, "width": 1.5}, opacity=0.55)
