"""Keras models whole: from the input to the answer as their own configuration connects them, against what Keras itself answers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer.backend.forward import run
from explorer.models.answers import ANSWERS, CLASS, LABEL, NUMBER
from explorer.models.checkpoints import Contents, Recurrent, read
from explorer.models.stages import Ends, Layers, span_of
from explorer.signals import Array
from tests.models.checkpoints.helper import CLOSE, stack_of

# Keras saves its variables by a way that NumPy 2 is about to close.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SYMBOLS, INPUT, UNITS, STEPS = 9, 3, 4, 8
IDS = np.array([3, 1, 4, 1, 5, 8, 2, 6])
FORMS = (".keras", ".h5")
Make = Callable[[Any], Any]


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras  # slow: here and nowhere else

    return keras


def filled(model: Any) -> Any:
    """The model with random weights, variances above zero."""
    random = np.random.default_rng(0)
    for weight in model.weights:
        values = random.uniform(-0.7, 0.7, tuple(weight.shape))
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)
    return model


def sequential(keras: Any, *layers: Any, ids: bool = True) -> Any:
    """A Sequential that reads ids, by an embedding, or numbers."""
    first = keras.Input((None,), dtype="int32") if ids else keras.Input((None, INPUT))
    table = [keras.layers.Embedding(SYMBOLS, INPUT, name="letters")] if ids else []
    return keras.Sequential([first, *table, *layers])


def contents_of(model: Any, folder: Path, form: str = ".keras") -> Contents:
    path = folder / f"made{form}"
    model.save(path)
    return read(path)


def given_to(recurrent: Recurrent) -> Array:
    """Ids, or rows of numbers [step, input]."""
    assert recurrent.route is not None
    numbers = np.random.default_rng(3).standard_normal((STEPS, INPUT), dtype=np.float32)
    return IDS if recurrent.route.embedding is not None else numbers


@torch.inference_mode()
def ours(contents: Contents, recurrent: Recurrent, given: Array) -> Array:
    """The answer at each step, [step, output]: embedding, stages, layers, stages, and a softmax where it is one of several."""
    route = recurrent.route
    assert route is not None, recurrent.no_route
    table = None if route.embedding is None else contents.tables[route.embedding]
    x = torch.from_numpy(given) if table is None else table[torch.from_numpy(given)]
    x = x[:, None]  # [step, batch, feature]
    for stage in route.before:
        x = stage(x)
    x, _ = run(stack_of(recurrent), x)
    for stage in route.after:
        assert not stage.training and not any(one.requires_grad for one in stage.parameters())
        x = stage(x)
    found: Array = ANSWERS[route.answer].predict(x)[:, 0].numpy()
    return found if ANSWERS[route.answer].numbers else np.exp(found)


def theirs(model: Any, given: Array) -> Array:
    with torch.no_grad():
        found: Array = model(given[None]).numpy()[0]
    return found


def check(model: Any, contents: Contents, recurrent: Recurrent, *, given: Array | None = None) -> None:
    """Ours is Keras's answer; for a whole text also of each of its beginnings, where the last value is not the only one that counts."""
    given = given_to(recurrent) if given is None else given
    found, route = ours(contents, recurrent, given), recurrent.route
    assert route is not None
    expected = theirs(model, given)
    if expected.shape[-1] == 1 and not ANSWERS[route.answer].numbers:
        expected = np.concatenate([1 - expected, expected], -1)  # of two classes Keras gives the second
    if not route.whole_text:
        np.testing.assert_allclose(found, expected, rtol=0, atol=CLOSE)
        return
    np.testing.assert_allclose(found[-1], expected, rtol=0, atol=CLOSE)
    if recurrent.bidirectional or span_of((*route.before, *route.after)) == "whole":
        return
    for step in range(len(given)):
        beginning = theirs(model, given[: step + 1])
        beginning = beginning if len(beginning) == found.shape[1] else np.concatenate([1 - beginning, beginning])
        np.testing.assert_allclose(found[step], beginning, rtol=0, atol=CLOSE)


