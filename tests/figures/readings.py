"""Readings to draw: a tiny random network of each cell, two layers of it, on an array or on a text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go

import explorer
from explorer.figures.theme import THEMES
from explorer.signals import Array, Trace
from tests.helpers import network, steps_of

CELLS = ("lstm", "gru", "rnn")
MODES = tuple(THEMES)
UNITS = 5
TEXT = "abc de dead"

HOSTILE = (
    "<b>",
    "</b>",
    "&lt;",
    "<a href='x'>",
    "<script>",
    '"',
    "'",
    "\t",
    "\n",
    "%{y}",
    "\N{RIGHT-TO-LEFT OVERRIDE}",
)
"""One a step of TEXT: words, as a model of words would read them, since a single character is never a tag."""


def of_array(cell: str, steps: int = 9) -> Trace:
    """Two layers, [2, steps, UNITS], with values large enough to be seen."""
    stack = explorer.cells.build(cell, 3, UNITS, num_layers=2)
    return explorer.trace(stack, 3 * steps_of(3, steps))


def of_text(cell: str, text: str = TEXT) -> Trace:
    return explorer.trace(network((cell, {}), units=UNITS), text)


def gradients_of(cell: str, text: str = TEXT) -> Trace:
    """By the last loss; by a unit's own h where there is one token, which has none."""
    of = {"of": "loss"} if len(text) > 1 else {"of": "h", "unit": 0}
    return explorer.gradients(network((cell, {}), units=UNITS), text, **of)


def hostile(trace: Trace) -> Trace:
    """The same reading of HOSTILE, over and over."""
    return replace(trace, tokens=tuple(HOSTILE[step % len(HOSTILE)] for step in range(trace.steps)))


def with_nan(trace: Trace, name: str, *where: tuple[int, int, int]) -> Trace:
    """The same reading with a NaN at each (layer, step, unit)."""
    broken = np.array(trace[name])
    broken[tuple(zip(*where, strict=True))] = np.nan
    return replace(trace, arrays={**trace.arrays, name: broken})


def plain(figure: go.Figure) -> dict[str, Any]:
    """A figure as the browser gets it."""
    found: dict[str, Any] = figure.to_plotly_json()
    return found


def vertical_lines(figure: go.Figure) -> set[float]:
    """Where thin upright lines stand: the playhead."""
    return {shape.x0 for shape in figure.layout.shapes if shape.type == "line" and shape.x0 == shape.x1}


def permuted(count: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).permutation(count)
