"""Trace: named, read-only, checked arrays; what it derives from them; and that it survives being written, pickled, tabulated."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer.signals import Readout, Signal, Trace
from tests.helpers import SHAPES, TEXT, VARIANTS, Shape, Variant, network, state_of


def signal(name: str, **options: Any) -> Signal:
    return Signal(name=name, symbol=name, kind="signed", role="hidden", **options)


def small(h: Any = ((1.0, 2.0), (3.0, 4.0)), **fields: Any) -> Trace:
    """One layer, two steps, two units, h only."""
    values = {"arrays": {"h": np.array([h], dtype=np.float64)}, "signals": {"h": signal("h")}, "tokens": ("a", "b")}
    return Trace(**values | fields)


def test_a_trace_by_name() -> None:
    trace = explorer.trace(network(("lstm", {}), (2, True)), TEXT)
    assert trace["f"].shape == (4, len(TEXT), 4)
    assert trace["x"].shape == (len(TEXT), 3)
    assert (trace.rows, trace.steps, trace.units) == (4, len(TEXT), 4)
    assert "f" in trace
    assert "q" not in trace
    with pytest.raises(KeyError, match=r"no signal 'q' in this trace; there are x, i_pre, .*h"):
        trace["q"]


def test_what_there_is() -> None:
    """By kind, in the order of computation, pre-activations on request."""
    trace = explorer.trace(network(("lstm", {})), TEXT)
    assert [s.name for s in trace.per_unit()] == ["i", "f", "g", "o", "c", "h"]
    assert [s.name for s in trace.per_unit(pre=True)] == [
        "i_pre",
        "i",
        "f_pre",
        "f",
        "g_pre",
        "g",
        "o_pre",
        "o",
        "c",
        "h",
    ]
    assert [s.name for s in trace.of_kind("gate")] == ["i", "f", "o"]
    assert (trace.memory, trace.cell) == ("c", "lstm")


def test_read_only() -> None:
    """Neither an array, nor a dictionary, nor a field can be changed; nor the model's weights through the readout."""
    model = network(("gru", {}))
    trace = explorer.trace(model, TEXT, state=state_of(model))
    assert trace.readout is not None
    for array in (trace["h"], trace["x"], trace.initial["h"], trace.readout.weight, trace.readout.bias):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(TypeError):
        trace.arrays["h"] = np.zeros(1)
    with pytest.raises(FrozenInstanceError):
        trace.cell = "lstm"


def test_it_can_be_a_key() -> None:
    """Two traces are compared by who they are: by value there is no one answer to two arrays."""
    one, other = small(), small()
    assert one == one
    assert one != other
    assert {one: 1, other: 2}[one] == 1


def test_what_was_handed_in_is_not_touched() -> None:
    """The caller's array stays writable, and changing it afterwards does not change the trace."""
    wrapped = explorer.wrap(torch.nn.GRU(2, 3))
    x, h = np.ones((4, 2), dtype=np.float32), np.zeros(3, dtype=np.float32)
    trace = explorer.trace(wrapped, x, state={"h": h})
    x[:], h[:] = 5, 5
    assert (trace["x"] == 1).all()
    assert (trace.initial["h"] == 0).all()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_previous(variant: Variant, shape: Shape) -> None:
    """One step before in the order in which each row reads: a backward row comes from the right."""
    model = network(variant, shape)
    state = state_of(model)
    trace = explorer.trace(model, TEXT, state=state)
    for name, first in state.items():
        before = trace.previous(name)
        for row in range(trace.rows):
            backward = shape[1] and row % 2 == 1
            for step in range(trace.steps):
                earlier = step + 1 if backward else step - 1
                expected = trace[name][row, earlier] if 0 <= earlier < trace.steps else first[row]
                np.testing.assert_array_equal(before[row, step], expected)


def test_to_pandas() -> None:
    """A row for each layer, step and unit, with the token, the pre-activations too; x has other dims and is left out."""
    trace = explorer.trace(network(("lstm", {}), (2, False)), TEXT)
    frame = trace.to_pandas()
    assert list(frame.columns[:4]) == ["layer", "step", "token", "unit"]
    assert list(frame.columns[4:]) == [s.name for s in trace.per_unit(pre=True)]
    assert len(frame) == 2 * len(TEXT) * 4
    for _, row in frame.sample(20, random_state=0).iterrows():
        layer, step, unit = int(row["layer"]), int(row["step"]), int(row["unit"])
        assert row["token"] == TEXT[step]
        assert row["f"] == trace["f"][layer, step, unit]
        assert row["o_pre"] == trace["o_pre"][layer, step, unit]


