"""The conveyor belt of one unit: what it carries, what each step kept of it and what each step wrote."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.figures.theme import Theme
from explorer.figures.tokens import hover_tokens, playhead, token_axis
from explorer.signals import Trace


def belt(trace: Trace, theme: Theme, unit: int, *, row: int = 0, others: Sequence[int] = (), step: int | None = None) -> go.Figure:
    """The pinned unit's state along the text, the others faint behind it; below, kept (0 to 1) and written (signed) at each step.

    For a cell without a belt only the state is drawn: its h.
    """
    lanes = 3 if trace.belt else 1
    figure = make_subplots(
        rows=lanes, cols=1, shared_xaxes=True, vertical_spacing=0.06, row_heights=[0.5, 0.22, 0.28][:lanes] if lanes > 1 else None
    )
    figure.update_layout(theme.layout(height=520 if lanes > 1 else 300))
    axis = theme.layout().yaxis.to_plotly_json()
    figure.update_yaxes(axis)
    figure.update_xaxes(theme.layout().xaxis.to_plotly_json())
    steps, hover = np.arange(trace.steps), hover_tokens(trace.tokens)
    memory = trace.memory
    symbol = f"{memory}<sub>t</sub>"
    colour = theme.roles[trace.signals[memory].role]

    def line(which: int, pinned: bool) -> None:
        figure.add_trace(
            go.Scatter(
                x=steps,
                y=trace[memory][row][:, which],
                mode="lines+markers" if pinned else "lines",
                line={"color": colour if pinned else theme.muted, "width": 3.5 if pinned else 1.3},
                marker={"size": 5},
                opacity=1 if pinned else 0.55,
                text=hover,
                hovertemplate=f"%{{text}}<br>unit {which}: %{{y:.4f}}<extra></extra>",
                name=f"unit {which}",
            ),
            row=1,
            col=1,
        )

    for other in others:
        line(other, pinned=False)
    line(unit, pinned=True)
    figure.update_yaxes(title_text=f"{'belt' if trace.belt else 'state'} {symbol}", row=1, col=1)
    figure.add_hline(y=0, line={"color": theme.grid, "width": 1}, row=1, col=1)
    if trace.belt:
        values = {s.name: trace[s.name][row][:, unit] for s in trace.per_unit()}
        kept, written = trace.belt.kept(values), trace.belt.written(values)
        for lane, heights, role, title in ((2, kept, "keep", "kept"), (3, written, "write", "written")):
            figure.add_trace(
                go.Bar(
                    x=steps,
                    y=heights,
                    marker={"color": theme.roles[role], "line": {"width": 0}},
                    text=hover,
                    textposition="none",
                    hovertemplate=f"%{{text}}<br>{title}: %{{y:.4f}}<extra></extra>",
                    name=title,
                ),
                row=lane,
                col=1,
            )
            figure.update_yaxes(title_text=title, title_font_color=theme.roles[role], row=lane, col=1)
        figure.update_yaxes(range=[0, 1.04], tickvals=[0, 0.5, 1], row=2, col=1)
    for lane in range(1, lanes):
        figure.update_xaxes(range=[-0.5, trace.steps - 0.5], showgrid=False, showticklabels=False, row=lane, col=1)
    token_axis(figure, trace.tokens, theme, row=lanes, col=1)
    figure.update_layout(bargap=0.15)
    if step is not None:
        playhead(figure, step, theme)
    return figure
