"""What holds for every figure there is: any length, any text, each cell, both themes."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape

import numpy as np
import plotly.graph_objects as go
import pytest

import explorer.analysis.startup as at_start
from explorer import figures as package
from explorer.analysis.diagnosis.pictures import lines
from explorer.analysis.kinds import census, of_symbol
from explorer.analysis.orderings import by_half_life
from explorer.analysis.projection import principal_components
from explorer.analysis.reach import by_distance, magnitudes
from explorer.analysis.saturation import saturation
from explorer.analysis.tokens import visible
from explorer.figures import (
    belt,
    compare,
    curves,
    diagnosis,
    gates,
    gradients,
    heatmap,
    hidden,
    squashing,
    startup,
    training_step,
    what_if,
)
from explorer.figures.theme import THEMES, Theme
from explorer.models import Elman, Paths, Spectra
from explorer.signals import Array, Trace
from tests.figures.readings import CELLS, HOSTILE, MODES, TEXT, gradients_of, hostile, of_text, plain

Draw = Callable[[Trace, Trace, Theme], go.Figure]


def gated(trace: Trace) -> Trace:
    """A reading of the same tokens by a network that has gates; the page does not draw these for one without."""
    return trace if trace.of_kind("gate") else replace(of_text("gru", "a" * trace.steps), tokens=trace.tokens)


def by_kind(trace: Trace, grads: Trace, theme: Theme) -> go.Figure:
    """Each token a kind of its own, as for a network that knows a few symbols."""
    trace = gated(trace)
    return gates.by_kind(census([trace], of_symbol(trace.tokens)), trace.of_kind("gate"), theme)


def saturations(trace: Trace, grads: Trace, theme: Theme) -> go.Figure:
    trace = gated(trace)
    shown = trace.of_kind("gate")
    return gates.saturations({gate.name: saturation(trace, gate.name) for gate in shown}, shown, theme, 0)


def by_cell(trace: Trace, name: str = "h") -> dict:
    return {trace.cell: magnitudes(trace, name)}


def every_pair(trace: Trace) -> Array:
    """As large and as empty above the diagonal as a gradient matrix of that text is."""
    sizes = np.abs(trace["h"][0]).mean(1)
    return np.tril(np.outer(sizes, sizes))


def paths_of(trace: Trace) -> Paths:
    values = trace["h"][0]
    return Paths(np.abs(values), values, np.linalg.norm(values, axis=1), np.abs(values).max(1))


def spectra_of(trace: Trace) -> Spectra:
    found = -np.sort(-np.abs(trace["h"][0]))
    return Spectra(found, 2 * found, np.full(trace.steps, 1e-12))


def elman_of(trace: Trace) -> Elman:
    sizes = np.abs(trace["h"][0]).max(1)
    return Elman(0.9, 1.5, 1.0, sizes, 2 * sizes, 1.5 * sizes, 0.1 * sizes)


def untrained(trace: Trace, grads: Trace, theme: Theme) -> go.Figure:
    sizes = np.abs(trace["h"][0]).mean(1)
    curves = [
        startup.Untrained(letter, trace.cell, trace.cell, "h", at_start.Spread(sizes, sizes / 2, 2 * sizes), 3)
        for letter in "AB"
    ]
    return startup.reach_at_start(curves, theme)


def before_and_now(trace: Trace) -> tuple[Array, Array]:
    return trace["h"][0][:, 0], trace["h"][0][:, 1]


def predictions(trace: Trace, grads: Trace, theme: Theme) -> go.Figure:
    """Each token as a label of its own."""
    before, now = (-np.abs(values) for values in before_and_now(trace))
    return training_step.predictions(trace.tokens, before, now, theme, trace.tokens[-1])


def shares(trace: Trace, grads: Trace, theme: Theme) -> go.Figure:
    """Each token as a label of its own."""
    whole, less = (np.abs(values) for values in before_and_now(trace))
    styles = compare.styles({trace.cell: trace.cell}, theme)
    return compare.bars({trace.cell: (whole, less)}, trace.tokens, styles, theme, right=0)


def two_networks(trace: Trace, grads: Trace, theme: Theme) -> go.Figure:
    one, other = before_and_now(trace)
    styles = compare.styles({"one": trace.cell, "other": trace.cell}, theme)
    curves = {"one": np.abs(one), "other": np.abs(other)}
    return compare.differences(
        curves, curves, trace.tokens, styles, theme, says=("apart", "more"), bounded=True, step=0
    )


def dots(trace: Trace, grads: Trace, theme: Theme) -> go.Figure:
    found = {trace.cell: [(seed, float(value)) for seed, value in enumerate(np.abs(trace["h"][0][:, 0]))]}
    styles = compare.styles({trace.cell: trace.cell}, theme)
    return compare.scores(found, {trace.cell: 0}, "score", styles, theme, percent=True, baseline=0.5)


def two_runs(trace: Trace, grads: Trace, theme: Theme) -> go.Figure:
    """With a title that holds what was typed."""
    was, edited = before_and_now(trace)
    panels = [
        what_if.Panel(f"P({trace.tokens[-1]})", theme.accent, edited, was, (0.0, 1.0)),
        what_if.Panel("apart", theme.text, np.abs(was - edited)),
    ]
    return what_if.along(panels, trace.tokens, theme, step=0, edited=[(0, trace.steps - 1)])


def finding(trace: Trace, grads: Trace, theme: Theme) -> go.Figure:
    """A curve with a name that was typed, a number missing."""
    curve = lines(
        trace.tokens[0], range(trace.steps), {trace.tokens[-1]: np.append(trace["h"][0][:-1, 0], np.nan)}, "x", "y"
    )
    return diagnosis.of_finding(curve, theme, "keep")


FIGURES: dict[Callable, Draw] = {
    diagnosis.of_finding: finding,
    heatmap.heatmap: lambda t, g, theme: heatmap.heatmap(t, "h", theme, by_half_life(t), unit=0, step=0),
    heatmap.heatmaps: lambda t, g, theme: heatmap.heatmaps(
        t, {"h": "Hidden", t.memory: "Memory"}, theme, by_half_life(t), unit=0, step=0
    ),
    belt.belt: lambda t, g, theme: belt.belt(t, theme, 0, others=[1], step=0),
    gates.by_kind: by_kind,
    gates.saturations: saturations,
    hidden.path: lambda t, g, theme: hidden.path(principal_components(t["h"][0]), t.tokens, theme, 0),
    hidden.memory_of_a_change: lambda t, g, theme: hidden.memory_of_a_change(
        by_cell(g), t.tokens, theme, read=range(t.steps), floor=1e-7, step=0
    ),
    gradients.reach_rows: lambda t, g, theme: gradients.reach_rows(by_cell(g), t.tokens, theme, target=0),
    gradients.siblings: lambda t, g, theme: gradients.siblings(by_cell(g), t.tokens, theme, name="h", step=0),
    gradients.every_signal: lambda t, g, theme: gradients.every_signal(g, theme, step=0),
    gradients.deletion_rows: lambda t, g, theme: gradients.deletion_rows(by_cell(g), t.tokens, theme, target=0),
    gradients.by_distance: lambda t, g, theme: gradients.by_distance({t.cell: by_distance(every_pair(t))}, theme),
    gradients.two_paths: lambda t, g, theme: gradients.two_paths(
        paths_of(t), t.tokens, theme, range(t.steps)[::-1], unit=0, since=0
    ),
    gradients.channels: lambda t, g, theme: gradients.channels(
        t["h"][0][0], np.outer(*t["h"][0][[0, -1]]), theme, by_half_life(t)
    ),
    gradients.singular_values: lambda t, g, theme: gradients.singular_values(
        spectra_of(t), t.tokens, theme, range(t.steps)[::-1]
    ),
    gradients.elman: lambda t, g, theme: gradients.elman(elman_of(t), t.tokens, theme, range(t.steps)[::-1]),
    compare.left_out: lambda t, g, theme: compare.left_out(by_cell(g), t.tokens, theme, step=t.steps - 1, without=0),
    compare.bars: shares,
    compare.numbers: lambda t, g, theme: compare.numbers(
        {t.cell: (float(t["h"][0, 0, 0]), float(t["h"][0, -1, 0]))},
        compare.styles({t.cell: t.cell}, theme),
        theme,
        right=0.5,
    ),
    compare.differences: two_networks,
    compare.scores: dots,
    squashing.repeated: lambda t, g, theme: squashing.repeated(min(t.steps, 12), theme),
    startup.reach_at_start: untrained,
    training_step.pulls: lambda t, g, theme: training_step.pulls(
        np.abs(t["h"][0][:, 0]), t.tokens, theme, fixed=0, chosen=t.steps - 1, title="pull"
    ),
    training_step.truncation: lambda t, g, theme: training_step.truncation(
        list(range(1, t.steps + 1)), np.abs(t["h"][0][:, 0]), np.abs(t["h"][0][:, 1]), theme, 1
    ),
    training_step.norms: lambda t, g, theme: training_step.norms(
        ["W", "U"], {"as it is": np.array([1.0, 2.0]), "clipped": np.array([0.5, 1.0])}, theme
    ),
    training_step.entries: lambda t, g, theme: training_step.entries(t["h"].ravel(), 0.1, theme),
    training_step.losses: lambda t, g, theme: training_step.losses(*before_and_now(t), t.tokens, theme, " nats", 0),
    training_step.answers: lambda t, g, theme: training_step.answers(
        *before_and_now(t), t["h"][0][:, 2], t.tokens, theme, 0
    ),
    training_step.predictions: predictions,
    training_step.course: lambda t, g, theme: training_step.course(list(np.abs(t["h"][0][:, 0])), theme, " nats"),
    what_if.along: two_runs,
    what_if.carriers: lambda t, g, theme: what_if.carriers(
        range(t.units), t["h"][0, -1], t["h"][0, 0], theme, says="change", pinned=0
    ),
    curves.log_curves: lambda t, g, theme: curves.log_curves(
        by_cell(g, "x"), curves.of_cells([t.cell], theme), t.tokens, theme, curves.Floor(1e-7, "floor")
    ),
}

draws = pytest.mark.parametrize("draw", FIGURES.values(), ids=[f.__name__ for f in FIGURES])
each_cell = pytest.mark.parametrize("cell", CELLS)


def test_none_is_left_out() -> None:
    """Every public function of the package that returns a figure is drawn here."""
    found = set()
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            returns = inspect.signature(function).return_annotation
            if function.__module__ == module.__name__ and returns == "go.Figure" and not name.startswith("_"):
                found.add(function)
    assert found == set(FIGURES)


@draws
@each_cell
@pytest.mark.parametrize("mode", MODES)
def test_it_draws_in_both_themes(draw: Draw, cell: str, mode: str) -> None:
    """Words in the theme's colour on a ground that lets the page show through."""
    figure = draw(of_text(cell), gradients_of(cell), THEMES[mode])
    assert json.loads(figure.to_json())["data"]
    assert figure.layout.font.color == THEMES[mode].text
    assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"


