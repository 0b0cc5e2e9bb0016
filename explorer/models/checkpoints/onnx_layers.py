"""Convert ONNX's LSTM, GRU and RNN to layers of our cells: reorder the gates, and collect notes."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto

from explorer.models.checkpoints.layers import Blocks, Layer, is_exact, row, widening_note
from explorer.models.checkpoints.onnx_cells import cell_of
from explorer.models.checkpoints.onnx_graph import Scope, array_of, attributes
from explorer.models.checkpoints.onnx_nodes import ORDER, PEEPHOLES, Node, node_of
from explorer.models.checkpoints.wording import quoted
from explorer.signals import Array

ARRANGING = ("Expand", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Tile", "Transpose", "Unsqueeze")
"""Operators whose output holds the numbers of their first input."""
MOST_BETWEEN = 50


def layer_of(scope: Scope, proto: NodeProto, where: str, reads: str | None) -> Layer:
    """Return the node as a layer. Raise Unreadable, with the reason, if our cells cannot compute it."""
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
    """Return the weights of a direction under our names."""
    from_input, recurrent = _blocks(node, cell, node.W[direction]), _blocks(node, cell, node.R[direction])
    biases = [None, None] if node.B is None else [_blocks(node, cell, half) for half in np.split(node.B[direction], 2)]
    weights = row(cell, from_input, recurrent, *biases)
    if node.P is not None:
        parts = dict(zip(PEEPHOLES, np.split(node.P[direction], len(PEEPHOLES)), strict=True))
        weights |= {f"weight_peephole_{name}": weights["weight_hh"].new_tensor(part) for name, part in parts.items()}
    return weights


def _blocks(node: Node, cell: str, weight: Array) -> Blocks:
    """Return a weight's blocks by our names.

    With coupled gates, ONNX computes i and sets f = 1 - i, while our cell computes f. Our f therefore has the negated weights of their i,
    since σ(-a) = 1 - σ(a). Their weights for f are ignored.
    """
    order = ORDER[node.operator]
    blocks = dict(zip(order, np.split(weight, len(order)), strict=True))
    return blocks | {"f": -blocks["i"]} if cell == "lstm-coupled" else blocks


def _notes(scope: Scope, proto: NodeProto, node: Node) -> tuple[str, ...]:
    inputs = [*proto.input, *[""] * 8]
    notes = []
    if scope.inside:
        notes.append(f"It is nested inside another node ({quoted(scope.inside)}).")
    stored = scope.constant(proto.input[2])
    if stored is not None and not is_exact(stored):
        notes.append(widening_note(stored.dtype.name))
    if node.B is None:
        notes.append("It has no biases; they are zeros here.")
    if any(name and not is_zeros(scope, name) for name in inputs[5:7]):
        notes.append("In the graph its initial state is an input or computed; here it starts from zeros.")
    if inputs[4]:
        notes.append("In the graph it reads sequence lengths; here the whole input is read.")
    return tuple(notes)


def is_zeros(scope: Scope, name: str) -> bool:
    """Return whether an initial state is zero for any input: stored or created as zeros, then at most rearranged."""
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
