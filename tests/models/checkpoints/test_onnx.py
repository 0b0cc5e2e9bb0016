"""ONNX files: recurrent nodes come back as cells of ours, and run as ONNX Runtime runs the graph."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto, numpy_helper

from explorer.models.checkpoints import Unreadable, read_bytes
from explorer.models.checkpoints.choosing import likely, network
from explorer.models.checkpoints.formats.onnx import FORMAT
from explorer.signals import Array
from tests.models.checkpoints.graphs import INPUT, UNITS, Graph, layers, model, weights
from tests.models.checkpoints.helper import CLOSE, by_steps, read_one, steps_for

TANH, SIGMOID, RELU, LINE = "Tanh", "Sigmoid", "Relu", "Affine"
A_LINE = {"activation_alpha": [1.0], "activation_beta": [0.0]}
CASES: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "rnn": ("RNN", {}, "rnn", {"nonlinearity": "tanh"}),
    "rnn-relu": ("RNN", {"activations": [RELU]}, "rnn", {"nonlinearity": "relu"}),
    "rnn-sigmoid": ("RNN", {"activations": [SIGMOID]}, "rnn", {"nonlinearity": "sigmoid"}),
    "rnn-linear": ("RNN", {"activations": [LINE], **A_LINE}, "rnn", {"nonlinearity": "linear"}),
    "gru": ("GRU", {"linear_before_reset": 1}, "gru", {"candidate": "tanh"}),
    "gru-sigmoid": (
        "GRU",
        {"linear_before_reset": 1, "activations": [SIGMOID, SIGMOID]},
        "gru",
        {"candidate": "sigmoid"},
    ),
    "gru-cho": ("GRU", {}, "gru-cho", {"candidate": "tanh"}),
    "gru-cho-sigmoid": ("GRU", {"activations": [SIGMOID, SIGMOID]}, "gru-cho", {"candidate": "sigmoid"}),
    "rnn-elu": ("RNN", {"activations": ["Elu"], "activation_alpha": [0.5]}, "rnn", {"nonlinearity": "elu(0.5)"}),
    "rnn-leaky": ("RNN", {"activations": ["LeakyRelu"]}, "rnn", {"nonlinearity": "leaky_relu(0.01)"}),
    "rnn-softsign": ("RNN", {"activations": ["Softsign"]}, "rnn", {"nonlinearity": "softsign"}),
    "rnn-hard": (
        "RNN",
        {"activations": ["HardSigmoid"], "activation_alpha": [0.3], "activation_beta": [0.4]},
        "rnn",
        {"nonlinearity": "hard_sigmoid(0.3, 0.4)"},
    ),
    "gru-hard": (
        "GRU",
        {"linear_before_reset": 1, "activations": ["HardSigmoid", "Softplus"]},
        "gru",
        {"candidate": "softplus", "gate": "hard_sigmoid(0.2, 0.5)"},
    ),
    "gru-cho-hard": (
        "GRU",
        {"activations": ["HardSigmoid", TANH]},
        "gru-cho",
        {"candidate": "tanh", "gate": "hard_sigmoid(0.2, 0.5)"},
    ),
    "lstm-hard": ("LSTM", {"activations": ["HardSigmoid", TANH, TANH]}, "lstm", {"gate": "hard_sigmoid(0.2, 0.5)"}),
    "lstm-others": (
        "LSTM",
        {
            "activations": ["HardSigmoid", "Elu", "LeakyRelu"],
            "activation_alpha": [0.25, 0.7, 0.1],
            "activation_beta": [0.4],
        },
        "lstm",
        {"gate": "hard_sigmoid(0.25, 0.4)", "candidate": "elu(0.7)", "output": "leaky_relu(0.1)"},
    ),
    "lstm-relu": ("LSTM", {"activations": [SIGMOID, RELU, RELU]}, "lstm", {"candidate": "relu", "output": "relu"}),
    "lstm": ("LSTM", {}, "lstm", {}),
    "lstm-lower-case": ("LSTM", {"activations": ["sigmoid", "tanh", "tanh"]}, "lstm", {}),
    "lstm-sigmoid": ("LSTM", {"activations": [SIGMOID] * 3}, "lstm-sigmoid", {}),
    "lstm-niaf": ("LSTM", {"activations": [SIGMOID, LINE, TANH], **A_LINE}, "lstm-niaf", {}),
    "lstm-noaf": ("LSTM", {"activations": [SIGMOID, TANH, LINE], **A_LINE}, "lstm-noaf", {}),
    "lstm-coupled": ("LSTM", {"input_forget": 1}, "lstm-coupled", {}),
    "lstm-peephole": ("LSTM", {"peepholes": True}, "lstm-peephole", {"peephole": "diagonal"}),
    "lstm-noaf-peephole": (
        "LSTM",
        {"peepholes": True, "activations": [SIGMOID, TANH, LINE], **A_LINE},
        "lstm-noaf",
        {"peephole": "diagonal"},
    ),
}
"""ONNX's operator and attributes, and what it should be here."""


