"""ONNX graphs as a whole: what stands before and behind the layers is computed as ONNX Runtime computes it, or refused by name."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper
from onnx import load_model_from_string as onnx_load
from torch import nn

from explorer.backend.forward import run
from explorer.models.checkpoints import Contents, Recurrent, read_bytes
from explorer.models.checkpoints.contents import Route
from explorer.models.stages import Ends, check_widths
from explorer.signals import Array
from tests.models.checkpoints.graphs import INPUT, UNITS, Graph, layers, model, weights
from tests.models.checkpoints.helper import CLOSE, stack_of

STEPS = 6


def random(*shape: int, seed: int = 1, least: float = -1.0) -> Array:
    return np.random.default_rng(seed).uniform(least, 1.0, shape).astype(np.float32)


def routed(contents: Contents, at: int = -1) -> tuple[Recurrent, Route]:
    """The layers, and their route."""
    found = contents.recurrent[at]
    assert found.route is not None, found.no_route
    assert found.no_route == ""
    return found, found.route


def scores(contents: Contents, given: Array, at: int = -1) -> Array:
    """Our scores [step, output] for ids [step] or numbers [step, input]."""
    found, route = routed(contents, at)
    x = torch.from_numpy(given)
    if route.embedding is not None:
        x = contents.tables[route.embedding][x]
    x = x.to(next(iter(found.weights.values())).dtype)[:, None]
    check_widths(route.before, x.shape[-1])
    check_widths(route.after, found.outputs)
    with torch.no_grad():
        for stage in route.before:
            x = stage(x)
        assert x.shape[-1] == found.input_size
        h, _ = run(stack_of(found), x)
        for stage in route.after:
            h = stage(h)
    assert not any(weight.requires_grad for stage in (*route.before, *route.after) for weight in stage.parameters())
    return h[:, 0].numpy()


def answers(contents: Contents, given: Array, at: int = -1) -> Array:
    """The same as probabilities where the route is about labels: at every step, or at the last one for the whole text."""
    found = scores(contents, given, at)
    _, route = routed(contents, at)
    if route.answer != "number":
        found = torch.from_numpy(found).softmax(-1).numpy()
    return found[-1] if route.whole_text else found


X = random(STEPS, INPUT, seed=7)


def check(graph: Graph, whole: bool, answer: str = "number", at: int = -1, log: bool = False, x: Array = X) -> Route:
    """Ours is what ONNX Runtime gives: for the whole text, at each step, and, of layers that read forward, of each of its beginnings."""
    contents = read_bytes(graph.bytes())
    _, route = routed(contents, at)
    assert (route.whole_text, route.answer) == (whole, answer)

    def theirs(x: Array) -> Array:
        values = graph.run(x=x[:, None])
        values = np.exp(values) if log else values
        return values.reshape(-1) if whole else values.reshape(len(x), -1)

    def ours(x: Array) -> Array:
        values = answers(contents, x, at)
        return values[..., 1:] if answer in ("label", "class") and theirs(x).shape[-1] == 1 else values

    np.testing.assert_allclose(ours(x), theirs(x), rtol=0, atol=CLOSE)
    if whole and not any(one.bidirectional for one in contents.recurrent):
        every = scores(contents, x, at)
        for t in range(1, len(x)):
            np.testing.assert_allclose(every[t - 1], scores(contents, x[:t], at)[-1], rtol=0, atol=CLOSE)
            np.testing.assert_allclose(ours(x[:t]), theirs(x[:t]), rtol=0, atol=CLOSE)
    return route


def dense(graph: Graph, outputs: int, name: str, inputs: int = UNITS) -> None:
    graph.stored |= {f"{name}.w": random(inputs, outputs, seed=len(name)), f"{name}.b": random(outputs, seed=9)}
    graph.add("MatMul", [graph.onto, f"{name}.w"], f"{name}_product")
    graph.add("Add", [graph.onto, f"{name}.b"], name)


def constant(graph: Graph, name: str, value: Any) -> str:
    graph.stored[name] = np.asarray(value)
    return name


def each_step(graph: Graph) -> None:
    """Only the layers' h."""


def relu_then_dense(graph: Graph) -> None:
    graph.add("Relu", [graph.onto], "relu")
    dense(graph, 5, "out")


def two_dense(graph: Graph) -> None:
    dense(graph, 7, "fc1")
    graph.add("Relu", [graph.onto], "relu")
    dense(graph, 5, "fc2", 7)


def unary(operator: str, **told: Any) -> Callable[[Graph], None]:
    def build(graph: Graph) -> None:
        graph.add(operator, [graph.onto], "function", **told)
        dense(graph, 5, "out")

    return build


def with_constant(operator: str, value: Any, first: bool = False) -> Callable[[Graph], None]:
    def build(graph: Graph) -> None:
        graph.stored["constant"] = np.asarray(value, np.float32)
        pair = ["constant", graph.onto] if first else [graph.onto, "constant"]
        graph.add(operator, pair, "combined")
        dense(graph, 5, "out")

    return build


def layer_norm(graph: Graph) -> None:
    graph.stored |= {"scale": random(UNITS), "shift": random(UNITS, seed=2)}
    graph.add("LayerNormalization", [graph.onto, "scale", "shift"], "norm", axis=-1, epsilon=1e-3)
    dense(graph, 5, "out")


