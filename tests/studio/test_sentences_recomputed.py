"""The table of sentences beside their recomputed numbers, on its smallest network; all of it is `python -m tests.benchmarks.sentences`."""

from __future__ import annotations

import pytest

from tests.benchmarks import sentences


def test_sentences_of_a_network_that_reads_both_ways_hold() -> None:
    case = sentences.both_ways()
    found = [*sentences.belt(case, 1, 2, 1), *sentences.jacobians(case, 3, 2)]
    assert [str(one) for one in found if not one.agrees] == []
    assert len(found) == 6


@pytest.mark.parametrize(
    ("said", "value", "agrees"),
    [
        ("27 %", 0.2749, True),
        ("27 %", 0.2761, False),
        ("< 0.1 %", 0.0004, True),
        ("99.9 %", 0.99996, True),
        ("3.2 × 10⁻⁵", 3.24e-5, True),
        ("3.2 × 10⁻⁵", 3.3e-5, False),
        ("−0.28", -0.2769, True),
        ("−0.28", 0.28, False),
        ("1,234", 1234, True),
        ("never", 3.0, False),
        (None, None, True),
    ],
)
def test_a_number_agrees_at_its_printed_digits(said: str | None, value: float | None, agrees: bool) -> None:
    assert sentences.same(said, value) is agrees


def test_a_sentence_that_says_something_else_does_not_agree() -> None:
    assert not sentences.row("it", "It keeps all.", r"keeps (\d+) of it", 3).agrees
    assert not sentences.row("it", "It keeps 4 of it.", r"keeps (\d+) of it", 3).agrees