@pytest.mark.parametrize("bias", [True, False], ids=["biases", "none"])
@pytest.mark.parametrize(("count", "both"), [(1, False), (1, True), (3, False), (2, True)])
@pytest.mark.parametrize("case", CASES)
def test_nodes_come_back_and_run_as_onnx_runtime_runs_them(case: str, count: int, both: bool, bias: bool) -> None:
    operator, told, cell, options = CASES[case]
    graph = layers(operator, count, both, bias, **told)
    found = read_one(graph.bytes())
    assert (found.cell, dict(found.options)) == (cell, options)
    assert (found.input_size, found.hidden_size, found.num_layers, found.bidirectional) == (INPUT, UNITS, count, both)
    assert found.where == " → ".join(f"y{level}_node" for level in range(count))
    assert found.notes == (() if bias else ("It has no biases; they are zeros here.",))

    x = steps_for(found)
    expected = graph.run(x=x[:, None])[:, 0]  # the file itself, as it was written
    assert found.kernel is not None and found.kernel.framework.startswith("ONNX Runtime 1.")
    np.testing.assert_allclose(found.kernel.run(x), expected, rtol=0, atol=CLOSE)
    np.testing.assert_allclose(by_steps(found, x), expected, rtol=0, atol=CLOSE)


def sentence(operator: str = "LSTM", **told: Any) -> Graph:
    """A graph that reads ids: a table, layers, a product and a sum."""
    random = np.random.default_rng(5)
    graph = Graph(inputs={"ids": (TensorProto.INT64, ["step", 1])})
    graph.stored |= {
        "embedding.weight": random.standard_normal((7, INPUT)).astype(np.float32),
        "onnx::MatMul_9": random.standard_normal((UNITS, 7)).astype(np.float32),
        "out.bias": random.standard_normal(7).astype(np.float32),
    }
    graph.add("Gather", ["embedding.weight", "ids"], "looked_up")
    layers(operator, 2, graph=graph, **told)
    graph.add("MatMul", [graph.onto, "onnx::MatMul_9"], "product")
    graph.add("Add", ["out.bias", graph.onto], "scores")
    return graph


def test_a_network_that_reads_ids_scores_as_onnx_runtime_does() -> None:
    graph = sentence()
    contents = read_bytes(graph.bytes())
    assert list(contents.tables) == ["embedding"]
    assert list(contents.linears) == ["product_node"], "an exporter's number is no name"
    ids = np.array([3, 1, 4, 1, 5, 6, 2, 6])
    with torch.no_grad():
        ours, _ = network(contents, likely(contents))(torch.from_numpy(ids)[:, None])
    np.testing.assert_allclose(ours.numpy(), graph.run(ids=ids[:, None]), rtol=0, atol=CLOSE)


@pytest.mark.parametrize("transposed", [True, False])
def test_a_gemm_is_a_readout(transposed: bool) -> None:
    weight, bias = np.arange(2 * UNITS, dtype=np.float32).reshape(2, UNITS), np.array([5, 7], np.float32)
    graph = layers("GRU")
    graph.stored |= {"fc.weight": weight if transposed else weight.T.copy(), "fc.bias": bias}
    graph.add("Gemm", [graph.onto, "fc.weight", "fc.bias"], "scores", transB=int(transposed))
    linear = read_bytes(graph.bytes()).linears["fc"]
    np.testing.assert_array_equal(linear.weight.numpy(), weight)
    np.testing.assert_array_equal(linear.bias.numpy(), bias)


