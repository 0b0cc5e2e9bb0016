"""An ONNX graph as data: its nodes with those of the graphs inside them, and the constants that they read. Nothing in it is run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from onnx import AttributeProto, GraphProto, NodeProto, TensorProto, helper, numpy_helper

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.layers import check_copies
from explorer.models.checkpoints.onnx_folding import FOLDED, fold
from explorer.models.checkpoints.wording import quoted
from explorer.signals import Array

DEEPEST = 50
"""How many operations a constant may be made by."""
FLOATING = frozenset({TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16})
MOST_SOURCES = 100
"""Values looked at for the tensors that a constant is made of."""


@dataclass(eq=False)
class Scope:
    """A graph, and the one in whose node it lies: what has a name out there can be read in here.

    inside  where it lies, for a person: "If_0, then_branch"; empty for the whole
    at      the place of that node among its graph's, and the name of the attribute
    folded  the bytes of all constants that were made of others
    """

    graph: GraphProto
    outer: Scope | None = None
    inside: str = ""
    at: tuple[int, str] = (0, "")
    known: dict[str, Array | None] = field(default_factory=dict)
    folded: int = 0

    @cached_property
    def stored(self) -> dict[str, TensorProto]:
        return {tensor.name: tensor for tensor in self.graph.initializer}

    @cached_property
    def makers(self) -> dict[str, NodeProto]:
        """The node that makes a value, by the value's name."""
        return {name: node for node in self.graph.node for name in node.output if name}

    @cached_property
    def readers(self) -> dict[str, list[NodeProto]]:
        """The nodes that read a value, by the value's name."""
        found: dict[str, list[NodeProto]] = {}
        for node in self.graph.node:
            for name in node.input:
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def inputs(self) -> frozenset[str]:
        """What is given from outside, when it runs."""
        return frozenset(one.name for one in self.graph.input if one.name not in self.stored)

    def holder(self, name: str) -> Scope | None:
        """The nearest graph that has the value."""
        scope: Scope | None = self
        while scope is not None and not (name in scope.stored or name in scope.makers or name in scope.inputs):
            scope = scope.outer
        return scope

    def constant(self, name: str, depth: int = 0) -> Array | None:
        """The value, where it is stored or made of stored ones by moving them about; None where it is computed."""
        scope = self.holder(name) if name else None
        if scope is None or depth > DEEPEST:
            return None
        if name not in scope.known:
            scope.known[name] = None  # a value that is made of itself is none
            scope.known[name] = scope._made(name, depth)
        return scope.known[name]

    def _made(self, name: str, depth: int) -> Array | None:
        if name in self.stored:
            return array_of(self.stored[name])
        node = self.makers.get(name)
        if node is None:
            return None
        if node.op_type == "Constant":
            return _constant(node)
        if node.op_type not in FOLDED or len(node.output) != 1:
            return None
        given = [self.constant(one, depth + 1) if one else None for one in node.input]
        if any(one and value is None for one, value in zip(node.input, given, strict=True)):
            return None
        found = fold(node.op_type, given, attributes(node), quoted(node.name or name))
        root = self
        while root.outer is not None:
            root = root.outer
        root.folded += found.nbytes if found.base is None else 0
        check_copies(root.folded)
        return found


def scopes(graph: GraphProto) -> list[Scope]:
    """The graph and all that lie in its nodes: the branches of an If, the body of a Loop or a Scan."""
    found, waiting = [], [Scope(graph)]
    while waiting:
        scope = waiting.pop(0)
        found.append(scope)
        for at, node in enumerate(scope.graph.node):
            for one in node.attribute:
                inside = f"{scope.inside}, {node.name or node.op_type}, {one.name}".lstrip(", ")
                bodies = [one.g] if one.type == AttributeProto.GRAPH else one.graphs
                waiting += [Scope(body, scope, inside, (at, one.name)) for body in bodies]
    return found


def sources(scope: Scope, name: str) -> list[str]:
    """The stored tensors that a constant is made of."""
    found: dict[str, None] = {}
    waiting, seen = [(scope, name)], 0
    while waiting and seen < MOST_SOURCES:
        scope, name = waiting.pop()
        seen += 1
        holder = scope.holder(name) if name else None
        if holder is not None and name in holder.stored:
            found[name] = None
        elif holder is not None and name in holder.makers:
            waiting += [(holder, one) for one in reversed(holder.makers[name].input)]
    return list(found)


def tensors(scopes: list[Scope]) -> Iterator[TensorProto]:
    """All that are stored, as weights or in a Constant node."""
    for scope in scopes:
        yield from scope.graph.initializer
        for node in scope.graph.node:
            if node.op_type == "Constant":
                yield from (one.t for one in node.attribute if one.type == AttributeProto.TENSOR)


def shapes(scopes: list[Scope]) -> dict[str, tuple[int, ...]]:
    """The shapes of all stored tensors in floating point, by name: weights, and not the whole numbers that tell nodes what to do."""
    return {
        tensor.name: tuple(tensor.dims)
        for scope in scopes
        for tensor in scope.graph.initializer
        if tensor.name and tensor.data_type in FLOATING
    }


def claims(tensor: TensorProto) -> tuple[str, tuple[int, ...], int]:
    """A tensor's name, shape and bytes a number, as it says. Raises Unreadable for a kind of number that ONNX does not have."""
    try:
        width = helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(
            f"{quoted(tensor.name)} holds a kind of number that is not known here ({tensor.data_type})."
        ) from error
    return tensor.name, tuple(tensor.dims), width


def array_of(tensor: TensorProto) -> Array:
    """Its numbers. Raises Unreadable where they lie in another file, or are not as many as it says."""
    if tensor.data_location == TensorProto.EXTERNAL:
        raise Unreadable(
            f"The weights lie in another file beside this one, {quoted(tensor.name)} among them. Save the model with all its data in one "
            "file: onnx.save(model, path, save_as_external_data=False)."
        )
    try:
        array: Array = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, OverflowError, MemoryError) as error:
        raise Unreadable(
            f"{quoted(tensor.name)} does not hold as many numbers as its shape {list(tensor.dims)[:6]} says."
        ) from error
    return array


def attributes(node: NodeProto) -> dict[str, Any]:
    """What a node is told, by name. Raises Unreadable for one without a value."""
    try:
        return {one.name: helper.get_attribute_value(one) for one in node.attribute}
    except ValueError as error:
        raise Unreadable(f"The node {quoted(node.name or node.op_type)} has an attribute without a value.") from error


def _constant(node: NodeProto) -> Array | None:
    for name, value in attributes(node).items():
        if name == "value" and isinstance(value, TensorProto):
            return array_of(value)
        if name in ("value_int", "value_ints"):
            return np.asarray(value, dtype=np.int64)
        if name in ("value_float", "value_floats"):
            return np.asarray(value, dtype=np.float32)
    return None
