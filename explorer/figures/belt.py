"""The conveyor belt of one unit: its value, the share that each step kept, and the write of each step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.figures.theme import Theme
from explorer.figures.tokens import LEGIBLE, hover_tokens, playhead, token_axis
from explorer.notations import PYTORCH, Notation
from explorer.signals import Array, Role, Trace


def belt(
    trace: Trace,
    theme: Theme,
    unit: int,
    *,
    row: int = 0,
    others: Sequence[int] = (),
    step: int | None = None,
    notation: Notation = PYTORCH,
) -> go.Figure:
    """The pinned unit's state along the text, the others faint behind it; below, kept (0 to 1) and written (signed) at each step.

    For a cell without a belt only the state is drawn: its h.
    """
    lanes = [0.5, 0.22, 0.28] if trace.belt else [1.0]
    figure = make_subplots(rows=len(lanes), cols=1, shared_xaxes=True, vertical_spacing=0.06, row_heights=lanes)
    layout = theme.layout(height=540 if trace.belt else 320, bargap=0.15)
    figure.update_layout(layout)
    figure.update_yaxes(layout.yaxis.to_plotly_json())
    figure.update_xaxes(layout.xaxis.to_plotly_json())
    figure.update_xaxes(range=[-0.5, trace.steps - 0.5], showgrid=False, showticklabels=False)

    memory = trace.signals[trace.memory]
    for other in others:
        named = _line(trace, other, row, {"color": theme.muted, "width": 1.3})
        named.update(mode="lines+text", text=[""] * (trace.steps - 1) + [str(other)], textposition="middle right")
        named.update(cliponaxis=False, textfont={"color": theme.muted})
        figure.add_trace(named, row=1, col=1)
    pinned = _line(trace, unit, row, {"color": theme.roles[memory.role], "width": 3.5})
    if trace.steps <= LEGIBLE:
        pinned.update(mode="lines+markers", marker={"size": 5})
    figure.add_trace(pinned, row=1, col=1)
    figure.add_hline(y=0, line={"color": theme.grid, "width": 1}, row=1, col=1)
    figure.update_yaxes(
        title_text=f"{'belt' if trace.belt else 'state'} {notation.letter(memory.name)}<sub>t</sub>", row=1, col=1
    )
    if trace.belt:
        values = {s.name: trace[s.name][row][:, unit] for s in trace.per_unit()}
        _bars(figure, 2, trace, trace.belt.kept(values), "keep", "kept", theme)
        _bars(figure, 3, trace, trace.belt.written(values), "write", "written", theme)
        figure.update_yaxes(range=[0, 1.04], tickvals=[0, 0.5, 1], row=2, col=1)
    figure.update_xaxes(showticklabels=True, row=len(lanes), col=1)
    token_axis(figure, trace.tokens, theme, row=len(lanes), col=1)
    if step is not None:
        playhead(figure, step, theme)
    return figure


def _line(trace: Trace, unit: int, row: int, line: dict[str, object]) -> go.Scatter:
    return go.Scatter(
        x=np.arange(trace.steps),
        y=trace[trace.memory][row][:, unit],
        mode="lines",
        line=line,
        hovertext=hover_tokens(trace.tokens),
        hovertemplate=f"%{{hovertext}}<br>unit {unit}: %{{y:.4f}}<extra></extra>",
        name=f"unit {unit}",
    )


def _bars(figure: go.Figure, lane: int, trace: Trace, heights: Array, role: Role, name: str, theme: Theme) -> None:
    bars = go.Bar(
        x=np.arange(trace.steps),
        y=heights,
        marker={"color": theme.roles[role], "line": {"width": 0}},
        text=hover_tokens(trace.tokens),
        textposition="none",
        hovertemplate=f"%{{text}}<br>{name}: %{{y:.4f}}<extra></extra>",
        name=name,
    )
    figure.add_trace(bars, row=lane, col=1)
    figure.update_yaxes(title_text=name, title_font_color=theme.roles[role], row=lane, col=1)
