"""Units by steps. The kind of a signal decides scale and range, here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.figures.panels import like
from explorer.figures.theme import Theme
from explorer.figures.tokens import playhead, token_axis
from explorer.signals import Array, Trace

ROBUST = 99.0
"""The percentile of |value| at which the scale of an unbounded signal ends, since a few large units hide the rest."""


def heatmap(
    trace: Trace,
    name: str,
    theme: Theme,
    order: Array,
    *,
    row: int = 0,
    unit: int | None = None,
    step: int | None = None,
) -> go.Figure:
    """A signal of one row, units × steps on the tokens, the units in `order` from the top; the pinned unit and step are marked.

    Gates run over [0, 1]. Signed signals are symmetric about 0: over [-1, 1] where they are a tanh, else to the 99th percentile.
    """
    return heatmaps(trace, {name: ""}, theme, order, row=row, unit=unit, step=step)


def heatmaps(
    trace: Trace,
    titles: Mapping[str, str],
    theme: Theme,
    order: Array,
    *,
    row: int = 0,
    unit: int | None = None,
    step: int | None = None,
    height: int = 300,
) -> go.Figure:
    """Several signals (name -> title, none where that is empty), one below the other on the same tokens; each as `heatmap` draws it."""
    lanes = len(titles)
    whole = height * lanes
    figure = make_subplots(
        rows=lanes, cols=1, shared_xaxes=True, vertical_spacing=min(0.5, 56 / whole) if lanes > 1 else 0
    )
    layout = theme.layout(height=whole, margin={"l": 64, "r": 12, "t": 34 if any(titles.values()) else 12, "b": 44})
    like(figure, layout)
    for lane, (name, title) in enumerate(titles.items(), start=1):
        _map(figure, lane, trace, name, theme, order, row)
        top = figure.layout[f"yaxis{lane if lane > 1 else ''}"].domain[1]
        if title:
            colour = theme.roles[trace.signals[name].role]
            font = {"size": 17, "color": colour}
            figure.add_annotation(
                text=title,
                x=0,
                y=top,
                xref="paper",
                yref="paper",
                xanchor="left",
                yanchor="bottom",
                showarrow=False,
                font=font,
            )
        figure.update_xaxes(showticklabels=lane == lanes, row=lane, col=1)
    figure.update_xaxes(range=[-0.5, trace.steps - 0.5], showgrid=False, zeroline=False)
    token_axis(figure, trace.tokens, theme, row=lanes, col=1)
    figure.update_yaxes(autorange="reversed", showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(title_text="units", title_standoff=4)
    if unit is not None:
        where = int(np.flatnonzero(order == unit)[0])
        figure.update_yaxes(showticklabels=True, tickmode="array", tickvals=[where], ticktext=[f"{unit} ▸"], ticks="")
    if step is not None:
        playhead(figure, step, theme)
    return figure


def _map(figure: go.Figure, lane: int, trace: Trace, name: str, theme: Theme, order: Array, row: int) -> None:
    values = trace[name][row][:, order].T  # [unit, step]
    signal = trace.signals[name]
    if signal.kind == "gate":
        low, high, scale = 0.0, 1.0, theme.gate_scale(signal.role)
    else:
        high = reach(trace, name, row)
        low, scale = -high, theme.signed_scale
    bottom, top = figure.layout[f"yaxis{lane if lane > 1 else ''}"].domain
    places = np.stack(np.broadcast_arrays(order[:, None], np.arange(1, trace.steps + 1)), -1)
    bar = theme.colour_bar(nticks=3) | {"len": top - bottom, "y": (top + bottom) / 2}
    heatmap = go.Heatmap(
        z=values.astype(np.float32),
        zmin=low,
        zmax=high,
        colorscale=scale,
        customdata=places.astype(np.int16),
        hovertemplate="step %{customdata[1]}<br>unit %{customdata[0]}: %{z:.4f}<extra></extra>",
        colorbar=bar,
        name=name,
    )
    figure.add_trace(heatmap, row=lane, col=1)
    mark_nonfinite(figure, values, theme, lane=lane)


def reach(trace: Trace, name: str, row: int) -> float:
    """End of a signed signal's symmetric scale."""
    values = np.abs(trace[name][row][np.isfinite(trace[name][row])])
    if not values.size:
        return 1.0
    top = float(values.max())
    return 1.0 if top <= 1 else max(1.0, float(np.percentile(values, ROBUST)))


def mark_nonfinite(
    figure: go.Figure, values: Array, theme: Theme, rows: Sequence[str] | None = None, lane: int | None = None
) -> None:
    """A cross on each NaN or infinite value, which would be silently white. `rows` are the names of the y axis, if it has any; `lane` is
    the subplot, if there are several."""
    where = np.argwhere(~np.isfinite(values))
    if len(where):
        figure.add_trace(
            go.Scatter(
                x=where[:, 1],
                y=where[:, 0] if rows is None else [rows[row] for row in where[:, 0]],
                mode="markers",
                marker={"symbol": "x", "color": theme.missing, "size": 6},
                hovertemplate="not a finite number<extra></extra>",
                name="not finite",
            ),
            row=lane,
            col=lane and 1,
        )
