"""Heatmaps of several networks below one another on one axis of tokens: lanes, drawn on canvases, with one playhead through all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from explorer.analysis.tokens import visible
from explorer.figures.theme import THEMES
from explorer.models.vocabulary import named
from explorer.signals import Array, Kind, Role
from explorer.studio.components import shared
from explorer.studio.components.shared.json_numbers import rounded
from explorer.studio.components.shared.packing import pack

HERE = Path(__file__).parent
LEVELS = 32000
"""Values are sent as integers, LEVELS at the largest of a lane: half the bytes, and a resolution of four digits of the scale."""
NO_NUMBER = -32768
LEAST_DECADES, MOST_DECADES = 3, 12
"""Range of the gradient colour scale in powers of ten below the largest value: it ends below the smallest value, within these limits."""

_LANES = st.components.v2.component(
    "carousel_lanes",
    html='<div class="lanes" data-testid="lanes"></div>',
    css=(HERE / "lanes.css").read_text(encoding="utf-8"),
    js=shared.joined(*shared.SCRIPTS, HERE / "lanes.js"),
)
# What moves with the playhead has a component of its own, so that the lanes' values are not sent again.
_HEAD = st.components.v2.component(
    "carousel_lanes_head",
    js="export default ({ data }) => {\n  document.carouselLanes = data;\n"
    "  document.dispatchEvent(new CustomEvent('carousel-lanes', { detail: data }));\n};\n",
)


@dataclass(frozen=True)
class Lane:
    """A signal of a network: `values` [step, unit], the units in the order in which they are drawn, `units` their numbers."""

    network: str
    signal: str
    values: Array
    units: Sequence[int]


@dataclass(frozen=True)
class Group:
    """Lanes of one role and kind, on one scale: gates from 0 to 1, others from -1 to 1, through tanh where they are `squashed`. `without`
    names the networks that have nothing of the kind."""

    title: str
    hint: str
    role: Role
    kind: Kind
    squashed: bool
    lanes: Sequence[Lane]
    without: Sequence[str] = ()


def lanes(
    groups: Sequence[Group],
    tokens: Sequence[str],
    *,
    step: int,
    warm: int,
    reach: Mapping[str, Array],
    says: str,
    key: str,
) -> None:
    """Draw the groups, and below them `reach` [step] for each network, on one logarithmic scale; `says` describes `reach` in words."""
    _LANES(key=key, data=packed(groups, tokens, warm))
    with st.container(key=f"{key}_head"):
        _HEAD(key=f"{key}_at", data=head(step, reach, says))


def packed(groups: Sequence[Group], tokens: Sequence[str], warm: int) -> bytes:
    """Pack the lanes as integers (`LEVELS`), each [unit, step]."""
    header = {
        "shown": [visible(token) for token in tokens],
        "names": [named(token) for token in tokens],
        "warm": warm,
        "levels": LEVELS,
        "groups": [
            {
                "title": group.title,
                "hint": group.hint,
                "role": group.role,
                "kind": group.kind,
                "squashed": group.squashed,
                "without": list(group.without),
                "lanes": [
                    {
                        "network": one.network,
                        "signal": one.signal,
                        "units": list(map(int, one.units)),
                        "largest": largest(one.values),
                    }
                    for one in group.lanes
                ],
            }
            for group in groups
        ],
        "themes": {mode: asdict(theme) for mode, theme in THEMES.items()},
    }
    return pack(header, [whole(one.values).T for group in groups for one in group.lanes], "<i2")


def largest(values: Array) -> float:
    """Return the largest absolute finite value; 1 if it is 0 or nothing is finite."""
    return float(np.max(np.abs(values), initial=0, where=np.isfinite(values))) or 1.0


def whole(values: Array) -> Array:
    """Scale to integers: LEVELS at the largest absolute value, NO_NUMBER for NaN or infinite values."""
    with np.errstate(invalid="ignore"):
        scaled = np.round(values.astype(np.float64) / largest(values) * LEVELS)
    return np.where(np.isfinite(values), scaled, NO_NUMBER).astype(np.int16)


def head(step: int, reach: Mapping[str, Array], says: str) -> dict[str, object]:
    """Return the data that moves with the playhead; the scale of `reach` ends at the power of ten above its largest value."""
    values = np.concatenate(list(reach.values())) if reach else np.zeros(0)
    seen = values[np.isfinite(values) & (values > 0)]
    top = int(np.ceil(np.log10(seen.max()))) if len(seen) else 0
    low = int(np.floor(np.log10(seen.min()))) if len(seen) else top
    return {
        "step": step,
        "says": says,
        "top": top,
        "decades": min(MOST_DECADES, max(LEAST_DECADES, top - low)),
        "reach": {name: rounded(curve) for name, curve in reach.items()},
    }
