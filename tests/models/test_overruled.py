"""What edits did: an edited quantity as its equation gives it, as the edits left it, and who pushed it."""

from __future__ import annotations

import numpy as np
import pytest

import explorer
from explorer import edits, models
from explorer.backend.edits import Edit
from tests.helpers import TEXT, VARIANTS, Variant, network

EXACT: dict[str, float] = {"rtol": 0, "atol": 1e-12}
"""float64; sums of a dozen products in another order."""
STACKED = network(("lstm", {}), (2, True))
GATE = edits.set_to("f", 0.25, units=1, steps=(2, 4))
SUM = edits.set_to("f_pre", -3.0, units=1, steps=(2, 4))
ENTERING = edits.scale("h_prev", 0.5, steps=(3, 3))


def test_a_gate_that_is_held_has_its_equations_value_beside_it() -> None:
    """σ of its pre-activation of the same reading; where nothing is edited it is the gate itself."""
    trace = explorer.trace(STACKED, TEXT, edits=[GATE])
    (found,) = models.overruled(STACKED, TEXT, edits=[GATE]).values()
    np.testing.assert_allclose(found.computed, 1 / (1 + np.exp(-trace["f_pre"])), **EXACT)
    np.testing.assert_array_equal(found.made, trace["f"])
    assert ((found.computed != found.made) == trace.edited["f"]).all()


def test_what_enters_a_step_is_what_left_the_one_before_until_it_is_edited() -> None:
    """At the step of the token, also of a row that reads backwards."""
    trace = explorer.trace(STACKED, TEXT, edits=[ENTERING])
    found = models.overruled(STACKED, TEXT, edits=[ENTERING])["h_prev"]
    np.testing.assert_array_equal(found.computed, trace.previous("h"))
    np.testing.assert_array_equal(found.made, np.where(trace.edited["h_prev"], 0.5 * found.computed, found.computed))


@pytest.mark.parametrize("edit", [GATE, SUM, ENTERING], ids=str)
@pytest.mark.parametrize("row", range(4))
def test_shares_add_up_to_what_the_equation_gives(edit: Edit, row: int) -> None:
    """Of an edited reading: to the recorded pre-activation, or, where that itself is edited, to what it came to before."""
    trace = explorer.trace(STACKED, TEXT, edits=[edit])
    over = models.overruled(STACKED, TEXT, edits=[edit])
    for name, shares in models.arithmetic(STACKED, TEXT, unit=1, layer=row, edits=[edit]).items():
        total = shares.inputs.sum(-1) + shares.units.sum(-1) + shares.bias
        expected = over[name].computed if name in over else trace[name]
        np.testing.assert_allclose(total, expected[row, :, 1], **EXACT)
        bias = models.arithmetic(STACKED, TEXT, unit=1, layer=row)[name].bias
        np.testing.assert_allclose(shares.bias, bias, **EXACT, err_msg="no edit hides in the bias")


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_without_a_loop_no_unit_pushes(variant: Variant) -> None:
    """h enters every step as 0; what is left is x, and what a cell has beside h."""
    model = network(variant)
    cut = [edits.set_to(f"{state}_prev", 0.0) for state in model.cell.State._fields]
    plain = models.arithmetic(model, TEXT, unit=0)
    assert set(models.arithmetic(model, TEXT, unit=0, edits=cut)) == set(plain)
    for name, shares in models.arithmetic(model, TEXT, unit=0, edits=cut).items():
        if "h_prev" in model.cell.sums[name]:
            assert not shares.units.any(), name
