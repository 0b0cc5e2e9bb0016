"""Cells against ONNX Runtime's RNN, LSTM and GRU: equations that another house wrote, in another layout of the weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from explorer import cells
from explorer.backend import forward
from explorer.cells import Cell, Stack
from explorer.models.checkpoints.onnx_nodes import ORDER, PEEPHOLES
from explorer.signals import Array
from tests.helpers import Shape

INPUT, STEPS, BATCH = 3, 12, 2
SHAPES: list[Shape] = [(1, False), (1, True), (2, False), (2, True)]
# ONNX Runtime computes in float32: a dozen rounded steps of size 1.
TOLERANCE = 1e-5

TANH, SIGMOID, RELU, LINEAR = "Tanh", "Sigmoid", "Relu", "Affine"
CASES: dict[str, tuple[str, dict[str, Any], str, list[str], dict[str, Any]]] = {
    "rnn": ("rnn", {}, "RNN", [TANH], {}),
    "rnn-relu": ("rnn", {"nonlinearity": "relu"}, "RNN", [RELU], {}),
    "rnn-sigmoid": ("rnn", {"nonlinearity": "sigmoid"}, "RNN", [SIGMOID], {}),
    "rnn-linear": ("rnn", {"nonlinearity": "linear"}, "RNN", [LINEAR], {}),
    "gru": ("gru", {}, "GRU", [SIGMOID, TANH], {"linear_before_reset": 1}),
    "gru-sigmoid": ("gru", {"candidate": "sigmoid"}, "GRU", [SIGMOID, SIGMOID], {"linear_before_reset": 1}),
    "gru-cho": ("gru-cho", {}, "GRU", [SIGMOID, TANH], {"linear_before_reset": 0}),
    "gru-cho-sigmoid": ("gru-cho", {"candidate": "sigmoid"}, "GRU", [SIGMOID, SIGMOID], {"linear_before_reset": 0}),
    "lstm": ("lstm", {}, "LSTM", [SIGMOID, TANH, TANH], {}),
    "lstm-sigmoid": ("lstm-sigmoid", {}, "LSTM", [SIGMOID, SIGMOID, SIGMOID], {}),
    "lstm-peephole": ("lstm-peephole", {}, "LSTM", [SIGMOID, TANH, TANH], {}),
    "lstm-niaf": ("lstm-niaf", {"peephole": "diagonal"}, "LSTM", [SIGMOID, LINEAR, TANH], {}),
    "lstm-noaf": ("lstm-noaf", {"peephole": "diagonal"}, "LSTM", [SIGMOID, TANH, LINEAR], {}),
    "lstm-coupled": ("lstm-coupled", {}, "LSTM", [SIGMOID, TANH, TANH], {"input_forget": 1}),
}
"""Our name and options, ONNX's operator, its activations (of gates, candidate, what is shown) and attributes."""


def blocks_of(cell: Cell, kind: str, operator: str) -> Array:
    """A cell's blocks of one kind ("W_i": W of the input) in ONNX's order.

    Where the gates are coupled, ours computes f and takes i = 1 - f, ONNX's computes i and takes f = 1 - i: its i has the weights of our
    f with their signs turned. What it would find for f does not count.
    """
    named = cell.named_weights
    found = {name: named[f"{kind}{name}"] for name in cell.blocks}
    if cell.name == "lstm-coupled":
        found |= {"i": -found["f"], "f": torch.full_like(found["f"], 3.0)}
    return torch.cat([found[name] for name in ORDER[operator]]).detach().numpy()


def inputs_of(row: list[Cell], operator: str) -> dict[str, Array]:
    """W, R, B and P of the cells of a layer, one a direction."""
    found = {
        "W": [blocks_of(cell, "W_i", operator) for cell in row],
        "R": [blocks_of(cell, "W_h", operator) for cell in row],
        "B": [np.concatenate([blocks_of(cell, "b_i", operator), blocks_of(cell, "b_h", operator)]) for cell in row],
    }
    if any("peephole" in key for key in row[0].state_dict()):
        peepholes = [[cell.get_parameter(f"weight_peephole_{name}") for name in PEEPHOLES] for cell in row]
        found["P"] = [torch.cat(weights).detach().numpy() for weights in peepholes]
    return {name: np.stack(arrays) for name, arrays in found.items()}


def run(operator: str, inputs: dict[str, Array], units: int, activations: list[str], **attributes: Any) -> list[Array]:
    """Y [step, direction, batch, unit] and the last states [direction, batch, unit], by ONNX Runtime."""
    names = ["X", "W", "R", "B", "", "initial_h", *(["initial_c", "P"] if operator == "LSTM" else [])]
    outputs = ["Y", "Y_h", *(["Y_c"] if operator == "LSTM" else [])]
    directions, lines = len(inputs["W"]), activations.count(LINEAR)  # a line's slope and offset are asked for, one each
    slopes = (
        {"activation_alpha": [1.0] * lines * directions, "activation_beta": [0.0] * lines * directions} if lines else {}
    )
    node = helper.make_node(
        operator,
        [name if name in inputs else "" for name in names],
        outputs,
        hidden_size=units,
        direction="bidirectional" if directions == 2 else "forward",
        activations=activations * directions,
        **attributes | slopes,
    )
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape) for name, array in inputs.items()]
    found = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    graph = helper.make_graph([node], "one layer", given, found)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    arrays: list[Array] = session.run(outputs, inputs)
    return arrays


@pytest.mark.parametrize(("units", "seed"), [(4, 0), (1, 1), (9, 2)])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("case", CASES)
def test_onnx_runtime_finds_the_same(case: str, shape: Shape, units: int, seed: int) -> None:
    """h at every step and the last states, in every layer and direction, of a batch, from states that are not zero."""
    name, options, operator, activations, attributes = CASES[case]
    torch.manual_seed(seed)
    built = cells.build(name, INPUT, units, *shape, **options)
    stack = built if isinstance(built, Stack) else Stack.of(built)
    x = torch.randn(STEPS, BATCH, INPUT)
    initial = {state: torch.randn(len(stack.rows), BATCH, units) / 2 for state in stack.cell.State._fields}
    with torch.no_grad():
        rows = forward.read(stack, x, initial)

    below = x.numpy()
    for layer, row in enumerate(stack.layers()):
        own = slice(layer * stack.directions, (layer + 1) * stack.directions)
        firsts = {f"initial_{state}": values[own].numpy() for state, values in initial.items()}
        y, *last = run(operator, {"X": below} | inputs_of(row, operator) | firsts, units, activations, **attributes)
        for direction, ours in enumerate(rows[own]):
            np.testing.assert_allclose(ours["h"].numpy(), y[:, direction], rtol=0, atol=TOLERANCE)
            for state, values in zip(initial, last, strict=True):
                ended = ours[state][0 if direction else -1].numpy()
                np.testing.assert_allclose(ended, values[direction], rtol=0, atol=TOLERANCE)
        below = np.concatenate(list(y.transpose(1, 0, 2, 3)), -1)
