"""What gates do on average: by kind of token, and how often they are shut or open."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from explorer.analysis.saturation import Saturation
from explorer.figures.theme import Theme
from explorer.signals import Role


def means(table: pd.DataFrame, theme: Theme, role: Role) -> go.Figure:
    """A bar a kind of token (`explorer.analysis.tokens.means_by_kind`), the mean gate value over [0, 1]."""
    figure = go.Figure(layout=theme.layout(height=300, margin={"l": 88, "r": 12, "t": 12, "b": 32}))
    figure.add_trace(
        go.Bar(
            x=table["mean"],
            y=table["kind"],
            orientation="h",
            marker={"color": theme.roles[role]},
            text=[f"{mean:.2f}" for mean in table["mean"]],
            textposition="outside",
            cliponaxis=False,
            customdata=table["tokens"],
            hovertemplate="%{y}: mean %{x:.4f} over %{customdata} tokens<extra></extra>",
        )
    )
    figure.update_xaxes(range=[0, 1.18], tickvals=[0, 0.5, 1], showgrid=False)
    lanes = max(len(table), 6)  # few kinds do not make thick bars
    figure.update_yaxes(range=[lanes - 0.5, -0.5], showgrid=False)
    return figure


def saturation(
    shares: Saturation, theme: Theme, role: Role, unit: int | None = None, low: float = 0.1, high: float = 0.9
) -> go.Figure:
    """A dot a unit: the share of steps at which its gate is shut, against that at which it is open. Above the diagonal is impossible."""
    figure = go.Figure(layout=theme.layout(height=300))
    figure.add_shape(type="line", x0=0, y0=1, x1=1, y1=0, line={"color": theme.grid, "width": 1})
    hover = "unit %{text}<br>shut %{x:.0%} of the steps, open %{y:.0%}<extra></extra>"
    figure.add_trace(
        go.Scatter(
            x=shares.shut,
            y=shares.open,
            mode="markers",
            text=[str(u) for u in range(len(shares.shut))],
            marker={"color": theme.roles[role], "size": 7, "opacity": 0.45},
            hovertemplate=hover,
            name="units",
        )
    )
    if unit is not None:
        figure.add_trace(
            go.Scatter(
                x=[shares.shut[unit]],
                y=[shares.open[unit]],
                mode="markers+text",
                text=[str(unit)],
                textposition="top right",
                marker={"color": theme.roles[role], "size": 13, "line": {"color": theme.text, "width": 2}},
                hovertemplate=hover,
                name="pinned",
            )
        )
    ticks = {"tickvals": [0, 0.5, 1], "tickformat": ".0%", "range": [-0.06, 1.12]}
    figure.update_xaxes(title_text=f"shut (< {low:g})", **ticks)
    figure.update_yaxes(title_text=f"open (> {high:g})", **ticks)
    return figure
