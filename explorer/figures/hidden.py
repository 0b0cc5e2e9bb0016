"""The hidden state: how long it remembers a change, and its path through the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.numbers import share
from explorer.analysis.projection import Components
from explorer.figures.curves import Floor, log_curves, of_cells
from explorer.figures.theme import MONO, Theme
from explorer.figures.tokens import hover_tokens, label
from explorer.signals import Array


def memory_of_a_change(
    differences: Mapping[str, Array],
    tokens: Sequence[str],
    theme: Theme,
    *,
    read: Sequence[int],
    floor: float,
    name: str = "hidden state h",
    step: int | None = None,
) -> go.Figure:
    """The distance of two readings along the text for each cell ("lstm" -> [step]) on one log axis, at the steps that are `read` from
    the changed token on, which is the first of them."""
    changed = read[0]
    figure = log_curves(
        differences,
        of_cells(list(differences), theme),
        tokens,
        theme,
        Floor(floor, "rounding"),
        first=min(read),
        last=max(read),
        step=step,
    )
    figure.add_vrect(x0=changed - 0.5, x1=changed + 0.5, fillcolor=theme.accent, opacity=0.22, line_width=0)
    figure.update_yaxes(title_text=f"difference of the {name}")
    return figure


def path(components: Components, tokens: Sequence[str], theme: Theme, step: int | None = None) -> go.Figure:
    """The reading as a path through the plane of the first two principal components; the letters stand where they were read."""
    figure = go.Figure(layout=theme.layout(height=560))
    x, y = components.scores[:, 0], components.scores[:, 1]
    legible = len(tokens) <= 200
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            mode="lines",
            line={"color": theme.grid, "width": 1.5, "shape": "spline"},
            hoverinfo="skip",
            name="path",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            mode="markers+text" if legible else "markers",
            text=[label(token) for token in tokens],
            textfont={"family": MONO, "size": 15, "color": theme.text},
            textposition="top center",
            customdata=hover_tokens(tokens),
            marker={
                "color": np.arange(len(tokens)),
                "colorscale": [[0, theme.grid], [1, theme.roles["hidden"]]],
                "size": 8,
            },
            hovertemplate="%{customdata}<extra></extra>",
            name="steps",
        )
    )
    if step is not None:
        figure.add_trace(
            go.Scatter(
                x=[x[step]],
                y=[y[step]],
                mode="markers",
                marker={"color": "rgba(0,0,0,0)", "size": 26, "line": {"color": theme.accent, "width": 3}},
                hoverinfo="skip",
                name="here",
            )
        )
    first, second = (f"{share(part)} of the variance" for part in components.explained[:2])
    figure.update_xaxes(title_text=f"first component, {first}", zeroline=False)
    figure.update_yaxes(title_text=f"second component, {second}", zeroline=False)
    return figure