@pytest.mark.parametrize("again", [lambda t: pickle.loads(pickle.dumps(t)), copy.deepcopy, copy.copy])
def test_pickled_and_copied(again: Any) -> None:
    """The app's cache pickles a trace; what comes back is whole, and read-only again."""
    model = network(("lstm", {}), (2, True), dtype=torch.float32)
    trace = explorer.trace(model, TEXT + "Ω", state=state_of(model))
    check_same(again(trace), trace)
    with pytest.raises(ValueError, match="read-only"):
        again(trace)["h"][:] = 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("shape", [(1, False), (2, True)], ids=str)
@pytest.mark.parametrize("variant", VARIANTS)
def test_saved_and_read(variant: Variant, shape: Shape, dtype: torch.dtype, tmp_path: Path) -> None:
    """Everything comes back: a trace, and a trace of gradients."""
    model = network(variant, shape, dtype=dtype)
    state = state_of(model)
    for n, trace in enumerate((explorer.trace(model, TEXT + "Ω\n", state=state), explorer.gradients(model, TEXT))):
        trace.save(tmp_path / f"{n}.npz")
        check_same(Trace.read(tmp_path / f"{n}.npz"), trace)
        check_same(Trace.read(str(tmp_path / f"{n}.npz")), trace)


def check_same(one: Trace, other: Trace) -> None:
    """Asserts that every field is equal, arrays to the last bit and of the same dtype."""
    for name in ("signals", "tokens", "cell", "belts", "notices", "bidirectional", "nonfinite"):
        assert getattr(one, name) == getattr(other, name), name
    for mine, theirs in ((one.arrays, other.arrays), (one.initial, other.initial), (one.edited, other.edited)):
        assert list(mine) == list(theirs)
        for name in mine:
            assert mine[name].dtype == theirs[name].dtype
            np.testing.assert_array_equal(mine[name], theirs[name])
    assert (one.readout is None) == (other.readout is None)
    if one.readout is not None and other.readout is not None:
        np.testing.assert_array_equal(one.readout.weight, other.readout.weight)
        np.testing.assert_array_equal(one.readout.bias, other.readout.bias)


def test_nonfinite_numbers_are_counted() -> None:
    """NaN and both infinities, by signal; a sound trace has none."""
    trace = small(((np.nan, np.inf), (-np.inf, 0.0)))
    assert trace.nonfinite == {"h": 3}
    assert small().nonfinite == {}


def test_nan_weights_are_seen() -> None:
    """One NaN in the weights of a gate: it shows from the first step on, in that gate and in all that hangs on it."""
    model = network(("lstm", {}), dtype=torch.float32)
    model.cell.weight_ih.data[4] = torch.nan  # the forget gate of unit 0
    trace = explorer.trace(model, TEXT)
    steps = len(TEXT)
    assert (
        trace.nonfinite["c"] == trace.nonfinite["h"] == 1 + 4 * (steps - 1)
    )  # from the second step on, h reaches every unit
    assert np.isnan(trace["f"][0, 0]).tolist() == [True, False, False, False]
    assert np.isfinite(trace["i"][0, 0]).all()
    grads = explorer.gradients(model, TEXT)
    assert grads.nonfinite


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"signals": {}}, "name different quantities"),
        ({"signals": {"h": signal("h"), "c": signal("c")}}, "name different quantities"),
        ({"tokens": ("a",)}, r"h is \(1, 2, 2\), but its dims are .* over 1 tokens"),
        ({"arrays": {"h": np.zeros((2, 2))}}, "but its dims are"),
        ({"arrays": {"h": np.zeros((1, 2, 2)), "c": np.zeros((1, 2, 3))}, "signals": {"h": signal("h"), "c": signal("c")}},
         r"c is \(1, 2, 3\), where the signals before it are \(1, 2, 2\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(**fields)


def test_a_readout_belongs_to_the_trace() -> None:
    """scores = weight @ h + bias gives the model's own predictions."""
    model = network(("gru", {}))
    trace = explorer.trace(model, TEXT)
    assert isinstance(trace.readout, Readout)
    scores = trace["h"][-1] @ trace.readout.weight.T + trace.readout.bias
    log_p = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    np.testing.assert_allclose(log_p, explorer.predict(model, TEXT), rtol=0, atol=1e-12)  # float64
    assert small().readout is None
