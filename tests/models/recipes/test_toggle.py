"""What is right for a toggle, and what its units say."""

from __future__ import annotations

import numpy as np
import pytest

import explorer
from explorer.models.recipes import toggle
from tests.models.recipes.test_wiring import network

TEXT = "..t.tttt" + "t." * 100


def test_every_t_flips() -> None:
    assert toggle.right(".tt.t") == ["off", "on", "off", "off", "on"]
    assert toggle.where_on(".tt.t").tolist() == [1, 4]


@pytest.mark.parametrize(("cell", "memory"), [("lstm", "c"), ("gru", "h")])
def test_one_gated_unit_is_the_bit(cell: str, memory: str) -> None:
    held = explorer.trace(network(toggle.RECIPE, cell), TEXT)[memory][0]
    np.testing.assert_allclose(held[:, 0], toggle.is_on(TEXT), atol=1e-6)
    assert not held[:, 1].any()


def test_two_plain_units_differ_by_the_bit() -> None:
    held = explorer.trace(network(toggle.RECIPE, "rnn"), TEXT)["h"][0]
    np.testing.assert_allclose((held[:, 0] - held[:, 1]) / 2, toggle.is_on(TEXT), atol=1e-6)
