"""What a matrix is drawn from: the numbers as float32, and a scale that the data chose."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest

from explorer.analysis.reach import FLOOR
from explorer.signals import Array
from explorer.studio.components.matrix import LEAST_DECADES, packed


def unpacked(content: bytes) -> tuple[dict[str, Any], Array]:
    """As payload.js does it: header, and [network, target, source]."""
    (length,) = struct.unpack_from("<I", content)
    header = json.loads(content[4 : 4 + length])
    steps = len(header["shown"])
    values = np.frombuffer(content, "<f4", offset=(4 + length + 3) // 4 * 4)
    return header, values.reshape(len(header["cells"]), steps, steps)


def sent(
    *matrices: list[list[float]], tokens: str = "abc", target: int = 1, source: int = 0
) -> tuple[dict[str, Any], Array]:
    found = dict(zip(("lstm", "rnn"), (np.array(matrix, dtype=float) for matrix in matrices), strict=False))
    return unpacked(packed(found, tokens[: len(matrices[0])], target, source, "what it is"))


ONE = [[1.0, 0, 0], [0.1, 2, 0], [0.002, 0.3, 5]]
OTHER = [[1e-9, 0, 0], [3e-8, 1, 0], [1e-7, 2, 3]]


def test_the_numbers_are_sent_as_float32() -> None:
    """Each network's matrix after the other, target by source."""
    header, values = sent(ONE, OTHER)
    assert [cell["name"] for cell in header["cells"]] == ["lstm", "rnn"]
    np.testing.assert_array_equal(values, np.array([ONE, OTHER], dtype=np.float32))
    assert header["pair"] == {"target": 1, "source": 0}
    assert header["says"] == "what it is"


def test_the_scale_is_shared_and_chosen_by_the_data() -> None:
    """From the power of ten above the largest of all entries to that below the smallest, but for the rarest hundredth."""
    header, _ = sent(ONE, OTHER)
    assert header["top"] == 1  # the largest is 5
    assert header["top"] - header["decades"] == -9
    assert (sent(ONE)[0]["top"], sent(ONE)[0]["decades"]) == (1, 4)


def test_a_narrow_range_has_a_scale_that_shows_no_noise() -> None:
    assert sent([[1, 0], [1, 1]])[0]["decades"] == LEAST_DECADES


def test_few_entries_near_the_floor_do_not_stretch_the_scale() -> None:
    steps = 40
    matrix = np.tril(np.full((steps, steps), 0.5))
    matrix[-1, 0] = 1e-30
    header, _ = unpacked(packed({"lstm": matrix}, "a" * steps, 1, 0, ""))
    assert (header["top"], header["decades"]) == (0, LEAST_DECADES)


def test_what_is_no_number_is_sent_as_that_and_does_not_count() -> None:
    """A row without a loss, an overflow."""
    header, values = sent([[1, 0, 0], [np.inf, 2, 0], [np.nan, np.nan, np.nan]])
    assert np.isnan(values[0, 2]).all() and np.isposinf(values[0, 1, 0])
    assert (header["top"], header["decades"]) == (1, LEAST_DECADES)


def test_what_underflows_does_not_count() -> None:
    """Zero, and what is below float32's floor: the browser tells it by the floor, which is sent."""
    header, values = sent([[1, 0, 0], [1e-50, 1, 0], [1e-41, 0, 1]])
    assert (header["top"], header["decades"]) == (0, LEAST_DECADES)
    assert values[0, 1, 0] == 0 and 0 <= values[0, 2, 0] < FLOOR
    assert header["floor"] == FLOOR


@pytest.mark.parametrize("empty", [0.0, np.nan])
def test_a_matrix_of_nothing_has_a_scale(empty: float) -> None:
    header, values = sent([[empty, 0], [empty, empty]])
    assert (header["top"], header["decades"]) == (0, LEAST_DECADES)
    np.testing.assert_array_equal(values[0], np.array([[empty, 0], [empty, empty]], dtype=np.float32))


def test_an_overflow_of_float32_is_infinite() -> None:
    _, values = sent([[1, 0], [1e39, 1]])
    assert np.isposinf(values[0, 1, 0])


def test_tokens_are_sent_visible() -> None:
    header, _ = sent(ONE, tokens="\n <")
    assert header["shown"] == ["↵", "·", "<"]
