"""Nonlinearity that is applied to its own result again and again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.analysis.numbers import number
from explorer.figures.panels import like
from explorer.figures.theme import Theme
from explorer.signals import Array

SQUASHES: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array], str]] = {
    "σ": (lambda a: 1 / (1 + np.exp(-a)), lambda y: y * (1 - y), "solid"),
    "tanh": (np.tanh, lambda y: 1 - y * y, "dash"),
    "relu": (lambda a: np.maximum(a, 0), lambda y: (y > 0).astype(float), "dot"),
}
"""Name -> the function, its slope in terms of its value, and its dash."""


def composed(name: str, times: int, at: Array) -> tuple[Array, Array]:
    """The function applied `times` times to `at`, and the slope of that: the product of the slopes on the way."""
    squash, slope, _ = SQUASHES[name]
    value, steepness = at, np.ones_like(at)
    for _ in range(times):
        value = squash(value)
        steepness = steepness * slope(value)
    return value, steepness


def repeated(times: int, theme: Theme) -> go.Figure:
    """Left the composed functions from -6 to 6, right their slopes on a log axis."""
    figure = make_subplots(
        rows=1, cols=2, subplot_titles=[f"applied {times} ×", "slope of that"], horizontal_spacing=0.1
    )
    layout = theme.layout(height=300, showlegend=True, margin={"l": 60, "r": 12, "t": 56, "b": 40}, legend={"y": 1.14})
    like(figure, layout)
    at = np.linspace(-6, 6, 241)
    colours = dict(zip(SQUASHES, (theme.roles["keep"], theme.roles["candidate"], theme.roles["read"]), strict=True))
    for name, (_, _, dash) in SQUASHES.items():
        value, slope = composed(name, times, at)
        line = {"color": colours[name], "width": 3, "dash": dash}
        figure.add_trace(
            go.Scatter(x=at, y=value, line=line, name=name, hovertemplate=f"{name}: %{{y:.3f}}<extra></extra>"), 1, 1
        )
        positive = np.where(slope > 0, slope, np.nan)
        hover = f"slope of {name}: %{{text}}<extra></extra>"
        slopes = [number(one) for one in slope]
        figure.add_trace(
            go.Scatter(x=at, y=positive, text=slopes, line=line, showlegend=False, hovertemplate=hover), 1, 2
        )
    figure.update_yaxes(type="log", exponentformat="power", row=1, col=2)
    return figure
