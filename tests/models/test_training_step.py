"""One update of the weights on a copy: the numbers are those of torch's own optimisers on a backward pass."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explorer import models
from explorer.models.bptt import weights_of
from explorer.models.model import Model
from tests.helpers import TEXT, VARIANTS, Variant, network, steps_of


def trained(model: Model, optimiser: str, steps: int, norm: float | None = None, value: float | None = None) -> Model:
    """A copy after so many ordinary steps: backward, clip, update. A reservoir is left alone."""
    model = copy.deepcopy(model).requires_grad_()
    model.stack.requires_grad_(model.cell.trained)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    update: Any = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimiser](weights, lr=0.1)
    ids = torch.from_numpy(model.vocabulary.encode(TEXT).values)  # type: ignore[union-attr]
    for _ in range(steps):
        update.zero_grad()
        scores, _ = model(ids[:, None])
        F.cross_entropy(scores[:-1, 0], ids[1:]).backward()
        if norm is not None:
            nn.utils.clip_grad_norm_(weights, norm)
        if value is not None:
            nn.utils.clip_grad_value_(weights, value)
        update.step()
    return model


@pytest.mark.cases(12)
@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
@pytest.mark.parametrize("clip", [{}, {"norm": 0.05}, {"value": 0.01}, {"norm": 0.3, "value": 0.02}], ids=str)
@pytest.mark.parametrize("variant", VARIANTS)
def test_three_steps_are_three_of_torchs(variant: Variant, clip: dict[str, float], optimiser: str) -> None:
    """Every weight, embedding and readout included; the losses after a step are those before the next one."""
    model = network(variant, (2, False))
    asked: dict[str, Any] = {"learning_rate": 0.1, "optimiser": optimiser}
    asked |= {f"clip_{name}": value for name, value in clip.items()}
    step = None
    for _ in range(3):
        before, step = step, models.training_step(model, TEXT, after=step, **asked)
        if before is not None:
            np.testing.assert_allclose(step.before, before.after, rtol=0, atol=1e-12)
    assert step is not None
    expected = weights_of(trained(model, optimiser, 3, **clip))
    for name, weight in weights_of(step.model).items():
        # float64; where a gradient is tiny Adam divides it by its own size, so rounding counts for more.
        torch.testing.assert_close(weight, expected[name].detach(), rtol=0, atol=1e-7 if optimiser == "adam" else 1e-12)


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_the_model_that_is_handed_in_stays_as_it_is(optimiser: str) -> None:
    """Other sessions read with it. The copy is another network, frozen like every model that is shared."""
    model = network(("lstm", {})).requires_grad_(False)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    step = models.training_step(model, TEXT, learning_rate=0.1, optimiser=optimiser)
    again = models.training_step(model, TEXT, learning_rate=0.1, optimiser=optimiser, after=step)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert all(weight.grad is None and not weight.requires_grad for weight in model.parameters())
    assert all(weight.grad is None and not weight.requires_grad for weight in again.model.parameters())
    assert again.model is not step.model
    assert not torch.equal(step.model.cell.weight_hh, again.model.cell.weight_hh)
    np.testing.assert_array_equal(step.after, again.before)


def test_a_small_step_lowers_the_loss_by_the_squared_gradient() -> None:
    """The first order of Taylor: rate · ‖g‖². A rate of 0 changes nothing."""
    model, rate = network(("gru", {})), 1e-5
    step = models.training_step(model, TEXT, learning_rate=rate)
    assert step.before.mean() - step.after.mean() == pytest.approx(
        rate * step.norm**2, rel=1e-3
    )  # and the second order
    still = models.training_step(model, TEXT, learning_rate=0)
    np.testing.assert_array_equal(still.before, still.after)


def test_truncation_and_clipping_are_told() -> None:
    """At k ≥ T it is the very same step; at a smaller k another one. Factor, share and angle say what clipping did."""
    model = network(("lstm", {}), (2, False))
    whole, long, short = (models.training_step(model, TEXT, learning_rate=0.1, k=k) for k in (None, len(TEXT), 2))
    for name, gradient in whole.gradient.items():
        np.testing.assert_array_equal(long.gradient[name], gradient)
    assert not np.array_equal(short.gradient["stack.weight_hh_l0"], whole.gradient["stack.weight_hh_l0"])
    np.testing.assert_array_equal(short.gradient["readout.weight"], whole.gradient["readout.weight"])
    itemised = models.itemised(model, TEXT, (2,))
    recurrent = [values for name, values in short.gradient.items() if name.startswith("stack.")]
    assert np.sqrt(sum((values**2).sum() for values in recurrent)) == pytest.approx(itemised.truncated[0].norm)
    assert (whole.factor, whole.share, whole.angle) == (1, 0, 0)
    scaled = models.training_step(model, TEXT, learning_rate=0.1, clip_norm=whole.norm / 4)
    assert scaled.factor == pytest.approx(1 / 4, rel=1e-4)  # torch adds 1e-6 to the norm
    assert scaled.angle == pytest.approx(0, abs=1e-6)
    cut = models.training_step(model, TEXT, learning_rate=0.1, clip_value=1e-3)
    assert 0 < cut.share < 1
    assert cut.angle > 0
    assert max(np.abs(values).max() for values in cut.gradient.values()) == pytest.approx(1e-3)


def test_what_is_no_text_can_be_learned_too() -> None:
    """A label for a classifier, a target for numbers; both without an embedding."""
    layers = network(("gru", {})).stack
    x = steps_of(3)
    labelled = Model(layers, readout=nn.Linear(4, 2).double(), answer="class", labels=("bad", "good"))
    numbered = Model(layers, readout=nn.Linear(4, 1).double(), answer="number")
    for step in (
        models.training_step(labelled, x, learning_rate=0.1, label="good"),
        models.training_step(numbered, x, learning_rate=0.1, target=0.5),
    ):
        assert step.after.mean() < step.before.mean()
        assert len(step.before) == len(x)
        assert "embedding.weight" not in step.gradient


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"optimiser": "luck"}, "unknown optimiser 'luck'; choose from sgd, adam"),
        ({"learning_rate": -1.0}, "the learning rate is -1.0"),
        ({"k": 0}, "k is 0"),
        ({"clip_norm": 0.0}, "cannot be clipped at 0.0"),
    ],
)
def test_wrong_use_is_told(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        models.training_step(network(("gru", {})), TEXT, **({"learning_rate": 0.1} | asked))
