"""Several networks on one text: predictions with and without a token, differences along the text, scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.analysis.numbers import number, share
from explorer.figures.curves import Style
from explorer.figures.gradients import deletion_rows
from explorer.figures.panels import like
from explorer.figures.theme import DASHES, MONO, Theme
from explorer.figures.tokens import hover_tokens, label, playhead, token_axis
from explorer.signals import Array, Role

ABREAST = 4
"""Most panels that stand side by side."""
BAR = 34
"""The height of a label with its two bars, in pixels."""
FURTHER: tuple[tuple[Role, str], ...] = (
    ("write", "dashdot"),
    ("candidate", "longdash"),
    ("belt", "longdashdot"),
    ("hidden", "dash"),
    ("reset", "dot"),
)
"""Colour and dash of the cells that the theme has none for, in the order in which they come."""
APART = 0.3
"""So far above and below its row a network's first and last seed are drawn, of the distance between two rows."""
WIDE = 30.0
"""Ratio of the largest score to the smallest from which on the axis is logarithmic."""


def styles(cells: Mapping[str, str], theme: Theme) -> dict[str, Style]:
    """Colour and dash of each network (label -> its cell): those of its cell if the theme has them and no other network
    uses them."""
    by_network: dict[str, Style] = {}
    used: set[str] = set()
    spare = iter(FURTHER * (1 + len(cells) // len(FURTHER)))
    for name, cell in cells.items():
        if cell in theme.cells and cell not in used:
            used.add(cell)
            by_network[name] = Style(theme.cells[cell], DASHES.get(cell, "solid"), name)
        else:
            role, dash = next(spare)
            by_network[name] = Style(theme.roles[role], dash, name)
    return by_network


def left_out(
    changes: Mapping[str, Array], tokens: Sequence[str], theme: Theme, *, step: int, without: int
) -> go.Figure:
    """The text once for each network, coloured by what leaving a token out changes; the playhead's step is framed, the token that is left
    out has a dashed frame."""
    figure = deletion_rows(changes, tokens, theme, target=step)
    line = {"color": theme.accent, "width": 3, "dash": "dot"}
    figure.add_vrect(x0=without - 0.5, x1=without + 0.5, line=line, fillcolor="rgba(0,0,0,0)")
    return figure.update_layout(margin={"l": 12 + 9 * max(len(name) for name in changes)})


def bars(
    answers: Mapping[str, tuple[Array, Array]],
    names: Sequence[str],
    styles: Mapping[str, Style],
    theme: Theme,
    *,
    right: int | None = None,
) -> go.Figure:
    """A panel for each network: of each label (a row) its probability with the token, full, and without it, hatched; on one scale.

    `right` is the row of the right answer, whose name is marked.
    """
    columns = min(ABREAST, len(answers))
    lines = -(-len(answers) // columns)
    inner = len(names) * BAR
    figure = make_subplots(
        rows=lines,
        cols=columns,
        shared_yaxes=True,
        shared_xaxes="all",
        horizontal_spacing=0.03,
        vertical_spacing=60 / (lines * (inner + 60)) if lines > 1 else 0,
    )
    longest = max(map(len, names))
    layout = theme.layout(
        height=lines * inner + (lines - 1) * 60 + 60,
        margin={"l": 40 + 9 * longest, "r": 12, "t": 36, "b": 24},
        bargap=0.3,
    )
    like(figure, layout)
    rows = [f"✓ {label(name)}" if k == right else label(name) for k, name in enumerate(names)]
    every = np.concatenate([value for pair in answers.values() for value in pair])
    top = float(every.max(initial=0.0, where=np.isfinite(every)))
    for n, (name, (whole, less)) in enumerate(answers.items()):
        where = {"row": n // columns + 1, "col": n % columns + 1}
        colour = styles[name].colour
        for values, says, fill in ((whole, "with it", 1.0), (less, "without it", 0.35)):
            figure.add_trace(
                go.Bar(
                    x=values,
                    y=list(range(len(names))),
                    orientation="h",
                    text=[share(value) for value in values],
                    textposition="outside",
                    textfont={"size": 12, "color": theme.text},
                    cliponaxis=False,
                    marker={
                        "color": theme.tint(colour, fill),
                        "line": {"color": colour, "width": 1},
                        "pattern": {"shape": "" if fill == 1 else "/", "fgcolor": colour, "size": 5},
                    },
                    customdata=[label(name) for name in names],
                    hovertemplate=f"{label(name)} {says}: P(%{{customdata}}) = %{{x:.4g}}<extra></extra>",
                    name=f"{name}, {says}",
                ),
                **where,
            )
        axis = figure.get_subplot(**where)
        figure.add_annotation(
            text=f"<b>{label(name)}</b>",
            x=0,
            xref=f"{axis.xaxis.plotly_name.replace('axis', '')} domain",
            y=1,
            yref=f"{axis.yaxis.plotly_name.replace('axis', '')} domain",
            xanchor="left",
            yanchor="bottom",
            yshift=4,
            showarrow=False,
            font={"size": 15, "color": colour},
        )
    figure.update_xaxes(range=[0, max(top, 1e-3) * 1.3], showticklabels=False, showgrid=False)
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(names))),
        ticktext=rows,
        range=[len(names) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
        ticks="",
        tickfont={"family": MONO, "size": 15, "color": theme.text},
    )
    return figure


def numbers(
    answers: Mapping[str, tuple[float, float]],
    styles: Mapping[str, Style],
    theme: Theme,
    *,
    right: float | None = None,
) -> go.Figure:
    """Networks that answer with a number: the answer with the token, full, and without it, hatched; on one scale, with
    a line at the right one."""
    figure = go.Figure(
        layout=theme.layout(
            height=70 + 2 * BAR * len(answers),
            margin={"l": 12 + 9 * max(map(len, answers)), "r": 60, "t": 36},
            bargap=0.3,
        )
    )
    names = list(answers)
    for column, (says, fill) in enumerate((("with it", 1.0), ("without it", 0.35))):
        values = [answers[name][column] for name in names]
        figure.add_trace(
            go.Bar(
                x=values,
                y=names,
                orientation="h",
                text=[number(value) for value in values],
                textposition="outside",
                cliponaxis=False,
                marker={
                    "color": [theme.tint(styles[name].colour, fill) for name in names],
                    "line": {"color": [styles[name].colour for name in names], "width": 1},
                    "pattern": {
                        "shape": "" if fill == 1 else "/",
                        "fgcolor": [styles[name].colour for name in names],
                        "size": 5,
                    },
                },
                hovertemplate=f"%{{y}} {says}: %{{x:.5g}}<extra></extra>",
                name=says,
            )
        )
    if right is not None:
        figure.add_vline(x=right, line={"color": theme.text, "width": 2, "dash": "dash"})
        figure.add_annotation(
            text=f"right: {number(right)}", x=right, y=1, yref="paper", yanchor="bottom", showarrow=False
        )
    figure.update_xaxes(zeroline=True, zerolinecolor=theme.muted)
    return figure.update_yaxes(autorange="reversed", showgrid=False, ticks="", tickfont={"size": 15})


def differences(
    apart: Mapping[str, Array],
    losses: Mapping[str, Array],
    tokens: Sequence[str],
    styles: Mapping[str, Style],
    theme: Theme,
    *,
    says: tuple[str, str],
    bounded: bool,
    step: int | None = None,
) -> go.Figure:
    """Above, how far each network's answer is from the reference's at each step; below, how much more wrong it is. `says` names both axes;
    what is `bounded` lies between 0 and 1."""
    lanes = 2 if losses else 1
    figure = make_subplots(rows=lanes, cols=1, shared_xaxes=True, vertical_spacing=0.08)
    like(figure, theme.layout(height=250 * lanes + 60, showlegend=True, margin={"l": 76, "r": 12, "t": 40, "b": 44}))
    hover = hover_tokens(tokens)
    for lane, curves in enumerate((apart, losses)[:lanes], start=1):
        for name, values in curves.items():
            style = styles[name]
            figure.add_trace(
                go.Scatter(
                    x=np.arange(len(tokens)),
                    y=values,
                    mode="lines+markers" if np.isnan(values).any() else "lines",
                    line={"color": style.colour, "width": 2.5, "dash": style.dash, "shape": "hvh"},
                    marker={"size": 5},
                    text=hover,
                    hovertemplate=f"%{{text}}<br>{label(name)}: %{{y:.4g}}<extra></extra>",
                    name=label(name),
                    showlegend=lane == 1,
                ),
                row=lane,
                col=1,
            )
        figure.update_yaxes(title_text=says[lane - 1], row=lane, col=1)
    if bounded:
        figure.update_yaxes(range=[0, 1.02], row=1, col=1)
    else:
        figure.update_yaxes(rangemode="tozero", row=1, col=1)
    if lanes == 2:
        figure.add_hline(y=0, line={"color": theme.muted, "width": 1}, row=2, col=1)
    token_axis(figure, tokens, theme, row=lanes, col=1)
    if lanes == 2:
        figure.update_xaxes(
            range=[-0.5, len(tokens) - 0.5], showticklabels=False, showgrid=False, ticks="", row=1, col=1
        )
    if step is not None:
        playhead(figure, step, theme)
    return figure


def scores(
    found: Mapping[str, Sequence[tuple[int, float]]],
    shipped: Mapping[str, int],
    says: str,
    styles: Mapping[str, Style],
    theme: Theme,
    *,
    percent: bool,
    baseline: float | None,
    baseline_says: str = "without a memory",
) -> go.Figure:
    """A row for each network, a dot for each seed (seed, score), one below the other, a thick rim around the seed that is shipped; a line
    at the baseline, what one gets without a memory. On a log axis where the scores of a quantity without bounds are orders apart."""
    longest = max(map(len, found))
    figure = go.Figure(
        layout=theme.layout(
            height=110 + 44 * len(found), margin={"l": 24 + 9 * longest, "r": 24, "t": 36, "b": 52}, hovermode="closest"
        )
    )
    names = list(found)
    values = [score for dots in found.values() for _, score in dots]
    for row, (name, dots) in enumerate(found.items()):
        colour = styles[name].colour
        apart = (
            np.linspace(-APART, APART, len(dots)) if len(dots) > 1 else np.zeros(1)
        )  # so that equal scores are all seen
        figure.add_trace(
            go.Scatter(
                x=[score for _, score in dots],
                y=row + apart,
                mode="markers",
                marker={
                    "size": 12,
                    "color": theme.tint(colour, 0.55),
                    "line": {"color": colour, "width": [3 if seed == shipped[name] else 1 for seed, _ in dots]},
                },
                customdata=[seed for seed, _ in dots],
                hovertemplate=f"{label(name)}, seed %{{customdata}}: %{{x:.4g}}<extra></extra>",
                name=label(name),
            )
        )
    if baseline is not None:
        figure.add_vline(x=baseline, line={"color": theme.muted, "width": 2, "dash": "dash"})
        figure.add_annotation(
            text=baseline_says,
            x=baseline,
            y=1,
            yref="paper",
            yanchor="bottom",
            showarrow=False,
            font={"color": theme.muted},
        )
    everything = [*values, *([] if baseline is None else [baseline])]
    low, high = min(everything), max(everything)
    if not percent and low > 0 and high > WIDE * low:
        figure.update_xaxes(type="log", exponentformat="power")
        if baseline is not None:
            figure.layout.annotations[-1].x = np.log10(baseline)  # a log axis places an annotation by its exponent
    elif percent:
        figure.update_xaxes(tickformat=".0%", range=[min(low - 0.02, 0.9), high + 0.01])
    figure.update_xaxes(title_text=says)
    return figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(names))),
        ticktext=[label(name) for name in names],
        range=[len(names) - 0.4, -0.6],
        ticks="",
        zeroline=False,
        tickfont={"size": 15},
    )
