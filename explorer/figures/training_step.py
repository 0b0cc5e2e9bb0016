"""One training step: the loss at each step and the uses of the weights that it acts on, the effect of truncation and
clipping, and the update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.analysis.numbers import number, share
from explorer.figures.panels import like
from explorer.figures.panels import title as panel_title
from explorer.figures.theme import Theme
from explorer.figures.tokens import hover_tokens, label, playhead, token_axis
from explorer.signals import Array

BINS = 60
"""Number of bars in the histogram of a gradient's entries."""
DECADES = 7
"""Number of powers of ten below the largest entry that the histogram reaches."""
SHOWN = 8
"""Number of labels in the figure of predictions."""


def pulls(values: Array, tokens: Sequence[str], theme: Theme, *, fixed: int, chosen: int, title: str) -> go.Figure:
    """A row or column of the itemised gradient along the text: a bar a step, one of them chosen; `fixed` is the step
    that all of them share."""
    figure = go.Figure(layout=theme.layout(height=196, margin={"l": 76, "r": 12, "t": 12, "b": 32}))
    steps = np.arange(len(values))
    usual = theme.tint(theme.accent, 0.45)
    figure.add_trace(
        go.Bar(
            x=steps,
            y=np.where(np.isfinite(values), values, np.nan),
            marker={"color": [theme.accent if step == chosen else usual for step in steps], "line": {"width": 0}},
            text=[f"{token}: {number(value)}" for token, value in zip(hover_tokens(tokens), values, strict=False)],
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
        )
    )
    figure.update_layout(bargap=0.15)
    figure.update_yaxes(title_text=title, rangemode="tozero", exponentformat="power", nticks=4)
    _crosses(figure, steps[~np.isfinite(values)], theme)
    token_axis(figure, tokens, theme)
    figure.add_vrect(
        x0=fixed - 0.5, x1=fixed + 0.5, line={"color": theme.text, "width": 1.5}, fillcolor="rgba(0,0,0,0)"
    )
    return figure


def truncation(ks: Sequence[int], lost: Array, angles: Array, theme: Theme, k: int) -> go.Figure:
    """Share of the gradient that is lost, and the angle by which it turns, if it only goes back k steps; for each k,
    with one marked."""
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.09)
    like(figure, theme.layout(height=330, margin={"l": 64, "r": 12, "t": 40, "b": 48}))
    panels = (
        (lost, "thrown away: ‖g − gₖ‖ / ‖g‖", ".1%", "%{customdata} thrown away", 1.0),
        (angles, "turned: the angle between g and gₖ, in degrees", "", "turned by %{y:.2f}°", 90.0),
    )
    for column, (values, title, form, hover, usual) in enumerate(panels, start=1):
        line = {"color": theme.text, "width": 3}
        figure.add_trace(
            go.Scatter(
                x=ks,
                y=values,
                mode="lines+markers",
                line=line,
                marker={"size": 5},
                customdata=[share(value, 2) for value in values] if column == 1 else None,
                hovertemplate=f"k = %{{x}}: {hover}<extra></extra>",
            ),
            row=1,
            col=column,
        )
        here = [value for each, value in zip(ks, values, strict=True) if each == k]
        figure.add_trace(
            go.Scatter(
                x=[k] * len(here),
                y=here,
                mode="markers",
                marker={"size": 14, "color": theme.accent},
                customdata=[share(value, 2) for value in here] if column == 1 else None,
                hovertemplate=f"k = {k}: {hover}<extra></extra>",
            ),
            row=1,
            col=column,
        )
        top = float(np.max(values, initial=usual, where=np.isfinite(values)))
        figure.update_yaxes(
            range=[-0.04 * top, 1.06 * top], tickformat=form.replace(".1", ".0"), nticks=6, row=1, col=column
        )
        panel_title(figure, column, title, theme.text)
    ticks = [2**power for power in range(12) if 2**power <= max(ks)]
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=[str(tick) for tick in ticks], title_text="k, steps back")
    return figure


def norms(parts: Sequence[str], sizes: Mapping[str, Array], theme: Theme) -> go.Figure:
    """The size of each part of the gradient, before and after each way to clip it: a group of bars a part."""
    figure = go.Figure(layout=theme.layout(height=90 + 54 * len(parts), margin={"l": 112, "r": 24, "t": 40, "b": 44}))
    looks = [_hollow(theme), {"color": theme.accent}, _hatched(theme.roles["read"], theme)]
    for (name, values), look in zip(sizes.items(), looks, strict=False):
        figure.add_trace(
            go.Bar(
                x=values,
                y=list(parts),
                orientation="h",
                name=name,
                marker=look,
                hovertemplate=f"%{{y}}, {name}: %{{x:.4f}}<extra></extra>",
            )
        )
    figure.update_layout(showlegend=True, barmode="group", bargap=0.25, legend_traceorder="normal")
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    figure.update_xaxes(title_text="norm of that part of the gradient", rangemode="tozero")
    return figure


