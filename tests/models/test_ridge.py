"""A readout fitted by ridge regression: the least squares of numpy, and the layers below it as they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import explorer
from explorer import models
from explorer.models import Card
from explorer.models.make import make, untrained
from explorer.models.model import Model
from explorer.models.recipes.base import Batch
from explorer.models.ridge import Fitting, fit
from explorer.models.zoo import SETTING
from explorer.signals import Array
from tests.helpers import TEXT, network
from tests.models.tiny import FORECASTS

ECHO = replace(
    FORECASTS,
    task="tiny-echo",
    cells={"rnn": {}, "esn": {"leak": 0.4}},
    fitted={"esn": Fitting(steps=5, batch=4, penalty=1e-3)},
    sizes={"esn": 12},
    seeds=(1, 2),
    selection=lambda model: float(model.cell.weight_hh[0, 0].detach()),
)


def reservoir(seed: int = 0) -> Model:
    torch.manual_seed(seed)
    return untrained(ECHO, "esn", ECHO.data()).double()


def batches(step: int) -> Batch:
    """Ten steps of four random sequences; the first two do not count."""
    random = torch.Generator().manual_seed(step)
    inputs = torch.randn(10, 4, 1, generator=random, dtype=torch.float64)
    return Batch(inputs, inputs.roll(1, 0) * 0.5 + inputs**2, (torch.arange(10)[:, None].expand(10, 4) > 1).float())


def rows_of(model: Model, count: int) -> tuple[Array, Array]:
    """All that counts: [h, 1] and the targets."""
    rows, targets = [], []
    for batch in map(batches, range(count)):
        for k in range(4):
            h = explorer.trace(models.Model(model.stack), batch.inputs[:, k].numpy())["h"][-1, 2:]
            rows.append(np.concatenate([h, np.ones((len(h), 1))], 1))
            targets.append(batch.targets[2:, k].numpy())
    return np.concatenate(rows), np.concatenate(targets)


@pytest.mark.parametrize("penalty", [0.0, 1e-3, 10.0])
def test_it_is_numpys_least_squares(penalty: float) -> None:
    """Of the normal equations of all rows at once; the bias costs nothing."""
    model, fitting = reservoir(), Fitting(steps=6, batch=4, penalty=penalty)
    events = list(fit(model, batches, fitting))
    A, b = rows_of(model, 6)
    cost = penalty * np.diag([1.0] * (A.shape[1] - 1) + [0.0])
    expected = np.linalg.solve(A.T @ A + cost, A.T @ b)
    assert model.readout is not None
    found = torch.cat([model.readout.weight, model.readout.bias[:, None]], 1).detach().numpy().T
    # The normal equations square the condition of A, some 1e5 here, in float64.
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert [event.step for event in events] == [1, 2, 3, 4, 5, 6]
    assert [event.ended for event in events] == [False] * 5 + [True]
    left = np.linalg.lstsq(A, b)[1][0] / len(A)
    assert events[-1].loss == pytest.approx(left, rel=1e-9)


def test_a_penalty_makes_weights_small() -> None:
    sizes = []
    for penalty in (1e-6, 1e-2, 1e2):
        model = reservoir()
        list(fit(model, batches, Fitting(steps=3, batch=4, penalty=penalty)))
        assert model.readout is not None
        sizes.append(float(model.readout.weight.detach().norm()))
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > 10 * sizes[-1]


def test_fewer_rows_than_weights() -> None:
    """Least squares of smallest size: nothing is NaN."""
    model = reservoir()
    list(fit(model, few, Fitting(steps=1, batch=1, penalty=0.0)))
    assert model.readout is not None
    assert model.readout.weight.isfinite().all()


def few(step: int) -> Batch:
    """Three steps of one sequence."""
    whole = batches(step)
    return Batch(whole.inputs[:3, :1], whole.targets[:3, :1])


def test_only_numbers_can_be_fitted() -> None:
    with pytest.raises(ValueError, match="fits a readout to numbers"):
        next(fit(network(("esn", {})), batches, Fitting(steps=1, batch=4, penalty=0.0)))


def test_a_recipe_fits_its_reservoirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the same way as others are trained: every seed on the card, the best written, its layers as they were drawn."""
    events = list(make(ECHO, "esn", tmp_path / "models"))
    assert [event.step for event in events] == [1, 2, 3, 4, 5] * 2
    assert [event.ended for event in events] == [False] * 9 + [True]
    card = Card.read(tmp_path / "models" / "tiny-echo-esn.json")
    assert (card.hidden_size, card.options) == (12, {"leak": 0.4})
    assert card.budget == {"steps": 5, "batch": 4, "penalty": 1e-3}
    assert [one["seed"] for one in card.seeds] == [1, 2]
    monkeypatch.setenv(SETTING, str(tmp_path / "models"))
    shipped = explorer.load("tiny-echo-esn")
    torch.manual_seed(card.seed)
    drawn = untrained(ECHO, "esn", ECHO.data())
    assert all(torch.equal(w, drawn.stack.state_dict()[name]) for name, w in shipped.stack.state_dict().items())
    assert card.score < ECHO.score(drawn.eval(), ECHO.data().held_out)[card.headline.key], (
        "the readout is better than a random one"
    )


def test_steps_that_are_asked_for_count_here_too(tmp_path: Path) -> None:
    list(make(ECHO, "esn", tmp_path, budget=replace(ECHO.budget, steps=2, batch=3), seed=1))
    assert Card.read(tmp_path / "tiny-echo-esn.json").budget == {"steps": 2, "batch": 3, "penalty": 1e-3}
    list(make(ECHO, "rnn", tmp_path, budget=replace(ECHO.budget, steps=2), seed=1))
    assert Card.read(tmp_path / "tiny-echo-rnn.json").hidden_size == ECHO.hidden_size


def test_one_training_step_leaves_a_reservoir_alone() -> None:
    """Its gradient can be looked at, but only what is trained moves."""
    model = network(("esn", {}))
    step = models.training_step(model, TEXT, learning_rate=0.5)
    assert set(step.gradient) == {"embedding.weight", "readout.weight", "readout.bias"}
    for name, weight in step.model.stack.state_dict().items():
        assert torch.equal(weight, model.stack.state_dict()[name])
    assert models.itemised(model, TEXT).norm > 0
