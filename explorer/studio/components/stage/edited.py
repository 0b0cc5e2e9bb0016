"""What the stage is told of edits: which numbers were set, and what stands beside them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np

from explorer.backend.edits import PREV
from explorer.models.vocabulary import named
from explorer.signals import PER_UNIT, Array
from explorer.studio import service
from explorer.studio.components.stage.reading import Reading


def names(reading: Reading) -> list[str]:
    """What is edited and has a number for each unit: signals, their pre-activations, states as they enter a step."""
    signals = reading.trace.signals
    shown = {signal.name for signal in reading.trace.per_unit()}
    bases = {name: name.removesuffix(PREV).removesuffix("_pre") for name in reading.trace.edited}
    return [name for name, base in bases.items() if base in shown and signals[base].dims == PER_UNIT]


def beside(reading: Reading) -> Iterator[Array]:
    """For each of the names what the signals do not tell, [step, unit]: what a signal's equation gives; what the edits made of a
    pre-activation, or of a state as it enters a step."""
    for name in names(reading):
        found = reading.overruled[name]
        both = found.made if name.endswith((PREV, "_pre")) else found.computed
        yield both[reading.place.layer]


def sent(reading: Reading) -> dict[str, Any] | None:
    """For the header; None where nothing is edited. `bits` has one for each step and unit of this row."""
    if not reading.edited:
        return None
    row = reading.place.layer
    return {
        "told": reading.told,
        "origin": reading.origin,
        "numbers": [{"name": name, "bits": _bits(reading.trace.edited[name][row])} for name in names(reading)],
        "replaced": replaced(reading),
        "deleted": deleted(reading),
    }


def replaced(reading: Reading) -> dict[int, str]:
    """The steps whose token is another one, and which it was."""
    before = _tokens_before(reading)
    pairs = [(own, before[step]) for step, own in enumerate(reading.where) if own is not None]
    return {own: named(was) for own, was in pairs if reading.trace.tokens[own] != was}


def deleted(reading: Reading) -> dict[int, list[str]]:
    """The tokens that are left out, by the step before which they stood; after the last by the number of steps."""
    found: dict[int, list[str]] = {}
    after = reading.trace.steps
    for token, own in reversed(list(zip(_tokens_before(reading), reading.where, strict=True))):
        if own is None:
            found.setdefault(after, []).insert(0, named(token))
        else:
            after = own
    return found


def _tokens_before(reading: Reading) -> tuple[str, ...]:
    return service.trace(reading.place.model, reading.place.text).tokens


def _bits(mask: Array) -> str:
    return base64.b64encode(np.packbits(mask).tobytes()).decode()
