"""Keras files, as Keras writes them: layers come back as cells of ours, and run as Keras runs them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explorer.models.checkpoints import Contents, Recurrent, Unreadable, read
from explorer.models.checkpoints.choosing import likely, network
from explorer.signals import Array
from tests.models.checkpoints.helper import CLOSE, by_steps, steps_for

# Keras saves its variables by a way that NumPy 2 is about to close.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

INPUT, UNITS = 3, 4
FORMS = (".keras", ".h5")
ASSUMED = "The file does not name its activations: tanh and sigmoid, Keras's defaults, are assumed. Choose others if they are wrong."
CASES: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "lstm": ("LSTM", {}, "lstm", {}),
    "lstm-no-bias": ("LSTM", {"use_bias": False}, "lstm", {}),
    "lstm-sigmoid": ("LSTM", {"activation": "sigmoid"}, "lstm-sigmoid", {}),
    "gru": ("GRU", {}, "gru", {"candidate": "tanh"}),
    "gru-no-bias": ("GRU", {"use_bias": False}, "gru", {"candidate": "tanh"}),
    "gru-sigmoid": ("GRU", {"activation": "sigmoid"}, "gru", {"candidate": "sigmoid"}),
    "gru-cho": ("GRU", {"reset_after": False}, "gru-cho", {"candidate": "tanh"}),
    "gru-cho-no-bias": ("GRU", {"reset_after": False, "use_bias": False}, "gru-cho", {"candidate": "tanh"}),
    "lstm-hard": ("LSTM", {"recurrent_activation": "hard_sigmoid"}, "lstm", {"gate": "hard_sigmoid"}),
    "lstm-relu": ("LSTM", {"activation": "relu"}, "lstm", {"candidate": "relu", "output": "relu"}),
    "lstm-leaky": (
        "LSTM",
        {"activation": "leaky_relu"},
        "lstm",
        {"candidate": "leaky_relu(0.2)", "output": "leaky_relu(0.2)"},
    ),
    "lstm-linear": ("LSTM", {"activation": "linear"}, "lstm", {"candidate": "linear", "output": "linear"}),
    "gru-hard": (
        "GRU",
        {"recurrent_activation": "hard_sigmoid", "activation": "elu"},
        "gru",
        {"candidate": "elu", "gate": "hard_sigmoid"},
    ),
    "gru-cho-softsign": (
        "GRU",
        {"reset_after": False, "activation": "softsign"},
        "gru-cho",
        {"candidate": "softsign"},
    ),
    "rnn-selu": ("SimpleRNN", {"activation": "selu"}, "rnn", {"nonlinearity": "selu"}),
    "rnn": ("SimpleRNN", {}, "rnn", {"nonlinearity": "tanh"}),
    "rnn-relu": ("SimpleRNN", {"activation": "relu"}, "rnn", {"nonlinearity": "relu"}),
    "rnn-sigmoid": ("SimpleRNN", {"activation": "sigmoid", "use_bias": False}, "rnn", {"nonlinearity": "sigmoid"}),
    "rnn-linear": ("SimpleRNN", {"activation": None}, "rnn", {"nonlinearity": "linear"}),
}
"""Keras's class and options, and what it should be here."""
Write = Callable[[Any, str], Path]


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras  # slow: here and nowhere else

    return keras


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Gives a model random weights, biases too, and saves it."""

    def write(model: Any, form: str) -> Path:
        random = np.random.default_rng(0)
        model.set_weights([random.uniform(-0.7, 0.7, tuple(one.shape)).astype(np.float32) for one in model.weights])
        path = tmp_path / f"made{form}"
        model.save_weights(path) if form == ".weights.h5" else model.save(path)
        return path

    return write


def numbers_in(keras: Any, *layers: Any) -> Any:
    return keras.Sequential([keras.Input((None, INPUT)), *layers])


def told(keras: Any, model: Any, x: Array) -> Array:
    """What the model gives for x [step, input], or ids [step]."""
    with torch.no_grad():
        found: Array = keras.ops.convert_to_numpy(model(x[None]))[0]
    return found


def only(contents: Contents) -> Recurrent:
    (found,) = contents.recurrent
    return found


@pytest.mark.cases(12)
@pytest.mark.parametrize(("count", "both"), [(1, False), (2, True)], ids=["one", "two-both"])
@pytest.mark.parametrize("case", CASES)
def test_layers_come_back_and_run_as_keras_runs_them(
    case: str, count: int, both: bool, keras: Any, write: Write
) -> None:
    kind, options, cell, ours = CASES[case]
    layers = [getattr(keras.layers, kind)(UNITS, return_sequences=True, **options) for _ in range(count)]
    model = numbers_in(keras, *(keras.layers.Bidirectional(layer) if both else layer for layer in layers))
    for form in FORMS:
        found = only(read(write(model, form)))
        assert (found.cell, dict(found.options)) == (cell, ours)
        assert (found.input_size, found.hidden_size, found.num_layers, found.bidirectional) == (
            INPUT,
            UNITS,
            count,
            both,
        )
        assert found.notes == (("It has no biases; they are zeros here.",) if "use_bias" in options else ())
        x = steps_for(found)
        expected = told(keras, model, x)
        np.testing.assert_allclose(by_steps(found, x), expected, rtol=0, atol=CLOSE)
        assert found.kernel is not None and found.kernel.framework == f"Keras {keras.__version__}"
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # the app shows the difference, and no warning of Keras's
            theirs = found.kernel.run(x)
        np.testing.assert_allclose(theirs, expected, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_weights_alone_are_told_by_their_shapes(kind: str, keras: Any, write: Write) -> None:
    layer = getattr(keras.layers, kind)
    model = numbers_in(keras, *(layer(UNITS, return_sequences=True, name=f"level{level}") for level in range(2)))
    found = only(read(write(model, ".weights.h5")))
    assert found.where == "level0 → level1"
    assert found.notes[0] == ASSUMED
    assert "assumed to be stacked" in found.notes[1]
    x = steps_for(found)
    np.testing.assert_allclose(by_steps(found, x), told(keras, model, x), rtol=0, atol=CLOSE)


def test_layers_that_may_as_well_lie_beside_each_other_stay_apart(keras: Any, write: Write) -> None:
    """All is of one width, as in an encoder and a decoder; the file does not say which it is."""
    model = keras.Sequential(
        [keras.Input((None, UNITS)), *(keras.layers.GRU(UNITS, return_sequences=True) for _ in range(2))]
    )
    assert [one.num_layers for one in read(write(model, ".weights.h5")).recurrent] == [1, 1]


@pytest.mark.parametrize("form", [*FORMS, ".weights.h5"])
def test_a_network_that_reads_ids_scores_as_keras_does(form: str, keras: Any, write: Write) -> None:
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(7, INPUT, name="letters"),
            keras.layers.LSTM(UNITS, return_sequences=True),
            keras.layers.Dropout(0.5),
            keras.layers.LSTM(UNITS, return_sequences=True),
            keras.layers.TimeDistributed(keras.layers.Dense(7, name="out")),
        ]
    )
    contents = read(write(model, form))
    assert list(contents.tables) == ["letters"] and len(contents.linears) == 1
    ids = np.array([3, 1, 4, 1, 5, 6, 2, 6])
    with torch.no_grad():
        ours, _ = network(contents, likely(contents))(torch.from_numpy(ids)[:, None])
    np.testing.assert_allclose(ours[:, 0].numpy(), told(keras, model, ids), rtol=0, atol=CLOSE)


def test_cells_in_an_rnn_are_layers(keras: Any, write: Write) -> None:
    cells = [keras.layers.LSTMCell(UNITS), keras.layers.LSTMCell(UNITS)]
    model = numbers_in(keras, keras.layers.RNN(cells, return_sequences=True, name="deep"))
    for form in FORMS:
        found = only(read(write(model, form)))
        assert (found.where, found.num_layers) == ("deep, cell 0 → deep, cell 1", 2)
        x = steps_for(found)
        np.testing.assert_allclose(by_steps(found, x), told(keras, model, x), rtol=0, atol=CLOSE)


def test_models_in_models_and_branches_are_told_apart(keras: Any, write: Write) -> None:
    """An encoder, whose last state a decoder begins from, and two layers in a model of their own."""
    layers = keras.layers
    first, second = keras.Input((None, INPUT)), keras.Input((None, 2))
    _, *state = layers.LSTM(UNITS, return_sequences=True, return_state=True, name="encoder")(first)
    read_out = layers.LSTM(UNITS, return_sequences=True, name="decoder")(second, initial_state=state)
    inner = keras.Sequential(
        [keras.Input((None, UNITS)), *(layers.GRU(5, return_sequences=True, name=name) for name in ("lower", "upper"))],
        name="inner",
    )
    model = keras.Model([first, second], layers.Dense(2, name="scores")(inner(read_out)))
    for form in FORMS:
        contents = read(write(model, form))
        assert [one.where for one in contents.recurrent] == ["encoder", "decoder", "lower → upper"]
        assert [bool(one.notes) for one in contents.recurrent] == [False, True, False]
        assert contents.recurrent[1].notes == (
            "In the file its initial state comes from another layer; here it starts from zeros.",
        )
        assert list(contents.linears) == ["scores"]


@pytest.mark.parametrize("between", ["LayerNormalization", "Dense", "GRU"])
def test_what_lies_between_two_layers_keeps_them_apart(between: str, keras: Any, write: Write) -> None:
    layers = keras.layers
    middle = layers.LayerNormalization() if between == "LayerNormalization" else getattr(layers, between)(UNITS)
    lower, upper = (layers.LSTM(UNITS, return_sequences=True) for _ in range(2))
    rows = [layers.RepeatVector(3)] if between == "GRU" else []
    assert all(
        one.num_layers == 1 for one in read(write(numbers_in(keras, lower, middle, *rows, upper), ".keras")).recurrent
    )


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "another activation": (
        lambda of: of.LSTM(4, activation="gelu", name="a"),
        "“a” is a LSTM with the activation “gelu”",
    ),
    "gates without bounds": (lambda of: of.GRU(4, recurrent_activation="relu"), "at its gates, “relu”"),
    "a product of directions": (lambda of: of.Bidirectional(of.GRU(4), merge_mode="mul"), "by “mul”; only concat"),
    "from the end": (lambda of: of.SimpleRNN(4, go_backwards=True), "go·backwards"),
    "pictures": (lambda of: of.ConvLSTM1D(4, 1), "“ConvLSTM1D”, which is not known here"),
    "steps by themselves": (lambda of: of.TimeDistributed(of.LSTM(4)), "“TimeDistributed”, which is not known here"),
    "no recurrent layer": (lambda of: of.Dense(4), "no recurrent layer in this Keras file; it has"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_cell_here_computes_is_refused_by_name(case: str, keras: Any, write: Write) -> None:
    make, says = REFUSED[case]
    deep = case in ("pictures", "steps by themselves")
    model = keras.Sequential([keras.Input((5, 6, INPUT) if deep else (None, INPUT)), make(keras.layers)])
    for form in FORMS:
        with pytest.raises(Unreadable) as refused:
            read(write(model, form))
        assert says.replace("·", "_") in str(refused.value)
        assert len(str(refused.value)) < 400


def test_what_a_layer_does_besides_is_told(keras: Any, write: Write) -> None:
    model = keras.Sequential([keras.Input((None, INPUT), batch_size=1), keras.layers.LSTM(UNITS, stateful=True)])
    (note,) = only(read(write(model, ".keras"))).notes
    assert "(stateful); here each text starts from zeros" in note


def test_one_layer_that_cannot_be_read_does_not_hide_the_others(keras: Any, write: Write) -> None:
    layers = keras.layers
    model = numbers_in(
        keras, layers.LSTM(UNITS, activation="gelu", return_sequences=True, name="odd"), layers.GRU(UNITS)
    )
    contents = read(write(model, ".keras"))
    assert [one.cell for one in contents.recurrent] == ["gru"]
    (note,) = contents.notes
    assert note.startswith("“odd” is a LSTM with the activation “gelu”")