def lstm(of: Any, units: int = UNITS, whole: bool = False, **options: Any) -> Any:
    return of.LSTM(units, return_sequences=not whole, **options)


SEQUENCE: dict[str, tuple[Callable[[Any], list[Any]], str, bool]] = {
    "1 both directions to a class": (
        lambda of: [of.Bidirectional(lstm(of, whole=True)), of.Dense(3, activation="softmax")],
        CLASS.name,
        True,
    ),
    "1 both directions of a GRU": (
        lambda of: [of.Bidirectional(of.GRU(UNITS)), of.Dense(1, activation="sigmoid")],
        CLASS.name,
        True,
    ),
    "1 both directions at each step": (
        lambda of: [of.Bidirectional(lstm(of)), of.Dense(3, activation="softmax")],
        LABEL.name,
        False,
    ),
    "1 directions added": (
        lambda of: [of.Bidirectional(lstm(of, whole=True), merge_mode="sum"), of.Dense(3, activation="softmax")],
        CLASS.name,
        True,
    ),
    "1 directions averaged": (
        lambda of: [of.Bidirectional(of.GRU(5, return_sequences=True), merge_mode="ave")],
        NUMBER.name,
        False,
    ),
    "2 two linear layers": (
        lambda of: [lstm(of, whole=True), of.Dense(6, activation="relu"), of.Dense(3, activation="softmax")],
        CLASS.name,
        True,
    ),
    "3 layer normalisation": (
        lambda of: [lstm(of), of.LayerNormalization(), of.Dense(3, activation="softmax")],
        LABEL.name,
        False,
    ),
    "3 without its scale": (
        lambda of: [lstm(of, whole=True), of.LayerNormalization(scale=False, epsilon=0.1), of.Dense(3)],
        NUMBER.name,
        True,
    ),
    "3 without its centre": (
        lambda of: [lstm(of, whole=True), of.LayerNormalization(center=False), of.Dense(3)],
        NUMBER.name,
        True,
    ),
    "3 by the root of squares": (lambda of: [lstm(of), of.RMSNormalization(), of.Dense(3)], NUMBER.name, False),
    "4 batch normalisation": (
        lambda of: [lstm(of, whole=True), of.BatchNormalization(), of.Dense(3, activation="softmax")],
        CLASS.name,
        True,
    ),
    "4 without its scale": (
        lambda of: [of.BatchNormalization(), lstm(of), of.BatchNormalization(scale=False, epsilon=0.01), of.Dense(3)],
        NUMBER.name,
        False,
    ),
    "4 without its centre": (
        lambda of: [lstm(of), of.BatchNormalization(center=False), of.Dense(3)],
        NUMBER.name,
        False,
    ),
    "5 another activation": (
        lambda of: [of.SimpleRNN(UNITS), of.Dense(5, activation="tanh"), of.Dense(1)],
        NUMBER.name,
        True,
    ),
    "6 global maximum": (
        lambda of: [lstm(of), of.GlobalMaxPooling1D(), of.Dense(3, activation="softmax")],
        CLASS.name,
        True,
    ),
    "6 global maximum of both directions": (
        lambda of: [of.Bidirectional(lstm(of)), of.GlobalMaxPooling1D(), of.Dense(1, activation="sigmoid")],
        CLASS.name,
        True,
    ),
    "6 global mean": (
        lambda of: [lstm(of), of.Dropout(0.5), of.GlobalAveragePooling1D(), of.Dense(3, activation="softmax")],
        CLASS.name,
        True,
    ),
    "7 two sizes": (
        lambda of: [lstm(of, 5), lstm(of, 4, whole=True), of.Dense(3, activation="softmax")],
        CLASS.name,
        True,
    ),
    "7 three sizes": (
        lambda of: [lstm(of, 16), of.Dropout(0.2), lstm(of, 8), lstm(of, 4, whole=True), of.Dense(1)],
        NUMBER.name,
        True,
    ),
    "7 two kinds": (
        lambda of: [of.Bidirectional(lstm(of)), of.GRU(UNITS), of.Dense(3, activation="softmax")],
        CLASS.name,
        True,
    ),
    "7 two alike and one above": (
        lambda of: [lstm(of), lstm(of), of.Dense(5, activation="relu"), lstm(of, 6, whole=True), of.Dense(2)],
        NUMBER.name,
        True,
    ),
    "10 a linear layer first": (
        lambda of: [of.Dense(6, activation="relu"), lstm(of, whole=True), of.Dense(3, activation="softmax")],
        CLASS.name,
        True,
    ),
    "10 a norm first": (lambda of: [of.LayerNormalization(), lstm(of), of.Dense(3)], NUMBER.name, False),
    "10 in a TimeDistributed": (
        lambda of: [
            of.TimeDistributed(of.Dense(6, activation="tanh")),
            of.SpatialDropout1D(0.1),
            lstm(of),
            of.TimeDistributed(of.LayerNormalization()),
            of.TimeDistributed(of.Dense(SYMBOLS, activation="softmax")),
        ],
        LABEL.name,
        False,
    ),
    "several classes at once": (
        lambda of: [lstm(of, whole=True), of.Dense(3, activation="sigmoid")],
        NUMBER.name,
        True,
    ),
    "an activation by itself": (
        lambda of: [lstm(of, whole=True), of.Dense(3), of.Activation("elu"), of.Dense(3), of.Softmax()],
        CLASS.name,
        True,
    ),
    "other activations by themselves": (
        lambda of: [
            lstm(of),
            of.LeakyReLU(negative_slope=0.2),
            of.Dense(5),
            of.PReLU(shared_axes=[1]),
            of.ReLU(max_value=0.4),
            of.Dense(4, activation=of.ELU(alpha=0.5)),
            of.ReLU(negative_slope=0.1),
            of.Dense(2),
        ],
        NUMBER.name,
        False,
    ),
    "axes that stay": (
        lambda of: [lstm(of, whole=True), of.Reshape((UNITS,)), of.Flatten(), of.Dense(2)],
        NUMBER.name,
        True,
    ),
    "cells in an RNN": (lambda of: [of.RNN([of.LSTMCell(5), of.LSTMCell(4)]), of.Dense(2)], NUMBER.name, True),
    "a reset gate in front": (
        lambda of: [
            of.GRU(UNITS, reset_after=False, recurrent_activation="hard_sigmoid", activation="relu"),
            of.Dense(2),
        ],
        NUMBER.name,
        True,
    ),
    "no linear layer": (lambda of: [lstm(of, whole=True)], NUMBER.name, True),
    "a rescaling": (lambda of: [of.Rescaling(0.5, offset=-1), lstm(of), of.Dense(2)], NUMBER.name, False),
}
"""The layers behind the embedding, what the answer is, and whether there is one for the whole text."""