@pytest.mark.parametrize("bias", [np.array([5, 7], np.float32), np.array([[5, 7]], np.float32), np.float32(5)])
def test_the_factors_of_a_gemm_are_a_part_of_the_readout(bias: Array) -> None:
    graph = layers("GRU")
    weight = np.arange(2 * UNITS, dtype=np.float32).reshape(UNITS, 2)
    graph.stored |= {"fc.weight": weight, "fc.bias": np.asarray(bias)}
    graph.add("Gemm", [graph.onto, "fc.weight", "fc.bias"], "scores", alpha=0.5, beta=2.0)
    linear = read_bytes(graph.bytes()).linears["fc"]
    np.testing.assert_array_equal(linear.weight.numpy(), 0.5 * weight.T)
    np.testing.assert_array_equal(linear.bias.numpy(), np.broadcast_to(2 * np.ravel(bias), 2))


def test_layers_of_other_sizes_stay_apart() -> None:
    graph = layers("LSTM")
    graph.stored |= {f"{name}9": array for name, array in weights("LSTM", UNITS, 5).items()}
    graph.add("LSTM", [graph.onto, "W9", "R9", "B9"], "wider", hidden_size=5)
    found = read_bytes(graph.bytes()).recurrent
    assert [(one.where, one.hidden_size) for one in found] == [("y0_node", 4), ("wider_node", 5)]


def test_layers_with_something_between_them_stay_apart() -> None:
    graph = layers("LSTM")
    graph.add("Relu", [graph.onto], "cut_off")
    graph.stored |= {f"{name}9": array for name, array in weights("LSTM", UNITS).items()}
    graph.add("LSTM", [graph.onto, "W9", "R9", "B9"], "second", hidden_size=UNITS)
    assert [one.num_layers for one in read_bytes(graph.bytes()).recurrent] == [1, 1]


def test_nodes_without_a_name_are_called_by_what_they_make_each_by_another_name() -> None:
    graph = layers("RNN")
    again = layers("RNN", graph=Graph(graph.nodes, graph.stored))
    for node in again.nodes:
        node.name = ""
    assert [one.where for one in read_bytes(again.bytes()).recurrent] == ["y0", "y0 (2)"]


def inside_an_if(graph: Graph) -> bytes:
    """The graph's nodes in both branches of an If, its weights outside."""
    branch = graph.proto()
    del branch.input[:], branch.initializer[:]
    outer = Graph(stored=dict(graph.stored))
    outer.inputs["long"] = (TensorProto.BOOL, [])
    outer.add("If", ["long"], "h", then_branch=branch, else_branch=branch)
    return outer.bytes()


def test_nodes_inside_of_an_if_are_found_with_weights_from_outside() -> None:
    graph = layers("LSTM", 2)
    alone, twice = read_one(graph.bytes()), read_bytes(inside_an_if(graph)).recurrent
    assert [one.num_layers for one in twice] == [2, 2]
    for one in twice:
        assert any("“h_node, " in note for note in one.notes)
        assert all(torch.equal(one.weights[name], weight) for name, weight in alone.weights.items())


def as_exported_without_folding(own: dict[str, Array]) -> Graph:
    """W as PyTorch's exporter writes it when it folds nothing: torch's order, cut into gates, and put together in ONNX's."""
    graph = Graph(stored={"R": own["R"], "B": own["B"]})
    i, o, f, g = np.split(own["W"][0], 4)
    stored = numpy_helper.from_array(np.concatenate([i, f, g, o]).T.copy(), "w")
    graph.add("Constant", [], "w_turned", value=stored)
    graph.add("Transpose", ["w_turned"], "w", perm=[1, 0])
    for name, start in (("i", 0), ("fg", UNITS), ("o", 3 * UNITS)):
        bounds = {f"{name}_start": [start], f"{name}_end": [start + UNITS * len(name)], f"{name}_axis": [0]}
        graph.stored |= {key: np.array(value) for key, value in bounds.items()}
        graph.add("Slice", ["w", *bounds], name)
    graph.add("Concat", ["i", "o", "fg"], "w_ordered", axis=0)
    graph.stored["axes"] = np.array([0])
    graph.add("Unsqueeze", ["w_ordered", "axes"], "W")
    graph.add("LSTM", ["x", "W", "R", "B"], "y", hidden_size=UNITS)
    return graph


def test_weights_that_the_graph_only_arranges_are_read() -> None:
    own = weights("LSTM")
    graph = as_exported_without_folding(own)
    found = read_one(graph.bytes())
    x = steps_for(found)
    np.testing.assert_allclose(by_steps(found, x), graph.run(x=x[:, None])[:, 0, 0], rtol=0, atol=CLOSE)


