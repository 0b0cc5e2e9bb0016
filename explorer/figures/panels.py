"""Shared parts of figures with several panels."""

from __future__ import annotations

import plotly.graph_objects as go


def like(figure: go.Figure, layout: go.Layout) -> None:
    """The theme's look for every panel: each has axes of its own, which a layout does not reach."""
    figure.update_layout(layout)
    figure.update_xaxes(layout.xaxis.to_plotly_json())
    figure.update_yaxes(layout.yaxis.to_plotly_json())


def title(figure: go.Figure, column: int, text: str, colour: str) -> None:
    """Above the left edge of a panel."""
    figure.add_annotation(
        text=text,
        x=figure.layout[f"xaxis{column if column > 1 else ''}"].domain[0],
        y=1,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
        font={"size": 15, "color": colour},
    )
