"""Data about edits for the stage: the numbers that were set, and the values shown beside them."""

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
    """Return the edited quantities that have a number per unit: signals, pre-activations, states as they enter a step."""
    signals = reading.trace.signals
    per_unit = {signal.name for signal in reading.trace.per_unit()}
    bases = {name: name.removesuffix(PREV).removesuffix("_pre") for name in reading.trace.edited}
    return [name for name, base in bases.items() if base in per_unit and signals[base].dims == PER_UNIT]


def beside(reading: Reading) -> Iterator[Array]:
    """Yield, for each of the names, the values that the signals lack, [step, unit]: the result of a signal's equation, or the edited value
    of a pre-activation or of a state as it enters a step."""
    for name in names(reading):
        effect = reading.overruled[name]
        both = effect.made if name.endswith((PREV, "_pre")) else effect.computed
        yield both[reading.place.layer]


def sent(reading: Reading) -> dict[str, Any] | None:
    """Return the header entry; None without edits. `bits` has one bit per step and unit of this row."""
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
    """Return the original tokens by the step at which another token replaces them."""
    before = _tokens_before(reading)
    pairs = [(own, before[step]) for step, own in enumerate(reading.where) if own is not None]
    return {own: named(was) for own, was in pairs if reading.trace.tokens[own] != was}


def deleted(reading: Reading) -> dict[int, list[str]]:
    """Return the deleted tokens by the step before which they stood; the number of steps for those after the last."""
    tokens: dict[int, list[str]] = {}
    after = reading.trace.steps
    for token, own in reversed(list(zip(_tokens_before(reading), reading.where, strict=True))):
        if own is None:
            tokens.setdefault(after, []).insert(0, named(token))
        else:
            after = own
    return tokens


def _tokens_before(reading: Reading) -> tuple[str, ...]:
    return service.trace(reading.place.model, reading.place.text).tokens


def _bits(mask: Array) -> str:
    return base64.b64encode(np.packbits(mask).tobytes()).decode()
