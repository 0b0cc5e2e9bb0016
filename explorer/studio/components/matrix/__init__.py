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
"""What is said behind an entry's number, of a matrix of gradients by h."""
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
    """Matrices [target, source] by name, each of the same size, 0 above the diagonal; `says` is what an entry is, in words, `axes` what
    columns and rows are, and `tells` the words behind an entry's number.

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
    """The matrices as float32, and the scale that they share, in powers of ten."""
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
