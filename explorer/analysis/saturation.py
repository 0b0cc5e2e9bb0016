"""Share of steps at which a gate is shut or open, after Karpathy, Johnson & Fei-Fei 2015."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.signals import Array, Trace


@dataclass(frozen=True)
class Saturation:
    """Shares of the steps, [unit] each: `shut` with the value below the low bound, `open` with it above the high one."""

    shut: Array
    open: Array


def saturation(trace: Trace, name: str, row: int = 0, low: float = 0.1, high: float = 0.9) -> Saturation:
    """For a gate, the share of steps below `low` and above `high`; for a tanh's output, of those below -high and above high."""
    values = trace[name][row]
    if trace.signals[name].kind != "gate":
        return Saturation((values < -high).mean(0), (values > high).mean(0))
    return Saturation((values < low).mean(0), (values > high).mean(0))
