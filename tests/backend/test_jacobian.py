"""Jacobians, the two channels, singular values and Elman networks: against autograd in float64 and against the definitions."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import explorer
from explorer import models
from explorer.models.model import Model
from explorer.signals import Array
from tests import reference
from tests.backend.definitions import KNOWN, SHAPES, T, squashes
from tests.helpers import DEVICES, FEWER, SYMBOLS, TEXT, UNITS, VARIANTS, Shape, Variant, network, state_of, steps_of

STATES = [
    pytest.param(variant.values[0], name, id=f"{variant.id}-{name}")
    for variant in KNOWN
    for name in explorer.cells.REGISTRY[variant.values[0][0]].State._fields
]
BELTED = [variant for variant in KNOWN if explorer.cells.REGISTRY[variant.values[0][0]].belts]
RNNS = [variant for variant in KNOWN if variant.values[0][0] == "rnn"]


def rows_of(model: Model, variant: Variant, state: dict[str, Array]) -> list[dict[str, list[Tensor]]]:
    """Every intermediate, in float64 and in autograd's graph, from the equations written down a second time."""
    name, options = variant
    weights = {key: weight.double() for key, weight in model.stack.state_dict().items()}
    x = model.prepare(TEXT).x[:, 0].detach().double().requires_grad_()
    initial = {key: torch.from_numpy(values).double() for key, values in state.items()}
    layers, both = model.stack.num_layers, model.stack.bidirectional
    return reference.read(name, weights, x, initial, layers, both, squashes(options))


def by_autograd(values: list[Tensor], to: int) -> Array:
    """d values[to] / d values[since] for every `since`: [since, to-unit, since-unit], one call a unit."""
    units = range(len(values[to]))
    found = [torch.autograd.grad(values[to][u], values, materialize_grads=True, retain_graph=True) for u in units]
    return np.stack([np.stack([found[u][since].numpy() for u in units]) for since in range(len(values))])


@pytest.mark.cases(10)
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("variant", "of"), STATES)
def test_a_jacobian_is_that_of_autograd(variant: Variant, of: str, shape: Shape, device: str, path: str) -> None:
    """Between three steps and several others, in every row, forwards and backwards, from a given initial state."""
    model = network(variant, shape)
    state = state_of(model)
    for layer, row in enumerate(rows_of(model, variant, state)):
        for to in (0, 6, T - 1):
            expected = by_autograd(row[of], to)
            for since in sorted({0, 4, to, T - 1}):
                asked: dict[str, Any] = {"of": of, "layer": layer, "state": state, "device": device}
                found = explorer.jacobian(model, TEXT, to=to, since=since, **asked)
                # float64: the same sums in another order.
                np.testing.assert_allclose(found, expected[since], rtol=0, atol=1e-9, err_msg=f"{layer} {to} {since}")


@pytest.mark.cases(6)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("variant", BELTED)
def test_channels_are_the_product_of_keep_and_the_derivative_of_the_belt(
    variant: Variant, shape: Shape, path: str
) -> None:
    """In the order in which each row reads; the full one against autograd, the direct one against a plain product."""
    model = network(variant, shape)
    state, keep = state_of(model), {"lstm": "f", "gru": "z"}[variant[0]]
    for layer, row in enumerate(rows_of(model, variant, state)):
        order = list(range(T))[:: -1 if shape[1] and layer % 2 else 1]
        to = order[7]
        expected = by_autograd(row[model.cell.belts[0].state], to)
        paths = models.paths(model, TEXT, to=to, layer=layer, state=state)
        for place, since in enumerate(order):
            kept = [row[keep][step].detach().numpy() for step in order[place + 1 : 8]]
            product = np.prod(kept, axis=0) if kept else np.full(UNITS, float(place == 7))
            direct, full = explorer.channels(model, TEXT, to=to, since=since, layer=layer, state=state)
            np.testing.assert_allclose(direct, product, rtol=0, atol=1e-9)
            np.testing.assert_allclose(full, expected[since], rtol=0, atol=1e-9)
            np.testing.assert_allclose(paths.direct[since], direct, rtol=0, atol=1e-12)
            np.testing.assert_allclose(paths.diagonal[since], full.diagonal(), rtol=0, atol=1e-12)
            assert paths.frobenius[since] == pytest.approx(np.linalg.norm(full), abs=1e-12)
            assert paths.spectral[since] == pytest.approx(np.linalg.norm(full, 2), abs=1e-9)