def entries(values: Array, limit: float, theme: Theme) -> go.Figure:
    """Histogram of the sizes of a gradient's entries, with those beyond a limit marked. Entries of exactly 0 are left
    out."""
    figure = go.Figure(layout=theme.layout(height=400, margin={"l": 76, "r": 12, "t": 40, "b": 66}))
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    exponents = np.log10(sizes) if len(sizes) else np.array([np.log10(limit)])
    cut = np.log10(limit)
    high = max(exponents.max(), cut)
    low = max(min(exponents.min(), cut), high - DECADES)
    small, zero = int((exponents < low).sum()), int((values == 0).sum())
    width = max(high - low, 1e-3) / BINS
    below, above = (int(np.ceil(room / width)) + 1 for room in (cut - low, high - cut))
    edges = cut + width * np.arange(-below, above + 1)  # the limit parts two bars
    counts, _ = np.histogram(np.log10(sizes[sizes >= 10**low]), bins=edges)
    middles = (edges[1:] + edges[:-1]) / 2
    beyond = middles > cut
    for name, where, colour in (
        ("within the limit", ~beyond, theme.muted),
        ("cut to the limit", beyond, theme.roles["read"]),
    ):
        figure.add_trace(
            go.Bar(
                x=10 ** middles[where],
                y=counts[where],
                width=(10 ** edges[1:] - 10 ** edges[:-1])[where],
                marker={"color": colour, "line": {"width": 0}},
                name=name,
                text=[number(10**middle, 2) for middle in middles[where]],
                textposition="none",
                hovertemplate="%{y:,} entries of about %{text}<extra></extra>",
            )
        )
    figure.add_vline(x=limit, line={"color": theme.text, "width": 2, "dash": "dash"})
    figure.update_layout(showlegend=True, bargap=0)
    figure.update_xaxes(
        type="log",
        title_text=f"size of an entry<br>({small:,} are smaller than is shown, {zero:,} exactly 0)",
        exponentformat="power",
        showgrid=False,
    )
    figure.update_xaxes(range=[low, high + width], dtick=1 if high - low > 1.5 else None)
    figure.update_yaxes(title_text="entries", nticks=5)
    return figure