@pytest.mark.cases(12)
@pytest.mark.parametrize("case", SEQUENCE)
def test_the_answer_is_kerass(case: str, keras: Any, tmp_path: Path) -> None:
    layers, answer, whole = SEQUENCE[case]
    model = filled(sequential(keras, *layers(keras.layers)))
    for form in FORMS:
        contents = contents_of(model, tmp_path, form)
        for recurrent in contents.recurrent:
            route = recurrent.route
            assert route is not None, recurrent.no_route
            assert (route.embedding, route.answer, route.whole_text) == ("letters", answer, whole)
            assert route.parts[0] == "letters"
            check(model, contents, recurrent)


@pytest.mark.cases(6)
@pytest.mark.parametrize("case", SEQUENCE)
def test_the_network_that_is_loaded_answers_as_keras_does(case: str, keras: Any, tmp_path: Path) -> None:
    """Of the whole text and of each of its beginnings, with layers in both directions, too; and nothing is called a guess."""
    layers, _, whole = SEQUENCE[case]
    model = filled(sequential(keras, *layers(keras.layers)))
    model.save(tmp_path / "made.keras")
    for recurrent in read(tmp_path / "made.keras").recurrent:
        ours = explorer.load(tmp_path / "made.keras", part=recurrent.where)
        assert not any("guess" in note or "Not used" in note for note in ours.notes)
        found = explorer.predict(ours, IDS)
        found = found if ours.answer.numbers else np.exp(found)
        for step in range(len(IDS)) if whole else [len(IDS) - 1]:
            expected = theirs(model, IDS[: step + 1])
            if expected.shape[-1] == 1 and not ours.answer.numbers:
                expected = np.concatenate([1 - expected, expected], -1)
            np.testing.assert_allclose(found[step] if whole else found, expected, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("case", ["1 both directions to a class", "10 in a TimeDistributed", "2 two linear layers"])
def test_numbers_are_read_likewise(case: str, keras: Any, tmp_path: Path) -> None:
    model = filled(sequential(keras, *SEQUENCE[case][0](keras.layers), ids=False))
    for form in FORMS:
        contents = contents_of(model, tmp_path, form)
        (recurrent,) = contents.recurrent
        assert recurrent.route is not None and recurrent.route.embedding is None
        check(model, contents, recurrent)


@pytest.mark.parametrize(
    "activation",
    [
        *("relu", "tanh", "sigmoid", "elu", "selu", "softplus", "softsign", "gelu", "silu", "mish", "celu", "relu6"),
        *("hard_tanh", "hard_silu", "hard_sigmoid", "log_sigmoid", "tanh_shrink", "leaky_relu", "softmax", "linear"),
    ],
)
def test_each_activation_of_a_linear_layer(activation: str, keras: Any, tmp_path: Path) -> None:
    of = keras.layers
    model = filled(sequential(keras, lstm(of), of.Dense(6, activation=activation), of.Dense(2)))
    contents = contents_of(model, tmp_path)
    check(model, contents, contents.recurrent[0])


def test_each_size_is_an_entry_with_the_others_around_it(keras: Any, tmp_path: Path) -> None:
    of = keras.layers
    model = filled(sequential(keras, lstm(of, 6), lstm(of, 5), lstm(of, 5), lstm(of, whole=True), of.Dense(2)))
    contents = contents_of(model, tmp_path)
    routes = [one.route for one in contents.recurrent]
    assert [one.hidden_size for one in contents.recurrent] == [6, 5, 4]
    assert [one.num_layers for one in contents.recurrent] == [1, 2, 1]
    counts = [
        [sum(isinstance(stage, Layers) for stage in stages) for stages in (route.before, route.after)]
        for route in routes
        if route is not None
    ]
    assert counts == [[0, 2], [1, 1], [2, 0]]


def test_both_directions_are_read_to_their_own_ends(keras: Any, tmp_path: Path) -> None:
    """The backward state after the whole text stands at its first step."""
    of = keras.layers
    model = filled(sequential(keras, of.Bidirectional(lstm(of, whole=True)), of.Dense(3, activation="softmax")))
    (recurrent,) = contents_of(model, tmp_path).recurrent
    assert recurrent.route is not None
    assert isinstance(recurrent.route.after[0], Ends)


def test_parts_are_named_as_the_file_names_them(keras: Any, tmp_path: Path) -> None:
    of = keras.layers
    model = sequential(
        keras,
        of.Bidirectional(lstm(of), name="both"),
        of.Dropout(0.5),
        of.TimeDistributed(of.Dense(4, activation="relu"), name="each"),
        of.Dense(2, activation="softmax", name="tags"),
    )
    (recurrent,) = contents_of(filled(model), tmp_path).recurrent
    assert recurrent.route is not None
    assert recurrent.route.parts == ("letters", "both (LSTM)", "each (Dense, relu)", "tags (softmax)")


def functional(keras: Any, build: Callable[[Any, Any], Any]) -> Any:
    """A model of functions: `build(layers, embedded)` gives its outputs."""
    ids = keras.Input((None,), dtype="int32", name="ids")
    embedded = keras.layers.Embedding(SYMBOLS, INPUT, name="letters")(ids)
    return filled(keras.Model(ids, build(keras.layers, embedded)))


def nested(of: Any, x: Any) -> Any:
    import keras

    encoder = keras.Sequential([keras.Input((None, INPUT)), lstm(of, 5), of.LayerNormalization()], name="encoder")
    inside = keras.Input((5,))
    head = keras.Model(
        inside, of.Dense(3, activation="softmax", name="scores")(of.Dense(4, activation="relu")(inside)), name="head"
    )
    return head(of.GRU(5, name="upper")(encoder(x)))


FUNCTIONAL: dict[str, Callable[[Any, Any], Any]] = {
    "a row of layers": lambda of, x: of.Dense(3, activation="softmax")(of.GlobalMaxPooling1D()(lstm(of)(x))),
    "models in models": nested,
    "the last step": lambda of, x: of.Dense(3, activation="softmax")(lstm(of)(x)[:, -1, :]),
    "the last step of both directions": lambda of, x: of.Dense(3, activation="softmax")(
        of.Bidirectional(lstm(of))(x)[:, -1]
    ),
    "the state that is given beside": lambda of, x: of.Dense(2)(of.LSTM(UNITS, return_state=True)(x)[1]),
}


@pytest.mark.parametrize("case", FUNCTIONAL)
def test_a_graph_of_functions_is_followed(case: str, keras: Any, tmp_path: Path) -> None:
    model = functional(keras, FUNCTIONAL[case])
    for form in FORMS:
        contents = contents_of(model, tmp_path, form)
        for recurrent in contents.recurrent:
            assert recurrent.route is not None, recurrent.no_route
            check(model, contents, recurrent)


def shared(of: Any, x: Any) -> Any:
    layer = lstm(of, INPUT, name="twice")
    return of.Dense(2)(layer(layer(x)))


NOT_COMPUTED: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "8 a residual": (
        lambda of, x: of.Dense(2)(of.Add(name="add")([lstm(of)(x), of.Dense(UNITS)(x)])),
        "The answer passes through “add” (Add), which is not computed here.",
    ),
    "9 attention": (
        lambda of, x: of.Dense(2)(of.GlobalMaxPooling1D()(attended(of, lstm(of)(x)))),
        "The answer passes through “look” (Attention), which is not computed here.",
    ),
    "two halves": (
        lambda of, x: of.Dense(2)(of.Concatenate(name="halves")([lstm(of)(x), of.GRU(3, return_sequences=True)(x)])),
        "The answer passes through “halves” (Concatenate), which is not computed here.",
    ),
    "a shared layer": (shared, "The answer passes through “twice” (LSTM) more than once, which is not computed here."),
    "a state of another": (
        lambda of, x: of.Dense(2)(
            lstm(of, name="decoder")(x, initial_state=of.LSTM(UNITS, return_state=True, name="encoder")(x)[1:])
        ),
        "The answer passes through “decoder” (LSTM), which starts from a state of “encoder”, not from zeros.",
    ),
    "the cell state": (
        lambda of, x: of.Dense(2)(of.LSTM(UNITS, return_state=True, name="two")(x)[2]),
        "The answer reads a state of “two” (LSTM) other than its last h, which is not computed here.",
    ),
    "a repetition": (
        lambda of, x: of.Dense(2)(lstm(of)(of.RepeatVector(3, name="again")(lstm(of, whole=True)(x)))),
        "The answer passes through “again” (RepeatVector), which is not computed here.",
    ),
    "a convolution": (
        lambda of, x: of.Dense(2)(lstm(of)(of.Conv1D(4, 3, padding="same", name="window")(x))),
        "The answer passes through “window” (Conv1D), which is not computed here.",
    ),
    "another axis": (
        lambda of, x: of.Dense(2)(of.LayerNormalization(axis=1, name="norm")(lstm(of)(of.Reshape((8, 3))(x)))),
        "“norm” (LayerNormalization) works along axis 1, which is not computed here.",
    ),
    "from the end": (
        lambda of, x: of.Dense(2)(lstm(of)(of.GRU(3, return_sequences=True, go_backwards=True, name="back")(x))),
        "“back” reads its input from the end (go_backwards)",
    ),
    "an activation": (
        lambda of, x: of.Dense(2)(of.Dense(4, activation="exponential", name="grow")(lstm(of)(x))),
        "The answer passes through “grow” (Dense) with the activation “exponential”, which is not computed here.",
    ),
}


