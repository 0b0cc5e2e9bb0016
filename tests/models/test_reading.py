"""Bad input gets a clear answer, and odd text loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

import explorer
from explorer.models.model import Model
from explorer.models.vocabulary import UNKNOWN
from explorer.signals import Array
from tests.helpers import FEW, SYMBOLS, TEXT, VARIANTS, Variant, network

MODEL = network(("lstm", {}))
ELMAN = network(("rnn", {}))
WRAPPED = explorer.wrap(nn.LSTM(3, 4, 2))
X = np.zeros((5, 3))

ODD = [
    "a", "\n", "\t", "\0", "日本語", "👩‍👩‍👧", "🇨🇭", "e\u0301é", "\u202eabc", "שלום abc", "مرحبا", "a\u200db", "\ufeffabc",
    "<b>abc</b><script>", "$x^2$ **abc** `d`", "a\r\nb\rc", "\ud800", "ﬁ", "İ", "\U0010ffff",
]  # fmt: skip
NETWORKS = {variant.id: network(variant.values[0], dtype=torch.float32) for variant in VARIANTS}


@pytest.mark.parametrize("variant", NETWORKS)
@FEW
@given(text=st.text(min_size=1, max_size=40) | st.text(SYMBOLS, min_size=1, max_size=40))
def test_any_text(variant: str, text: str) -> None:
    """Gates within [0, 1], every signal finite, tokens that join back to the text, a prediction that is one."""
    model = NETWORKS[variant]
    trace = explorer.trace(model, text)
    assert "".join(trace.tokens) == text.replace("\r\n", "\n")
    assert not trace.nonfinite
    for signal in trace.of_kind("gate"):
        assert 0 <= trace[signal.name].min() <= trace[signal.name].max() <= 1
    assert {array.shape[-2] for array in trace.arrays.values()} == {len(trace.tokens)}
    unknown = set(text.replace("\r\n", "\n")) - set(SYMBOLS)
    assert bool(trace.notices) == bool(unknown)  # what the model does not know is said
    log_p = explorer.predict(model, text)
    assert log_p.shape == (len(trace.tokens), len(model.labels))
    np.testing.assert_allclose(np.exp(log_p).sum(-1), 1, atol=1e-5)  # float32


@pytest.mark.parametrize("text", ODD, ids=ascii)
@pytest.mark.parametrize("variant", NETWORKS)
def test_odd_text(variant: str, text: str) -> None:
    """Emoji, right-to-left, combining marks, a lone surrogate (replaced), markup: one token a code point, and gradients too."""
    model = NETWORKS[variant]
    trace = explorer.trace(model, text)
    assert list(trace.tokens) == list(text.replace("\r\n", "\n").replace("\ud800", UNKNOWN))
    if trace.steps > 1:
        assert not explorer.gradients(model, text).nonfinite


def test_one_character() -> None:
    """It can be read and predicted from; a loss needs a second one, and says so; other objectives work."""
    trace = explorer.trace(MODEL, "a")
    assert trace.steps == 1
    assert explorer.predict(MODEL, "a").shape == (1, len(MODEL.labels))
    for of in ("loss", "mean"):
        with pytest.raises(ValueError, match="a loss needs a next token: give at least two"):
            explorer.gradients(MODEL, "a", of=of)
    assert explorer.gradients(MODEL, "a", of="logit")["grad_h"].any()
    assert explorer.gradients(MODEL, "a", of="c", unit=0)["grad_c"][0, 0, 0] == 1
    assert explorer.arithmetic(MODEL, "a", unit=0)["f_pre"].bias.shape == (1,)


def test_a_long_text() -> None:
    """Ten thousand characters, read in one go."""
    trace = explorer.trace(NETWORKS["lstm"], "abcde " * 1667)
    assert trace.steps == 10_002
    assert not trace.nonfinite


@pytest.mark.parametrize("ask", [explorer.trace, explorer.predict, explorer.gradients])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "the text is empty; give it at least one character"),
        (X, "reads text, but was given ndarray"),
        (None, "reads text, but was given NoneType"),
        (b"abc", "reads text, but was given bytes"),
    ],
)
def test_what_a_text_model_refuses(ask: Any, given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask(MODEL, given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("abc", r"has no vocabulary; give it an array \[step, input\] instead of a text"),
        (np.zeros((5, 2)), r"expected an array \[step, 3\] of at least one step, got \[5, 2\]"),
        (np.zeros((0, 3)), r"at least one step, got \[0, 3\]"),
        (np.zeros(3), r"got \[3\]"),
        (np.zeros((1, 5, 3)), r"got \[1, 5, 3\]"),
        (3.0, r"got \[\]"),
        ([["a", "b", "c"]], "expected numbers, got list"),
        ([[1, 2, 3], [1, 2]], "expected numbers, got list"),
        ({"x": 1}, "expected numbers, got dict"),
        (None, "expected numbers, got NoneType"),
    ],
    ids=str,
)
def test_what_a_wrapped_network_refuses(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        explorer.trace(WRAPPED, given)


@pytest.mark.parametrize(
    "given",
    [
        np.arange(15.0).reshape(5, 3),
        np.arange(15).reshape(5, 3),
        np.arange(15.0).reshape(5, 3).tolist(),
        torch.arange(15.0).view(5, 3),
        torch.arange(15.0).view(5, 3).requires_grad_(),
        np.arange(15.0)[::-1].reshape(5, 3)[::-1, ::-1],
        np.asfortranarray(np.arange(15.0).reshape(5, 3)),
    ],
    ids=["float", "int", "list", "tensor", "trainable", "reversed", "fortran"],
)
def test_what_it_takes(given: Any) -> None:
    """Anything that is [step, input] numbers; and what a trace gives back can be handed in again."""
    trace = explorer.trace(WRAPPED, given)
    np.testing.assert_array_equal(trace["x"], np.arange(15.0).reshape(5, 3))
    again = explorer.trace(WRAPPED, trace["x"], state=trace.initial)
    np.testing.assert_array_equal(again["h"], trace["h"])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"of": "los"}, "unknown objective 'los'; choose from loss, mean, logit, log_prob, h, c"),
        ({"at": 10}, "at is 10, but there are 10: choose from 0 to 9, or -10 to -1"),
        ({"at": -11}, "at is -11, but there are 10"),
        ({"of": "logit", "at": 11}, "at is 11, but there are 11"),
        ({"of": "h"}, 'of="h" is about one unit; choose it with unit='),
        ({"of": "h", "unit": 4}, "unit is 4, but there are 4: choose from 0 to 3, or -4 to -1"),
        ({"of": "h", "unit": -5}, "unit is -5"),
        ({"of": "c", "unit": 0, "layer": 1}, "layer is 1, but there are 1"),
        ({"of": "c", "unit": 0, "at": -12}, "at is -12, but there are 11"),
        ({"of": "logit", "token": "Z"}, "'Z' is not in this vocabulary of 6 characters"),
        ({"of": "logit", "token": 7}, "token is 7, but there are 7"),
        ({"at": "3"}, "at is '3', which is not a whole number: choose from 0 to 9, or -10 to -1"),
        ({"at": 2.0}, "at is 2.0, which is not a whole number"),
        ({"at": None}, "at is None, which is not a whole number"),
        ({"of": "h", "unit": "3"}, "unit is '3', which is not a whole number: choose from 0 to 3, or -4 to -1"),
        ({"of": "h", "unit": 0, "layer": 0.5}, "layer is 0.5, which is not a whole number"),
        ({"of": "logit", "token": 2.5}, "token is 2.5, which is not a whole number"),
        ({"of": "logit", "token": [1]}, r"token is \[1\], which is not a whole number"),
        ({"device": "tpu"}, "unknown device 'tpu'; choose from auto, cpu, cuda, mps"),
        ({"state": {"k": [0] * 4}}, "lstm has no state 'k'; it has h, c"),
        ({"state": {"h": [0] * 3}}, r"state 'h' is \[3\]; expected \[1, 4\]"),
        ({"state": {"h": [[0] * 4] * 2}}, r"state 'h' is \[2, 4\]; expected \[1, 4\]"),
        ({"state": {"h": ["a"] * 4}}, "expected numbers, got list"),
        (
            {"state": np.zeros((1, 4))},
            r"state is one ndarray, but lstm has 2 states: give state=\(h, c\), or a dict by name",
        ),
        ({"state": (np.zeros((1, 4)),) * 3}, "state is a tuple of 3, but lstm has 2 states"),
        ({"state": (np.zeros((1, 2, 4)),) * 2}, r"state 'h' is \[1, 2, 4\]; expected \[1, 4\]"),
    ],
    ids=str,
)
def test_what_gradients_refuses(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        explorer.gradients(MODEL, TEXT, **asked)


def test_what_a_cell_does_not_have() -> None:
    """An Elman network has no c; a network without a readout no loss, no prediction, no named label."""
    with pytest.raises(ValueError, match="rnn has no state 'c'; it has h"):
        explorer.gradients(ELMAN, TEXT, of="c", unit=0)
    for of in ("loss", "mean"):
        with pytest.raises(ValueError, match='needs a readout and a next token; ask for of="h"'):
            explorer.gradients(WRAPPED, X, of=of)
    with pytest.raises(ValueError, match="no readout"):
        explorer.predict(WRAPPED, X)
    with pytest.raises(ValueError, match="has no label 'a'; name it by its number"):
        explorer.gradients(WRAPPED, X, of="logit", token="a")


def test_state_for_one_row_or_all() -> None:
    """[unit] is meant for every row, [layer, unit] says each; a state that is left out is zero."""
    h = np.array([0.1, -0.2, 0.3, 0.4])
    one = explorer.trace(WRAPPED, X, state={"h": h})
    both = explorer.trace(WRAPPED, X, state={"h": np.stack([h, h]), "c": np.zeros((2, 4))})
    np.testing.assert_array_equal(one["c"], both["c"])
    np.testing.assert_allclose(one.initial["h"], np.stack([h, h]), rtol=1e-7)  # float32
    assert not one.initial["c"].any()


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("batched", [True, False])
def test_a_state_as_torch_gives_it(kind: type[nn.RNNBase], batched: bool) -> None:
    """What a module returned of a first part is handed in as it is, and read on from: both layers, both directions, as the module does."""
    torch.manual_seed(0)
    module = kind(3, 4, 2, bidirectional=True)
    x = torch.randn(7, 3)
    given = x[:, None] if batched else x
    with torch.no_grad():
        _, state = module(given[:3])
        wanted, _ = module(given[3:], state)
    wanted = wanted.reshape(4, 8).numpy()
    trace = explorer.trace(explorer.wrap(module), x[3:], state=state)
    np.testing.assert_allclose(np.concatenate(trace["h"][2:], -1), wanted, rtol=0, atol=1e-6)  # float32
    if kind is not nn.LSTM:
        with pytest.raises(
            ValueError, match=r"state is a tuple of 2, but .* has 1 state: give state=h, or a dict by name"
        ):
            explorer.trace(explorer.wrap(module), x, state=(state, state))


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x.astype(ml_dtypes.bfloat16),
        lambda x: x.astype(np.float16),
        lambda x: torch.tensor(x).bfloat16(),
        lambda x: torch.tensor(x).half(),
        lambda x: torch.tensor(x).to(torch.float8_e5m2),
        lambda x: [row.bfloat16() for row in torch.tensor(x)],
        lambda x: torch.tensor(x).to_sparse(),
        lambda x: torch.tensor(x, requires_grad=True),
    ],
)
def test_numbers_of_every_type(make: Callable[[Array], Any]) -> None:
    """The values themselves, which all of these types hold exactly; NumPy has no bfloat16 of its own."""
    x = np.array([[0.5, -1.25, 2.0], [0.0, 0.125, -3.0]])
    np.testing.assert_array_equal(explorer.trace(WRAPPED, make(x))["x"], x)


def test_a_bfloat16_array_that_lost_its_type() -> None:
    """As it comes back from a .npy file."""
    lost = np.ones((2, 3), ml_dtypes.bfloat16).view("V2")
    with pytest.raises(ValueError, match=r"expected numbers, got ndarray .an array of \|V2.*ml_dtypes.bfloat16"):
        explorer.trace(WRAPPED, lost)


@given(st.integers(1, 10))
@example(5)
@FEW
def test_reading_on_is_reading(cut: int) -> None:
    """The state after a first part, handed in with the second: the numbers of reading both at once."""
    whole = explorer.trace(MODEL, TEXT)
    first = explorer.trace(MODEL, TEXT[:cut])
    rest = explorer.trace(MODEL, TEXT[cut:], state={name: first[name][:, -1] for name in ("h", "c")})
    for name in whole.arrays:
        np.testing.assert_allclose(rest[name], whole[name][..., cut:, :], rtol=0, atol=1e-13)  # float64


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_cell_is_read_as_it_is(variant: Variant) -> None:
    """explorer.trace takes a bare cell or stack, as cells.build makes them."""
    name, options = variant
    for layers in (1, 2):
        built = explorer.cells.build(name, 3, 4, layers, **options)
        trace = explorer.trace(built, X)
        assert trace["h"].shape == (layers, 5, 4)
        assert trace.tokens == ("0", "1", "2", "3", "4")
        assert Model(built).labels == ()