def losses(before: Array, now: Array, tokens: Sequence[str], theme: Theme, unit: str, step: int) -> go.Figure:
    """The loss of each step, before any update and now; below, by how much it fell or rose. With the playhead."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.62, 0.38], vertical_spacing=0.06)
    like(figure, theme.layout(height=420, showlegend=True, margin={"l": 76, "r": 12, "t": 40, "b": 32}))
    _before_and_now(figure, {"before": before, "now": now}, tokens, theme, row=1, col=1)
    change = now - before
    figure.add_trace(
        go.Bar(
            x=np.arange(len(change)),
            y=np.where(np.isfinite(change), change, np.nan),
            marker={"color": np.where(change > 0, theme.above[1], theme.below[1]).tolist(), "line": {"width": 0}},
            text=hover_tokens(tokens)[: len(change)],
            textposition="none",
            hovertemplate="%{text}<br>change: %{y:+.4f}<extra></extra>",
            name="change",
            showlegend=False,
        ),
        row=2,
        col=1,
    )
    figure.update_layout(bargap=0.15)
    figure.update_yaxes(title_text=f"loss{unit}", rangemode="tozero", nticks=5, row=1, col=1)
    figure.update_yaxes(title_text="change", nticks=4, row=2, col=1)
    figure.update_xaxes(showticklabels=False, showgrid=False, row=1, col=1)
    token_axis(figure, tokens, theme, row=2, col=1)
    playhead(figure, step, theme)
    return figure


def answers(before: Array, now: Array, right: Array, tokens: Sequence[str], theme: Theme, step: int) -> go.Figure:
    """The number that a network gives at each step, before any update and now, beside the right one."""
    figure = go.Figure(layout=theme.layout(height=320, showlegend=True, margin={"l": 76, "r": 12, "t": 40, "b": 32}))
    _before_and_now(figure, {"before": before, "now": now}, tokens, theme)
    figure.update_yaxes(title_text="what it answers")
    token_axis(figure, tokens, theme)
    figure.add_trace(
        go.Scatter(
            x=np.arange(len(right)),
            y=right,
            mode="markers",
            marker={"color": theme.muted, "size": 6, "symbol": "circle-open"},
            name="right",
            hovertemplate="right: %{y:.4f}<extra></extra>",
        )
    )
    playhead(figure, step, theme)
    return figure


def predictions(
    labels: Sequence[str],
    before: Array,
    now: Array,
    theme: Theme,
    right: str | None = None,
    offered: Array | None = None,
) -> go.Figure:
    """The likeliest labels of one step, before any update and now; log-probabilities in. The right one is among them, and marked.

    offered  the columns that may be shown as guesses; None: all
    """
    before, now = np.exp(before), np.exp(now)
    columns = np.arange(len(before)) if offered is None else offered
    order = columns[np.argsort(-np.nan_to_num(np.maximum(before, now)[columns]), kind="stable")[:SHOWN]]
    place = list(labels).index(right) if right is not None and right in labels else None
    if place is not None and place not in order:
        order = np.append(order[:-1], place)
    names = [f"{label(labels[n])} ◂ right" if n == place else label(labels[n]) for n in order]
    names = [f"{name} ({n})" if names.count(name) > 1 else name for n, name in zip(order, names, strict=True)]  # as cut
    figure = go.Figure(layout=theme.layout(height=80 + 38 * len(names), margin={"l": 104, "r": 12, "t": 40, "b": 40}))
    figure.update_yaxes(automargin=True)
    for name, values, look in (("before", before, _hollow(theme)), ("now", now, {"color": theme.accent})):
        figure.add_trace(
            go.Bar(
                x=values[order],
                y=names,
                orientation="h",
                name=name,
                marker=look,
                text=[share(value) for value in values[order]],
                customdata=[share(value, 2) for value in values[order]],
                textposition="outside",
                cliponaxis=False,
                hovertemplate=f"%{{y}}, {name}: %{{customdata}}<extra></extra>",
            )
        )
    top = float(np.max([before[order], now[order]], initial=0.01, where=np.isfinite([before[order], now[order]])))
    figure.update_layout(showlegend=True, barmode="group", bargap=0.25, legend_traceorder="normal")
    figure.update_xaxes(range=[0, min(1.15, 1.2 * top)], tickformat=".0%", showgrid=False, nticks=5)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, tickfont={"size": 14})
    return figure


def course(means: Sequence[float], theme: Theme, unit: str) -> go.Figure:
    """The mean loss after each update, from before the first one on."""
    values = np.asarray(means, dtype=float)
    steps = np.arange(len(values))
    figure = go.Figure(layout=theme.layout(height=250, margin={"l": 76, "r": 12, "t": 12, "b": 48}))
    figure.add_trace(
        go.Scatter(
            x=steps,
            y=np.where(np.isfinite(values), values, np.nan),
            mode="lines+markers",
            line={"color": theme.accent, "width": 3},
            marker={"size": 9},
            hovertemplate="after update %{x}: %{y:.4f}<extra></extra>",
        )
    )
    _crosses(figure, steps[~np.isfinite(values)], theme)
    figure.update_xaxes(
        title_text="updates", range=[-0.3, max(4, len(values) - 1) + 0.3], tickformat="d", dtick=1 + len(values) // 12
    )
    figure.update_yaxes(title_text=f"mean loss{unit}", rangemode="tozero")
    return figure


def _before_and_now(
    figure: go.Figure, names: Mapping[str, Array], tokens: Sequence[str], theme: Theme, **which: int
) -> None:
    """Two lines along the text (into the subplot named by row= and col=), which differ by dots as well."""
    hover = hover_tokens(tokens)
    looks = {"before": (theme.muted, "dot", 2), "now": (theme.accent, "solid", 3)}
    for name, values in names.items():
        colour, dash, width = looks[name]
        steps = np.arange(len(values))
        figure.add_trace(
            go.Scatter(
                x=steps,
                y=np.where(np.isfinite(values), values, np.nan),
                mode="lines+markers" if len(values) < 2 else "lines",
                line={"color": colour, "width": width, "dash": dash},
                text=hover[: len(values)],
                hovertemplate=f"%{{text}}<br>{name}: %{{y:.4f}}<extra></extra>",
                name=name,
            ),
            **which,
        )
        _crosses(figure, steps[~np.isfinite(values)], theme, **which)


def _crosses(figure: go.Figure, steps: Array, theme: Theme, **which: int) -> None:
    """A cross at the foot of each step that has no number, where a gap would say nothing."""
    if len(steps):
        figure.add_trace(
            go.Scatter(
                x=steps,
                y=np.zeros(len(steps)),
                mode="markers",
                marker={"symbol": "x", "color": theme.missing, "size": 8},
                hovertemplate="not a finite number<extra></extra>",
                showlegend=False,
            ),
            **which,
        )


def _hollow(theme: Theme) -> dict[str, object]:
    """Bar of the value before: an outline."""
    return {"color": theme.tint(theme.muted, 0.2), "line": {"color": theme.muted, "width": 1.5}}


def _hatched(colour: str, theme: Theme) -> dict[str, object]:
    """Bar that differs from a plain one without its colour."""
    pattern = {"shape": "/", "fillmode": "overlay", "fgcolor": theme.background, "solidity": 0.25}
    return {"color": colour, "pattern": pattern}
