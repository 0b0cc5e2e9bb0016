"""Curves along the text on one log axis with the floor marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.numbers import number
from explorer.figures.theme import DASHES, OTHER, Theme
from explorer.figures.tokens import hover_tokens, playhead, token_axis
from explorer.signals import Array

NEAR = 1e3
"""A value within this factor of the floor is about to reach it."""


@dataclass(frozen=True)
class Style:
    """Look and name of a curve."""

    colour: str
    dash: str
    label: str


@dataclass(frozen=True)
class Floor:
    """Value below which nothing is visible; `label` gives the reason."""

    value: float
    label: str


def of_cells(cells: Sequence[str], theme: Theme) -> dict[str, Style]:
    """A cell's curve has its colour and its dash on every page."""
    alike = {cell: cell if cell in DASHES else OTHER for cell in cells}
    return {cell: Style(theme.cells[like], DASHES[like], cell.upper()) for cell, like in alike.items()}


def log_curves(
    curves: Mapping[str, Array],
    styles: Mapping[str, Style],
    tokens: Sequence[str],
    theme: Theme,
    floor: Floor,
    *,
    first: int = 0,
    last: int | None = None,
    step: int | None = None,
) -> go.Figure:
    """Named curves [step], drawn from step `first` to `last` (from 0, both included).

    A value at or below the floor lies on it, so that a line which ends there is seen to end; the hover tells the true number. The axis
    reaches down to the floor where a curve does, else to a little below the smallest value, and the floor is named at its foot.
    """
    figure = go.Figure(layout=theme.layout(height=360, showlegend=True, margin={"l": 76, "r": 12, "t": 40, "b": 32}))
    hover, top, bottom = hover_tokens(tokens), floor.value, np.inf
    where = np.arange(first, len(tokens) if last is None else last + 1)
    for name, values in curves.items():
        style, shown = styles[name], values[where]
        zero = _lone_zeros(shown, floor)
        top = max(top, float(np.max(shown, initial=floor.value, where=np.isfinite(shown))))
        bottom = min(bottom, float(np.min(shown, initial=np.inf, where=np.isfinite(shown) & ~zero)))
        figure.add_trace(
            go.Scatter(
                x=where,
                y=np.where(zero, np.nan, np.maximum(shown, floor.value)),
                customdata=shown,
                mode="lines",
                line={"color": style.colour, "width": 3, "dash": style.dash},
                text=[f"{hover[t]}<br>{style.label}: {number(values[t])}" for t in where],
                hovertemplate="%{text}<extra></extra>",
                name=style.label,
            )
        )
        _mark_nonfinite(figure, where[~np.isfinite(shown)], floor, style, theme)
    figure.add_hline(y=floor.value, line={"color": theme.muted, "width": 1, "dash": "dash"})
    seen = not floor.value * NEAR < bottom < np.inf
    low = np.log10(floor.value if seen else bottom)
    high = np.log10(max(top, floor.value * 10))
    margin = max(0.05 * (high - low), 0.5 if not seen else 0.0)
    figure.add_annotation(
        text=f"{floor.label} ({number(floor.value, 2)})" + ("" if seen else ": far below"),
        x=0,
        y=np.log10(floor.value) if seen else low - margin,  # a log axis places an annotation by its exponent
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
        font={"size": 13, "color": theme.muted},
    )
    figure.update_yaxes(type="log", range=[low - margin, high + margin], exponentformat="power", nticks=8)
    token_axis(figure, tokens, theme)
    if step is not None:
        playhead(figure, step, theme)
    return figure


def _lone_zeros(values: Array, floor: Floor) -> Array:
    """Mask of values that are exactly 0 beside one far above the floor: nothing vanished there, the quantity is 0 (as
    the gradient by the first forget gate is, which multiplies an empty memory). Such points are left out."""
    beside = np.maximum(np.append(values[1:], 0), np.append(0, values[:-1]))
    return np.asarray((values == 0) & (beside > floor.value * NEAR))


def _mark_nonfinite(figure: go.Figure, steps: Array, floor: Floor, style: Style, theme: Theme) -> None:
    """A cross on the floor where a curve has no number, which would be a gap that says nothing."""
    if len(steps):
        figure.add_trace(
            go.Scatter(
                x=steps,
                y=np.full(len(steps), floor.value),
                mode="markers",
                marker={"symbol": "x", "color": theme.missing, "size": 8},
                hovertemplate=f"{style.label}: not a finite number<extra></extra>",
                showlegend=False,
            )
        )