def attended(of: Any, h: Any) -> Any:
    return of.Attention(name="look")([h, h])


@pytest.mark.parametrize("case", NOT_COMPUTED)
def test_what_is_not_computed_is_named(case: str, keras: Any, tmp_path: Path) -> None:
    build, says = NOT_COMPUTED[case]
    model = functional(keras, build)
    for form in FORMS:
        for recurrent in contents_of(model, tmp_path, form).recurrent:
            assert recurrent.route is None
            assert recurrent.no_route.startswith(says)
            assert len(recurrent.no_route) < 300


def test_of_several_answers_the_first_that_can_be_followed(keras: Any, tmp_path: Path) -> None:
    def build(of: Any, x: Any) -> Any:
        h = lstm(of, name="lstm")(x)
        beside = of.GRU(3, name="beside")(x)
        return [
            of.Dense(2, name="sum")(of.Add()([h, of.Dense(UNITS)(x)])),
            of.Dense(3, activation="softmax", name="tags")(h),
            of.Dense(1, name="score")(beside),
        ]

    contents = contents_of(functional(keras, build), tmp_path)
    by_name = {one.where: one for one in contents.recurrent}
    assert by_name["lstm"].route is not None and by_name["beside"].route is not None
    assert by_name["lstm"].route.parts[-1] == "tags (softmax)"
    assert by_name["lstm"].notes[-1] == "The network has 3 answers; this is “tags”, without “sum”, “score”."
    assert by_name["beside"].route.parts[-1] == "score"


