"""Tokens that the network cannot tell apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.analysis.diagnosis.finding import Fact, Finding
from explorer.analysis.diagnosis.subject import Subject


def check(subject: Subject) -> Iterator[Finding | Fact]:
    """Note on rows of the embedding that are equal, number by number: training alone never produces that."""
    table = subject.parameters.get("embedding.weight")
    if table is None or len(table) < 2 or not np.isfinite(table).all():
        return
    distinct = len({row.tobytes() for row in np.ascontiguousarray(table)})  # many times as fast as sorting long rows
    yield Fact(
        check="embedding",
        label="Tokens with an embedding of their own",
        value=float(distinct),
        text=f"{distinct} of {len(table)}",
    )
    if distinct < len(table):
        same = len(table) - distinct + 1
        yield Finding(
            check="embedding",
            severity="note",
            title=f"{same} of the {len(table)} rows of the embedding are not unique: the network cannot tell such tokens apart",
            value=float(same),
            threshold=2.0,
            explains="They were never trained, were filled with one vector for padding or unknown words, or the table was not loaded.",
            tries="Harmless where the tokens never occur; else check whether the vocabulary is the one that the table was trained with.",
            see="watch",
        )
