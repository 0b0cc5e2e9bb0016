"""How much gradient reaches each step: the siblings side by side, and every signal of one cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.reach import FLOOR, magnitudes
from explorer.figures.curves import Floor, Style, log_curves, of_cells
from explorer.figures.heatmap import mark_nonfinite
from explorer.figures.roles import SAYS
from explorer.figures.theme import MONO, Theme
from explorer.figures.tokens import LEGIBLE, label, letters, token_axis
from explorer.signals import Array, Trace

SMALLEST = Floor(FLOOR, "smallest float32")
SHOWN_FLOOR = 1e-12
"""Letters fade from the largest gradient to this; what is smaller looks the same to the eye."""


def reach_rows(
    curves: Mapping[str, Array], tokens: Sequence[str], theme: Theme, *, target: int | None = None
) -> go.Figure:
    """The text once for each cell; a letter fades with the gradient that reaches it, on one absolute log scale for all."""
    figure = go.Figure(layout=theme.layout(height=70 + 46 * len(curves)))
    names = list(curves)
    # Letters of 15 px stand side by side up to LEGIBLE; words become smaller, and are left out where they would not be read.
    size = min(15, round(15 * LEGIBLE / letters(tokens)))
    size = size if size >= 9 else 0
    values = np.stack([curves[name] for name in names])
    exponents = np.log10(np.where(np.isfinite(values), np.maximum(values, SHOWN_FLOOR), np.nan))
    figure.add_trace(
        go.Heatmap(
            z=exponents.astype(np.float32),
            zmin=np.log10(SHOWN_FLOOR),
            zmax=0,
            colorscale=[[0, theme.background], [1, theme.tint(theme.accent, 0.55)]],
            text=[[label(token) for token in tokens]] * len(names) if size else None,
            texttemplate="%{text}" if size else None,
            textfont={"family": MONO, "size": size or 15, "color": theme.text},
            y=[name.upper() for name in names],
            customdata=np.stack([values, np.broadcast_to(np.arange(1, len(tokens) + 1), values.shape)], -1),
            hovertemplate="%{y}, step %{customdata[1]}: %{customdata[0]:.3e}<extra></extra>",
            colorbar=theme.colour_bar(tickvals=[-12, -8, -4, 0], ticktext=["≤ 10⁻¹²", "10⁻⁸", "10⁻⁴", "1"]),
            xgap=1 if len(tokens) <= LEGIBLE else 0,  # narrow cells would be all gap
            ygap=6,
        )
    )
    mark_nonfinite(figure, values, theme, [name.upper() for name in names])
    token_axis(figure, tokens, theme)
    figure.update_xaxes(showticklabels=False, title_text=None)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticks="", showline=False, tickfont={"size": 15})
    figure.update_xaxes(showline=False)
    if target is not None:
        figure.add_vrect(
            x0=target - 0.5, x1=target + 0.5, line={"color": theme.text, "width": 2}, fillcolor="rgba(0,0,0,0)"
        )
    return figure


def siblings(
    curves: Mapping[str, Array],
    tokens: Sequence[str],
    theme: Theme,
    *,
    name: str,
    last: int | None = None,
    step: int | None = None,
) -> go.Figure:
    """‖∂L/∂name_t‖ of each cell up to the objective's step `last`, on the same log axis."""
    figure = log_curves(curves, of_cells(list(curves), theme), tokens, theme, SMALLEST, last=last, step=step)
    return figure.update_yaxes(title_text=f"‖∂L/∂{name}‖")


def every_signal(
    grads: Trace, theme: Theme, row: int = -1, *, last: int | None = None, step: int | None = None
) -> go.Figure:
    """‖∂L/∂signal_t‖ of every signal of one cell: h, c, x and each gate, in the colours of their roles."""
    names = [name.removeprefix("grad_") for name in grads.signals if not name.endswith("_pre")]
    curves = {name: magnitudes(grads, name, row) for name in names}
    dashes = {"belt": "solid", "hidden": "solid", "input": "dot"}
    styles = {}
    for name in names:
        role = grads.signals[f"grad_{name}"].role
        styles[name] = Style(theme.roles[role], dashes.get(role, "dash"), f"{name} ({SAYS[role]})")
    figure = log_curves(curves, styles, grads.tokens, theme, SMALLEST, last=last, step=step)
    return figure.update_yaxes(title_text="‖∂L/∂signal‖")
