"""The numbers of the small charts, as plain lists that JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from explorer.analysis.diagnosis.finding import Line, Picture
from explorer.signals import Array

POINTS = 400
"""More points than a small chart has pixels say nothing more; of more steps every second one, every third … is shown."""


def bars(title: str, values: Array, y_title: str, *, marked: Sequence[int] = (), **more: Any) -> Picture:
    """A bar a unit."""
    x = [str(unit) for unit in range(len(values))]
    drawn = {
        "x": x,
        "x_title": "unit",
        "y": plain(values),
        "y_title": y_title,
        "marked": [int(unit) for unit in marked],
    }
    return cast(Picture, {"kind": "bars", "title": title} | drawn | more)


def lines(
    title: str, x: Sequence[float], curves: Mapping[str, Array], x_title: str, y_title: str, **more: Any
) -> Picture:
    """Curves over the same x."""
    every = max(1, -(-len(x) // POINTS))
    drawn = {
        "x": [float(value) for value in x[::every]],
        "x_title": x_title,
        "lines": [Line(name=name, y=plain(values[::every])) for name, values in curves.items()],
        "y_title": y_title,
    }
    return cast(Picture, {"kind": "line", "title": title} | drawn | more)


def plain(values: Array) -> list[float | None]:
    """Floats of four digits; None for NaN and infinite values."""
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in np.asarray(values, dtype=np.float64)]
