"""A call of an ONNX node: typed access to its attributes and inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from onnx import NodeProto

from explorer.models.checkpoints.layers import floats
from explorer.models.checkpoints.onnx_axes import Refused, Size, number
from explorer.models.checkpoints.onnx_flow import MOST_AXES, Flow, Sizes, Stacked, Value
from explorer.models.checkpoints.onnx_graph import Scope, attributes
from explorer.signals import Array


@dataclass(frozen=True, eq=False)
class Call:
    """A node with its inputs.

    values  one for each input: the computed value; None if it is constant or omitted
    opset   version of the ONNX operator set
    label   display name of the node
    """

    scope: Scope
    node: NodeProto
    values: tuple[Value | None, ...]
    opset: int
    label: str

    @property
    def operator(self) -> str:
        return str(self.node.op_type)

    @cached_property
    def attributes(self) -> dict[str, Any]:
        return attributes(self.node)

    def whole(self, name: str, default: int) -> int:
        """Return an integer attribute. Raise Refused for another type."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int):
            raise Refused(f"{self.operator} with another kind of {name} than ONNX's")
        return value

    def real(self, name: str, default: float) -> float:
        """Return a numeric attribute. Raise Refused for another type."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int | float):
            raise Refused(f"{self.operator} with another kind of {name} than ONNX's")
        return float(value)

    def has(self, at: int) -> bool:
        """Return whether the node has this input."""
        return at < len(self.node.input) and bool(self.node.input[at])

    def constant(self, at: int) -> Array | None:
        """Return a constant input; None if it is omitted or computed."""
        if not self.has(at) or self.values[at] is not None:
            return None
        return self.scope.constant(self.node.input[at])

    def numbers(self, at: int) -> Array:
        """Return a constant input as floating point. Raise Refused if it is computed or omitted."""
        array = self.constant(at)
        if array is None:
            raise Refused(f"{self.operator} of two computed values" if self.has(at) else f"{self.operator} of nothing")
        if array.dtype.kind in "iu":
            return array.astype(np.float32)
        return floats(array, self.label)

    def flow(self, at: int = 0) -> Flow:
        """Return an input as one computed value, joining a concatenated one. Raise Refused for anything else."""
        from explorer.models.checkpoints.onnx_joining import join_parts

        value = self.values[at] if at < len(self.values) else None
        if isinstance(value, Stacked):
            return join_parts(value)
        if not isinstance(value, Flow):
            raise Refused(self.operator)
        return value

    def sizes(self, at: int) -> list[Size | None] | None:
        """Return an integer input, constant or computed from sizes; None if it is omitted."""
        if not self.has(at):
            return None
        value = self.values[at]
        if isinstance(value, Sizes):
            return list(value.values)
        return [number(one) for one in self.listed(at)]

    def listed(self, at: int) -> list[int]:
        """Return a constant input of integers. Raise Refused if it is anything else."""
        array = self.constant(at)
        if array is None or array.dtype.kind not in "iub" or array.size > 1000:
            raise Refused(f"{self.operator} with numbers that are known only when the graph runs")
        return [int(one) for one in array.ravel()]

    def axes(self, at: int, rank: int) -> list[int] | None:
        """Return the axes, an attribute in older opsets and an input in newer ones; None if omitted."""
        values = self.attributes.get("axes")
        if values is None and self.has(at):
            values = self.listed(at)
        if values is None:
            return None
        if (
            not isinstance(values, Sequence)
            or len(values) > MOST_AXES
            or not all(isinstance(one, int) for one in values)
        ):
            raise Refused(f"{self.operator} with another kind of axes than ONNX's")
        return [axis_of(one, rank) for one in values]


def axis_of(axis: int, rank: int) -> int:
    """Return the axis as a non-negative index. Raise Refused if it does not exist."""
    if not -rank <= axis < rank:
        raise Refused(f"an axis {axis} of {rank}")
    return axis % rank
