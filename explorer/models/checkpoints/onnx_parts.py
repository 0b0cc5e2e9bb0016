"""What may stand before and behind the recurrent nodes of an ONNX graph: tables that are looked up in, and linear layers."""

from __future__ import annotations

from collections import Counter

import numpy as np
import torch
from onnx import NodeProto
from torch import Tensor

from explorer.models.checkpoints.contents import Linear
from explorer.models.checkpoints.layers import check_copies, floats, unique
from explorer.models.checkpoints.onnx_graph import Scope, attributes
from explorer.signals import Array


def tables(scopes: list[Scope]) -> dict[str, Tensor]:
    """The tables of numbers of which a Gather takes rows, by their names in the file."""
    found: dict[str, Tensor] = {}
    total = 0
    for scope in scopes:
        for node in scope.graph.node:
            if node.op_type == "Gather" and len(node.input) == 2 and attributes(node).get("axis", 0) == 0:
                table = _matrix(scope, node.input[0])
                name = _name(scope, node, node.input[0])
                if table is not None and name not in found:
                    found[name] = _tensor(table)
                    total += table.nbytes
                    check_copies(total)
    return found


def linears(scopes: list[Scope]) -> dict[str, Linear]:
    """The products with a stored matrix and what is added to them, by their names in the file."""
    found: dict[str, Linear] = {}
    taken: Counter[str] = Counter()
    total = 0
    for scope in scopes:
        for node in scope.graph.node:
            linear = READ[node.op_type](scope, node) if node.op_type in READ and len(node.input) >= 2 else None
            if linear is not None:
                found[unique(_name(scope, node, node.input[1]), taken)] = linear
                total += linear.weight.nbytes + linear.bias.nbytes
                check_copies(total)
    return found


def _gemm(scope: Scope, node: NodeProto) -> Linear | None:
    told = attributes(node)
    weight = _matrix(scope, node.input[1])
    if weight is None or told.get("transA", 0) or told.get("alpha", 1.0) != 1 or told.get("beta", 1.0) != 1:
        return None
    weight = weight if told.get("transB", 0) else weight.T  # [output, input]
    bias = scope.constant(node.input[2]) if len(node.input) > 2 else None
    return _linear(weight, bias)


def _matmul(scope: Scope, node: NodeProto) -> Linear | None:
    weight = _matrix(scope, node.input[1])
    if weight is None or not node.output:
        return None
    for reader in scope.readers.get(node.output[0], []):
        if reader.op_type == "Add":
            for name in reader.input:
                bias = scope.constant(name)
                if bias is not None and bias.shape == weight.shape[1:]:
                    return _linear(weight.T, bias)
    return _linear(weight.T, None)


READ = {"Gemm": _gemm, "MatMul": _matmul}


def _linear(weight: Array, bias: Array | None) -> Linear | None:
    if bias is None:
        bias = np.zeros(len(weight), weight.dtype)
    return Linear(_tensor(weight), _tensor(bias)) if bias.shape == weight.shape[:1] else None


def _matrix(scope: Scope, name: str) -> Array | None:
    """A stored matrix of weights; None for what is none."""
    array = scope.constant(name)
    if (
        array is None
        or array.ndim != 2
        or array.size == 0
        or (array.dtype.kind != "f" and array.dtype.name != "bfloat16")
    ):
        return None
    return floats(array, name)


def _tensor(array: Array) -> Tensor:
    return torch.from_numpy(np.array(array, order="C"))


def _name(scope: Scope, node: NodeProto, weight: str) -> str:
    """What the file calls it: by its weight, or by its node where an exporter made or numbered the weight."""
    holder = scope.holder(weight)
    named = holder is not None and weight in holder.stored and "::" not in weight
    return weight.removesuffix(".weight") if named or not node.name else node.name
