"""Read an ONNX graph as data: its nodes, nested graphs and constants. Nothing in it is run."""

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
"""Maximum number of chained operations behind a constant."""
FLOATING = frozenset({TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16})
MOST_SOURCES = 100
"""Maximum number of values to visit when collecting the tensors behind a constant."""


@dataclass(eq=False)
class Scope:
    """A graph and its enclosing graph, whose values are visible inside.

    inside     display name of its place: "If_0, then_branch"; empty for the top-level graph
    at         index of the enclosing node in its graph, and the name of the attribute
    constants  constants evaluated so far, by name; None for a computed value
    folded     bytes of all constants folded so far
    """

    graph: GraphProto
    outer: Scope | None = None
    inside: str = ""
    at: tuple[int, str] = (0, "")
    constants: dict[str, Array | None] = field(default_factory=dict)
    folded: int = 0

    @cached_property
    def stored(self) -> dict[str, TensorProto]:
        return {tensor.name: tensor for tensor in self.graph.initializer}

    @cached_property
    def makers(self) -> dict[str, NodeProto]:
        """The node that computes each value, by the value's name."""
        return {name: node for node in self.graph.node for name in node.output if name}

    @cached_property
    def readers(self) -> dict[str, list[NodeProto]]:
        """The nodes that read each value, by the value's name."""
        by_name: dict[str, list[NodeProto]] = {}
        for node in self.graph.node:
            for name in node.input:
                by_name.setdefault(name, []).append(node)
        return by_name

    @cached_property
    def inputs(self) -> frozenset[str]:
        """Names of the graph's inputs, without those that have a stored value."""
        return frozenset(one.name for one in self.graph.input if one.name not in self.stored)

    def holder(self, name: str) -> Scope | None:
        """Return the innermost graph that has the value; None if no graph has it."""
        scope: Scope | None = self
        while scope is not None and not (name in scope.stored or name in scope.makers or name in scope.inputs):
            scope = scope.outer
        return scope

    def constant(self, name: str, depth: int = 0) -> Array | None:
        """Return a value that is stored or folded from stored ones; None if it depends on an input."""
        scope = self.holder(name) if name else None
        if scope is None or depth > DEEPEST:
            return None
        if name not in scope.constants:
            scope.constants[name] = None  # a value that depends on itself is not a constant
            scope.constants[name] = scope._evaluate(name, depth)
        return scope.constants[name]

    def _evaluate(self, name: str, depth: int) -> Array | None:
        if name in self.stored:
            return array_of(self.stored[name])
        node = self.makers.get(name)
        if node is None:
            return None
        if node.op_type == "Constant":
            return _constant(node)
        if node.op_type not in FOLDED or len(node.output) != 1:
            return None
        inputs = [self.constant(one, depth + 1) if one else None for one in node.input]
        if any(one and value is None for one, value in zip(node.input, inputs, strict=True)):
            return None
        folded = fold(node.op_type, inputs, attributes(node), quoted(node.name or name))
        root = self
        while root.outer is not None:
            root = root.outer
        root.folded += folded.nbytes if folded.base is None else 0
        check_copies(root.folded)
        return folded


def scopes(graph: GraphProto) -> list[Scope]:
    """Return the graph and all graphs nested in its nodes: branches of an If, bodies of a Loop or a Scan."""
    nested, waiting = [], [Scope(graph)]
    while waiting:
        scope = waiting.pop(0)
        nested.append(scope)
        for at, node in enumerate(scope.graph.node):
            for one in node.attribute:
                inside = f"{scope.inside}, {node.name or node.op_type}, {one.name}".lstrip(", ")
                bodies = [one.g] if one.type == AttributeProto.GRAPH else one.graphs
                waiting += [Scope(body, scope, inside, (at, one.name)) for body in bodies]
    return nested


def sources(scope: Scope, name: str) -> list[str]:
    """Return the names of the stored tensors behind a constant."""
    names: dict[str, None] = {}
    waiting, seen = [(scope, name)], 0
    while waiting and seen < MOST_SOURCES:
        scope, name = waiting.pop()
        seen += 1
        holder = scope.holder(name) if name else None
        if holder is not None and name in holder.stored:
            names[name] = None
        elif holder is not None and name in holder.makers:
            waiting += [(holder, one) for one in reversed(holder.makers[name].input)]
    return list(names)


def tensors(scopes: list[Scope]) -> Iterator[TensorProto]:
    """Yield all stored tensors: initializers and the values of Constant nodes."""
    for scope in scopes:
        yield from scope.graph.initializer
        for node in scope.graph.node:
            if node.op_type == "Constant":
                yield from (one.t for one in node.attribute if one.type == AttributeProto.TENSOR)


def shapes(scopes: list[Scope]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all stored floating-point tensors, by name: the weights, without integer parameters of nodes."""
    return {
        tensor.name: tuple(tensor.dims)
        for scope in scopes
        for tensor in scope.graph.initializer
        if tensor.name and tensor.data_type in FLOATING
    }


def claims(tensor: TensorProto) -> tuple[str, tuple[int, ...], int]:
    """Return a tensor's claimed name, shape and bytes per number. Raise Unreadable for an unknown data type."""
    try:
        width = helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(
            f"{quoted(tensor.name)} holds a kind of number that is not known here ({tensor.data_type})."
        ) from error
    return tensor.name, tuple(tensor.dims), width


def array_of(tensor: TensorProto) -> Array:
    """Return a tensor's numbers. Raise Unreadable if they are in another file, or do not match its shape."""
    if tensor.data_location == TensorProto.EXTERNAL:
        raise Unreadable(
            f"The weights are in another file, {quoted(tensor.name)} among them. Save the model with all its data in one "
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
    """Return a node's attributes by name. Raise Unreadable for one without a value."""
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
