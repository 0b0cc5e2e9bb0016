"""How often a gate is shut or open: counted."""

from __future__ import annotations

import numpy as np

from explorer.analysis.saturation import saturation
from tests.analysis.made import made

VALUES = np.array([[0.0, 0.1], [0.05, 0.9], [0.5, 0.95], [1.0, 0.5]])
"""[step, unit]"""


def test_a_gate() -> None:
    """The bounds themselves count as neither."""
    shares = saturation(made(f=VALUES), "f")
    np.testing.assert_array_equal(shares.shut, [0.5, 0.0])
    np.testing.assert_array_equal(shares.open, [0.25, 0.25])


def test_other_bounds() -> None:
    shares = saturation(made(f=VALUES), "f", low=0.5, high=0.5)
    np.testing.assert_array_equal(shares.shut, [0.5, 0.25])
    np.testing.assert_array_equal(shares.open, [0.25, 0.5])


def test_a_tanh_is_saturated_at_both_ends() -> None:
    values = np.array([[-1.0], [-0.95], [0.05], [0.95]])
    shares = saturation(made(h=values), "h")
    assert (shares.shut[0], shares.open[0]) == (0.5, 0.25)


def test_the_row_asked_for() -> None:
    two = made(f=np.stack([np.zeros((3, 2)), np.ones((3, 2))]))
    assert saturation(two, "f", 0).shut.tolist() == [1, 1]
    assert saturation(two, "f", 1).open.tolist() == [1, 1]
