"""Advice on memories that are too short or grow too large, in one place, so that two findings never advise opposite
things."""

from __future__ import annotations

from typing import Literal

import numpy as np

from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.subject import Row, Subject
from explorer.analysis.timescales import keep_of

KEEP_MORE = (
    "Start the bias of the gate that keeps at 1 (Gers et al. 2000; Jozefowicz et al. 2015), or at ln of the lags to be bridged (Tallec & "
    "Ollivier 2018), and train again; if the weights were converted, check whether gates changed places or a bias changed its sign."
)
FORGET_MORE = (
    "Let it forget: a forget gate was added for this very reason (Gers et al. 2000). Else couple the gates, decay the weights, clip the "
    "cell state (Sak et al. 2014), or reset the state between texts."
)
BOUND = "Decay the weights, clip the cell state (Sak et al. 2014), or reset the state between texts."
SMALLER = (
    "Check other texts, too. Large weights or inputs saturate gates: scale the inputs, decay the weights, normalise the "
    "layer (Ba et al. 2016), lower the learning rate. A saturated gate hardly learns; Gu et al. 2020 start the biases spread out for that "
    "reason."
)
NOTHING = "No change is needed."
SIZE_IS_FINE = "Its size alone needs no change: many networks that work have such states."
SEE_GROWTH = "See the finding on the size of the cell state."


def kept_share(subject: Subject, row: Row) -> float:
    """The share of the memory that the belt keeps a step, the mean over steps and units; NaN without a belt."""
    return float(keep_of(subject.trace, row.number).mean()) if subject.trace.belt is not None else float("nan")


def keeps(subject: Subject, row: Row) -> Literal["little", "much", ""]:
    """ "little" if the belt keeps less than half a step or its gate is biased shut, so that only keeping more can help;
    else "much". Empty without a belt."""
    share = kept_share(subject, row)
    if np.isnan(share):
        return ""
    biases = ((row.bias(gate), sign) for belt, gate, sign in subject.keepers(row) if belt == subject.trace.belt)
    closed = any(bias is not None and float(np.median(sign * bias)) < at.CLOSED_BIAS for bias, sign in biases)
    return "little" if closed or share < at.KEEPS else "much"


def of_growth(subject: Subject, row: Row) -> str:
    """Advice against a state that grows too large: to forget more only helps a network that keeps much."""
    return BOUND if keeps(subject, row) == "little" else FORGET_MORE


def of_loss(subject: Subject, row: Row) -> str:
    """Advice against a vanishing gradient: to keep more only helps a network that keeps little."""
    more = "gates with open biases (Jozefowicz et al. 2015), " if keeps(subject, row) in ("little", "") else ""
    return (
        "Hand-wired weights and learnt latches look like this and work. To train on, use "
        f"{more}smaller weights, or a target nearer to the token."
    )


def of_long_memory(*, grows: bool) -> str:
    """Advice on gates that keep everything, and on latches: nothing, unless the state grows without bound."""
    return SEE_GROWTH if grows else f"{NOTHING} The page Conveyor belt shows what they hold."
