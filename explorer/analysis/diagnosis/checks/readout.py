"""An answer that is the readout's bias, whatever was read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.finding import Fact, Finding
from explorer.analysis.diagnosis.pictures import bars
from explorer.analysis.diagnosis.subject import Subject
from explorer.analysis.numbers import number


def check(subject: Subject) -> Iterator[Finding | Fact]:
    """Check how much h moves the scores, against how far apart the bias puts them."""
    readout, trace = subject.trace.readout, subject.trace
    if readout is None or not subject.finite or len(readout.bias) < 2 or trace.steps < at.STEPS:
        return
    top = trace.rows - (2 if trace.bidirectional else 1)
    h = np.concatenate(list(trace["h"][top:]), axis=-1).astype(np.float64)
    scores = h @ readout.weight.astype(np.float64).T  # [step, output]
    moves, bias = float(scores.std(0).mean()), float(readout.bias.astype(np.float64).std())
    text = f"moved by {number(moves)} by the input, set apart by {number(bias)} by the bias"
    yield Fact(check="readout", label="Scores of the answers", value=moves, text=text)
    if moves < at.DEAF * bias:
        yield Finding(
            check="readout",
            severity="look" if moves else "wrong",
            title=f"The answer is the readout's bias: the input moves the scores by {number(moves)}, the bias sets "
            f"them apart by {number(bias)}",
            value=moves / bias,
            threshold=at.DEAF,
            explains="Nearly the same answer comes out for every text: the network has learnt how often each answer "
            "occurs, and no more.",
            tries="Check whether the layer below is dead, and whether the readout was trained with it; train longer, "
            "or start its bias at the classes' log frequencies so that this need not be learnt first.",
            see="watch",
            picture=bars("Range of each answer's score", scores.std(0), "deviation over the steps"),
        )
