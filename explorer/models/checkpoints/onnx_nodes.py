"""ONNX's LSTM, GRU and RNN in our cells: their order of the gates, their activations and attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import AttributeProto, NodeProto, TensorProto

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.layers import Blocks, Layer, floats, is_exact, row, widened
from explorer.models.checkpoints.onnx_graph import Scope, array_of, attributes
from explorer.models.checkpoints.wording import quoted
from explorer.signals import Array

ORDER = {"RNN": "h", "GRU": "zrn", "LSTM": "iofg"}
"""The order of the blocks in W, R and B, by their names here."""
PEEPHOLES = "iof"
"""Their order in P."""

TANH, SIGMOID, RELU, LINEAR = "tanh", "sigmoid", "relu", "affine"
USUAL = {"RNN": (TANH,), "GRU": (SIGMOID, TANH), "LSTM": (SIGMOID, TANH, TANH)}
"""The activations where a node names none: of the gates, of the candidate, of what is shown."""
NONLINEARITIES = {(TANH,): "tanh", (RELU,): "relu", (SIGMOID,): "sigmoid", (LINEAR,): "linear"}
CANDIDATES = {(SIGMOID, TANH): "tanh", (SIGMOID, SIGMOID): "sigmoid"}
LSTMS = {
    (SIGMOID, TANH, TANH): "lstm",
    (SIGMOID, SIGMOID, SIGMOID): "lstm-sigmoid",
    (SIGMOID, LINEAR, TANH): "lstm-niaf",
    (SIGMOID, TANH, LINEAR): "lstm-noaf",
}
"""Our cell for the activations."""
TOLD = {
    "activations": AttributeProto.STRINGS,
    "activation_alpha": AttributeProto.FLOATS,
    "activation_beta": AttributeProto.FLOATS,
    "clip": AttributeProto.FLOAT,
    "direction": AttributeProto.STRING,
    "hidden_size": AttributeProto.INT,
    "input_forget": AttributeProto.INT,
    "linear_before_reset": AttributeProto.INT,
}
"""The attributes that say what is computed. `layout` says only how X and Y lie."""
ARRANGING = ("Expand", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Tile", "Transpose", "Unsqueeze")
"""Operations whose numbers are those of their first input."""
MOST_BETWEEN = 50


@dataclass(frozen=True)
class Node:
    """A recurrent node with its weights: what ONNX Runtime needs to run it again by itself.

    W, R  [direction, blocks*unit, input or unit]; B [direction, 2*blocks*unit] and P [direction, 3*unit], None where there are none
    """

    operator: str
    W: Array
    R: Array
    B: Array | None
    P: Array | None
    told: dict[str, Any]


def layer_of(scope: Scope, proto: NodeProto, where: str, reads: str | None) -> Layer:
    """The node as a layer. Raises Unreadable for one that our cells do not compute, and says what it has."""
    node = _node(scope, proto, where)
    activations = _activations(node, where)
    cell, options = _cell(node, activations, where)
    return Layer(
        where=where,
        cell=cell,
        input_size=node.W.shape[2],
        hidden_size=node.R.shape[2],
        rows=tuple(_row(node, cell, direction) for direction in range(len(node.W))),
        options=options,
        reads=reads,
        notes=_notes(scope, proto, node),
        origin=node,
    )


def _node(scope: Scope, proto: NodeProto, where: str) -> Node:
    """The node with its weights, whose shapes fit."""
    told = _told(proto, where)
    inputs = dict(zip(("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"), proto.input, strict=False))
    found = {name: _weights(scope, inputs.get(name, ""), f"{name} of {quoted(where)}") for name in "WRBP"}
    W, R = found["W"], found["R"]
    if W is None or R is None:
        raise Unreadable(f"The node {quoted(where)} has no {'W' if W is None else 'R'}; the file is damaged.")
    blocks = len(ORDER[proto.op_type])
    directions = _directions(told, where)
    units = R.shape[-1]
    shapes = {
        "W": (directions, blocks * units, W.shape[-1]),
        "R": (directions, blocks * units, units),
        "B": (directions, 2 * blocks * units),
        "P": (directions, len(PEEPHOLES) * units),
    }
    for name, array in found.items():
        if array is not None and (array.shape != shapes[name] or array.size == 0):
            raise Unreadable(
                f"{name} of the node {quoted(where)} has the shape {list(array.shape)}, where one of {units} units and {directions} "
                f"direction{'s' if directions > 1 else ''} has {list(shapes[name])}."
            )
    if told.get("hidden_size", units) != units:
        raise Unreadable(
            f"The node {quoted(where)} says that it has {told['hidden_size']} units, but its R has {units}."
        )
    peepholes = found["P"] if proto.op_type == "LSTM" and found["P"] is not None and found["P"].any() else None
    return Node(proto.op_type, W, R, found["B"], peepholes, told)


def _told(proto: NodeProto, where: str) -> dict[str, Any]:
    """The attributes that count, each of the kind that it should be of."""
    for one in proto.attribute:
        if TOLD.get(one.name, one.type) != one.type:
            raise Unreadable(
                f"The node {quoted(where)} has an attribute {one.name} of another kind than ONNX's; the file is damaged."
            )
    return {name: value for name, value in attributes(proto).items() if name in TOLD}


def _weights(scope: Scope, name: str, what: str) -> Array | None:
    if not name:
        return None
    array = scope.constant(name)
    if array is None:
        raise Unreadable(f"{what} is not stored in the file: the graph computes it, or is given it, when it runs.")
    if array.ndim < 2:
        raise Unreadable(f"{what} has the shape {list(array.shape)}; it should have a row a direction.")
    return floats(array, what)


def _directions(told: dict[str, Any], where: str) -> int:
    direction = _text(told.get("direction", "forward"))
    if direction not in ("forward", "bidirectional"):
        raise Unreadable(
            f"The node {quoted(where)} reads in the direction {quoted(direction)}; forward and bidirectional ones can be shown. Give the "
            "network its text from the end, or export it with both directions."
        )
    return 2 if direction == "bidirectional" else 1


def _activations(node: Node, where: str) -> tuple[str, ...]:
    """Those of a direction, in lower case; both directions have the same. Raises Unreadable for what changes them."""
    usual = USUAL[node.operator]
    named = tuple(_text(one).lower() for one in node.told.get("activations", ()))
    named = named or usual * len(node.W)
    first = named[: len(usual)]
    if named != first * len(node.W) or len(first) != len(usual):
        raise Unreadable(
            f"The node {quoted(where)} has the activations {', '.join(named[:8])}: another number, or other ones in each direction."
        )
    if float(node.told.get("clip", 0.0)):
        raise Unreadable(
            f"The node {quoted(where)} clips its sums at {node.told['clip']:g} (clip), which no cell here does."
        )
    lines = named.count(LINEAR)
    for name, value in (("activation_alpha", 1.0), ("activation_beta", 0.0)):
        given = list(node.told.get(name, ()))
        if given != [value] * lines:
            raise Unreadable(
                f"The node {quoted(where)} changes its activations by {name} = {given[:6]}, which no cell here does."
            )
    return first


def _cell(node: Node, activations: tuple[str, ...], where: str) -> tuple[str, dict[str, Any]]:
    """Our cell and its options."""
    if node.operator == "RNN" and activations in NONLINEARITIES:
        return "rnn", {"nonlinearity": NONLINEARITIES[activations]}
    if node.operator == "GRU" and activations in CANDIDATES:
        after = node.told.get("linear_before_reset", 0)
        return "gru" if after else "gru-cho", {"candidate": CANDIDATES[activations]}
    if node.operator == "LSTM" and activations in LSTMS:
        return _lstm(node, LSTMS[activations], where)
    raise Unreadable(
        f"The node {quoted(where)} is of the kind {node.operator} with the activations {', '.join(activations)}; no cell here has these."
    )


def _lstm(node: Node, cell: str, where: str) -> tuple[str, dict[str, Any]]:
    coupled, peeping = bool(node.told.get("input_forget", 0)), node.P is not None
    if coupled and (peeping or cell != "lstm"):
        beside = "peepholes" if peeping else "other activations"
        raise Unreadable(
            f"The node {quoted(where)} couples its gates (input_forget) and has {beside}; no cell here has both."
        )
    if coupled:
        return "lstm-coupled", {}
    if not peeping:
        return cell, {}
    if cell == "lstm-sigmoid":
        raise Unreadable(f"The node {quoted(where)} has peepholes and sigmoid throughout; no cell here has both.")
    return "lstm-peephole" if cell == "lstm" else cell, {"peephole": "diagonal"}


def _row(node: Node, cell: str, direction: int) -> dict[str, Any]:
    """The weights of a direction by our names."""
    from_input, recurrent = _blocks(node, cell, node.W[direction]), _blocks(node, cell, node.R[direction])
    biases = [None, None] if node.B is None else [_blocks(node, cell, half) for half in np.split(node.B[direction], 2)]
    found = row(cell, from_input, recurrent, *biases)
    if node.P is not None:
        parts = dict(zip(PEEPHOLES, np.split(node.P[direction], len(PEEPHOLES)), strict=True))
        found |= {f"weight_peephole_{name}": found["weight_hh"].new_tensor(part) for name, part in parts.items()}
    return found


def _blocks(node: Node, cell: str, weight: Array) -> Blocks:
    """A weight's blocks by their names here.

    Where the gates are coupled, ONNX computes i and takes f = 1 - i, ours computes f: our f has the weights of their i with their signs
    turned, since σ(-a) = 1 - σ(a). What they have for f does not count.
    """
    order = ORDER[node.operator]
    found = dict(zip(order, np.split(weight, len(order)), strict=True))
    return found | {"f": -found["i"]} if cell == "lstm-coupled" else found


def _notes(scope: Scope, proto: NodeProto, node: Node) -> tuple[str, ...]:
    inputs = [*proto.input, *[""] * 8]
    notes = []
    if scope.inside:
        notes.append(f"It stands inside of another node ({quoted(scope.inside)}).")
    stored = scope.constant(proto.input[2])
    if stored is not None and not is_exact(stored):
        notes.append(widened(stored.dtype.name))
    if node.B is None:
        notes.append("It has no biases; they are zeros here.")
    if any(name and not _zeros(scope, name) for name in inputs[5:7]):
        notes.append("The graph gives it the state that it begins from; here it begins from zeros.")
    if inputs[4]:
        notes.append("The graph tells it how long each sequence is; here the whole input is read.")
    return tuple(notes)


def _zeros(scope: Scope, name: str) -> bool:
    """Whether a first state is zeros whatever the input: stored ones, or made as zeros, and then only brought into shape."""
    for _ in range(MOST_BETWEEN):
        holder = scope.holder(name)
        node = holder.makers.get(name) if holder else None
        if node is None or node.op_type not in ARRANGING or not node.input:
            break
        name = node.input[0]
    if holder is None:
        return False
    if node is not None and node.op_type == "ConstantOfShape":
        filled = attributes(node).get("value")
        return not (isinstance(filled, TensorProto) and array_of(filled).any())
    value = holder.constant(name)
    return value is not None and not value.any()


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
