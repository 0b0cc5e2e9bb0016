"""NaN and infinite numbers, in the weights and in everything computed with them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.analysis.diagnosis.finding import Fact, Finding
from explorer.analysis.diagnosis.subject import Subject
from explorer.signals import Array

KEY = "not-a-number"


def check(subject: Subject) -> Iterator[Finding | Fact]:
    """One finding for the weights, one for the input, one for signals that sound weights make of a sound input."""
    broken = {name: count for name, values in subject.parameters.items() if (count := missing(values))}
    if broken:
        yield _weights(subject, broken)
    x = missing(subject.trace["x"])
    if x:
        yield _input(subject, x)
    if subject.trace.nonfinite and not broken and not x:
        yield _signals(subject)


def missing(values: Array) -> int:
    """Number of values that are NaN or infinite."""
    return int(values.size - np.count_nonzero(np.isfinite(values))) if values.dtype.kind == "f" else 0


def _weights(subject: Subject, broken: dict[str, int]) -> Finding:
    total = sum(broken.values())
    where = ", ".join(list(broken)[:3]) + (f" and {len(broken) - 3} more" if len(broken) > 3 else "")
    return Finding(
        check=KEY,
        severity="wrong",
        title=f"{total:,} weight{' is' if total == 1 else 's are'} NaN or Inf, in {where}",
        value=float(total),
        threshold=1.0,
        explains="Everything computed with such a weight is NaN or infinite as well, and training cannot repair it.",
        tries="Go back to the last checkpoint without them. They usually come from one update that overflowed: clip "
        "the norm of the gradient (Pascanu et al. 2013), lower the learning rate, and with float16 scale the loss "
        "(Micikevicius et al. 2018).",
        see="watch",
    )


def _input(subject: Subject, count: int) -> Finding:
    step = int(np.flatnonzero(~np.isfinite(subject.trace["x"]).all(1))[0])
    return Finding(
        check=KEY,
        severity="wrong",
        title=f"{count:,} numbers of the input are NaN or Inf, the first at step {step + 1}",
        value=float(count),
        threshold=1.0,
        explains="A recurrent network carries them on: every state after that step is NaN or infinite.",
        tries="Fill or drop missing values before the network reads them, or mask those steps.",
        see="watch",
        step=step,
    )


def _signals(subject: Subject) -> Finding:
    trace = subject.trace
    worst = max(trace.nonfinite, key=lambda name: trace.nonfinite[name])
    bad = ~np.isfinite(trace[worst])
    step = int(np.flatnonzero(bad.any(axis=(0, 2)))[0])
    return Finding(
        check=KEY,
        severity="wrong",
        title=f"Finite weights and a finite input give {sum(trace.nonfinite.values()):,} values that are NaN or Inf, "
        f"the first at step {step + 1}",
        value=float(sum(trace.nonfinite.values())),
        threshold=1.0,
        explains=f"A state grows until it overflows this precision; {worst} has the most of them.",
        tries="Scale the recurrent weights down to a spectral radius near 1, use a bounded nonlinearity, or "
        "float32 instead of float16.",
        see="hidden",
        step=step,
        layer=int(np.flatnonzero(bad.any(axis=(1, 2)))[0]),
    )