def layer_norm_in_parts(graph: Graph, power: bool = True) -> None:
    """As torch's exporter writes it for older versions."""
    h = graph.onto
    graph.stored |= {
        "two": np.float32(2),
        "eps": np.float32(1e-3),
        "scale": random(UNITS),
        "shift": random(UNITS, seed=2),
    }
    graph.add("ReduceMean", [h], "mean", axes=[-1])
    graph.add("Sub", [h, "mean"], "centred")
    graph.add("Pow", ["centred", "two"], "square") if power else graph.add("Mul", ["centred", "centred"], "square")
    graph.add("ReduceMean", ["square"], "variance", axes=[-1])
    graph.add("Add", ["variance", "eps"], "variance_eps")
    graph.add("Sqrt", ["variance_eps"], "deviation")
    graph.add("Div", ["centred", "deviation"], "normal")
    graph.add("Mul", ["normal", "scale"], "scaled")
    graph.add("Add", ["scaled", "shift"], "norm")
    dense(graph, 5, "out")


def batch_norm(graph: Graph) -> None:
    graph.stored |= {"scale": random(UNITS), "shift": random(UNITS, seed=2), "mean": random(UNITS, seed=3)}
    graph.stored["variance"] = random(UNITS, seed=4, least=0.1)
    graph.add("Transpose", [graph.onto], "channels", perm=[1, 2, 0])
    graph.add("BatchNormalization", [graph.onto, "scale", "shift", "mean", "variance"], "norm", epsilon=1e-3)
    graph.add("Transpose", [graph.onto], "back", perm=[2, 0, 1])
    dense(graph, 5, "out")


def residual(graph: Graph) -> None:
    h = graph.onto
    dense(graph, UNITS, "fc")
    graph.add("Tanh", [graph.onto], "tanh")
    graph.add("Add", [graph.onto, h], "sum")
    dense(graph, 5, "out")


def gelu_in_parts(graph: Graph) -> None:
    h = graph.onto
    graph.stored |= {"root": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5)}
    graph.add("Div", [h, "root"], "a")
    graph.add("Erf", ["a"], "b")
    graph.add("Add", ["b", "one"], "c")
    graph.add("Mul", [h, "c"], "d")
    graph.add("Mul", ["d", "half"], "e")
    dense(graph, 5, "out")


def reshaped(graph: Graph) -> None:
    """As other exporters write a dense layer: step and batch in one axis."""
    h = graph.onto
    graph.stored |= {"flat": np.array([-1, UNITS]), "tail": np.array([5]), "zero": np.array(0), "two": np.array([0, 1])}
    graph.add("Shape", [h], "shape")
    graph.add("Gather", ["shape", "two"], "lead")
    graph.add("Concat", ["lead", "tail"], "target", axis=0)
    graph.add("Reshape", [h, "flat"], "rows")
    graph.stored |= {"w": random(5, UNITS), "b": random(5)}
    graph.add("Gemm", ["rows", "w", "b"], "scores", transB=1, alpha=0.5, beta=2.0)
    graph.add("Reshape", ["scores", "target"], "unrolled")


def softmax(graph: Graph) -> None:
    dense(graph, 5, "out")
    graph.add("Softmax", [graph.onto], "p", axis=-1)


def log_softmax(graph: Graph) -> None:
    dense(graph, 5, "out")
    graph.add("LogSoftmax", [graph.onto], "p", axis=2)


def sigmoid(outputs: int) -> Callable[[Graph], None]:
    def build(graph: Graph) -> None:
        dense(graph, outputs, "out")
        graph.add("Sigmoid", [graph.onto], "p")

    return build


SLOPES = random(UNITS, seed=3)
AT_EACH_STEP: dict[str, tuple[Callable[[Graph], None], str]] = {
    "h alone": (each_step, "number"),
    "relu before the readout (11)": (relu_then_dense, "number"),
    "fc1, relu, fc2": (two_dense, "number"),
    "gemm with alpha and beta (13)": (reshaped, "number"),
    "layer normalisation": (layer_norm, "number"),
    "layer normalisation in parts": (layer_norm_in_parts, "number"),
    "batch normalisation": (batch_norm, "number"),
    "residual": (residual, "number"),
    "gelu in parts": (gelu_in_parts, "number"),
    "softmax": (softmax, "label"),
    "log-softmax": (log_softmax, "label"),
    "one sigmoid": (sigmoid(1), "label"),
    "several sigmoids": (sigmoid(3), "number"),
    "add (14)": (with_constant("Add", SLOPES), "number"),
    "add a number": (with_constant("Add", 0.5), "number"),
    "subtract": (with_constant("Sub", SLOPES), "number"),
    "subtract from": (with_constant("Sub", SLOPES, first=True), "number"),
    "multiply": (with_constant("Mul", SLOPES), "number"),
    "multiply by a row": (with_constant("Mul", SLOPES[None, None]), "number"),
    "divide": (with_constant("Div", SLOPES), "number"),
    "divide by h": (with_constant("Div", 0.01 * SLOPES, first=True), "number"),
    "a power": (with_constant("Pow", 3.0), "number"),
    "no less than": (with_constant("Max", [0.1]), "number"),
    "no more than": (with_constant("Min", 0.1, first=True), "number"),
    "slopes": (with_constant("PRelu", SLOPES), "number"),
    **{
        f"{operator} {told}": (unary(operator, **told), "number")
        for operator, told in [
            ("Tanh", {}),
            ("Sigmoid", {}),
            ("LeakyRelu", {"alpha": 0.3}),
            ("Elu", {"alpha": 0.7}),
            ("Selu", {}),
            ("Selu", {"alpha": 1.2, "gamma": 0.9}),
            ("Celu", {"alpha": 0.7}),
            ("HardSigmoid", {}),
            ("HardSigmoid", {"alpha": 0.4, "beta": 0.3}),
            ("HardSwish", {}),
            ("Softplus", {}),
            ("Softsign", {}),
            ("ThresholdedRelu", {"alpha": 0.1}),
            ("Abs", {}),
            ("Neg", {}),
            ("Exp", {}),
            ("Erf", {}),
            ("Sin", {}),
            ("Identity", {}),
            ("Dropout", {}),
            ("Softmax", {"axis": -1}),
        ]
    },
}