@pytest.mark.parametrize(
    ("loss", "outputs", "answer"),
    [
        ("SparseCategoricalCrossentropy", 5, LABEL.name),
        ("CategoricalCrossentropy", 5, LABEL.name),
        ("BinaryCrossentropy", 1, LABEL.name),
        ("BinaryCrossentropy", 5, NUMBER.name),
    ],
)
def test_scores_are_known_by_the_loss(loss: str, outputs: int, answer: str, keras: Any, tmp_path: Path) -> None:
    """Linear outputs that were trained as scores before a softmax or a sigmoid."""
    model = filled(sequential(keras, lstm(keras.layers), keras.layers.Dense(outputs)))
    model.compile(loss=getattr(keras.losses, loss)(from_logits=True))
    for form in FORMS:
        (recurrent,) = contents_of(model, tmp_path, form).recurrent
        assert recurrent.route is not None and recurrent.route.answer == answer


def test_a_mean_that_keras_takes_without_padding_is_told(keras: Any, tmp_path: Path) -> None:
    of = keras.layers
    layers = [
        of.Embedding(SYMBOLS, INPUT, mask_zero=True),
        lstm(of),
        of.GlobalAveragePooling1D(name="mean"),
        of.Dense(2),
    ]
    model = filled(keras.Sequential([keras.Input((None,), dtype="int32"), *layers]))
    contents = contents_of(model, tmp_path)
    (recurrent,) = contents.recurrent
    assert recurrent.notes[-1] == "Keras excludes padding from the mean (mean); here every step counts."
    check(model, contents, recurrent)  # IDS have no padding


