"""Backpropagation through time, itemised: against autograd with weights of their own for every step; truncation; the terms add up."""

from __future__ import annotations

import copy
import math
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from explorer import models
from explorer.backend import back
from explorer.backend.itemised import angle, lost
from explorer.models.model import Model
from explorer.signals import Array
from tests import reference
from tests.backend.definitions import KNOWN, SHAPES, T, squashes
from tests.helpers import DEVICES, FEW, SYMBOLS, TEXT, Shape, Variant, network, state_of, steps_of

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
Terms = dict[tuple[int, int], dict[str, Tensor]]
"""(target, source) -> by weight"""


@cache
def terms_of(name: str, given: tuple[tuple[str, Any], ...], shape: Shape) -> Terms:
    """Each term of the mean loss's gradient from the definition: every step uses a copy of the weights, and autograd is asked for the
    gradient of each target's share of the mean by each copy. In float64."""
    model = network((name, dict(given)), shape)
    stack, steps = model.stack.state_dict(), range(T)
    options = squashes(dict(given))
    copies = {
        f"{n}{s}": [stack[f"{n}{s}"].clone().requires_grad_() for _ in steps] for s in _suffixes(model) for n in NAMES
    }
    below = list(model.prepare(TEXT).x[:, 0].detach())
    initial = {key: torch.from_numpy(values) for key, values in state_of(model).items()}
    for layer in range(shape[0]):
        outputs: list[list[Tensor]] = [[] for _ in steps]
        for direction in range(model.stack.directions):
            row = layer * model.stack.directions + direction
            state = {key: values[row] for key, values in initial.items()}
            for t in reversed(steps) if direction else steps:
                weights = [copies[f"{n}{_suffixes(model)[row]}"][t] for n in NAMES]
                state = reference.STEPS[name](*weights, below[t], state, **options)
                outputs[t].append(state["h"])
        below = [torch.cat(parts) for parts in outputs]
    assert model.readout is not None and model.vocabulary is not None
    ids = torch.from_numpy(model.vocabulary.encode(TEXT).values)
    losses = F.cross_entropy(model.readout(torch.stack(below[:-1])), ids[1:], reduction="none") / (T - 1)
    leaves = [leaf for by_step in copies.values() for leaf in by_step]
    found: Terms = {}
    for at, loss in enumerate(losses):
        grads = iter(torch.autograd.grad(loss, leaves, materialize_grads=True, retain_graph=True))
        by_name = {key: [next(grads) for _ in steps] for key in copies}
        found |= {(at, t): {key: values[t] for key, values in by_name.items()} for t in steps}
    return found


def _suffixes(model: Model) -> list[str]:
    return model.stack.suffixes()


def summed(terms: Terms, within: float = math.inf) -> dict[str, Tensor]:
    """The sum of the terms with T - t < within."""
    chosen = [by_weight for (at, t), by_weight in terms.items() if at - t < within]
    return {key: torch.stack([term[key] for term in chosen]).sum(0) for key in chosen[0]}


def flat(gradient: dict[str, Tensor]) -> Array:
    return torch.cat([gradient[key].flatten() for key in sorted(gradient)]).numpy()


@pytest.mark.cases(12)
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("variant", KNOWN)
def test_terms_are_those_of_autograd(variant: Variant, shape: Shape, device: str, path: str) -> None:
    """Each term's exact norm, and their sum by weight, in float64."""
    model, terms = network(variant, shape), terms_of(variant[0], tuple(variant[1].items()), shape)
    found = models.itemised(model, TEXT, state=state_of(model), device=device)
    for (at, t), term in terms.items():
        assert found.shares[at, t] == pytest.approx(np.linalg.norm(flat(term)), abs=1e-9)  # values below 1
    gradient = summed(terms)
    assert set(found.gradient) == set(gradient) == set(model.stack.state_dict())
    for name, expected in gradient.items():
        np.testing.assert_allclose(found.gradient[name], expected, rtol=0, atol=1e-9, err_msg=name)
    assert found.norm == pytest.approx(np.linalg.norm(flat(gradient)))


@pytest.mark.parametrize("shape", [(1, False), (2, False)], ids=str)
@pytest.mark.parametrize("variant", KNOWN)
def test_truncation_drops_the_terms_from_k_on(variant: Variant, shape: Shape, path: str) -> None:
    """Share lost, angle and norm against the sum of the terms that are left; at k ≥ T nothing is lost at all."""
    model, terms = network(variant, shape), terms_of(variant[0], tuple(variant[1].items()), shape)
    ks = (3, 1, T, 7, T - 1, 100)
    found = models.itemised(model, TEXT, ks, state=state_of(model))
    whole = flat(summed(terms))
    assert [truncated.k for truncated in found.truncated] == list(ks)
    for truncated in found.truncated:
        part = flat(summed(terms, truncated.k))
        cosine = whole @ part / np.linalg.norm(whole) / np.linalg.norm(part)
        assert truncated.lost == pytest.approx(np.linalg.norm(whole - part) / np.linalg.norm(whole), abs=1e-9)
        assert truncated.norm == pytest.approx(np.linalg.norm(part), abs=1e-12)
        # The arccosine loses half of the digits near 0.
        assert truncated.angle == pytest.approx(np.degrees(np.arccos(min(1, cosine))), abs=1e-5)
        if truncated.k >= T - 1:  # the last of the T-1 losses reaches T-2 steps back
            assert (truncated.lost, truncated.angle, truncated.norm) == (0, 0, found.norm)