@pytest.mark.parametrize("variant", [one for one in BELTED if "gate" not in one.values[0][1]])
def test_the_direct_channel_does_not_end_at_float32(variant: Variant) -> None:
    """Ten steps of a gate at 1e-20 are 1e-200, in float64, though the network is float32. A hard gate has no such value."""
    model = network(variant, dtype=torch.float32)
    keep = slice(UNITS, 2 * UNITS)  # the keep gate is the second block of both cells
    for weight in model.cell.parameters():
        weight.data[keep] = 0
    model.cell.bias_ih.data[keep] = float(np.log(1e-20))
    direct, _ = explorer.channels(model, TEXT, to=-1, since=0)
    np.testing.assert_allclose(direct, 1e-200, rtol=1e-4)  # the bias is rounded to float32, ten times over


@pytest.mark.parametrize("variant", VARIANTS)
@given(text=st.text(SYMBOLS, min_size=2, max_size=8), seed=st.integers(0, 9), data=st.data())
@FEWER
def test_jacobians_chain_where_nothing_passes_h_by(variant: Variant, text: str, seed: int, data: Any) -> None:
    """J(T←t) = J(T←s)·J(s←t) where all that comes later is made from h. A belt beside it is another way past s, and the product of
    ∂h/∂h means nothing."""
    model = network(variant, seed=seed)
    T = len(text)
    t, s, to = sorted(data.draw(st.lists(st.integers(0, T - 1), min_size=3, max_size=3)))
    whole = explorer.jacobian(model, text, to=to, since=t)
    chained = explorer.jacobian(model, text, to=to, since=s) @ explorer.jacobian(model, text, to=s, since=t)
    if all(belt.state == "h" for belt in model.cell.belts):
        np.testing.assert_allclose(chained, whole, rtol=0, atol=1e-10)  # float64
    elif t < s < to:
        assert np.abs(chained - whole).max() > 1e-9