@pytest.mark.parametrize("case", AT_EACH_STEP)
def test_what_stands_behind_the_layers_is_computed(case: str) -> None:
    build, answer = AT_EACH_STEP[case]
    graph = layers("LSTM")
    build(graph)
    graph.opset = 17
    check(graph, whole=False, answer=answer, log=case == "log-softmax")


def reduced(operator: str, outputs: int = 1, **told: Any) -> Callable[[Graph], None]:
    def build(graph: Graph) -> None:
        graph.add(operator, [graph.onto], "one_number", **told)
        dense(graph, 5, "out", outputs)

    return build


@pytest.mark.parametrize(
    "operator", ["ReduceMax", "ReduceMin", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceSumSquare"]
)
def test_one_number_of_all_features(operator: str) -> None:
    graph = layers("GRU")
    graph.add(operator, [graph.onto], "number", axes=[-1])
    check(graph, whole=False)


LAST = {
    "Y_h": lambda graph: state(graph, "Y_h"),
    "Gather of -1": lambda graph: graph.add("Gather", [graph.onto, constant(graph, "last", -1)], "end", axis=0),
    "Slice of the end": lambda graph: sliced(graph, [-1], [2**63 - 1], [0]),
    "Slice by the shape": lambda graph: sliced_by_shape(graph),
}


def state(graph: Graph, name: str) -> None:
    """The last state of the node below, [direction, 1, unit]."""
    node = next(node for node in reversed(graph.nodes) if node.op_type in ("LSTM", "GRU", "RNN"))
    node.output.extend([f"{node.name}_{name}"])
    graph.onto = f"{node.name}_{name}"


def sliced(graph: Graph, starts: list[int], ends: list[int], axes: list[int], name: str = "end") -> None:
    names = [constant(graph, f"{name}_{k}", np.array(part)) for k, part in enumerate((starts, ends, axes))]
    graph.add("Slice", [graph.onto, *names], name)


def sliced_by_shape(graph: Graph) -> None:
    h = graph.onto
    graph.stored |= {"one": np.array([1]), "zero": np.array([0]), "far": np.array([2**63 - 1])}
    graph.add("Shape", [h], "shape")
    graph.add("Gather", ["shape", "zero"], "steps")
    graph.add("Sub", ["steps", "one"], "before_last")
    graph.add("Slice", [h, "before_last", "far", "zero"], "end")


@pytest.mark.parametrize("operator", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("way", LAST)
def test_the_last_step_is_an_answer_for_the_whole_text(way: str, operator: str) -> None:
    graph = layers(operator, 2)
    LAST[way](graph)
    dense(graph, 5, "out")
    graph.add("Softmax", [graph.onto], "p", axis=-1)
    route = check(graph, whole=True, answer="class")
    assert [type(stage) for stage in route.after] == [nn.Linear]


POOLS = ["ReduceMax", "ReduceMean", "ReduceSum", "ReduceMin", "GlobalMaxPool", "GlobalAveragePool"]


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("pool", POOLS)
def test_pooling_over_the_steps_is_an_answer_for_the_whole_text(pool: str, both: bool) -> None:
    graph = layers("LSTM", both=both)
    if pool.startswith("Global"):
        graph.add("Transpose", [graph.onto], "channels", perm=[1, 2, 0])
        graph.add(pool, [graph.onto], "pool")
        graph.add("Flatten", [graph.onto], "flat")
    elif pool == "ReduceSum":
        graph.add(pool, [graph.onto, constant(graph, "steps", [0])], "pool", keepdims=0)
    else:
        graph.add(pool, [graph.onto], "pool", axes=[0], keepdims=0)
    dense(graph, 1, "out", 2 * UNITS if both else UNITS)
    graph.add("Sigmoid", [graph.onto], "p")
    check(graph, whole=True, answer="class")


def ends_by_transpose(graph: Graph) -> None:
    """Y_h of both directions, side by side (12)."""
    state(graph, "Y_h")
    graph.add("Transpose", [graph.onto], "turned", perm=[1, 0, 2])
    graph.add("Reshape", [graph.onto, constant(graph, "flat", [0, -1])], "ends")


def ends_by_gather(graph: Graph) -> None:
    state(graph, "Y_h")
    states = graph.onto
    graph.add("Gather", [states, constant(graph, "first", 0)], "forward", axis=0)
    graph.add("Gather", [states, constant(graph, "second", -1)], "backward", axis=0)
    graph.add("Concat", ["forward", "backward"], "ends", axis=-1)


def ends_by_split(graph: Graph) -> None:
    state(graph, "Y_h")
    graph.nodes.append(helper.make_node("Split", [graph.onto], ["forward", "backward"], axis=0))
    graph.add("Concat", ["forward", "backward"], "both", axis=2)
    graph.add("Squeeze", [graph.onto, constant(graph, "zeroth", [0])], "ends")


def ends_by_steps(graph: Graph) -> None:
    """The last step forward beside the first step backward."""
    h = graph.onto
    graph.add("Gather", [h, constant(graph, "last", -1)], "last_step", axis=0)
    sliced(graph, [0], [UNITS], [1], "forward")
    graph.onto = h
    sliced(graph, [UNITS], [2 * UNITS], [2], "right")
    graph.add("Gather", [graph.onto, constant(graph, "first", 0)], "backward", axis=0)
    graph.add("Concat", ["forward", "backward"], "ends", axis=1)


ENDS = [ends_by_transpose, ends_by_gather, ends_by_split, ends_by_steps]


@pytest.mark.parametrize("build", ENDS, ids=lambda build: build.__name__)
def test_the_last_states_of_both_directions(build: Callable[[Graph], None]) -> None:
    graph = layers("LSTM", 2, both=True)
    build(graph)
    dense(graph, 5, "out", 2 * UNITS)
    route = check(graph, whole=True)
    assert [type(stage) for stage in route.after] == [Ends, nn.Linear]


def summed(graph: Graph) -> None:
    graph.nodes.append(helper.make_node("Split", [graph.onto], ["forward", "backward"], axis=2))
    graph.add("Add", ["forward", "backward"], "sum")


def summed_by_axis(graph: Graph) -> None:
    graph.nodes = [node for node in graph.nodes if node.op_type == "LSTM"]
    graph.add("ReduceMean", ["y0"], "mean", axes=[1], keepdims=0)


def multiplied(graph: Graph) -> None:
    graph.nodes.append(helper.make_node("Split", [graph.onto], ["forward", "backward"], axis=2))
    graph.add("Mul", ["forward", "backward"], "product")


@pytest.mark.parametrize("build", [summed, summed_by_axis, multiplied], ids=lambda build: build.__name__)
def test_both_directions_brought_together(build: Callable[[Graph], None]) -> None:
    graph = layers("LSTM", both=True)
    build(graph)
    dense(graph, 5, "out")
    check(graph, whole=False)


def test_the_top_state_is_picked_out_of_those_of_all_layers() -> None:
    """As torch's exporter gives h_n."""
    graph = layers("GRU", 2)
    first, second = (node for node in graph.nodes if node.op_type == "GRU")
    first.output.append("state0")
    second.output.append("state1")
    graph.add("Concat", ["state0", "state1"], "states", axis=0)
    graph.add("Reshape", ["states", constant(graph, "shape", [2, 1, -1, UNITS])], "by_layer")
    graph.add("Gather", ["by_layer", constant(graph, "last", -1)], "top", axis=0)
    graph.add("Squeeze", ["top", constant(graph, "zeroth", [0])], "state")
    dense(graph, 3, "out")
    check(graph, whole=True)


def test_states_of_all_layers_side_by_side() -> None:
    graph = layers("GRU", 1)
    upper = weights("GRU", UNITS, 3, seed=8)
    graph.stored |= {f"{name}9": array for name, array in upper.items()}
    graph.nodes.append(helper.make_node("GRU", [graph.onto, "W9", "R9", "B9"], ["y9", "state9"], "top", hidden_size=3))
    graph.nodes[0].output.append("state0")
    graph.add("Concat", ["state0", "state9"], "states", axis=-1)
    dense(graph, 3, "out", UNITS + 3)
    check(graph, whole=True, at=0)
    top = read_bytes(graph.bytes()).recurrent[1]
    assert top.route is None
    assert "states_node (Concat)" in top.no_route


SIZES = (5, 4, 6)


def unequal(operators: tuple[str, ...] = ("LSTM", "LSTM", "GRU")) -> Graph:
    """Layers of unequal sizes on top of one another."""
    graph, width = Graph(), INPUT
    for level, (operator, units) in enumerate(zip(operators, SIZES, strict=True)):
        own = weights(operator, width, units, seed=level)
        graph.stored |= {f"{name}{level}": array for name, array in own.items()}
        graph.add(operator, [graph.onto, *(f"{name}{level}" for name in own)], f"y{level}", hidden_size=units)
        graph.add("Squeeze", [graph.onto, constant(graph, "axis", [1])], f"h{level}")
        if level == 1:
            graph.add("Relu", [graph.onto], "relu")
        width = units
    dense(graph, 5, "out", SIZES[-1])
    return graph


@pytest.mark.parametrize("at", range(3))
def test_layers_of_unequal_sizes_are_computed_below_and_above(at: int) -> None:
    route = check(unequal(), whole=False, at=at)
    assert len(route.before) == (0, 1, 3)[at]
    assert len(route.after) == (4, 3, 1)[at]
    assert route.parts == ("y0_node (LSTM)", "y1_node (LSTM)", "relu_node (Relu)", "y2_node (GRU)", *route.parts[4:])


@pytest.mark.parametrize("both", [False, True])
def test_bidirectional_layers_under_others(both: bool) -> None:
    graph = layers("LSTM", both=True)
    graph.stored |= {f"{name}9": array for name, array in weights("GRU", 2 * UNITS, 3, 2 if both else 1).items()}
    graph.add(
        "GRU", [graph.onto, "W9", "R9", "B9"], "top", hidden_size=3, direction="bidirectional" if both else "forward"
    )
    state(graph, "Y_h")
    graph.nodes[-1].output[:] = ["", graph.onto]
    if both:
        graph.add("Transpose", [graph.onto], "turned", perm=[1, 0, 2])
    graph.add("Reshape", [graph.onto, constant(graph, "flat", [1, -1])], "flat_states")
    dense(graph, 2, "out", 6 if both else 3)
    for at in (0, 1):
        check(graph, whole=True, at=at)


def in_front(graph: Graph, build: Callable[[Graph], None]) -> Graph:
    """Layers behind something."""
    build(graph)
    return layers("LSTM", graph=graph)


def dense_in_front(graph: Graph) -> None:
    dense(graph, INPUT, "fc", INPUT)
    graph.add("Relu", [graph.onto], "relu")


def norm_in_front(graph: Graph) -> None:
    graph.stored |= {"scale": random(INPUT), "shift": random(INPUT, seed=2), "mean": random(INPUT, seed=3)}
    graph.stored["variance"] = random(INPUT, seed=4, least=0.1)
    graph.add("Transpose", [graph.onto], "channels", perm=[1, 2, 0])
    graph.add("BatchNormalization", [graph.onto, "scale", "shift", "mean", "variance"], "norm")
    graph.add("Transpose", [graph.onto], "back", perm=[2, 0, 1])


def scaled_in_front(graph: Graph) -> None:
    graph.add("Sub", [graph.onto, constant(graph, "mean", random(INPUT))], "centred")
    graph.add("Div", [graph.onto, constant(graph, "std", random(INPUT, least=0.5))], "scaled")


def pointwise_convolution(graph: Graph) -> None:
    graph.add("Transpose", [graph.onto], "channels", perm=[1, 2, 0])
    graph.stored |= {"kernel": random(INPUT, INPUT, 1), "kernel_bias": random(INPUT)}
    graph.add("Conv", [graph.onto, "kernel", "kernel_bias"], "convolved")
    graph.add("Transpose", [graph.onto], "back", perm=[2, 0, 1])


def residual_in_front(graph: Graph) -> None:
    dense(graph, INPUT, "fc", INPUT)
    graph.add("Tanh", [graph.onto], "tanh")
    graph.add("Add", ["x", graph.onto], "sum")


def norm_in_parts_in_front(graph: Graph) -> None:
    graph.add("ReduceMean", ["x"], "mean", axes=[-1])
    graph.add("Sub", ["x", "mean"], "centred")
    graph.add("Mul", ["centred", "centred"], "square")
    graph.add("ReduceMean", ["square"], "variance", axes=[-1])
    graph.add("Add", ["variance", constant(graph, "eps", np.float32(1e-3))], "variance_eps")
    graph.add("Sqrt", ["variance_eps"], "deviation")
    graph.add("Div", ["centred", "deviation"], "normal")


BEFORE = [
    dense_in_front,
    norm_in_front,
    scaled_in_front,
    pointwise_convolution,
    residual_in_front,
    norm_in_parts_in_front,
]


@pytest.mark.parametrize("build", BEFORE, ids=lambda build: build.__name__)
def test_what_stands_in_front_of_the_layers_is_computed(build: Callable[[Graph], None]) -> None:
    graph = in_front(Graph(), build)
    dense(graph, 5, "out")
    check(graph, whole=False)


def test_a_sequence_may_come_batch_first_and_with_sizes_known_only_when_it_runs() -> None:
    graph = Graph(inputs={"x": (TensorProto.FLOAT, ["batch", "step", INPUT])})
    graph.add("Transpose", ["x"], "by_step", perm=[1, 0, 2])
    layers("LSTM", 2, both=True, graph=graph)
    graph.add("Transpose", [graph.onto], "by_sequence", perm=[1, 0, 2])
    graph.add("Gather", [graph.onto, constant(graph, "last", -1)], "end", axis=1)
    dense(graph, 5, "out", 2 * UNITS)
    contents = read_bytes(graph.bytes())
    np.testing.assert_allclose(answers(contents, X), graph.run(x=X[None])[0], rtol=0, atol=CLOSE)


@pytest.mark.parametrize("kind", ["Gather", "OneHot"])
def test_ids_are_looked_up(kind: str) -> None:
    graph = Graph(inputs={"ids": (TensorProto.INT64, ["batch", "step"])})
    graph.stored |= {"embedding.weight": random(7, INPUT), "root": np.float32(INPUT**0.5)}
    graph.stored |= {"depth": np.array(7), "values": np.array([0, 1], np.float32)}
    graph.add("Transpose", ["ids"], "by_step", perm=[1, 0])
    if kind == "Gather":
        graph.add("Gather", ["embedding.weight", graph.onto], "looked_up")
        graph.add("Mul", [graph.onto, "root"], "scaled")
    else:
        graph.add("OneHot", [graph.onto, "depth", "values"], "looked_up")
        dense(graph, INPUT, "fc", 7)
    layers("GRU", graph=graph)
    dense(graph, 7, "out")
    graph.add("ArgMax", [graph.onto], "likeliest", axis=-1)
    contents = read_bytes(graph.bytes())
    found, route = routed(contents)
    assert route.embedding == {"Gather": "embedding", "OneHot": "looked_up_node"}[kind]
    assert contents.sources[route.embedding] == {"Gather": ("embedding.weight",), "OneHot": ()}[kind]
    assert (route.answer, route.whole_text) == ("label", False)
    ids = np.array([3, 1, 4, 1, 5, 6, 2, 6])
    graph.nodes.pop()
    graph.onto = "out"
    expected = graph.run(ids=ids[None])[:, 0]
    np.testing.assert_allclose(scores(contents, ids), expected, rtol=0, atol=CLOSE)
    assert found.tensors == ("W0", "R0", "B0")


def test_a_graph_that_reads_one_step_at_a_time_answers_at_each_step() -> None:
    graph = Graph()
    graph.inputs = {"x": (TensorProto.FLOAT, [1, 1, INPUT]), "h": (TensorProto.FLOAT, [1, 1, UNITS])}
    graph.stored |= weights("GRU")
    node = helper.make_node("GRU", ["x", "W", "R", "B", "", "h"], ["y", "state"], "gru", hidden_size=UNITS)
    graph.nodes.append(node)
    graph.onto = "state"
    dense(graph, 5, "out")
    contents = read_bytes(graph.bytes())
    _, route = routed(contents)
    assert not route.whole_text
    h, expected = np.zeros((1, 1, UNITS), np.float32), []
    for x in X:
        session = graph.run_all(["state", "out"], x=x[None, None], h=h)
        h = session[0]
        expected.append(session[1].reshape(-1))
    np.testing.assert_allclose(scores(contents, X), expected, rtol=0, atol=CLOSE)


def test_a_stack_whose_answer_reads_a_lower_layer_too_comes_as_single_layers() -> None:
    graph = layers("LSTM", 2)
    graph.add("Add", ["h0", "h1"], "sum")
    dense(graph, 5, "out")
    check(graph, whole=False, at=0)
    lower, upper = read_bytes(graph.bytes()).recurrent
    assert (lower.where, upper.where) == ("y0_node", "y1_node")
    assert upper.no_route == (
        "The answer passes through the node “sum_node (Add)”, which reads both these layers and their input; that is not "
        "computed here."
    )


def softmax_over_steps(graph: Graph) -> None:
    graph.add("Softmax", [graph.onto], "attention", axis=0)


def attended(graph: Graph) -> None:
    graph.add("MatMul", [graph.onto, graph.onto], "attention")


def residual_around(graph: Graph) -> None:
    dense(graph, INPUT, "fc")
    graph.add("Add", [graph.onto, "x"], "attention")


def other_input(graph: Graph) -> None:
    graph.inputs["z"] = (TensorProto.FLOAT, ["step", 1, UNITS])
    graph.add("Mul", [graph.onto, "z"], "attention")


def turned(graph: Graph) -> None:
    names = [constant(graph, name, [value]) for name, value in (("a", -1), ("b", -(2**62)), ("c", 0), ("d", -1))]
    graph.add("Slice", [graph.onto, *names], "attention")


def position(graph: Graph) -> None:
    graph.inputs["x"] = (TensorProto.FLOAT, [STEPS, 1, INPUT])
    graph.add("Add", [graph.onto, constant(graph, "position", random(STEPS, 1, UNITS))], "attention")


def all_steps(graph: Graph) -> None:
    graph.inputs["x"] = (TensorProto.FLOAT, [STEPS, 1, INPUT])
    graph.add("Reshape", [graph.onto, constant(graph, "flat", [1, -1])], "flat_steps")
    graph.add("MatMul", [graph.onto, constant(graph, "w", random(STEPS * UNITS, 2))], "attention")


def last_and_each(graph: Graph) -> None:
    h = graph.onto
    graph.add("Gather", [h, constant(graph, "last", [-1])], "end", axis=0)
    graph.add("Add", [h, "end"], "attention")


def cell_state_of(graph: Graph) -> None:
    graph.nodes[0].output.extend(["", "c"])
    graph.add("Relu", ["c"], "attention")


def convolution(graph: Graph) -> None:
    graph.add("Transpose", [graph.onto], "channels", perm=[1, 2, 0])
    graph.add("Conv", [graph.onto, constant(graph, "kernel", random(UNITS, UNITS, 3))], "attention", pads=[1, 1])


REFUSED: dict[str, tuple[Callable[[Graph], None], str]] = {
    "softmax over the steps": (softmax_over_steps, "(Softmax over the steps, or over a part of the features)"),
    "a product of two values": (attended, "(MatMul of two computed values)"),
    "around the layers": (residual_around, "(Add of two computed values)"),
    "another input": (other_input, "(Mul of values from different inputs)"),
    "backwards": (turned, "(Slice in reverse order)"),
    "a number for each step": (position, "(Add with numbers that differ from step to step)"),
    "all steps at once": (all_steps, "(all steps side by side)"),
    "the last step and each": (last_and_each, "(Add of a value of each step and one of the whole text)"),
    "the cell state": (cell_state_of, "(the cell state of an LSTM)"),
    "a convolution": (convolution, "(Conv of several steps)"),
    "an operator that nobody knows": (lambda graph: graph.add("Hardmax", [graph.onto], "attention"), "(Hardmax)"),
    "an operator of another house": (lambda graph: graph.add("Relu", [graph.onto], "attention", "com.a"), "(Relu)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_computed_is_refused_by_name(case: str) -> None:
    build, says = REFUSED[case]
    graph = layers("LSTM")
    build(graph)
    dense(graph, 2, "out")
    found = read_bytes(graph.bytes()).recurrent[0]
    assert found.route is None
    node = "y0_node" if case == "the cell state" else "attention"
    assert found.no_route.startswith(f"The answer passes through the node “{node}")
    assert says in found.no_route
    assert found.no_route.endswith("not computed here.")


def test_what_stands_in_front_and_is_not_computed_is_refused_by_name() -> None:
    graph = Graph()
    graph.add("Transpose", [graph.onto], "channels", perm=[1, 2, 0])
    graph.add("Conv", [graph.onto, constant(graph, "kernel", random(INPUT, INPUT, 3))], "convolved")
    graph.add("Transpose", [graph.onto], "back", perm=[2, 0, 1])
    layers("GRU", graph=graph)
    (found,) = read_bytes(graph.bytes()).recurrent
    assert found.no_route == (
        "The layers read the output of the node “convolved_node” (Conv of several steps), which is not computed here."
    )


def from_a_state(value: Array | None, lengths: Array | None = None) -> Recurrent:
    graph = Graph(stored=weights("LSTM"))
    graph.inputs["x"] = (TensorProto.FLOAT, [STEPS, 1, INPUT])
    if value is not None:
        graph.stored["h"] = value
    else:
        graph.inputs["h"] = (TensorProto.FLOAT, [1, 1, UNITS])
    if lengths is not None:
        graph.stored["lengths"] = lengths
    graph.add("LSTM", ["x", "W", "R", "B", "" if lengths is None else "lengths", "h"], "y", hidden_size=UNITS)
    (found,) = read_bytes(graph.bytes()).recurrent
    return found


def test_a_stored_first_state_is_no_state_of_zeros() -> None:
    zeros, ones = np.zeros((1, 1, UNITS), np.float32), np.ones((1, 1, UNITS), np.float32)
    assert from_a_state(zeros).route is not None
    assert from_a_state(None).route is not None, "zeros unless one is given"
    assert from_a_state(ones).no_route == (
        "The answer passes through the node “y_node” (LSTM that starts from a stored state, not from zeros), which is not computed here."
    )


def test_layers_that_are_told_to_read_a_part_are_refused() -> None:
    zeros = np.zeros((1, 1, UNITS), np.float32)
    assert from_a_state(zeros, np.array([STEPS], np.int32)).route is not None
    assert "(LSTM that reads 3 steps of its input)" in from_a_state(zeros, np.array([3], np.int32)).no_route


def test_an_encoder_and_its_decoder_have_no_answer_here() -> None:
    graph = layers("GRU")
    graph.nodes[0].output.append("state")
    graph.stored |= {f"{name}9": array for name, array in weights("GRU", seed=9).items()}
    graph.add("GRU", ["x", "W9", "R9", "B9", "", "state"], "decoder", hidden_size=UNITS)
    for one in read_bytes(graph.bytes()).recurrent:
        assert "(GRU that starts from a computed state, not from zeros)" in one.no_route


def branches(condition: Array | None) -> Graph:
    """The layers inside of an If."""
    inner = layers("LSTM")
    relu = Graph(stored={}, inputs={}, onto="x")
    relu.add("Relu", ["h0"], "relu")
    plain = Graph(stored={}, inputs={}, onto="x")
    plain.add("Identity", ["h0"], "plain")
    for graph in (relu, plain):
        graph.inputs = {}
    if condition is None:
        inner.inputs["long"] = (TensorProto.BOOL, [])
    else:
        inner.stored["long"] = condition
    inner.add("If", ["long"], "chosen", then_branch=relu.proto(), else_branch=plain.proto())
    return inner


@pytest.mark.parametrize("condition", [True, False])
def test_the_branch_that_is_always_taken_is_followed(condition: bool) -> None:
    route = check(branches(np.array(condition)), whole=False)
    assert [type(stage) for stage in route.after] == ([nn.ReLU] if condition else [])


def test_a_branch_that_is_chosen_when_the_graph_runs_is_refused() -> None:
    (found,) = read_bytes(branches(None).bytes()).recurrent
    assert "“chosen_node” (If, which chooses when the graph runs)" in found.no_route


def test_layers_inside_of_a_branch_or_a_loop_have_no_route() -> None:
    from tests.models.checkpoints.test_onnx import inside_an_if

    for one in read_bytes(inside_an_if(layers("LSTM"))).recurrent:
        assert one.no_route.startswith("The layers are inside the node “h_node, ")


def test_one_of_several_outputs_is_shown_and_the_others_are_named() -> None:
    graph = layers("LSTM")
    h = graph.onto
    dense(graph, 5, "scores")
    graph.add("Softmax", [graph.onto], "p", axis=-1)
    graph.onto = h
    dense(graph, 1, "value")
    proto = graph.proto()
    names = ["y0", "p", "value"]
    del proto.output[:]
    proto.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    (found,) = read_bytes(model(proto)).recurrent
    assert found.route is not None
    assert (found.route.answer, found.route.parts[-1]) == ("label", "p_node (Softmax)")
    assert found.notes == ("The graph has several outputs. The answer shown is “p”; not shown: “value”.",)


def with_metadata(graph: Graph, **notes: str) -> bytes:
    made = onnx_load(graph.bytes())
    for key, value in notes.items():
        made.metadata_props.add(key=key, value=value)
    return bytes(made.SerializeToString())


@pytest.mark.parametrize(
    "notes",
    [
        {"id2label": '{"0": "bad", "1": "good"}'},
        {"labels": '["bad", "good"]'},
        {"classes": "bad, good"},
        {"class_names": "bad\ngood\n"},
        {"names": '{"good": 1, "bad": 0}'},
    ],
    ids=lambda notes: next(iter(notes)),
)
def test_labels_are_among_the_metadata(notes: dict[str, str]) -> None:
    graph = layers("LSTM")
    graph.add("Gather", [graph.onto, constant(graph, "last", -1)], "end", axis=0)
    dense(graph, 1, "out")
    graph.add("Sigmoid", [graph.onto], "p")
    contents = read_bytes(with_metadata(graph, **notes))
    assert contents.labels == ("bad", "good")
    assert routed(contents)[1].labels == ("bad", "good")


@pytest.mark.parametrize("text", ["", "{", "[[1]]", '{"0": "a", "7": "b"}', "[" * 5000, "one"])
def test_metadata_that_are_no_labels_are_left(text: str) -> None:
    assert read_bytes(with_metadata(layers("LSTM"), labels=text)).labels == ()


def test_all_weights_are_listed_and_what_they_are_used_for() -> None:
    graph = layers("LSTM")
    dense(graph, 5, "out")
    graph.stored["unused"] = random(3)
    contents = read_bytes(graph.bytes())
    assert set(contents.shapes) == {"W0", "R0", "B0", "out.w", "out.b", "unused"}
    assert contents.shapes["W0"] == (1, 4 * UNITS, INPUT)
    assert contents.recurrent[0].tensors == ("W0", "R0", "B0")
    assert contents.sources == {"out.w": ("out.w", "out.b")}


@pytest.mark.parametrize("kind", [np.float64, np.float16])
def test_routes_are_computed_in_the_type_of_the_weights(kind: Any) -> None:
    graph = layers("LSTM")
    relu_then_dense(graph)
    graph.stored = {name: a.astype(kind) if a.dtype == np.float32 else a for name, a in graph.stored.items()}
    contents = read_bytes(graph.bytes())
    found, route = routed(contents)
    kinds = {weight.dtype for stage in route.after for weight in stage.parameters()}
    assert kinds == {found.weights["weight_hh"].dtype}


class Exported(nn.Module):
    """A network as PyTorch users write it: `answer` makes the output of the embedded tokens."""

    def __init__(self, answer: Callable[..., torch.Tensor], **parts: nn.Module) -> None:
        super().__init__()
        self.embedding, self.answer = nn.Embedding(7, INPUT), answer
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.answer(self, self.embedding(ids))


def rnn(kind: type[nn.RNNBase] = nn.LSTM, **options: Any) -> nn.Module:
    return kind(INPUT, UNITS, batch_first=True, **options)


EXPORTED: dict[str, tuple[Callable[[], Exported], bool]] = {
    "each step": (lambda: Exported(lambda m, x: m.out(m.rnn(x)[0]), rnn=rnn(), out=nn.Linear(UNITS, 7)), False),
    "last step": (
        lambda: Exported(lambda m, x: m.out(m.rnn(x)[0][:, -1]), rnn=rnn(nn.GRU), out=nn.Linear(UNITS, 2)),
        True,
    ),
    "top state": (
        lambda: Exported(lambda m, x: m.out(m.rnn(x)[1][0][-1]), rnn=rnn(num_layers=2), out=nn.Linear(UNITS, 2)),
        True,
    ),
    "both top states": (
        lambda: Exported(
            lambda m, x: m.out(m.rnn(x)[1][-2:].permute(1, 0, 2).flatten(1)),
            rnn=rnn(nn.GRU, num_layers=2, bidirectional=True),
            out=nn.Linear(2 * UNITS, 2),
        ),
        True,
    ),
    "pooled": (
        lambda: Exported(
            lambda m, x: (lambda h: m.out(torch.cat([h.mean(1), h.amax(1)], -1)))(m.rnn(x)[0]),
            rnn=rnn(bidirectional=True),
            out=nn.Linear(4 * UNITS, 2),
        ),
        True,
    ),
    "norms": (
        lambda: Exported(
            lambda m, x: m.out(m.norm(m.rnn(m.first(x))[0]).relu()),
            first=nn.LayerNorm(INPUT),
            rnn=rnn(),
            norm=nn.LayerNorm(UNITS),
            out=nn.Linear(UNITS, 7),
        ),
        False,
    ),
    "unit length": (
        lambda: Exported(lambda m, x: nn.functional.normalize(m.rnn(x)[1][-1], dim=1), rnn=rnn(nn.GRU)),
        True,
    ),
    "gated": (
        lambda: Exported(
            lambda m, x: m.out(nn.functional.glu(m.rnn(x)[0], -1)), rnn=rnn(), out=nn.Linear(UNITS // 2, 7)
        ),
        False,
    ),
}


@pytest.mark.parametrize("folded", [True, False], ids=["folded", "unfolded"])
@pytest.mark.parametrize("case", EXPORTED)
def test_what_pytorch_exports_is_computed(case: str, folded: bool) -> None:
    make, whole = EXPORTED[case]
    torch.manual_seed(0)
    network, stream, ids = make().eval(), io.BytesIO(), torch.tensor([[3, 1, 4, 1, 5, 2]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own age
        axes = {"ids": {0: "batch", 1: "step"}}
        torch.onnx.export(
            network,
            (ids,),
            stream,
            dynamo=False,
            input_names=["ids"],
            dynamic_axes=axes if folded else None,
            opset_version=20 if folded else 13,
            do_constant_folding=folded,
        )
    contents = read_bytes(stream.getvalue())
    _, route = routed(contents)
    assert route.whole_text is whole
    assert route.embedding == "embedding"
    expected = network(ids).detach()[0].numpy()
    np.testing.assert_allclose(answers(contents, ids[0].numpy()), expected, rtol=0, atol=CLOSE)
