"""Small chart beside a finding: the measurement, unit by unit or along an axis, and its threshold."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.diagnosis import Picture
from explorer.analysis.reach import FLOOR
from explorer.figures.theme import Theme
from explorer.signals import Array, Role

HEIGHT = 260
DASHES = ("solid", "dot", "dashdot", "longdashdot")
"""Dashes by place, so that curves differ without colour as well. Dashed is the threshold."""
FEW_POINTS = 20
"""A curve of fewer points shows them."""
QUIET = 0.35
"""Opacity of a bar that the finding is not about."""


def of_finding(picture: Picture, theme: Theme, role: Role | None = None) -> go.Figure:
    """`role` is that of the quantity it is about, which gives the colour; without one it has none of its own.

    Bars that the finding is about are strong and have a mark at their foot. What is no number has a cross there, and no bar.
    """
    figure = go.Figure(
        layout=theme.layout(
            height=HEIGHT, margin={"l": 64, "r": 12, "t": 26, "b": 44}, bargap=0.12, hovermode="closest"
        )
    )
    colour = theme.roles[role] if role else theme.text
    drawn = _bars(figure, picture, theme, colour) if picture["kind"] == "bars" else _lines(figure, picture, theme, role)
    _axis(figure, picture, drawn)
    _threshold(figure, picture, theme)
    figure.update_xaxes(title_text=escape(picture["x_title"]), showgrid=False, zeroline=False)
    return figure


def _bars(figure: go.Figure, picture: Picture, theme: Theme, colour: str) -> Array:
    values = _numbers(picture["y"])
    names = [f"{picture['x_title']} {name}" for name in picture["x"]]
    marked = np.isin(np.arange(len(values)), picture.get("marked", []))
    for about in (False, True):
        where = np.flatnonzero(marked == about)
        figure.add_trace(
            go.Bar(
                x=where,
                y=_drawable(values, picture)[where],
                customdata=values[where],
                text=[escape(names[place]) for place in where],
                textposition="none",
                marker={"color": colour if about else theme.tint(colour, QUIET)},
                width=0.88,
                showlegend=False,
                hovertemplate="%{text}: %{customdata:.4g}<extra></extra>",
            )
        )
    feet = np.flatnonzero(marked)
    _at_foot(figure, feet, "triangle-up", colour, [escape(names[place]) for place in feet])
    missing = np.flatnonzero(np.isnan(values))
    _at_foot(figure, missing, "x", theme.missing, [f"{escape(names[n])}: not a finite number" for n in missing])
    figure.update_xaxes(range=[-0.7, len(values) - 0.3], nticks=9)
    return values


def _lines(figure: go.Figure, picture: Picture, theme: Theme, role: Role | None) -> Array:
    x = _numbers(picture["x"])
    colours = [theme.roles[role] if role else theme.text, theme.cells["rnn"], theme.cells["gru"], theme.cells["other"]]
    curves = [_numbers(curve["y"]) for curve in picture["lines"]]
    for number, (curve, values) in enumerate(zip(picture["lines"], curves, strict=True)):
        name, colour = escape(curve["name"]), colours[number % len(colours)]
        there = np.flatnonzero(np.isfinite(values))
        figure.add_trace(
            go.Scatter(
                x=x,
                y=_drawable(values, picture),
                customdata=values,
                mode="lines+markers" if len(there) < FEW_POINTS else "lines",
                connectgaps=True,  # a curve that was measured here and there
                line={"color": colour, "width": 2.5, "dash": DASHES[number % len(DASHES)]},
                name=name,
                showlegend=len(curves) > 1,
                hovertemplate=f"{name}<br>{escape(picture['x_title'])} %{{x}}: %{{customdata:.4g}}<extra></extra>",
            )
        )
    gone = np.isnan(np.stack(curves)).all(0)
    _at_foot(figure, x[gone], "x", theme.missing, ["not a finite number"] * int(gone.sum()))
    figure.update_layout(showlegend=True)
    return np.concatenate(curves)


def _at_foot(figure: go.Figure, x: Array, symbol: str, colour: str, says: Sequence[str]) -> None:
    """Marks on the lower edge, whatever the axis of values is."""
    if len(x):
        figure.add_trace(
            go.Scatter(
                x=x,
                y=np.zeros(len(x)),
                yaxis="y2",
                mode="markers",
                marker={"symbol": symbol, "color": colour, "size": 7},
                text=list(says),
                hovertemplate="%{text}<extra></extra>",
                showlegend=False,
                cliponaxis=False,
            )
        )
        figure.update_layout(yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True})


def _axis(figure: go.Figure, picture: Picture, values: Array) -> None:
    """Range of the axis: its fixed ends, or room for all values, the threshold, and 0 unless the axis is
    logarithmic."""
    there = np.append(_drawable(values, picture), picture.get("threshold", np.nan))
    there = there[np.isfinite(there)]
    if picture.get("log"):
        low, high = (np.log10(max(FLOOR, float(edge))) for edge in (there.min(initial=1.0), there.max(initial=1.0)))
        room = 0.05 * max(high - low, 1.0)
        axis = {"type": "log", "range": [low - room, high + room], "exponentformat": "power"}
    else:
        low, high = float(there.min(initial=0.0)), float(there.max(initial=0.0))
        room = 0.05 * ((high - low) or 1.0)
        low, high = low - room if low < 0 else low, high + room if high > 0 or low == high else high
        axis = {"range": [picture.get("low", low), 1.02 * picture["high"] if "high" in picture else high]}
    figure.update_layout(yaxis={"title_text": escape(picture["y_title"]), "nticks": 6} | axis)


def _threshold(figure: go.Figure, picture: Picture, theme: Theme) -> None:
    """Threshold named in the legend, which finds room on a phone as well."""
    at = picture.get("threshold")
    if at is None:
        return
    places = [float(x) for trace in figure.data if trace.yaxis != "y2" for x in trace.x]
    edge = 0.5 if picture["kind"] == "bars" else 0.0
    figure.add_trace(
        go.Scatter(
            x=[min(places, default=0.0) - edge, max(places, default=1.0) + edge],
            y=[at, at],
            mode="lines",
            line={"color": theme.text, "width": 2, "dash": "dash"},
            name=f"bound {at:.3g}".replace("-", "−"),
            hoverinfo="skip",
            showlegend=True,
        )
    )
    figure.update_layout(showlegend=True)


def _numbers(values: Sequence[object]) -> Array:
    """NaN for every value that is not a number."""
    return np.array([np.nan if value is None else float(str(value)) for value in values], dtype=np.float64)


def _drawable(values: Array, picture: Picture) -> Array:
    """A logarithmic axis has no 0: what lies below the smallest float32 is drawn on it, and the hover tells the number."""
    return np.maximum(values, FLOOR) if picture.get("log") else values
