"""Recurrent ONNX nodes with their weights and attributes, checked against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onnx import AttributeProto, NodeProto

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.layers import floats
from explorer.models.checkpoints.onnx_graph import Scope, attributes
from explorer.models.checkpoints.wording import quoted
from explorer.signals import Array

ORDER = {"RNN": "h", "GRU": "zrn", "LSTM": "iofg"}
"""Order of the blocks in W, R and B, by our names."""
PEEPHOLES = "iof"
"""Order of the blocks in P."""
ATTRIBUTES = {
    "activations": AttributeProto.STRINGS,
    "activation_alpha": AttributeProto.FLOATS,
    "activation_beta": AttributeProto.FLOATS,
    "clip": AttributeProto.FLOAT,
    "direction": AttributeProto.STRING,
    "hidden_size": AttributeProto.INT,
    "input_forget": AttributeProto.INT,
    "linear_before_reset": AttributeProto.INT,
}
"""Attributes that determine the computation. `layout` only determines the axes of X and Y."""


@dataclass(frozen=True)
class Node:
    """A recurrent node with its weights, as ONNX Runtime needs them to run it alone.

    W, R      [direction, blocks*unit, input or unit]
    B         biases [direction, 2*blocks*unit], or None
    P         peepholes [direction, 3*unit], or None
    settings  the attributes in ATTRIBUTES, by name
    """

    operator: str
    W: Array
    R: Array
    B: Array | None
    P: Array | None
    settings: dict[str, Any]


def node_of(scope: Scope, proto: NodeProto, where: str) -> Node:
    """Return the node with its weights. Raise Unreadable if their shapes do not fit."""
    settings = _settings(proto, where)
    inputs = dict(zip(("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"), proto.input, strict=False))
    arrays = {name: _weights(scope, inputs.get(name, ""), f"{name} of {quoted(where)}") for name in "WRBP"}
    W, R = arrays["W"], arrays["R"]
    if W is None or R is None:
        raise Unreadable(f"The node {quoted(where)} has no {'W' if W is None else 'R'}; the file is damaged.")
    blocks = len(ORDER[proto.op_type])
    directions = _directions(settings, where)
    units = R.shape[-1]
    shapes = {
        "W": (directions, blocks * units, W.shape[-1]),
        "R": (directions, blocks * units, units),
        "B": (directions, 2 * blocks * units),
        "P": (directions, len(PEEPHOLES) * units),
    }
    for name, array in arrays.items():
        if array is not None and (array.shape != shapes[name] or array.size == 0):
            raise Unreadable(
                f"{name} of the node {quoted(where)} has the shape {list(array.shape)}, where one of {units} units and {directions} "
                f"direction{'s' if directions > 1 else ''} has {list(shapes[name])}."
            )
    if settings.get("hidden_size", units) != units:
        raise Unreadable(
            f"The node {quoted(where)} says that it has {settings['hidden_size']} units, but its R has {units}."
        )
    P = arrays["P"] if proto.op_type == "LSTM" else None
    peepholes = P if P is not None and P.any() else None
    return Node(proto.op_type, W, R, arrays["B"], peepholes, settings)


def _settings(proto: NodeProto, where: str) -> dict[str, Any]:
    """Return the attributes that determine the computation. Raise Unreadable for one of the wrong type."""
    for one in proto.attribute:
        if ATTRIBUTES.get(one.name, one.type) != one.type:
            raise Unreadable(
                f"The node {quoted(where)} has an attribute {one.name} of another kind than ONNX's; the file is damaged."
            )
    return {name: value for name, value in attributes(proto).items() if name in ATTRIBUTES}


def _weights(scope: Scope, name: str, what: str) -> Array | None:
    if not name:
        return None
    array = scope.constant(name)
    if array is None:
        raise Unreadable(
            f"{what} is not stored in the file: it is an input of the graph, or computed when the graph runs."
        )
    if array.ndim < 2:
        raise Unreadable(f"{what} has the shape {list(array.shape)}; it should have one row per direction.")
    return floats(array, what)


def _directions(settings: dict[str, Any], where: str) -> int:
    direction = text_of(settings.get("direction", "forward"))
    if direction not in ("forward", "bidirectional"):
        raise Unreadable(
            f"The node {quoted(where)} reads in the direction {quoted(direction)}; forward and bidirectional ones can be shown. Give the "
            "network its text from the end, or export it with both directions."
        )
    return 2 if direction == "bidirectional" else 1


def text_of(value: Any) -> str:
    """Return an attribute as text, decoding bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
