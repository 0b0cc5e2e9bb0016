"""The biases of the gates that keep, against the values with which one usually starts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from explorer.analysis.diagnosis import advice
from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.checks.drift import grows_too_large
from explorer.analysis.diagnosis.finding import Fact, Finding
from explorer.analysis.diagnosis.pictures import bars
from explorer.analysis.diagnosis.subject import Row, Subject
from explorer.analysis.numbers import share
from explorer.signals import Array

KEY = "forget-bias"
EXPLAINS = (
    "Both biases of torch's layers add up to one. With nothing else to go by the gate keeps σ(bias) of the memory "
    "at each step: σ(1) = 0.73, σ(0) = 0.5, σ(-5) = 0.007."
)


def check(subject: Subject) -> Iterator[Finding | Fact]:
    """Wrong where most gates are biased far to forgetting, or less far and forget they do; a look where they keep less than half; a note
    where what is read opens them all the same, and where an LSTM's biases lie where they were drawn."""
    for row in subject.sound:
        for belt, gate, sign in subject.keepers(row):
            drawn = row.bias(gate)
            if drawn is None:
                continue
            bias = sign * drawn.astype(np.float64)
            label = subject.trace.signals[gate].label
            middle = float(np.median(bias))
            text = f"{middle:+.2f} in the median, {bias.min():+.2f} to {bias.max():+.2f}"
            yield Fact(
                check=KEY, label=f"Bias of the {label}, towards keeping", value=middle, text=text, layer=row.number
            )
            if belt == subject.trace.belt:
                yield from _judged(subject, row, label, bias, middle, carries_h=belt.state == "h")


def _judged(
    subject: Subject, row: Row, label: str, bias: Array, middle: float, *, carries_h: bool
) -> Iterator[Finding]:
    units, kept = subject.trace.units, advice.kept_share(subject, row)
    little = advice.keeps(subject, row) == "little"
    picture = bars(
        f"Bias of the {label}, towards keeping{subject.where(row)}", bias, "bias", threshold=at.SHUT_BIAS,
        marked=np.flatnonzero(bias < at.SHUT_BIAS).tolist(),
    )  # fmt: skip
    finding = partial(
        Finding,
        check=KEY,
        layer=row.number,
        value=middle,
        explains=EXPLAINS,
        tries=advice.KEEP_MORE if little else advice.of_long_memory(grows=grows_too_large(subject, row)),
        see="gates",
        picture=picture,
    )
    if middle < at.SHUT_BIAS:
        shut = middle < at.CLOSED_BIAS or (kept < at.SHUT and units >= at.FEW_UNITS)
        lowest = tuple(int(unit) for unit in np.argsort(bias)[: int((bias < at.SHUT_BIAS).sum())])
        does = f"{'and' if shut else 'but'} on this text they keep {share(kept)} of the memory a step"
        yield finding(
            severity="wrong" if shut else "look" if little else "note",
            title=f"The {label}s are biased to forget, {middle:.1f} in the median, {does}{subject.where(row)}",
            threshold=at.SHUT_BIAS,
            units=lowest,
            unit=lowest[0],
        )
    elif not carries_h and units >= at.FEW_UNITS and np.abs(bias).max() <= 2 / np.sqrt(units):
        yield finding(
            severity="note",
            title=f"The {label}s' biases lie where they were drawn, all within ±{2 / np.sqrt(units):.2f}; on this text "
            f"{share(kept)} of the memory is kept a step{subject.where(row)}",
            threshold=at.USUAL_BIAS[0],
        )
