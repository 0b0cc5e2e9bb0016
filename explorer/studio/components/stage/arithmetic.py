"""What the stage fetches when a gate is unfolded: of one unit, or of all, what pushed each pre-activation at each step."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer import models
from explorer.signals import Array
from explorer.studio import service
from explorer.studio.components.shared.packing import pack
from explorer.studio.components.stage.reading import Reading
from explorer.studio.state import Place

PUSHERS = 5
"""How many units of h_{t-1} are named that pushed a pre-activation hardest."""
MOST = 8_000_000
"""Bytes: of a longer text only the units that are worth it are sent, where all are asked for."""


def packed(reading: Reading, units: list[int]) -> bytes:
    """Packed (`packing.pack`): for each unit and each pre-activation `inputs` [step, column], `recurrent` [step], `bias` [step], the
    hardest `pushes` [step, pusher], largest first, `by` [step, pusher], whose they are, and of what else enters the sum [step, other].
    The header has the labels of these for each pre-activation, and of whose units push it.

    A row of numbers has its columns; of a token only the sum of all inputs is told, since the columns of its vector mean nothing.
    The id is that of the payload that all this belongs to.
    """
    blocks: list[Array] = []
    header: dict[str, Any] = {"id": reading.id, "units": units}
    for unit in units:
        parts = reading.pushes(unit) if len(units) == 1 else _pushes(reading, unit)
        header["parts"] = list(parts)
        header["others"] = {name: [_called(of, reading) for of in part.others] for name, part in parts.items()}
        header["of"] = {name: _called(part.of, reading) for name, part in parts.items()}
        for part in parts.values():
            inputs = part.inputs if in_columns(reading.place) else part.inputs.sum(-1, keepdims=True)
            hardest = np.argsort(-np.abs(part.units), axis=1)[:, :PUSHERS]
            sizes = np.take_along_axis(part.units, hardest, axis=1)
            header |= {"columns": inputs.shape[1], "pushers": hardest.shape[1]}
            blocks += [inputs, part.units.sum(-1), part.bias, sizes, hardest, *part.others.values()]
    return pack(header, blocks)


def _called(name: str, reading: Reading) -> str:
    """What stands behind "unit 3 of", or by itself: "h before", "c now", the label of a signal that is neither."""
    state, entering, _ = name.rpartition("_prev")
    if entering:
        return f"{state} before"
    signal = reading.trace.signals.get(name)
    if name in reading.trace.initial:
        return f"{name} now"
    return signal.label if signal else name


def worth(reading: Reading, telling: list[int]) -> list[int]:
    """The units whose arithmetic goes into a saved page: all, or of a long text the pinned and the `telling` ones."""
    trace = reading.trace
    parts = sum(name.endswith("_pre") for name in trace.signals)
    columns = len(reading.place.card.vocabulary) if in_columns(reading.place) else 1
    if trace.units * trace.steps * parts * 4 * (columns + 2 + 2 * PUSHERS) <= MOST:
        return list(range(trace.units))
    return list(dict.fromkeys([reading.place.unit, *telling]))


def in_columns(place: Place) -> bool:
    """Whether the numbers that are read are what a person gave, and not a token's vector; only the lowest layer sees them."""
    return place.card.tokens == "numbers" and place.layer < (2 if place.card.bidirectional else 1)


def _pushes(reading: Reading, unit: int) -> dict[str, models.Pushes]:
    """Past the cache, which holds what single readers look at."""
    place = reading.place
    return models.arithmetic(
        service.model(place.model), reading.text, unit=unit, layer=place.layer, edits=reading.edits
    )
