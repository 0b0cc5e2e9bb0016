"""Units by steps. The kind of a signal decides scale and range, here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

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
    values = trace[name][row][:, order].T  # [unit, step]
    signal = trace.signals[name]
    if signal.kind == "gate":
        low, high, scale = 0.0, 1.0, theme.gate_scale(signal.role)
    else:
        high = reach(trace, name, row)
        low, scale = -high, theme.signed_scale
    figure = go.Figure(layout=theme.layout(height=300))
    figure.add_trace(
        go.Heatmap(
            z=values.astype(np.float32),
            zmin=low,
            zmax=high,
            colorscale=scale,
            customdata=np.stack(np.broadcast_arrays(order[:, None], np.arange(1, trace.steps + 1)), -1).astype(
                np.int16
            ),
            hovertemplate="step %{customdata[1]}<br>unit %{customdata[0]}: %{z:.4f}<extra></extra>",
            colorbar={
                "thickness": 10,
                "len": 1.0,
                "outlinewidth": 0,
                "tickfont": {"size": 12},
                "nticks": 3,
                "x": 1.005,
            },
            name=name,
        )
    )
    mark_nonfinite(figure, values, theme)
    token_axis(figure, trace.tokens, theme)
    figure.update_yaxes(autorange="reversed", showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(title_text="units", title_standoff=4)
    if unit is not None:
        where = int(np.flatnonzero(order == unit)[0])
        figure.update_yaxes(showticklabels=True, tickmode="array", tickvals=[where], ticktext=[f"{unit} ▸"], ticks="")
    if step is not None:
        playhead(figure, step, theme)
    return figure


def reach(trace: Trace, name: str, row: int) -> float:
    """Where a signed signal's symmetric scale ends."""
    values = np.abs(trace[name][row][np.isfinite(trace[name][row])])
    if not values.size:
        return 1.0
    top = float(values.max())
    return 1.0 if top <= 1 else max(1.0, float(np.percentile(values, ROBUST)))


def mark_nonfinite(figure: go.Figure, values: Array, theme: Theme, rows: Sequence[str] | None = None) -> None:
    """A cross on each NaN or infinite value, which would be silently white. `rows` are the names of the y axis, if it has any."""
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
            )
        )
