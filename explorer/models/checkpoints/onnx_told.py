"""What an ONNX node is told, each of the kind that it should be of, and its constant inputs."""

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
class Told:
    """A node with what comes to it.

    values  an input each: its value where that is computed, None where it is constant or left out
    opset   the version of ONNX's operators
    label   what a person calls the node
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
        """An attribute that is a whole number."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int):
            raise Refused(f"{self.operator} with another kind of {name} than ONNX's")
        return value

    def real(self, name: str, default: float) -> float:
        """An attribute that is a number."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int | float):
            raise Refused(f"{self.operator} with another kind of {name} than ONNX's")
        return float(value)

    def has(self, at: int) -> bool:
        """Whether an input is there."""
        return at < len(self.node.input) and bool(self.node.input[at])

    def constant(self, at: int) -> Array | None:
        """An input that is constant; None where it is left out or computed."""
        if not self.has(at) or self.values[at] is not None:
            return None
        return self.scope.constant(self.node.input[at])

    def numbers(self, at: int) -> Array:
        """A constant input in floating point. Raises Refused where it is something else."""
        found = self.constant(at)
        if found is None:
            raise Refused(f"{self.operator} of two computed values" if self.has(at) else f"{self.operator} of nothing")
        if found.dtype.kind in "iu":
            return found.astype(np.float32)
        return floats(found, self.label)

    def flow(self, at: int = 0) -> Flow:
        """An input that is numbers on their way, values beside one another brought together."""
        from explorer.models.checkpoints.onnx_joining import together

        value = self.values[at] if at < len(self.values) else None
        if isinstance(value, Stacked):
            return together(value)
        if not isinstance(value, Flow):
            raise Refused(self.operator)
        return value

    def sizes(self, at: int) -> list[Size | None] | None:
        """An input of whole numbers, constant or made of sizes; None where it is left out."""
        if not self.has(at):
            return None
        value = self.values[at]
        if isinstance(value, Sizes):
            return list(value.values)
        return [number(one) for one in self.listed(at)]

    def listed(self, at: int) -> list[int]:
        """A constant input of whole numbers. Raises Refused where it is none."""
        found = self.constant(at)
        if found is None or found.dtype.kind not in "iub" or found.size > 1000:
            raise Refused(f"{self.operator} with numbers that are known only when the graph runs")
        return [int(one) for one in found.ravel()]

    def axes(self, at: int, rank: int) -> list[int] | None:
        """Axes, an attribute in older versions and an input in newer ones; None where there are none."""
        given = self.attributes.get("axes")
        if given is None and self.has(at):
            given = self.listed(at)
        if given is None:
            return None
        if not isinstance(given, Sequence) or len(given) > MOST_AXES or not all(isinstance(one, int) for one in given):
            raise Refused(f"{self.operator} with another kind of axes than ONNX's")
        return [axis_of(one, rank) for one in given]


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front. Raises Refused for one that there is not."""
    if not -rank <= axis < rank:
        raise Refused(f"an axis {axis} of {rank}")
    return axis % rank
