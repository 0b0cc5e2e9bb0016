"""Gradient at each step: the siblings side by side, and every signal of one cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.numbers import number
from explorer.analysis.reach import FLOOR, Spread, magnitudes
from explorer.figures.curves import NEAR, Floor, Style, log_curves, of_cells
from explorer.figures.heatmap import mark_nonfinite
from explorer.figures.roles import SAYS
from explorer.figures.theme import MONO, Theme
from explorer.figures.tokens import LEGIBLE, label, letters, token_axis
from explorer.notations import PYTORCH, Notation
from explorer.signals import Array, Trace

if TYPE_CHECKING:
    from explorer.models import Elman, Paths, Spectra

SMALLEST = Floor(FLOOR, "smallest float32")
SIDE_BY_SIDE = 24
"""Most letters under a figure that is a third of the page; with more its axis counts steps."""
ROOM = 0.8
"""Share of the letters that LEGIBLE allows that fit beside margins and a colour scale; a longer word is cut."""
SHOWN_FLOOR = 1e-12
"""Value to which letters fade, from the largest gradient; smaller ones look the same to the eye."""


def reach_rows(
    curves: Mapping[str, Array],
    tokens: Sequence[str],
    theme: Theme,
    *,
    target: int | None = None,
    read: Sequence[int] | None = None,
) -> go.Figure:
    """The text once for each cell; a letter fades with the gradient that reaches it, on one absolute log scale for all. Where a step is
    not among those that the target has `read` and the gradient is 0, the hover says that no path leads from it to the target."""
    values = np.stack(list(curves.values()))
    exponents = np.log10(np.where(np.isfinite(values), np.maximum(values, SHOWN_FLOOR), np.nan))
    bar = theme.colour_bar(tickvals=[-12, -8, -4, 0], ticktext=["≤ 10⁻¹²", "10⁻⁸", "10⁻⁴", "1"])
    scale = {
        "zmin": np.log10(SHOWN_FLOOR),
        "zmax": 0,
        "colorscale": [[0, theme.background], [1, theme.tint(theme.accent, 0.55)]],
    }
    unread = (
        np.isin(np.arange(len(tokens)), list(read), invert=True) if read is not None else np.zeros(len(tokens), bool)
    )
    return _rows(
        list(curves),
        exponents,
        values,
        tokens,
        theme,
        target,
        scale | {"colorbar": bar},
        np.where(unread & (values == 0), "0: no path to the target", np.vectorize(number)(values)),
    )


def deletion_rows(
    changes: Mapping[str, Array], tokens: Sequence[str], theme: Theme, *, target: int | None = None
) -> go.Figure:
    """The text once for each cell; a token's colour is by how much the result changes without it, on one scale for all, symmetric
    about 0 and up to the 98th percentile, since the nearest tokens would hide the rest."""
    values = np.stack(list(changes.values()))
    finite = np.abs(values[np.isfinite(values)])
    most = float(np.percentile(finite, 98)) if len(finite) and finite.max() > 0 else 1.0
    most = most or float(finite.max())
    soft = [theme.tint(theme.below[1], 0.6), theme.background, theme.tint(theme.above[1], 0.6)]
    scale = {"zmin": -most, "zmax": most, "colorscale": [[0, soft[0]], [0.5, soft[1]], [1, soft[2]]]}
    bar = theme.colour_bar(tickvals=[-most, 0, most], ticktext=[f"−{most:.2g}", "0", f"+{most:.2g}"])
    return _rows(
        list(changes),
        values,
        values,
        tokens,
        theme,
        target,
        scale | {"colorbar": bar},
        np.full(values.shape, "%{customdata[0]:+.4g}"),
    )


def _rows(
    names: Sequence[str],
    shown: Array,
    values: Array,
    tokens: Sequence[str],
    theme: Theme,
    target: int | None,
    scale: Mapping[str, object],
    hover: Array,
) -> go.Figure:
    """The text once for each name, tokens coloured by `shown`; `hover` [name, step] are the templates that tell `values`.

    Invisible points on top are what is pointed at and clicked, since cells of a heatmap cannot be chosen: one a cell, and the nearest
    counts however far it is.
    """
    figure = go.Figure(layout=theme.layout(height=24 + 46 * len(names), margin={"l": 64, "r": 12, "t": 12, "b": 12}))
    # Letters of 15 px stand side by side up to LEGIBLE; words become smaller, and are left out where they would not be read.
    size = min(15, round(15 * LEGIBLE / letters(tokens)))
    size = size if size >= 9 else 0
    room = max(1, int(ROOM * 15 * LEGIBLE / (size or 15) / len(tokens)))  # letters in a cell
    rows = [name.upper() for name in names]
    figure.add_trace(
        go.Heatmap(
            z=shown.astype(np.float32),
            text=[[label(token, room) for token in tokens]] * len(rows) if size else None,
            texttemplate="%{text}" if size else None,
            textfont={"family": MONO, "size": size or 15, "color": theme.text},
            y=rows,
            hoverinfo="skip",
            xgap=1 if len(tokens) <= LEGIBLE else 0,  # narrow cells would be all gap
            ygap=6,
            **scale,
        )
    )
    mark_nonfinite(figure, values, theme, rows)
    figure.update_traces(unselected={"marker": {"opacity": 1}}, selector={"type": "scatter"})
    steps = np.arange(len(tokens))
    finite = np.isfinite(values).ravel()  # the others have a mark that tells so
    figure.add_trace(
        go.Scatter(
            x=np.tile(steps, len(rows))[finite],
            y=np.repeat(rows, len(tokens))[finite],
            customdata=np.stack([values.ravel(), np.tile(steps + 1, len(rows))], -1)[finite],
            hovertemplate=[f"%{{y}}, step %{{customdata[1]}}: {one}<extra></extra>" for one in hover.ravel()[finite]],
            mode="markers",
            marker={"size": 18, "opacity": 0, "color": theme.text},
            unselected={"marker": {"opacity": 0}},
            selected={"marker": {"opacity": 0}},
            showlegend=False,
        )
    )
    figure.update_layout(hovermode="closest", hoverdistance=-1)
    token_axis(figure, tokens, theme)
    figure.update_xaxes(showticklabels=False, title_text=None, showline=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticks="", showline=False)
    figure.update_yaxes(tickfont={"size": 15}, ticklabelstandoff=6)
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
    first: int = 0,
    last: int | None = None,
    step: int | None = None,
) -> go.Figure:
    """‖∂L/∂name_t‖ of each cell at the steps `first` to `last` that the target has read, on the same log axis."""
    figure = _with_room(
        log_curves(curves, of_cells(list(curves), theme), tokens, theme, SMALLEST, first=first, last=last, step=step)
    )
    return figure.update_yaxes(title_text=f"‖∂L/∂{name}‖")


def every_signal(
    grads: Trace,
    theme: Theme,
    row: int = -1,
    *,
    first: int = 0,
    last: int | None = None,
    step: int | None = None,
    notation: Notation = PYTORCH,
) -> go.Figure:
    """‖∂L/∂signal_t‖ of every signal of one cell: h, c, x and each gate, in the colours of their roles."""
    names = [name.removeprefix("grad_") for name in grads.signals if not name.endswith("_pre")]
    curves = {name: magnitudes(grads, name, row) for name in names}
    dashes = {"belt": "solid", "hidden": "solid", "input": "dot"}
    styles = {}
    for name in names:
        role = grads.signals[f"grad_{name}"].role
        styles[name] = Style(
            theme.roles[role], dashes.get(role, "dash"), f"{notation.letter(name)} ({notation.says(role, SAYS[role])})"
        )
    figure = _with_room(log_curves(curves, styles, grads.tokens, theme, SMALLEST, first=first, last=last, step=step))
    return figure.update_yaxes(title_text="‖∂L/∂signal‖")


def by_distance(spreads: Mapping[str, Spread], theme: Theme, name: str = "h") -> go.Figure:
    """The median of all pairs at each distance, with the middle half of them, on one log axis with the floor."""
    figure = _on_log_axis(theme, f"‖∂L/∂{name}‖, median of all pairs", "steps between source and target")
    styles = of_cells(list(spreads), theme)
    for name, spread in spreads.items():
        style, where = styles[name], np.flatnonzero(spread.pairs)
        edges = np.maximum(np.concatenate([spread.high[where], spread.low[where][::-1]]), FLOOR)
        figure.add_trace(
            go.Scatter(
                x=np.concatenate([where, where[::-1]]),
                y=edges,
                fill="toself",
                fillcolor=theme.tint(style.colour, 0.14),
                line={"width": 0},
                opacity=0.6,
                hoverinfo="skip",
                showlegend=False,
            )
        )
    for name, spread in spreads.items():
        style, where = styles[name], np.flatnonzero(spread.pairs)
        _line(figure, where, spread.median[where], style, "%{x} steps: %{text}")
    return _floored(figure, theme, [spread.median for spread in spreads.values()])


def two_paths(
    paths: Paths,
    tokens: Sequence[str],
    theme: Theme,
    back: Sequence[int],
    *,
    unit: int | None = None,
    since: int | None = None,
) -> go.Figure:
    """From each step of `back`, the target first, to the target: the direct path's largest product of keep gates, the full derivative's
    largest stretch, and of the pinned unit the product and its own entry in the full derivative."""
    belt, gate = theme.roles["belt"], theme.roles["keep"]
    curves = {"direct": paths.direct.max(1), "full": paths.spectral}
    styles = {
        "direct": Style(gate, "dash", "direct path, the unit that keeps most"),
        "full": Style(belt, "solid", "full derivative, largest singular value"),
    }
    if unit is not None:
        curves |= {"one": paths.direct[:, unit], "own": np.abs(paths.diagonal[:, unit])}
        styles |= {
            "one": Style(theme.muted, "dot", f"direct path of unit {unit}"),
            "own": Style(theme.text, "dashdot", f"unit {unit} on itself, all paths"),
        }
    figure = _with_room(
        log_curves(curves, styles, tokens, theme, SMALLEST, first=min(back), last=max(back), step=since)
    )
    if np.ptp(figure.layout.yaxis.range) > 2:
        figure.update_yaxes(dtick=np.ceil(np.ptp(figure.layout.yaxis.range) / 8))  # no tick between powers of ten
    return figure.update_yaxes(title_text=f"∂ belt at step {back[0] + 1} / ∂ belt")


def channels(direct: Array, full: Array, theme: Theme, order: Array) -> go.Figure:
    """The full derivative [to-unit, since-unit], units in `order`; the direct path is what its diagonal would be if gates did not move."""
    figure = go.Figure(layout=theme.layout(height=360))
    ordered = full[np.ix_(order, order)]
    finite = np.abs(ordered[np.isfinite(ordered)])
    most = float(np.percentile(finite, 99.5)) if len(finite) and finite.max() > 0 else 1.0
    most = most or float(finite.max())
    names = [str(unit) for unit in order]
    figure.add_trace(
        go.Heatmap(
            z=ordered.astype(np.float32),
            zmin=-most,
            zmax=most,
            colorscale=theme.signed_scale,
            customdata=np.stack(np.broadcast_arrays(np.array(names)[None, :], np.array(names)[:, None]), -1),
            hovertemplate="unit %{customdata[0]} on unit %{customdata[1]}: %{z:.3e}<extra></extra>",
            colorbar=theme.colour_bar(tickformat=".1e"),
        )
    )
    mark_nonfinite(figure, ordered, theme)
    axis = {"showticklabels": False, "showgrid": False, "zeroline": False, "ticks": ""}
    edge = len(order) - 0.5
    figure.update_xaxes(title_text="unit at the source", range=[-0.5, edge], **axis)
    figure.update_yaxes(title_text="unit at the target", range=[edge, -0.5], **axis)
    return figure


def singular_values(spectra: Spectra, tokens: Sequence[str], theme: Theme, back: Sequence[int]) -> go.Figure:
    """Singular values of the Jacobian of the whole carried state, from each step of `back` to the target, its first:
    the largest, the median and the smallest; of h alone the largest; and the level below which rounding hides them."""
    where = slice(min(back), max(back) + 1)
    values, target = spectra.full[where], back[0] - min(back)
    curves = {
        "largest": values[:, 0],
        "median": np.median(values, axis=1),
        "smallest": values[:, -1],
        "h": spectra.h[where, 0],
        "noise": spectra.noise[where],
    }
    hidden, belt = theme.roles["hidden"], theme.roles["belt"]
    styles = {
        "largest": Style(belt, "solid", "largest"),
        "median": Style(belt, "dash", "median"),
        "smallest": Style(belt, "dot", "smallest"),
        "h": Style(hidden, "dashdot", "largest of h alone"),
        "noise": Style(theme.muted, "dot", "rounding"),
    }
    if spectra.h.shape == spectra.full.shape:  # h is all there is
        del curves["h"]
    figure = log_curves(curves, styles, tokens[where], theme, SMALLEST)
    figure.update_layout(legend={"font": {"size": 12}}, margin={"l": 60, "t": 64, "b": 44})
    if letters(tokens[where]) > SIDE_BY_SIDE:
        every = 10 * (1 + len(back) // 60) if len(back) > 20 else 5
        ticks = [abs(step - min(back)) for step in back[::every]]
        figure.update_xaxes(
            tickvals=ticks,
            ticktext=[str(abs(tick - target)) for tick in ticks],
            tickangle=0,
            tickfont={"size": 13, "color": theme.text},
            title_text="steps back",
        )
    return figure.update_yaxes(title_text="singular values")


def on_one_scale(figures: Sequence[go.Figure]) -> None:
    """Give all figures the axis that all of them need, and the footnotes of the one that reaches furthest down."""
    ranges = [figure.layout.yaxis.range for figure in figures]
    lowest = min(range(len(figures)), key=lambda n: ranges[n][0])
    notes = figures[lowest].layout.annotations
    for figure in figures:
        figure.update_layout(annotations=notes)
        figure.update_yaxes(range=[ranges[lowest][0], max(high for _, high in ranges)])


def elman(said: Elman, tokens: Sequence[str], theme: Theme, back: Sequence[int]) -> go.Figure:
    """Norm of the RNN's Jacobian from each step of `back` to the target, its first; Pascanu's bound; and the product in
    the wrong order."""
    where = slice(min(back), max(back) + 1)
    curves = {"exact": said.exact[where], "bound": said.bound[where], "misordered": said.misordered[where]}
    styles = {
        "exact": Style(theme.roles["hidden"], "solid", "what happens: ‖Π diag(φ′) W‖"),
        "bound": Style(theme.accent, "dash", "Pascanu's bound: (σ_max γ)^distance"),
        "misordered": Style(theme.muted, "dot", "as often printed: ‖W^distance · Π φ′‖"),
    }
    figure = _with_room(log_curves(curves, styles, tokens[where], theme, SMALLEST))
    return figure.update_yaxes(title_text="size")


def _with_room(figure: go.Figure) -> go.Figure:
    """For the title of an axis that counts steps, which else lies on its numbers."""
    if figure.layout.xaxis.title.text:
        figure.update_layout(margin={"b": 48})
    return figure


def _on_log_axis(theme: Theme, y: str, x: str) -> go.Figure:
    figure = go.Figure(layout=theme.layout(height=340, showlegend=True, margin={"l": 76, "r": 12, "t": 40, "b": 44}))
    figure.update_yaxes(type="log", exponentformat="power", title_text=y, nticks=8)
    return figure.update_xaxes(title_text=x)


def _line(figure: go.Figure, x: Array, values: Array, style: Style, hover: str) -> None:
    figure.add_trace(
        go.Scatter(
            x=x,
            y=np.maximum(values, FLOOR),
            customdata=values,
            mode="lines",
            line={"color": style.colour, "width": 3, "dash": style.dash},
            text=[number(value) for value in values],
            hovertemplate=f"{style.label}, {hover}<extra></extra>",
            name=style.label,
        )
    )


def _floored(figure: go.Figure, theme: Theme, curves: Sequence[Array]) -> go.Figure:
    """Figure with the floor drawn, if a curve comes near it."""
    finite = np.concatenate([curve[np.isfinite(curve)] for curve in curves])
    if len(finite) and finite.min() < FLOOR * NEAR:
        figure.add_hline(y=FLOOR, line={"color": theme.muted, "width": 1, "dash": "dash"})
        figure.add_annotation(
            text=f"{SMALLEST.label} ({number(FLOOR, 2)})",
            xref="paper",
            x=0,
            y=np.log10(FLOOR),  # a log axis places an annotation by its exponent
            xanchor="left",
            yanchor="bottom",
            showarrow=False,
            font={"size": 13, "color": theme.muted},
        )
    return figure