@pytest.mark.cases(8)
@pytest.mark.parametrize("shape", [(1, False), (2, False), (1, True)], ids=str)
@pytest.mark.parametrize("variant", KNOWN)
def test_spectra_are_those_of_the_product_of_single_steps(variant: Variant, shape: Shape, path: str) -> None:
    """Of all that a step hands on: the product of ∂(h, c)_k+1/∂(h, c)_k, each from the equations; of h: those of `jacobian`."""
    model, options = network(variant, shape), squashes(variant[1])
    state = state_of(model)
    fields = ("y",) if variant[0] == "jordan" else model.cell.State._fields
    for layer, (row, suffix) in enumerate(zip(rows_of(model, variant, state), model.stack.suffixes(), strict=True)):
        order = list(range(T))[:: -1 if suffix.endswith("reverse") else 1]
        W = model.stack.state_dict()
        weights = [W[f"{name}{suffix}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        found = models.spectra(model, TEXT, to=order[-1], layer=layer, state=state)
        product = torch.eye(sum(len(row[name][0]) for name in fields), dtype=torch.float64)
        for place in range(T - 1, -1, -1):
            since = order[place]
            expected = torch.linalg.svdvals(product).numpy()
            np.testing.assert_allclose(found.full[since], expected, rtol=0, atol=1e-9)
            J = explorer.jacobian(model, TEXT, to=order[-1], since=since, layer=layer, state=state)
            np.testing.assert_allclose(found.h[since], np.linalg.svd(J)[1], rtol=0, atol=1e-9)
            assert 0 <= found.noise[since] < 1e-12
            if place:
                before = torch.cat([row[name][order[place - 1]] for name in fields]).detach()
                unread = {name: row[name][order[place - 1]].detach() for name in model.cell.State._fields}
                x = entering(model, TEXT, layer, state)[since]

                def step(s: Tensor, x: Tensor = x, weights: list[Tensor] = weights, rest: Any = unread) -> Tensor:
                    parts = rest | dict(zip(fields, s.split([len(rest[name]) for name in fields]), strict=True))
                    after = reference.STEPS[variant[0]](*weights, x, parts, **options)
                    return torch.cat([after[name] for name in fields])

                product = product @ torch.autograd.functional.jacobian(step, before)


def entering(model: Model, text: str, layer: int, state: dict[str, Array]) -> Tensor:
    """What a row reads at each step: x, or the h of the row below."""
    if layer == 0 or model.stack.bidirectional:
        return model.prepare(text).x[:, 0].detach()
    return torch.from_numpy(explorer.trace(model, text, state=state)["h"][layer - 1].copy())


@pytest.mark.parametrize("variant", RNNS)
def test_an_elman_network_keeps_to_its_bound(variant: Variant, path: str) -> None:
    """‖dh_T/dh_t‖ ≤ (σ_max γ)^(T-t); the product in the wrong order is another number, but in a linear network the same."""
    model = network(variant)
    W = model.cell.weight_hh.detach().numpy()
    found = models.elman(model, TEXT, to=-1)
    assert found.radius == pytest.approx(np.abs(np.linalg.eigvals(W)).max())
    assert found.sigma == pytest.approx(np.linalg.norm(W, 2))
    assert found.gamma == (0.25 if variant[1]["nonlinearity"] == "sigmoid" else 1)
    h = explorer.trace(model, TEXT)["h"][0]
    slope = {"tanh": 1 - h**2, "relu": h > 0, "sigmoid": h * (1 - h), "linear": np.ones_like(h)}
    slope |= {"softplus": 1 - np.exp(-h)}
    slopes = slope[variant[1]["nonlinearity"]]
    for since in range(T):
        J = explorer.jacobian(model, TEXT, to=-1, since=since)
        wrong = np.linalg.matrix_power(W, T - 1 - since) @ np.diag(np.prod(slopes[since + 1 :], axis=0))
        assert found.exact[since] == pytest.approx(np.linalg.norm(J, 2), abs=1e-12)
        assert found.misordered[since] == pytest.approx(np.linalg.norm(wrong, 2), abs=1e-12)
        assert found.bound[since] == pytest.approx((found.sigma * found.gamma) ** (T - 1 - since))
        assert found.exact[since] <= found.bound[since] * (1 + 1e-12)  # rounding of float64
        if np.linalg.norm(J) > 0:
            assert found.apart[since] == pytest.approx(np.linalg.norm(wrong - J) / np.linalg.norm(J), abs=1e-9)
    far = found.apart[: T - 2]
    assert (far < 1e-12).all() if variant[1]["nonlinearity"] == "linear" else (far[np.isfinite(far)] > 1e-3).all()


def test_a_jacobian_that_needs_all_of_float32_has_it(path: str) -> None:
    """2^119 beside the steps where headroom is no trouble; 2^139 is infinite."""
    cell = explorer.cells.build("rnn", 1, 1, nonlinearity="linear")
    with torch.no_grad():
        cell.weight_hh.fill_(2.0)
    x = np.zeros((140, 1))
    for since, exact in ((139, 1), (100, 2.0**39), (20, 2.0**119), (0, np.inf)):
        assert explorer.jacobian(cell, x, to=-1, since=since).item() == exact  # powers of two: nothing is rounded


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_float32_is_right_in_every_entry(name: str) -> None:
    """Of a float32 network with saturated units: each entry above the floor to 1e-3, those in which many terms cancel included."""
    model = network((name, {}), (2, False), dtype=torch.float32, units=24)
    for weight in model.stack.parameters():
        weight.data *= 4
    exact, text = copy.deepcopy(model).double(), TEXT * 8
    for since in (80, 60, 30):
        found = explorer.jacobian(model, text, to=-1, since=since, layer=1)
        expected = explorer.jacobian(exact, text, to=-1, since=since, layer=1)
        above = np.abs(expected) > np.finfo(np.float32).tiny
        np.testing.assert_allclose(found[above], expected[above], rtol=1e-3)
        assert found.dtype == np.float32
        if name != "rnn":
            direct, full = explorer.channels(model, text, to=-1, since=since, layer=1)
            exact_direct, exact_full = explorer.channels(exact, text, to=-1, since=since, layer=1)
            np.testing.assert_allclose(direct, exact_direct, rtol=1e-3)
            above = np.abs(exact_full) > np.finfo(np.float32).tiny
            np.testing.assert_allclose(full[above], exact_full[above], rtol=1e-3)


def test_modules_of_torch_and_cells_are_taken() -> None:
    """A wrapped nn.GRU and a bare cell, without a vocabulary."""
    wrapped = explorer.wrap(torch.nn.GRU(3, 5))
    x = steps_of(3)
    assert explorer.jacobian(wrapped, x, to=-1, since=0).shape == (5, 5)
    assert explorer.jacobian(wrapped, x, to=2, since=2).tolist() == np.eye(5).tolist()
    direct, full = explorer.channels(explorer.cells.build("lstm", 3, 5), x, to=4, since=1)
    assert (direct.shape, full.shape) == ((5,), (5, 5))
    assert not explorer.jacobian(wrapped, x, to=1, since=2).any()


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda m: explorer.jacobian(m, TEXT, to=T, since=0), "to is 11, but there are 11: choose from 0 to 10"),
        (lambda m: explorer.jacobian(m, TEXT, to=0, since=-12), "since is -12"),
        (lambda m: explorer.jacobian(m, TEXT, to=0, since=0, layer=2), "layer is 2"),
        (lambda m: explorer.jacobian(m, TEXT, to=0, since=0, of="c"), "rnn has no state 'c'; it has h"),
        (lambda m: explorer.channels(m, TEXT, to=0, since=0), "rnn has no belt"),
        (lambda m: models.paths(m, TEXT, to=0), "rnn has no belt"),
        (lambda _: models.elman(network(("gru", {})), TEXT, to=0), "gru is not an Elman network"),
    ],
)
def test_wrong_use_is_told(ask: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ask(network(("rnn", {})))
