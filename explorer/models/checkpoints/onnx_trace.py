"""Trace an ONNX graph symbolically, from its inputs to its outputs, through its recurrent layers. Nothing in it is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, ValueInfoProto

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.layers import Layer
from explorer.models.checkpoints.onnx_axes import Atom, Refused, Size, number
from explorer.models.checkpoints.onnx_call import Call
from explorer.models.checkpoints.onnx_flow import MOST_AXES, Flow, Sizes, Stacked, Step, Unknown, Value
from explorer.models.checkpoints.onnx_graph import Scope
from explorer.models.checkpoints.onnx_moving import MOVED
from explorer.models.checkpoints.onnx_numbers import NUMBERS
from explorer.models.checkpoints.onnx_recurrent import outputs_of
from explorer.models.checkpoints.onnx_reducing import REDUCING
from explorer.models.checkpoints.onnx_sizes import SIZED, shape
from explorer.models.checkpoints.wording import quoted

WHOLE = frozenset({TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64, TensorProto.UINT8})
MOST_JOINTS = 500
"""Maximum number of nodes that combine several computed values: each is slow, and real graphs have few."""
OPERATIONS: dict[str, Callable[[Call], Value | list[Value]]] = {**MOVED, **NUMBERS, **REDUCING}
UNFIT = (TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError, ZeroDivisionError)


@dataclass(frozen=True)
class RecurrentNode:
    """A recurrent node: its number and its layer; None if our cells cannot compute it."""

    number: int
    layer: Layer | None


@dataclass(frozen=True, eq=False)
class Tracer:
    """The computed values of a graph and its nested graphs. Keys contain the id of the graph that holds a value or node.

    bodies  nested graphs, by graph and index of their node, then by attribute name
    nodes   recurrent nodes, by graph and index
    tables  names of the embeddings, by graph and value name
    values  computed values, by graph and name
    """

    opset: int
    bodies: Mapping[tuple[int, int], Mapping[str, Scope]]
    nodes: Mapping[tuple[int, int], RecurrentNode]
    tables: Mapping[tuple[int, str], str]
    values: dict[tuple[int, str], Value]
    joints: Counter[int] = field(default_factory=Counter)

    def value(self, scope: Scope, name: str) -> Value | None:
        """Return a computed value; None for a constant."""
        holder = scope.holder(name) if name else None
        return None if holder is None else self.values.get((id(holder), name))

    def follow(self, scope: Scope) -> None:
        """Evaluate every node of a graph, in order."""
        for declared in scope.graph.input:
            if declared.name in scope.inputs:
                self.values[id(scope), declared.name] = _input(declared)
        for at, node in enumerate(scope.graph.node):
            values = tuple(self.value(scope, name) for name in node.input)
            outputs = self._evaluate(scope, at, node, values)
            for name, value in zip(node.output, outputs, strict=False):
                if name and value is not None:
                    self.values[id(scope), name] = value

    def _evaluate(
        self, scope: Scope, at: int, node: NodeProto, values: tuple[Value | None, ...]
    ) -> Sequence[Value | None]:
        """Return the outputs of a node; Unknown for an unsupported one, nothing for a constant."""
        label = label_of(node)
        call = Call(scope, node, values, self.opset, label)
        own = self.nodes.get((id(scope), at))
        if not any(value is not None for value in values) and node.op_type != "If" and own is None:
            return ()  # a constant
        what = quoted(node.op_type)[1:-1]
        layers = 0 if own is None or own.layer is None else 1 << own.number
        for value in values:
            layers |= 0 if value is None else value.layers
        try:
            if own is not None:
                return self._recurrent(call, own)
            if node.domain not in ("", "ai.onnx"):
                raise Refused(what)
            for value in values:
                if isinstance(value, Unknown):
                    return [replace(value, layers=layers)] * len(node.output)
            with np.errstate(all="ignore"):  # division by 0 is infinite in ONNX Runtime too
                outputs = self._if(scope, at, call) if node.op_type == "If" else self._apply(call)
            return [_check_axes(one) for one in (outputs if isinstance(outputs, Sequence) else [outputs])]
        except Refused as refused:
            what = str(refused)
        except Unreadable:
            pass
        except UNFIT:
            what = f"{what} that does not fit its input"
        name = quoted(node.name or next(filter(None, node.output), node.op_type))
        layers |= self._inside(scope, at)
        return [Unknown(name, what, layers, layers)] * len(node.output)

    def _inside(self, scope: Scope, at: int) -> int:
        """Return the bit mask of the recurrent layers that a node's nested graphs read."""
        layers = 0
        for body in self.bodies.get((id(scope), at), {}).values():
            for node in body.graph.node:
                for name in node.input:
                    value = self.value(body, name)
                    layers |= 0 if value is None else value.layers
        return layers

    def _apply(self, call: Call) -> Value | list[Value]:
        operator, values = call.operator, [value for value in call.values if value is not None]
        self.joints[0] += sum(isinstance(value, Flow | Stacked) for value in values) > 1
        if self.joints[0] > MOST_JOINTS:
            raise Refused(f"more than {MOST_JOINTS} operations on several computed values")
        if operator == "Shape":
            return shape(call)
        if all(isinstance(value, Sizes) for value in values):
            if operator == "Equal":
                return _equal(call)
            if operator not in SIZED:
                raise Refused(operator)
            return SIZED[operator](call)
        if operator in ("Gather", "OneHot") and isinstance(call.values[1 if operator == "Gather" else 0], Flow):
            return self._look_up(call)
        if operator in OPERATIONS:
            return OPERATIONS[operator](call)
        raise Refused(quoted(operator)[1:-1])

    def _look_up(self, call: Call) -> Flow:
        """Look up rows of a table: an embedding, or one-hot vectors."""
        if call.operator == "Gather":
            ids, weight, axis, last = call.flow(1), call.node.input[0], call.whole("axis", 0), 0
        else:
            ids, weight, axis, last = call.flow(0), call.node.output[0], call.whole("axis", -1), -1
        holder = call.scope.holder(weight)
        name = None if holder is None else self.tables.get((id(holder), weight))
        if axis not in (last, len(ids.axes) if last else 0) or name is None or not ids.raw:
            raise Refused(f"{call.operator} by computed values")
        table = call.scope.constant(weight)
        width = int(call.numbers(1).item()) if table is None else table.shape[1]
        new = Atom(width, "feature")
        label = call.label if call.operator == "OneHot" else "embedding"
        step = ids.step.then(label, table=name)
        return replace(ids, step=step, axes=(*ids.axes, (new,)), features=(new,), ids=False)

    def _recurrent(self, call: Call, own: RecurrentNode) -> Sequence[Value]:
        first = call.values[0]
        if isinstance(first, Unknown):
            more = 0 if own.layer is None else 1 << own.number
            return [replace(first, layers=first.layers | more)] * len(call.node.output)
        if own.layer is None:
            raise Refused(f"{call.operator} of a kind that no cell here computes")
        return outputs_of(call, own.layer, own.number)

    def _if(self, scope: Scope, at: int, call: Call) -> Sequence[Value | None]:
        """Return the outputs of the branch that an If takes. Raise Refused if the condition is not constant."""
        condition = call.values[0]
        if isinstance(condition, Sizes):
            truth = condition.values[0].number if condition.values and condition.values[0] else None
        else:
            constant = call.constant(0)
            truth = None if constant is None or constant.size != 1 else int(bool(constant.item()))
        if truth is None:
            raise Refused("If, which chooses when the graph runs")
        body = self.bodies.get((id(scope), at), {}).get("then_branch" if truth else "else_branch")
        if body is None:
            raise Refused("If without a branch")
        self.follow(body)
        return [self.value(body, one.name) for one in body.graph.output]


