"""Reach of a gradient in untrained cells, side by side on one absolute log axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.numbers import number
from explorer.analysis.reach import FLOOR
from explorer.analysis.startup import CEILING, Spread
from explorer.figures.theme import Theme
from explorer.signals import Array

DASHES = ("solid", "dash", "dot")
"""Dashes by place, since two cells of a kind have the same colour; the letter at a line's end shows it as well."""
USUAL_TOP = 1e4
"""The axis always reaches from the floor to here, so that a curve moves and not the axis; higher where a curve does."""
APART = 0.06
"""Least distance of two letters, as a share of the axis, so that they do not overlap."""


@dataclass(frozen=True)
class Untrained:
    """A curve: its letter and name, its kind of cell, what is measured (as the hover tells), by distance; the belt's own path."""

    letter: str
    name: str
    cell: str
    of: str
    spread: Spread
    draws: int
    direct: Array | None = None


def reach_at_start(curves: Sequence[Untrained], theme: Theme, *, chosen: int = 0) -> go.Figure:
    """Each curve's median over draws from distance 0 on, the spread of the chosen one as a band, the others faint.

    A curve that comes below the floor ends on it, where float32 holds nothing more; one that overflows ends on the ceiling, with a
    triangle. The chosen cell's belt by itself is a thin line.
    """
    figure = go.Figure(
        layout=theme.layout(
            height=400, showlegend=True, margin={"l": 66, "r": 34, "t": 40, "b": 48}, hovermode="closest"
        )
    )
    order = [n for n in range(len(curves)) if n != chosen] + [chosen]
    _band(figure, curves[chosen], theme)
    for n in order:
        _curve(figure, curves[n], theme, DASHES[n % len(DASHES)], n, strong=n == chosen)
    if curves[chosen].direct is not None:
        _direct(figure, curves[chosen], theme)
    steps = max(len(curve.spread.middle) for curve in curves) - 1
    tops = [float(np.max(held(part), initial=1)) for c in curves for part in (c.spread.middle, c.spread.high)]
    top = max(USUAL_TOP, *tops)
    figure.add_hline(y=1, line={"color": theme.muted, "width": 1}, layer="below")
    _line(
        figure,
        FLOOR,
        f"smallest float32 ({number(FLOOR, 2)})",
        theme,
        x=1,
        xanchor="right",
        xshift=-34,
        yanchor="bottom",
    )
    if top >= CEILING:
        _line(
            figure,
            CEILING,
            f"largest float32 ({number(CEILING, 2)})",
            theme,
            x=0,
            xanchor="left",
            xshift=6,
            yanchor="top",
        )
    low, high = np.log10(FLOOR) - 1.5, np.log10(top) + 1.5
    _letters(figure, curves, theme, APART * (high - low))
    figure.update_xaxes(title_text="steps back, T − t", range=[0, steps * 1.02], showgrid=False)
    figure.update_yaxes(
        type="log",
        range=[low, high],
        exponentformat="power",
        nticks=8,
        title_text="‖∂s<sub>T</sub> / ∂s<sub>t</sub>‖ / √H",
    )
    return figure


def held(values: Array) -> Array:
    """Values clipped to the drawable range, between the floor and the ceiling."""
    return np.asarray(np.clip(values, FLOOR, CEILING))


def last_drawn(curve: Array) -> int:
    """The distance at which a curve ends: where it first comes below the floor or overflows, else the largest."""
    ends = np.flatnonzero((curve < FLOOR) | ~np.isfinite(curve))
    return int(ends[0]) if len(ends) else len(curve) - 1


def _curve(figure: go.Figure, curve: Untrained, theme: Theme, dash: str, place: int, *, strong: bool) -> None:
    middle, end = curve.spread.middle, last_drawn(curve.spread.middle)
    where = np.arange(end + 1)
    spread = np.stack([middle, curve.spread.low, curve.spread.high], -1)[: end + 1]
    figure.add_trace(
        go.Scatter(
            x=where,
            y=held(middle[: end + 1]),
            customdata=spread,
            mode="lines",
            line={"color": _colour(curve, theme, strong), "width": 4 if strong else 2.5, "dash": dash},
            name=f"{curve.letter}  {curve.name}",
            legendrank=place,
            text=[
                f"{number(m)}<br>{curve.draws} draws from {number(low, 2)} to {number(high, 2)}"
                for m, low, high in spread
            ],
            hovertemplate=f"{curve.letter}, %{{x}} steps back: %{{text}}<br>{curve.of}<extra></extra>",
        )
    )
    if not np.isfinite(middle[end]):
        figure.add_trace(
            go.Scatter(
                x=[end],
                y=[CEILING],
                mode="markers",
                marker={"symbol": "triangle-up", "size": 13, "color": theme.missing},
                hovertemplate=f"{curve.letter}, {end} steps back: more than float32 can hold<extra></extra>",
                showlegend=False,
            )
        )


def _band(figure: go.Figure, curve: Untrained, theme: Theme) -> None:
    """Band from the lowest draw to the highest."""
    low, high = held(curve.spread.low), held(curve.spread.high)
    where = np.arange(len(low))
    figure.add_trace(
        go.Scatter(
            x=np.concatenate([where, where[::-1]]),
            y=np.concatenate([high, low[::-1]]),
            fill="toself",
            mode="lines",
            fillcolor=theme.tint(theme.cells[curve.cell], 0.16),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
    )


def _direct(figure: go.Figure, curve: Untrained, theme: Theme) -> None:
    assert curve.direct is not None
    end = last_drawn(curve.direct)
    figure.add_trace(
        go.Scatter(
            x=np.arange(end + 1),
            y=held(curve.direct[: end + 1]),
            mode="lines",
            line={"color": theme.roles["keep"], "width": 2, "dash": "dashdot"},
            name=f"{curve.letter}, its keep gates alone",
            legendrank=99,
            text=[number(value) for value in curve.direct[: end + 1]],
            hovertemplate=f"{curve.letter}, %{{x}} steps back, by its keep gates alone: %{{text}}<extra></extra>",
        )
    )


def _line(figure: go.Figure, at: float, label: str, theme: Theme, **where: object) -> None:
    """A bound of float32, named where no curve that meets it is: the floor at the right, the ceiling at the left."""
    figure.add_hline(y=at, line={"color": theme.muted, "width": 1, "dash": "dash"}, layer="below")
    figure.add_annotation(
        text=label,
        xref="paper",
        y=np.log10(at),  # a log axis places an annotation by its exponent
        showarrow=False,
        font={"size": 13, "color": theme.muted},
        **where,
    )


def _letters(figure: go.Figure, curves: Sequence[Untrained], theme: Theme, apart: float) -> None:
    """Letters at each line's end; pushed apart if two lines end in one place."""
    ends = [last_drawn(curve.spread.middle) for curve in curves]
    heights = [float(np.log10(held(c.spread.middle)[end])) for c, end in zip(curves, ends, strict=True)]
    placed: list[tuple[int, float]] = []
    for n in sorted(range(len(curves)), key=lambda n: heights[n]):
        height = heights[n]
        for end, other in placed:
            if abs(end - ends[n]) <= 3:
                height = max(height, other + apart)
        placed.append((ends[n], height))
        figure.add_annotation(
            text=f"<b>{curves[n].letter}</b>",
            x=ends[n],
            y=height,
            xanchor="left",
            xshift=6,
            showarrow=False,
            font={"size": 20, "color": theme.cells[curves[n].cell]},
        )


def _colour(curve: Untrained, theme: Theme, strong: bool) -> str:
    return theme.cells[curve.cell] if strong else theme.tint(theme.cells[curve.cell], 0.55)
