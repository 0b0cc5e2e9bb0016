"""What the lanes are drawn from: every number to four digits of its lane's scale, in half the bytes; and what moves with the playhead."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest

from explorer.signals import Array
from explorer.studio.components.lanes import (
    LEAST_DECADES,
    LEVELS,
    MOST_DECADES,
    NO_NUMBER,
    Group,
    Lane,
    head,
    packed,
    whole,
)

VALUES = np.array([[0.5, -2.0], [0.25, 1.0], [0.0, -0.5]])
"""[step, unit]"""


def unpacked(content: bytes) -> tuple[dict[str, Any], list[Array]]:
    """As packing.js and lanes.js do it: the header, and [unit, step] of each lane."""
    (length,) = struct.unpack_from("<I", content)
    header = json.loads(content[4 : 4 + length])
    values = np.frombuffer(content, "<i2", offset=(4 + length + 3) // 4 * 4)
    lanes, steps = [lane for group in header["groups"] for lane in group["lanes"]], len(header["shown"])
    ends = np.cumsum([len(lane["units"]) * steps for lane in lanes])
    assert ends[-1] == len(values)
    return header, [part.reshape(-1, steps) for part in np.split(values, ends[:-1])]


def group(*lanes: Lane, squashed: bool = False, without: tuple[str, ...] = ()) -> Group:
    return Group("Belt", "what it is", "belt", "signed", squashed, lanes, without)


def test_the_numbers_arrive() -> None:
    """Unit by unit, as they are ordered; with the unit's own number beside them."""
    lanes = (Lane("LSTM", "c", VALUES, [7, 3]), Lane("GRU", "h", VALUES[:, :1] / 100, [0]))
    header, (first, second) = unpacked(packed([group(*lanes, squashed=True, without=("RNN",))], "a\n<", 1))
    assert header["shown"] == ["a", "↵", "<"] and header["warm"] == 1
    (told,) = header["groups"]
    assert (told["title"], told["squashed"], told["without"]) == ("Belt", True, ["RNN"])
    assert [(lane["network"], lane["signal"], lane["units"]) for lane in told["lanes"]] == [
        ("LSTM", "c", [7, 3]),
        ("GRU", "h", [0]),
    ]
    for values, lane, found in ((VALUES, told["lanes"][0], first), (VALUES[:, :1] / 100, told["lanes"][1], second)):
        # Rounded to the nearest of LEVELS steps from 0 to the largest.
        np.testing.assert_allclose(found.T * lane["largest"] / LEVELS, values, atol=0.5 * lane["largest"] / LEVELS)


def test_what_is_no_number_is_told_apart_from_all_that_are() -> None:
    found = whole(np.array([np.nan, np.inf, -np.inf, -3.0, 3.0]))
    assert found.tolist() == [NO_NUMBER, NO_NUMBER, NO_NUMBER, -LEVELS, LEVELS]


def test_a_lane_of_nothing_has_a_scale() -> None:
    assert whole(np.zeros(3)).tolist() == [0, 0, 0]
    assert whole(np.full(2, np.nan)).tolist() == [NO_NUMBER] * 2


@pytest.mark.parametrize(
    ("curves", "top", "decades"),
    [
        ([[1e-3, 0.5]], 0, LEAST_DECADES),
        ([[1e-5, 5.0], [0.0, 2e-7]], 1, 8),
        ([[1e-30, 1.0]], 0, MOST_DECADES),
        ([[0.0, 0.0]], 0, LEAST_DECADES),
        ([[np.nan, 0.2]], 0, LEAST_DECADES),
    ],
)
def test_what_reaches_has_one_scale_for_all(curves: list[list[float]], top: int, decades: int) -> None:
    found = head(1, {str(n): np.array(curve) for n, curve in enumerate(curves)}, "what it is")
    assert (found["top"], found["decades"]) == (top, decades)
    assert found["step"] == 1 and found["says"] == "what it is"
    assert list(found["reach"]) == [str(n) for n in range(len(curves))]  # type: ignore[call-overload]
    json.dumps(found, allow_nan=False)
