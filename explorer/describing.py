"""Summary of a trace: its network and text, its signals with their ranges, and notices."""

from __future__ import annotations

import numpy as np

from explorer.signals import Array, Belt, Signal, Trace
from explorer.summary import Summary, counted, listed, shape_of

TOKENS = 12
"""Most names that are listed."""


def summary(trace: Trace) -> Summary:
    """The trace in a few lines; its pre-activations are named, with no lines of their own."""
    gradients = any(signal.kind == "gradient" for signal in trace.signals.values())
    of = f" of {trace.cell}" if trace.cell else ""
    title = f"{'Gradients' if gradients else 'Trace'}{of}: {size(trace)}"
    facts = [("tokens", listed([repr(token[:40]) for token in trace.tokens], TOKENS))]
    facts += [("belt", equation(belt)) for belt in trace.belts]
    if trace.readout is not None:
        facts.append(("readout", counted(len(trace.readout.bias), "score")))
    pre = [name for name in trace.signals if name.endswith("_pre")]
    facts += [("before squashing", ", ".join(pre))] if pre else []
    facts += [("edited", f"{name}, at {counted(int(mark.sum()), 'place')}") for name, mark in trace.edited.items()]
    facts += [("notice", notice) for notice in trace.notices]
    signals = [signal for signal in trace.signals.values() if signal.name not in pre]
    return Summary(
        title,
        tuple(facts),
        ("signal", "what it is", "shape", "range"),
        tuple(_row(trace, signal) for signal in signals),
    )


def size(trace: Trace) -> str:
    """Size of the reading: "16 steps, 1 layer of 128 units"."""
    return f"{counted(trace.steps, 'step')}, {shape_of(trace.rows, trace.units, trace.bidirectional)}"


def equation(belt: Belt) -> str:
    """Equation of the belt: "c = f * c_prev + i * g"."""
    if belt.keep == "1":
        return f"{belt.state} = {belt.state}_prev + {belt.write}"
    keep = f"({belt.keep})" if " " in belt.keep else belt.keep
    return f"{belt.state} = {keep} * {belt.state}_prev + {belt.write}"


def _row(trace: Trace, signal: Signal) -> tuple[str, ...]:
    array = trace[signal.name]
    return signal.name, signal.label or signal.role, " x ".join(map(str, array.shape)), _range(array)


def _range(array: Array) -> str:
    """Range from the lowest to the highest number; NaN and infinite ones are counted beside it."""
    finite = array[np.isfinite(array)]
    broken = array.size - finite.size
    text = f"{finite.min():.3g} to {finite.max():.3g}" if finite.size else "no number"
    return f"{text}, {broken:,} NaN or infinite" if broken else text