@given(text=st.text(SYMBOLS, min_size=2, max_size=8), variant=st.sampled_from(KNOWN), seed=st.integers(0, 9))
@FEW
def test_the_terms_add_up_to_what_training_gets(text: str, variant: Any, seed: int) -> None:
    """The parameter gradient of an ordinary backward pass; every term's norm is at most the whole's way there."""
    model = network(variant.values[0], (2, False), seed=seed)
    trained = copy.deepcopy(model)
    ids = torch.from_numpy(model.vocabulary.encode(text).values)  # type: ignore[union-attr]
    scores, _ = trained(ids[:, None])
    F.cross_entropy(scores[:-1, 0], ids[1:]).backward()
    expected = {name: weight.grad for name, weight in models.bptt.weights_of(trained).items()}
    found = models.itemised(model, text)
    for name, gradient in found.gradient.items():
        np.testing.assert_allclose(gradient, expected[f"stack.{name}"], rtol=0, atol=1e-12)  # float64
    assert found.norm <= found.shares.sum() * (1 + 1e-12)  # a sum is no longer than its terms end to end
    assert (found.shares[np.triu_indices(len(text) - 1, 1, len(text))] == 0).all()


@pytest.mark.cases(1)
@pytest.mark.parametrize("shape", [(2, False), (2, True)], ids=str)
def test_float32_comes_near(shape: Shape, path: str) -> None:
    """In float32 each share that is above the floor is right to 1e-3, over 150 steps."""
    model = network(("lstm", {}), shape, dtype=torch.float32)
    text = (TEXT * 14)[:150]
    found, expected = models.itemised(model, text), models.itemised(copy.deepcopy(model).double(), text)
    above = expected.shares > np.finfo(np.float32).tiny
    np.testing.assert_allclose(found.shares[above], expected.shares[above], rtol=1e-3)
    for name, gradient in expected.gradient.items():
        np.testing.assert_allclose(found.gradient[name], gradient, rtol=0, atol=1e-5 * expected.norm)


def test_blocks_of_targets_give_the_same(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """Where each target's gradient by every weight is held, only a few targets are at once."""
    model = network(("gru", {}), (2, False))
    expected = models.itemised(model, TEXT, (2, 5))
    for module in (back, models.bptt.terms):
        monkeypatch.setattr(module, "HELD", 1)
    found = models.itemised(model, TEXT, (2, 5))
    np.testing.assert_allclose(found.shares, expected.shares, rtol=0, atol=1e-12)
    for name, gradient in expected.gradient.items():
        np.testing.assert_allclose(found.gradient[name], gradient, rtol=0, atol=1e-12)
    for a, b in zip(found.truncated, expected.truncated, strict=True):
        assert (a.lost, a.norm) == pytest.approx((b.lost, b.norm), abs=1e-12)


def test_an_exploding_gradient_is_taken_apart_without_headroom(path: str) -> None:
    """2^79 fits float32, but not 2^64 times over."""
    model = network(("rnn", {"nonlinearity": "linear"}), dtype=torch.float32)
    exact = copy.deepcopy(model).double()
    text = (TEXT * 8)[:80]
    for network_ in (model, exact):
        with torch.no_grad():
            network_.cell.weight_hh.copy_(torch.eye(4) * 2)
    found, expected = models.itemised(model, text), models.itemised(exact, text)
    assert expected.norm > 1e22
    assert found.norm == pytest.approx(expected.norm, rel=1e-3)
    above = expected.shares > np.finfo(np.float32).tiny  # a loss that float32 finds to be 0 has no gradient
    np.testing.assert_allclose(found.shares[above], expected.shares[above], rtol=1e-3)


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(back, "PACE", 0)
    shares: list[float] = []
    models.itemised(network(("lstm", {})), TEXT, progress=shares.append)
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] == 1


def test_the_angle_between_two_gradients() -> None:
    """0 for the same direction at any length, 90 for what shares nothing, 180 for the opposite, none for nothing."""
    x, y = (
        {"w": torch.tensor([1.0, 0]), "b": torch.tensor([0.0])},
        {"w": torch.tensor([0.0, 2]), "b": torch.tensor([0.0])},
    )
    opposite, nothing = {n: -3 * v for n, v in x.items()}, {n: 0 * v for n, v in x.items()}
    diagonal = {n: x[n] + y[n] / 2 for n in x}
    assert angle(x, x) == 0
    assert (angle(x, y), angle(x, opposite)) == (pytest.approx(90), pytest.approx(180))
    assert angle(x, diagonal) == pytest.approx(45)
    assert math.isnan(angle(x, nothing))
    assert (lost(x, x), lost(x, nothing)) == (0, 1)
    assert math.isnan(lost(nothing, x))


def test_a_network_that_answers_with_numbers() -> None:
    """Squared errors of a given target, at every step."""
    model = Model(network(("gru", {})).stack, readout=torch.nn.Linear(4, 1).double(), answer="number")
    x = steps_of(3)
    found = models.itemised(model, x, target=0.5)
    np.testing.assert_allclose(found.losses, (models.predict(model, x)[:, 0] - 0.5) ** 2, rtol=0, atol=1e-12)
    assert found.shares.shape == (len(x), len(x))


@pytest.mark.parametrize(
    ("shape", "text", "asked", "said"),
    [
        ((1, False), TEXT, {"truncate": (0,)}, "k is 0; a truncated gradient goes back at least 1 step"),
        ((1, True), TEXT, {"truncate": (3,)}, "reads both ways has no truncation"),
        ((1, False), "a", {}, "give at least two"),
    ],
)
def test_wrong_use_is_told(shape: Shape, text: str, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        models.itemised(network(("gru", {}), shape), text, **asked)
