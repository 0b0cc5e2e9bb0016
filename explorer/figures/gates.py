"""Averages of gates: by kind of token, and how often they are shut or open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.analysis.numbers import share
from explorer.analysis.saturation import Saturation
from explorer.figures.panels import like
from explorer.figures.panels import title as panel_title
from explorer.figures.roles import gate_title
from explorer.figures.theme import Theme
from explorer.figures.tokens import label
from explorer.notations import PYTORCH, Notation
from explorer.signals import Signal

WRITTEN = "written"
"""Quantity of a census beside the gates: the mean size of the writes to the belt."""


def by_kind(table: pd.DataFrame, gates: Sequence[Signal], theme: Theme, notation: Notation = PYTORCH) -> go.Figure:
    """A column a quantity of `explorer.analysis.kinds.census`, a bar a kind of token: gates over [0, 1], writes from 0
    on."""
    columns = [(gate.name, f"{gate_title(gate, notation)}, mean", theme.roles[gate.role]) for gate in gates]
    columns.append((WRITTEN, "size of what is written", theme.roles["belt"]))
    present = [one for one in columns if one[0] in set(table["quantity"])]
    kinds = list(dict.fromkeys(table["kind"]))
    figure = make_subplots(rows=1, cols=len(present), shared_yaxes=True, horizontal_spacing=0.035)
    layout = theme.layout(height=110 + 34 * max(3, len(kinds)), margin={"l": 120, "r": 12, "t": 40, "b": 32})
    like(figure, layout)
    for column, (name, title, colour) in enumerate(present, start=1):
        part = table[table["quantity"] == name]
        figure.add_trace(
            go.Bar(
                x=part["mean"],
                y=[label(kind) for kind in part["kind"]],
                orientation="h",
                marker={"color": colour},
                text=[f"{mean:.2f}" for mean in part["mean"]],
                textposition="outside",
                cliponaxis=False,
                customdata=part["tokens"],
                hovertemplate="%{y}: mean %{x:.4f} over %{customdata} tokens<extra></extra>",
                name=name,
            ),
            row=1,
            col=column,
        )
        top = 1.0 if name != WRITTEN else max(1e-9, float(part["mean"].max()))
        ticks = [0, 0.5, 1] if name != WRITTEN else None
        figure.update_xaxes(range=[0, 1.2 * top], tickvals=ticks, nticks=4, showgrid=False, row=1, col=column)
        panel_title(figure, column, title, colour)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)  # a kind may be a digit
    return figure


def saturations(
    shares: Mapping[str, Saturation],
    gates: Sequence[Signal],
    theme: Theme,
    unit: int | None = None,
    low: float = 0.1,
    high: float = 0.9,
    notation: Notation = PYTORCH,
) -> go.Figure:
    """A panel a gate, a dot a unit: the share of steps at which it is shut, against that at which it is open. Above the diagonal is
    impossible."""
    figure = make_subplots(rows=1, cols=len(gates), shared_yaxes=True, horizontal_spacing=0.05)
    like(figure, theme.layout(height=380, margin={"l": 72, "r": 12, "t": 40, "b": 52}))
    for column, gate in enumerate(gates, start=1):
        of, colour = shares[gate.name], theme.roles[gate.role]
        figure.add_shape(type="line", x0=0, y0=1, x1=1, y1=0, line={"color": theme.grid, "width": 1}, row=1, col=column)
        hover = "unit %{text}<br>shut %{customdata[0]} of the steps, open %{customdata[1]}<extra></extra>"
        labels = [[share(shut), share(opened)] for shut, opened in zip(of.shut, of.open, strict=True)]
        dots = go.Scatter(
            x=of.shut,
            y=of.open,
            mode="markers",
            text=[str(u) for u in range(len(of.shut))],
            customdata=labels,
            marker={"color": colour, "size": 8, "opacity": 0.45},
            hovertemplate=hover,
            name=gate.name,
        )
        figure.add_trace(dots, row=1, col=column)
        if unit is not None:
            pinned = go.Scatter(
                x=[of.shut[unit]],
                y=[of.open[unit]],
                mode="markers+text",
                text=[str(unit)],
                textposition="top right",
                customdata=[labels[unit]],
                marker={"color": colour, "size": 13, "line": {"color": theme.text, "width": 2}},
                hovertemplate=hover,
                name="pinned",
            )
            figure.add_trace(pinned, row=1, col=column)
        panel_title(figure, column, gate_title(gate, notation), colour)
    ticks = {"tickvals": [0, 0.5, 1], "tickformat": ".0%", "range": [-0.06, 1.12]}
    figure.update_xaxes(title_text=f"shut (< {low:g})", **ticks)
    figure.update_yaxes(**ticks)
    figure.update_yaxes(title_text=f"open (> {high:g})", row=1, col=1)
    return figure
