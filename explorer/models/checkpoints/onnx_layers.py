"""ONNX's LSTM, GRU and RNN as layers of our cells: their order of the gates turned into ours, and what is to be said of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto

from explorer.models.checkpoints.layers import Blocks, Layer, is_exact, row, widened
from explorer.models.checkpoints.onnx_cells import cell_of
from explorer.models.checkpoints.onnx_graph import Scope, array_of, attributes
from explorer.models.checkpoints.onnx_nodes import ORDER, PEEPHOLES, Node, node_of
from explorer.models.checkpoints.wording import quoted
from explorer.signals import Array

ARRANGING = ("Expand", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Tile", "Transpose", "Unsqueeze")
"""Operations whose numbers are those of their first input."""
MOST_BETWEEN = 50


def layer_of(scope: Scope, proto: NodeProto, where: str, reads: str | None) -> Layer:
    """The node as a layer. Raises Unreadable for one that our cells do not compute, and says what it has."""
    node = node_of(scope, proto, where)
    cell, options = cell_of(node, where)
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
    if any(name and not is_zeros(scope, name) for name in inputs[5:7]):
        notes.append("The graph gives it the state that it begins from; here it begins from zeros.")
    if inputs[4]:
        notes.append("The graph tells it how long each sequence is; here the whole input is read.")
    return tuple(notes)


def is_zeros(scope: Scope, name: str) -> bool:
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