@draws
@each_cell
@pytest.mark.parametrize("steps", [1, 2, 3, 1000])
def test_any_length(draw: Draw, cell: str, steps: int) -> None:
    text = (TEXT * steps)[:steps]
    figure = draw(of_text(cell, text), gradients_of(cell, text), THEMES["light"])
    assert json.loads(figure.to_json())["data"]


@draws
@each_cell
def test_what_the_user_typed_is_never_markup(draw: Draw, cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No tag of the text's reaches plotly as one; with entities resolved, as plotly does, it reads as it was typed."""
    monkeypatch.setattr(training_step, "SHOWN", len(HOSTILE))  # that figure shows the likeliest alone
    own = strings(plain(draw(of_text(cell), gradients_of(cell), THEMES["light"])))
    ours = strings(plain(draw(hostile(of_text(cell)), hostile(gradients_of(cell)), THEMES["light"]))) - own
    assert not [text for text in ours if re.search(r"</?(b|a|script)\b", text)]
    for token in HOSTILE if any("&lt;b&gt;" in text for text in ours) else ():
        assert any(visible(token) in unescape(text) for text in ours), token


def strings(value: object) -> set[str]:
    """Every text anywhere in a figure."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        return set().union(*map(strings, value.values()))
    if hasattr(value, "tolist"):
        value = value.tolist()
    return set().union(*map(strings, value)) if isinstance(value, list | tuple) else set()
