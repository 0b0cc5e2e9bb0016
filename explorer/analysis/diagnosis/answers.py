"""Quality of a network's answers, beside baselines that need no network: the numbers that the checks of answers
judge."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explorer.analysis.diagnosis import thresholds as at
from explorer.signals import Array


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Quality of next-token predictions on some texts, in bits a token.

    of        the texts, in words: "this text", "23 held-out texts"
    one       a token's name: "character"
    count     predictions that were compared
    bits      the network: -log2 of the probability of the real next token, the mean
    counts    the texts' own counts: the entropy of their tokens in the same places. No fixed probabilities do better on these texts
    kinds     different tokens among them
    even      even odds: log2 of the number of symbols
    cut       the same network with every recurrent path cut: each token read from the zero state
    pairs     who counts, along the texts, which token follows which; `triples`: which follows which two. See `counting_bits`
    worth_sd  standard error of `worth`, with each prediction as one draw
    """

    of: str
    one: str
    count: int
    bits: float
    counts: float
    kinds: int
    even: float
    cut: float
    pairs: float
    triples: float
    worth_sd: float = 0.0

    @property
    def worth(self) -> float:
        """Bits a token that the context saves."""
        return self.cut - self.bits

    @property
    def has_context(self) -> bool:
        """True if the texts show that earlier tokens help to predict the next. A text of few tokens cannot show it."""
        return self.triples < at.PAIRS * self.pairs

    @property
    def is_blind(self) -> bool:
        """True if there is context and the network uses hardly any of it."""
        return self.has_context and self.worth < at.CONTEXT_LOOK * self.counts and self.share > at.GOOD

    @property
    def share(self) -> float:
        """Bits of the network as a share of those of the texts' own counts; below 1 the network is better.

        Counts of few tokens fit them too well, so that their bits are raised by as much as that makes on average (Miller 1955).
        """
        fair = self.counts + (self.kinds - 1) / (2 * self.count * math.log(2))
        return self.bits / fair if fair else math.inf


@dataclass(frozen=True, kw_only=True)
class Score:
    """Quality of a network's classes, labels or numbers, beside an answer that ignores the input.

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


def counting_bits(texts: Sequence[Sequence[int]], symbols: int) -> tuple[float, float]:
    """Bits a token of two predictors that count successors so far: those of one token, and those of two tokens.

    Each table falls back to a shorter one where it has seen little (Witten & Bell 1991, method C), and the shortest to even odds.
    """
    tables: list[dict[tuple[int, ...], Counter[int]]] = [defaultdict(Counter) for _ in range(3)]
    total, count = np.zeros(3), 0
    for text in texts:
        for t in range(1, len(text)):
            p, token = 1 / symbols, text[t]
            for k in range(3):
                if k <= t:
                    seen = tables[k][tuple(text[t - k : t])]
                    times, kinds = seen.total(), len(seen)
                    if times:
                        p = (seen[token] + kinds * p) / (times + kinds)
                    seen[token] += 1
                total[k] -= math.log2(p)
            count += 1
    return float(total[1] / count), float(total[2] / count)
