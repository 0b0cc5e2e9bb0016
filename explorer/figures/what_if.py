"""A run as it was and the edited one, on the same tokens; and which units carry an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.figures.panels import like
from explorer.figures.theme import Theme
from explorer.figures.tokens import hover_tokens, label, playhead, token_axis
from explorer.signals import Array

WAS, EDITED = "as it was", "edited"
HEIGHT, GAP = 132, 40
"""Height of a panel, and gap between two, in pixels."""


@dataclass(frozen=True)
class Panel:
    """One quantity along the text, [step], as it was and edited; `before` is None for what is about both runs. `range` of its axis."""

    title: str
    colour: str
    after: Array
    before: Array | None = None
    range: tuple[float, float] | None = None


def along(
    panels: Sequence[Panel],
    tokens: Sequence[str],
    theme: Theme,
    *,
    step: int,
    edited: Sequence[tuple[int, int]] = (),
) -> go.Figure:
    """A panel below the other: as it was a thin full line, edited a thick dashed one. `edited` are the runs of steps at which something
    is edited, which are shaded."""
    count = len(panels)
    height = count * HEIGHT + (count - 1) * GAP + 34 + 44
    figure = make_subplots(
        rows=count, cols=1, shared_xaxes=True, vertical_spacing=GAP / (height - 78) if count > 1 else 0
    )
    like(figure, theme.layout(height=height, margin={"l": 56, "r": 12, "t": 34, "b": 44}, hovermode="x unified"))
    hover = hover_tokens(tokens)
    for row, panel in enumerate(panels, start=1):
        for values, says, line in _lines(panel, theme):
            figure.add_trace(
                go.Scatter(
                    x=list(range(len(tokens))),
                    y=values,
                    mode="lines+markers" if len(tokens) == 1 else "lines",
                    line=line,
                    fill="tozeroy" if panel.before is None else None,
                    fillcolor=theme.tint(panel.colour, 0.2),
                    text=hover,
                    hovertemplate=f"%{{text}}<br>{says}: %{{y:.4g}}<extra></extra>",
                    name=says,
                ),
                row=row,
                col=1,
            )
        top = figure.layout[f"yaxis{row if row > 1 else ''}"].domain[1]
        figure.add_annotation(
            text=label(panel.title),
            x=0,
            y=top,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            showarrow=False,
            font={"size": 15, "color": panel.colour},
        )
        if panel.range:
            figure.update_yaxes(range=panel.range, row=row, col=1)
        figure.update_xaxes(showticklabels=row == count, row=row, col=1)
    figure.update_xaxes(range=[-0.5, len(tokens) - 0.5], showgrid=False, zeroline=False)
    figure.update_yaxes(nticks=4)
    token_axis(figure, tokens, theme, row=count, col=1)
    for first, last in edited:
        figure.add_vrect(
            x0=first - 0.5, x1=last + 0.5, line_width=0, fillcolor=theme.tint(theme.accent, 0.14), layer="below"
        )
    playhead(figure, step, theme)
    return figure


def _lines(panel: Panel, theme: Theme) -> list[tuple[Array, str, dict[str, object]]]:
    after = {"color": panel.colour, "width": 2.5}
    if panel.before is None:
        return [(panel.after, panel.title, {"color": panel.colour, "width": 2})]
    return [
        (panel.before, WAS, {"color": theme.muted, "width": 2}),
        (panel.after, EDITED, after | {"dash": "4px 2px"}),
    ]


def carriers(
    units: Sequence[int],
    effects: Array,
    correlations: Array | None,
    theme: Theme,
    *,
    says: str,
    pinned: int | None = None,
) -> go.Figure:
    """A row for each unit, the one with the largest effect first: the effect of erasing it, and beside it, if given,
    its correlation with a property on this text."""
    columns = 1 if correlations is None else 2
    rows = list(range(len(units)))
    figure = make_subplots(rows=1, cols=columns, shared_yaxes=True, horizontal_spacing=0.06)
    like(figure, theme.layout(height=96 + 26 * len(units), margin={"l": 76, "r": 24, "t": 34, "b": 48}, bargap=0.3))
    panels = [(effects, says, theme.accent)]
    if correlations is not None:
        panels.append((np.abs(correlations), "|r| with the property, on this text", theme.roles["belt"]))
    for column, (values, title, colour) in enumerate(panels, start=1):
        figure.add_trace(
            go.Bar(
                x=values,
                y=rows,
                orientation="h",
                text=[_signed(value) if column == 1 else f"{value:.2f}" for value in values],
                textposition="outside",
                cliponaxis=False,
                textfont={"size": 12, "color": theme.text},
                marker={
                    "color": [theme.tint(colour, 0.75 if unit == pinned else 0.4) for unit in units],
                    "line": {"color": colour, "width": 1},
                },
                customdata=list(units),
                hovertemplate=f"unit %{{customdata}}: %{{x:.4g}}<extra>{label(title)}</extra>",
                name=title,
            ),
            row=1,
            col=column,
        )
        figure.update_xaxes(title_text=label(title), showgrid=False, zeroline=True, nticks=5, row=1, col=column)
        ends = np.array([0.0, *np.nan_to_num(values)])
        room = 0.18 * float(ends.max() - ends.min() or 1)  # for the number behind a bar
        figure.update_xaxes(range=[ends.min() - room * (ends.min() < 0), ends.max() + room], row=1, col=column)
    return figure.update_yaxes(
        tickmode="array",
        tickvals=rows,
        ticktext=[f"unit {unit}{' ▸' if unit == pinned else ''}" for unit in units],
        range=[len(units) - 0.4, -0.6],
        showgrid=False,
        zeroline=False,
        ticks="",
    )


def _signed(value: float) -> str:
    return f"{value:+.3g}".replace("-", "−")