def trace_graph(
    scopes: Sequence[Scope], opset: int, nodes: Mapping[tuple[int, int], RecurrentNode], tables: Any
) -> Tracer:
    """Trace the graph from its inputs to its outputs."""
    bodies: dict[tuple[int, int], dict[str, Scope]] = {}
    for scope in scopes:
        if scope.outer is not None:
            bodies.setdefault((id(scope.outer), scope.at[0]), {})[scope.at[1]] = scope
    tracer = Tracer(opset, bodies, nodes, tables, {})
    tracer.follow(scopes[0])
    return tracer


def _check_axes(value: Value | None) -> Value | None:
    """Return the value. Raise Refused if it has too many axes."""
    for flow in value.parts if isinstance(value, Stacked) else [value]:
        if isinstance(flow, Flow) and len(flow.axes) > MOST_AXES:
            raise Refused(f"more than {MOST_AXES} axes")
    return value


def label_of(node: NodeProto) -> str:
    """Return a node's display name: "fc (Gemm)"."""
    name, operator = quoted(node.name)[1:-1], quoted(node.op_type)[1:-1]
    return name if operator in name else f"{name} ({operator})" if name else operator


def _input(declared: ValueInfoProto) -> Value:
    kind = declared.type.tensor_type
    dims = kind.shape.dim
    if not kind.HasField("shape") or len(dims) > MOST_AXES:
        return Unknown(quoted(declared.name), "an input without a shape")
    axes = tuple((Atom(dim.dim_value if dim.dim_value > 0 else None),) for dim in dims)
    return Flow(Step(), axes, ids=kind.elem_type in WHOLE)


def _equal(call: Call) -> Sizes:
    """Compare two sizes, for a batch of one sequence. Raise Refused if they are only known at run time."""
    pair = [call.sizes(0), call.sizes(1)]
    if any(one is None or len(one) != 1 or one[0] is None for one in pair):
        raise Refused("Equal")
    numbers = [_for_one(one[0]) for one in pair if one and one[0]]
    if None in numbers:
        raise Refused("Equal of sizes that are known only when the graph runs")
    return Sizes((number(int(numbers[0] == numbers[1])),), scalar=True)


def _for_one(size: Size) -> int | None:
    return size.factor + size.offset if all(atom.single for atom in size.atoms) else None