def test_a_row_of_numbers_is_read_one_by_one(keras: Any, tmp_path: Path) -> None:
    of = keras.layers
    model = filled(keras.Sequential([keras.Input((STEPS,)), of.Reshape((STEPS, 1)), lstm(of, whole=True), of.Dense(1)]))
    contents = contents_of(model, tmp_path)
    (recurrent,) = contents.recurrent
    given = np.linspace(-1, 1, STEPS, dtype=np.float32)
    np.testing.assert_allclose(ours(contents, recurrent, given[:, None])[-1], theirs(model, given), rtol=0, atol=CLOSE)


def test_numbers_are_normalised_as_keras_does(keras: Any, tmp_path: Path) -> None:
    of = keras.layers
    adapted = of.Normalization(mean=[0.1, 0.2, -0.3], variance=[0.5, 2.0, 1.0])
    model = filled(sequential(keras, adapted, lstm(of), of.Dense(2), ids=False))
    contents = contents_of(model, tmp_path)
    check(model, contents, contents.recurrent[0])


def test_every_tensor_has_its_place(keras: Any, tmp_path: Path) -> None:
    """Those of the network, without the optimizer's."""
    of = keras.layers
    model = filled(sequential(keras, lstm(of, name="rnn"), of.BatchNormalization(), of.Dense(2, name="out")))
    model.compile(optimizer="adam", loss="mse")
    for form in FORMS:
        contents = contents_of(model, tmp_path, form)
        assert len(contents.shapes) == len(model.weights)
        assert sorted(contents.shapes.values()) == sorted(tuple(one.shape) for one in model.weights)
        (recurrent,) = contents.recurrent
        assert [contents.shapes[name] for name in sorted(recurrent.tensors)] == [
            (16,),
            (3, 16),
            (4, 16),
        ] or form == ".keras"
        assert len(recurrent.tensors) == 3 and set(recurrent.tensors) <= set(contents.shapes)
        for names in contents.sources.values():
            assert set(names) <= set(contents.shapes)
        assert set(contents.sources) == {*contents.tables, *contents.linears}


