"""Source × target matrices side by side on one scale, drawn on a canvas: a click chooses a pair, in all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import streamlit as st

from explorer.analysis.reach import FLOOR
from explorer.analysis.tokens import visible
from explorer.figures.theme import THEMES
from explorer.models.vocabulary import named
from explorer.signals import Array
from explorer.studio.components import shared
from explorer.studio.components.shared.packing import pack

HERE = Path(__file__).parent
AXES = "→ source: the step whose h is changed a little     ↓ target: the step whose result moves"
TELLS = "of {source} on {target}, {steps} steps"
"""The words after an entry's value, for a matrix of gradients with respect to h."""
LEAST_DECADES = 3
RARE = 1.0
"""The colours reach from the power of ten above the largest entry down to this percentile of all entries above the floor."""

_MATRIX = st.components.v2.component(
    "carousel_matrix",
    html='<div class="matrices" data-testid="matrices"></div>',
    css=(HERE / "matrix.css").read_text(encoding="utf-8"),
    js=shared.joined(*shared.SCRIPTS, HERE / "matrix.js"),
)


def matrices(
    found: Mapping[str, Array],
    tokens: Sequence[str],
    *,
    target: int,
    source: int,
    says: str,
    chosen: Callable[[int, int], None],
    key: str,
    axes: str = AXES,
    tells: str = TELLS,
) -> None:
    """Draw matrices [target, source] by name, all of the same size, 0 above the diagonal. `says` describes an entry, `axes` the columns
    and rows, and `tells` the words after an entry's value.

    A click calls `chosen` with target and source, both from 0.
    """

    def on_pair() -> None:
        pair = st.session_state[key].get("pair")
        if pair:
            chosen(int(pair["target"]), int(pair["source"]))

    _MATRIX(key=key, data=packed(found, tokens, target, source, says, axes, tells), on_pair_change=on_pair)


def packed(
    found: Mapping[str, Array],
    tokens: Sequence[str],
    target: int,
    source: int,
    says: str,
    axes: str = AXES,
    tells: str = TELLS,
) -> bytes:
    """Pack the matrices as float32, with their shared scale in powers of ten."""
    values = np.stack(list(found.values()))
    seen = values[np.isfinite(values) & (values >= FLOOR)]
    top = int(np.ceil(np.log10(seen.max()))) if len(seen) else 0
    low = int(np.floor(np.log10(np.percentile(seen, RARE)))) if len(seen) else top
    header = {
        "cells": [{"name": name} for name in found],
        "shown": [visible(token) for token in tokens],
        "names": [named(token) for token in tokens],
        "pair": {"target": target, "source": source},
        "says": says,
        "axes": axes,
        "tells": tells,
        "top": top,
        "decades": max(LEAST_DECADES, top - low),
        "floor": FLOOR,
        "themes": {mode: asdict(theme) for mode, theme in THEMES.items()},
    }
    with np.errstate(over="ignore", under="ignore"):
        return pack(header, [matrix.astype(np.float32) for matrix in found.values()])