def lstm(graph: Graph, **inputs: str) -> bytes:
    """One LSTM, with these of its inputs beside its weights."""
    graph.stored |= weights("LSTM")
    names = ["x", "W", "R", "B", *(inputs.get(name, "") for name in ("lengths", "h", "c"))]
    graph.add("LSTM", names, "y", hidden_size=UNITS)
    return graph.bytes()


def test_a_first_state_that_is_not_zeros_is_told() -> None:
    zeros, learned = Graph(), Graph(stored={"h0": np.full((1, 1, UNITS), 0.1, np.float32)})
    zeros.stored["shape"] = np.array([1, 1, UNITS])
    zeros.add("ConstantOfShape", ["shape"], "z")
    zeros.add("Identity", ["z"], "z2")
    given = Graph()
    given.inputs["h0"] = (TensorProto.FLOAT, [1, 1, UNITS])
    (note,) = read_one(lstm(given, h="h0")).notes
    assert note == "In the graph its initial state is an input or computed; here it starts from zeros."
    assert read_one(lstm(learned, h="h0")).notes == (note,)
    assert read_one(lstm(zeros, h="z2", c="z")).notes == ()


def test_lengths_that_the_graph_gives_are_told() -> None:
    graph = Graph()
    graph.inputs["lengths"] = (TensorProto.INT32, [1])
    (note,) = read_one(lstm(graph, lengths="lengths")).notes
    assert "reads sequence lengths" in note


def test_half_precision_is_computed_with_in_single_and_double_stays() -> None:
    own = {name: array.astype(np.float16) for name, array in weights("GRU").items()}
    graph = Graph(stored=own)
    graph.add("GRU", ["x", "W", "R", "B"], "y", hidden_size=UNITS)
    found = read_one(graph.bytes())
    assert found.weights["weight_hh"].dtype == torch.float32
    assert found.notes == ("Its weights are float16 in the file; they are computed with as float32.",)
    graph.stored = {name: array.astype(np.float64) for name, array in own.items()}
    found = read_one(graph.bytes())
    assert found.weights["weight_hh"].dtype == torch.float64
    assert found.notes == ()


def test_what_is_no_number_is_counted() -> None:
    graph = layers("RNN")
    graph.stored["R0"][0, 1, 2] = np.nan
    graph.stored["W0"][0, 0, 0] = np.inf
    assert read_one(graph.bytes()).notes == ("2 of its weights are NaN or infinite.",)


def one_node(operator: str = "LSTM", domain: str = "", **told: Any) -> bytes:
    """A graph of one node with these attributes, or weights where they are arrays; None leaves a weight out."""
    own: dict[str, Array | None] = dict(weights(operator) if operator in ("LSTM", "GRU", "RNN") else {})
    own |= {name: told.pop(name) for name in tuple("WRBP") if name in told}
    graph = Graph(stored={name: array for name, array in own.items() if array is not None})
    inputs = [
        "x",
        *(name if own.get(name) is not None else "" for name in "WRB"),
        "",
        "",
        "",
        "P" if "P" in own else "",
    ]
    graph.add(operator, inputs if "P" in own else inputs[:4], "y", domain, **{"hidden_size": UNITS} | told)
    return graph.bytes()