def test_weights_without_a_configuration_have_no_graph(keras: Any, tmp_path: Path) -> None:
    """But their tensors are known, and what else they may be."""
    of = keras.layers
    model = filled(sequential(keras, lstm(of, recurrent_activation="hard_sigmoid"), of.Dense(2)))
    path = tmp_path / "made.weights.h5"
    model.save_weights(path)
    contents = read(path)
    (recurrent,) = contents.recurrent
    assert (recurrent.route, recurrent.no_route) == (None, "")
    assert len(contents.shapes) == len(model.weights) and len(recurrent.tensors) == 3
    assert list(recurrent.rather) == [
        "gates: hard_sigmoid (Keras 1 and 2: 0.2x + 0.5)",
        "gates: hard_sigmoid (Keras 3: x/6 + 0.5)",
        "relu",
    ]
    x = np.random.default_rng(1).standard_normal((STEPS, INPUT), dtype=np.float32)
    results = {}
    for name, one in recurrent.rather.items():
        h, _ = run(stack_of(one), torch.from_numpy(x)[:, None])
        assert one.kernel is not None
        np.testing.assert_allclose(h[:, 0].detach().numpy(), one.kernel.run(x), rtol=0, atol=CLOSE)
        results[name] = one.kernel.run(x)
    layer = model.layers[1]
    with torch.no_grad():
        expected = layer(x[None]).numpy()[0]
    np.testing.assert_allclose(results["gates: hard_sigmoid (Keras 3: x/6 + 0.5)"], expected, rtol=0, atol=CLOSE)
    assert np.abs(results["gates: hard_sigmoid (Keras 1 and 2: 0.2x + 0.5)"] - expected).max() > 1e-3
