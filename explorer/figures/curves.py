"""One curve a cell, on one log axis with the floor marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.figures.theme import DASHES, Theme
from explorer.figures.tokens import hover_tokens, playhead, token_axis
from explorer.signals import Array


def cell_curves(
    curves: Mapping[str, Array], tokens: Sequence[str], theme: Theme, *, floor: float, floor_label: str, step: int | None = None
) -> go.Figure:
    """curves: cell name -> [step]. Values at or below the floor are drawn on it, so that a line that ends there is seen to end."""
    styles = {name: (theme.cells[name], DASHES[name], name.upper()) for name in curves}
    return log_curves(curves, styles, tokens, theme, floor=floor, floor_label=floor_label, step=step)


def log_curves(
    curves: Mapping[str, Array],
    styles: Mapping[str, tuple[str, str, str]],
    tokens: Sequence[str],
    theme: Theme,
    *,
    floor: float,
    floor_label: str,
    step: int | None = None,
) -> go.Figure:
    """Named curves with a style each: (colour, dash, label at the line's start)."""
    figure = go.Figure(layout=theme.layout(height=360))
    hover, top = hover_tokens(tokens), floor
    for name, values in curves.items():
        colour, dash, label = styles[name]
        finite = np.where(np.isfinite(values), values, np.nan)
        top = max(top, float(np.nanmax(finite, initial=floor)))
        figure.add_trace(
            go.Scatter(
                x=np.arange(len(values)),
                y=np.maximum(finite, floor),
                customdata=finite,
                mode="lines",
                line={"color": colour, "width": 3, "dash": dash},
                text=hover,
                hovertemplate=f"%{{text}}<br>{label}: %{{customdata:.3e}}<extra></extra>",
                name=label,
            )
        )
    figure.add_hline(
        y=floor,
        line={"color": theme.muted, "width": 1, "dash": "dash"},
        annotation={
            "text": f"{floor_label} ({floor:.1e})",
            "font": {"size": 13, "color": theme.muted},
            "xanchor": "left",
            "x": 0,
            "yanchor": "bottom",
        },
    )
    low, high = np.log10(floor), np.log10(max(top, floor * 10))
    margin = 0.05 * (high - low)
    figure.update_yaxes(type="log", range=[low - margin, high + margin], exponentformat="power", nticks=8)
    figure.update_layout(showlegend=True, margin_t=36)
    token_axis(figure, tokens, theme)
    if step is not None:
        playhead(figure, step, theme)
    return figure
