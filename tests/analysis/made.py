"""Traces with numbers of our choice: one belt `c`, kept by `f` and written by `i * g`, with the hidden state `h`."""

from __future__ import annotations

import numpy as np

from explorer.signals import Array, Belt, Kind, Role, Signal, Trace

SIGNALS: dict[str, tuple[Kind, Role]] = {
    "f": ("gate", "keep"),
    "i": ("gate", "write"),
    "g": ("signed", "candidate"),
    "c": ("signed", "belt"),
    "h": ("signed", "hidden"),
}


def made(*, belt: bool = True, bidirectional: bool = False, **given: Array) -> Trace:
    """A trace of the arrays given, [step, unit] or [layer, step, unit]; what is not given is 0."""
    arrays = {name: np.asarray(values) for name, values in given.items()}
    arrays = {name: values[None] if values.ndim == 2 else values for name, values in arrays.items()}
    like = next(iter(arrays.values()))
    names = SIGNALS if belt else {"h": SIGNALS["h"]}
    return Trace(
        arrays={name: arrays.get(name, np.zeros_like(like)) for name in names},
        signals={name: Signal(name=name, symbol=name, kind=SIGNALS[name][0], role=SIGNALS[name][1]) for name in names},
        tokens=tuple("a" * like.shape[1]),
        belts=(Belt("c", keep="f", write="i * g"),) if belt else (),
        initial={name: np.zeros((like.shape[0], like.shape[2])) for name in ("c", "h") if name in names},
        bidirectional=bidirectional,
    )
