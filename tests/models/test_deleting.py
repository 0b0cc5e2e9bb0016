"""A token left out: what the library says changes is what changes when the shorter text is read."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import explorer
from explorer.models import deletions
from explorer.models.model import Model
from tests.helpers import SHAPES, TEXT, VARIANTS, Shape, Variant, network, state_of

STEPS = len(TEXT)
# float64, read in batches here and one by one there.
CLOSE = {"rtol": 0, "atol": 1e-12}


def without(step: int) -> str:
    return TEXT[:step] + TEXT[step + 1 :]


def log_p(model: Model, text: str, state: dict[str, np.ndarray] | None = None) -> np.ndarray:
    return explorer.predict(model, text, state=state)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_loss_of_a_shorter_text(variant: Variant, shape: Shape) -> None:
    """For every token and every network, also from an initial state: −ln p of the same right answer, where it would now be given."""
    model, at = network(variant, shape), 6
    state = state_of(model)
    right = model.prepare(TEXT).ids[at + 1]
    whole = -log_p(model, TEXT, state)[at, right]
    found = deletions(model, TEXT, "loss", at, state=state)
    assert found.shape == (STEPS,)
    for step in range(STEPS):
        new = at - (step <= at)
        np.testing.assert_allclose(found[step], -log_p(model, without(step), state)[new, right] - whole, **CLOSE)
    if not shape[1]:
        assert (found[at + 1 :] == 0).all(), "what is read later changes nothing"


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_other_objectives(variant: Variant) -> None:
    """A logit, a log-probability, a unit of a state."""
    model, at = network(variant), 4
    for step in (0, 3, 4):
        trace, shorter = explorer.trace(model, TEXT), explorer.trace(model, without(step))
        for name in {"h", "c"} & set(model.cell.State._fields):
            expected = shorter[name][-1, at - 1, 2] - trace[name][-1, at, 2]
            np.testing.assert_allclose(deletions(model, TEXT, name, at, unit=2)[step], expected, **CLOSE)
        change = log_p(model, without(step))[at - 1, 1] - log_p(model, TEXT)[at, 1]
        np.testing.assert_allclose(deletions(model, TEXT, "log_prob", at, token=1)[step], change, **CLOSE)


def test_longer_than_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    model = network(("lstm", {}))
    whole = deletions(model, TEXT)
    monkeypatch.setattr("explorer.models.deleting.BLOCK", 3)
    np.testing.assert_allclose(deletions(model, TEXT), whole, **CLOSE)


def test_nothing_left_to_read() -> None:
    """Of one token nothing is left; of the first of two at step 0 likewise."""
    model = network(("gru", {}))
    assert np.isnan(deletions(model, "a", "h", unit=0)).all()
    found = deletions(model, "ab", "loss", 0)
    assert np.isnan(found[0]) and found[1] == 0


def test_the_mean_is_refused() -> None:
    """Of another text it is the mean of other tokens: only objectives of one step can be compared."""
    with pytest.raises(ValueError, match="'mean'"):
        deletions(network(("rnn", {})), TEXT, "mean")


def test_numbers() -> None:
    """A row left out of a network that reads numbers."""
    torch.manual_seed(3)
    model = explorer.wrap(torch.nn.GRU(3, 4).double())
    x = np.random.default_rng(0).normal(size=(6, 3))
    found = deletions(model, x, "h", -1, unit=1)
    for step in range(6):
        kept = np.delete(x, step, 0)
        change = explorer.trace(model, kept)["h"][0, -1, 1] - explorer.trace(model, x)["h"][0, -1, 1]
        np.testing.assert_allclose(found[step], change, **CLOSE)


def test_what_is_done_is_told_and_can_be_cancelled() -> None:
    model, told = network(("rnn", {})), list[float]()
    deletions(model, TEXT, progress=told.append)
    assert told[-1] == 1

    def cancel(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deletions(model, TEXT, progress=cancel)
