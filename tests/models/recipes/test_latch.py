"""What is right for a latch, and that its one unit is the bit."""

from __future__ import annotations

import numpy as np
import pytest

import explorer
from explorer.models.recipes import latch
from tests.models.recipes.test_wiring import network


def test_the_last_letter_decides() -> None:
    assert latch.right(".s.rs") == ["off", "on", "on", "off", "on"]
    assert latch.is_on(".s.rs").tolist() == [0, 1, 1, 0, 1]
    assert latch.from_memory(".s.rs.").tolist() == [2, 5]


@pytest.mark.parametrize(
    ("cell", "memory", "off", "on"), [("lstm", "c", 0, 1), ("gru", "h", 0, 1), ("rnn", "h", -1, 1)]
)
def test_the_unit_is_the_bit(cell: str, memory: str, off: float, on: float) -> None:
    """As the file's docstring says, for as long as one likes."""
    text = "s" + "." * 200 + "ssr" + "." * 200
    held = explorer.trace(network(latch.RECIPE, cell), text)[memory][0, :, 0]
    np.testing.assert_allclose(held, np.where(latch.is_on(text) == 1, on, off), atol=2e-4)
