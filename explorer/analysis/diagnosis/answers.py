"""How right a network's answers are, beside what needs no network: the numbers that the checks of answers judge."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from explorer.signals import Array


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """How well the next token of some texts is predicted, in bits a token.

    of        the texts, in words: "this text", "23 held-out texts"
    one       a token's name: "character"
    count     predictions that were compared
    bits      the network: -log2 of the probability of the real next token, the mean
    counts    the texts' own counts: the entropy of their tokens in the same places. No fixed probabilities do better on these texts
    even      even odds: log2 of the number of symbols
    cut       the same network with every recurrent path cut: each token read from the zero state
    worth_sd  standard error of `worth`, with each prediction as one draw
    """

    of: str
    one: str
    count: int
    bits: float
    counts: float
    even: float
    cut: float
    worth_sd: float = 0.0

    @property
    def worth(self) -> float:
        """Bits a token that the context saves."""
        return self.cut - self.bits

    @property
    def share(self) -> float:
        """Bits of the network as a share of those of the texts' own counts; below 1 the network is better."""
        return self.bits / self.counts if self.counts else math.inf


@dataclass(frozen=True, kw_only=True)
class Score:
    """How right a network's classes, labels or numbers are, beside an answer that ignores the input.

    of        the answers that were compared, in words: "200 held-out examples"
    kind      "share" of answers that are right, or "squared error"
    count     answers that were compared
    value     the network's
    baseline  the rival's
    rival     the rival, in words: "always “positive”", "the mean of the answers", "the last value again"
    """

    of: str
    kind: str
    count: int
    value: float
    baseline: float
    rival: str

    @property
    def skill(self) -> float:
        """The share of the rival's error that the network avoids: 1 for no error, 0 for as many, negative for more."""
        own, other = (1 - self.value, 1 - self.baseline) if self.kind == "share" else (self.value, self.baseline)
        return 1 - own / other


def entropy(ids: Array) -> float:
    """Bits a token of the best fixed probabilities for these tokens: the entropy of their own counts."""
    _, counts = np.unique(ids, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum()) + 0.0  # of one token alone 0, not -0