ZEROS = np.zeros((1, 3 * UNITS), np.float32)
REFUSED = {
    "reverse": (one_node(direction="reverse"), "in the direction “reverse”"),
    "clip": (one_node(clip=3.0), "clips its sums at 3"),
    "a threshold": (one_node("RNN", activations=["ThresholdedRelu"]), "with the activations “ThresholdedRelu”"),
    "an unknown activation": (one_node("GRU", activations=["a" * 999, TANH]), "no cell here has these"),
    "gates that are no shares": (one_node(activations=[RELU, TANH, TANH]), "“Relu”, “Tanh”, “Tanh”; no cell here"),
    "peeping, hard": (one_node(P=ZEROS + 1, activations=["HardSigmoid", TANH, TANH]), "has peepholes and the activa"),
    "not a number": (one_node("RNN", activations=["Elu"], activation_alpha=[np.nan]), "no cell here has these"),
    "a steeper line": (one_node("RNN", activations=[LINE], activation_alpha=[2.0]), "affine with alpha 2 and beta 0"),
    "a parameter of tanh": (one_node("RNN", activation_alpha=[2.0]), "activation_alpha than its activations take"),
    "too few activations": (one_node(activations=[SIGMOID, TANH]), "another number"),
    "coupled and peeping": (one_node(input_forget=1, P=ZEROS + 1), "input_forget) and has peepholes"),
    "coupled, squashed otherwise": (one_node(input_forget=1, activations=[SIGMOID] * 3), "and has other activations"),
    "peeping, sigmoid": (one_node(P=ZEROS + 1, activations=[SIGMOID] * 3), "peepholes and sigmoid throughout"),
    "other units": (one_node(hidden_size=5), "says that it has 5 units, but its R has 4"),
    "R of another shape": (one_node(R=np.zeros((1, 15, 4), np.float32)), "[1, 15, 4], where one of 4 units"),
    "B of another length": (one_node(B=np.zeros((1, 31), np.float32)), "B of the node “y_node” has the shape [1, 31]"),
    "W of two directions": (one_node(W=np.zeros((2, 16, 3), np.float32)), "W of the node"),
    "W without a direction": (one_node(W=np.zeros(16, np.float32)), "one row per direction"),
    "no units": (one_node(R=np.zeros((1, 0, 0), np.float32)), "where one of 0 units"),
    "whole numbers": (one_node(W=np.zeros((1, 16, 3), np.int8)), "W of “y_node” holds values of type int8"),
    "no R": (one_node(R=None), "has no R"),
    "an attribute of another kind": (one_node(hidden_size="many"), "hidden_size of another kind"),
    "quantised": (one_node("DynamicQuantizeLSTM", "com.microsoft"), "of the kind “DynamicQuantizeLSTM”"),
    "a node of another house": (one_node("GRU", "com.example"), "of the kind “GRU”"),
    "no recurrent node": (one_node("Relu"), "no LSTM, GRU or RNN node"),
    "no node": (model(Graph().proto()), "mostly none at all"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_cell_here_computes_is_refused_by_name(case: str) -> None:
    data, says = REFUSED[case]
    with pytest.raises(Unreadable) as refused:
        read_bytes(data)
    assert says in str(refused.value)
    assert len(str(refused.value)) < 400 and "\n" not in str(refused.value)


def test_peepholes_that_are_zero_are_none() -> None:
    assert read_one(one_node(P=ZEROS, input_forget=1)).cell == "lstm-coupled"


def test_how_x_and_y_lie_changes_no_weight() -> None:
    by_step, by_sequence = (read_one(one_node(layout=layout)) for layout in (0, 1))
    assert all(torch.equal(by_step.weights[name], weight) for name, weight in by_sequence.weights.items())


def test_weights_that_are_given_when_it_runs_are_refused() -> None:
    graph = Graph(stored={"R": weights("RNN")["R"]})
    graph.inputs["W"] = (TensorProto.FLOAT, [1, UNITS, INPUT])
    graph.add("RNN", ["x", "W", "R"], "y", hidden_size=UNITS)
    with pytest.raises(Unreadable, match="W of “y_node” is not stored in the file"):
        read_bytes(graph.bytes())


def test_one_layer_that_cannot_be_read_does_not_hide_the_others() -> None:
    graph = layers("GRU", 1)
    graph.stored |= {f"{name}9": array for name, array in weights("LSTM").items()}
    graph.add("LSTM", ["x", "W9", "R9", "B9"], "clipped", hidden_size=UNITS, clip=1.0)
    contents = read_bytes(graph.bytes())
    assert [one.cell for one in contents.recurrent] == ["gru-cho"]
    assert contents.notes == ("The node “clipped_node” clips its sums at 1 (clip), which no cell here does.",)


def test_weights_in_another_file_are_not_looked_for() -> None:
    graph = layers("LSTM").proto()
    graph.initializer[0].data_location = TensorProto.EXTERNAL
    graph.initializer[0].ClearField("raw_data")
    place = graph.initializer[0].external_data.add()
    place.key, place.value = "location", "/etc/hostname"
    with pytest.raises(Unreadable, match="are in another file, “W0”"):
        read_bytes(model(graph))


def test_what_to_install_is_said_where_onnx_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    data = one_node()
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(Unreadable, match=r"pip install onnx$"):
        FORMAT.read(data)


def test_without_onnx_runtime_there_is_nothing_to_measure_against(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert read_one(one_node()).kernel is None
