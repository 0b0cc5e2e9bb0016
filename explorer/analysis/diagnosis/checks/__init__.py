"""The checks: each takes a subject and yields findings and facts. Here they are in the order in which a report tells of them: causes
first, then what follows from them."""

from collections.abc import Callable, Iterator

from explorer.analysis.diagnosis.checks import (
    answers,
    biases,
    dead,
    drift,
    duplicates,
    embedding,
    fresh,
    gates,
    hidden,
    latches,
    numbers,
    reach,
    readout,
    recurrent,
    unused,
)
from explorer.analysis.diagnosis.finding import Fact, Finding
from explorer.analysis.diagnosis.subject import Subject

Check = Callable[[Subject], Iterator[Finding | Fact]]

CHECKS: tuple[Check, ...] = (
    numbers.check,
    answers.check,
    unused.check,
    fresh.check,
    biases.check,
    gates.check,
    dead.check,
    duplicates.check,
    drift.check,
    hidden.check,
    recurrent.check,
    reach.check,
    readout.check,
    embedding.check,
    latches.check,
)

__all__ = ["CHECKS", "Check"]
