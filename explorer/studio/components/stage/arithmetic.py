"""Data that the stage fetches when a gate is unfolded: the terms of each pre-activation at each step, for one unit or for all."""

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
"""Number of units of h_{t-1} named per pre-activation: those with the largest terms."""
MOST = 8_000_000
"""Size limit in bytes: for a longer text, a request for all units returns only the most influential ones."""


def packed(reading: Reading, units: list[int]) -> bytes:
    """Pack, for each unit and each pre-activation, `inputs` [step, column], `recurrent` [step], `bias` [step], the largest recurrent
    terms [step, pusher] in descending order, their units [step, pusher], and all other terms [step, other] (`packing.pack`). The header
    labels these for each pre-activation, and names the state that the recurrent terms come from.

    A row of numbers has its own columns; for a token only the sum over all inputs is sent, since the columns of its vector have no
    meaning. The id is that of the payload that all this belongs to.
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
    """Return the name shown after "unit 3 of", or alone: "h before", "c now", or the label of any other signal."""
    state, entering, _ = name.rpartition("_prev")
    if entering:
        return f"{state} before"
    signal = reading.trace.signals.get(name)
    if name in reading.trace.initial:
        return f"{name} now"
    return signal.label if signal else name


def worth(reading: Reading, telling: list[int]) -> list[int]:
    """Return the units whose arithmetic goes into a saved page: all, or for a long text the pinned and the `telling` ones."""
    trace = reading.trace
    parts = sum(name.endswith("_pre") for name in trace.signals)
    columns = len(reading.place.card.vocabulary) if in_columns(reading.place) else 1
    if trace.units * trace.steps * parts * 4 * (columns + 2 + 2 * PUSHERS) <= MOST:
        return list(range(trace.units))
    return list(dict.fromkeys([reading.place.unit, *telling]))


def in_columns(place: Place) -> bool:
    """Return whether the network reads numbers that the user typed, rather than a token's vector; only the lowest layer does."""
    return place.card.tokens == "numbers" and place.layer < (2 if place.card.bidirectional else 1)


def _pushes(reading: Reading, unit: int) -> dict[str, models.Pushes]:
    """Compute the terms without the cache, which is for the units that users select."""
    place = reading.place
    return models.arithmetic(
        service.model(place.model), reading.text, unit=unit, layer=place.layer, edits=reading.edits
    )
