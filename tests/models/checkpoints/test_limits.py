"""What is too large is refused before the work begins, with its size and the limit."""

from __future__ import annotations

import pytest
import torch

from explorer.models.checkpoints import Recurrent, Unreadable
from explorer.models.checkpoints.limits import (
    MOST_ANSWERS,
    MOST_BYTES,
    MOST_ROWS,
    MOST_SIGNALS,
    MOST_STEPS,
    MOST_TENSORS,
    MOST_UNITS,
    check_bytes,
    check_claims,
    check_size,
    steps,
)


def test_bytes() -> None:
    check_bytes(MOST_BYTES)
    with pytest.raises(Unreadable, match=r"^The file has 300 MB; at most 100 MB are read. Save the recurrent part"):
        check_bytes(300 * 2**20)
    with pytest.raises(Unreadable, match=r"^The unpacked file has 200 MB"):
        check_bytes(200 * 2**20, "The unpacked file")


def test_claims_are_added_up() -> None:
    check_claims([("a", (1000, 1000), 4), ("b", (), 8), ("c", (0, 10**12), 4)])
    with pytest.raises(Unreadable, match="at most 100 MB"):
        check_claims([("a", (1000, 1000), 4)] * 27)


@pytest.mark.parametrize(
    ("shape", "said"),
    [((10**9,), "3,815"), ((2**62, 2**62), "more than a million"), ((2**31,) * 3, "more than a million")],
)
def test_claims_that_no_machine_could_hold(shape: tuple[int, ...], said: str) -> None:
    """In whole numbers without an end: what overflows 64 bits is not small."""
    with pytest.raises(Unreadable, match=f"has {said} MB; at most 100 MB"):
        check_claims([("a", shape, 4)])


def test_claims_of_less_than_nothing() -> None:
    with pytest.raises(Unreadable, match="“a” claims a shape that no tensor has"):
        check_claims([("a", (2, -2), 4)])


def test_too_many_tensors() -> None:
    check_claims([("a", (1,), 4)] * MOST_TENSORS)
    with pytest.raises(Unreadable, match="4,097 tensors; at most 4,096 are read"):
        check_claims([("a", (1,), 4)] * (MOST_TENSORS + 1))


def of_size(units: int, layers: int = 1, both: bool = False) -> Recurrent:
    return Recurrent("rnn", "lstm", 3, units, {"weight_hh": torch.ones(1)}, layers, both)


def test_units_and_rows() -> None:
    check_size(of_size(MOST_UNITS))
    check_size(of_size(8, MOST_ROWS // 2, True))
    for large in (of_size(MOST_UNITS + 1), of_size(8, MOST_ROWS + 1), of_size(8, MOST_ROWS // 2 + 1, True)):
        with pytest.raises(
            Unreadable, match=r"“rnn” has .* units in .* rows of layers; at most 2,048 in 16 can be shown"
        ):
            check_size(large)


@pytest.mark.parametrize(("units", "rows", "outputs"), [(1, 1, 1), (128, 2, 80), (2048, 16, 10), (8, 1, 100_000)])
def test_steps_keep_a_reading_small(units: int, rows: int, outputs: int) -> None:
    """Never fewer than two, of which a gradient from one to the other can be shown."""
    most = steps(units, rows, outputs)
    assert 2 <= most <= MOST_STEPS
    if most > 2:
        assert units * rows * most <= MOST_SIGNALS
        assert outputs * most <= MOST_ANSWERS


def test_no_readout() -> None:
    assert steps(8, 1, 0) == MOST_STEPS
