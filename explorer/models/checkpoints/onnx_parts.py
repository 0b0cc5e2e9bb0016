"""Parts of an ONNX graph that may come before and after its recurrent nodes: lookup tables and linear layers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import torch
from onnx import NodeProto
from torch import Tensor

from explorer.models.checkpoints.contents import Linear
from explorer.models.checkpoints.layers import check_copies, floats, unique
from explorer.models.checkpoints.onnx_graph import Scope, attributes, sources
from explorer.signals import Array

MOST_ONE_HOT = 2000
"""Maximum number of symbols of a one-hot table."""
Read = tuple[Linear, list[str]]
"""A linear layer, and the names of the values behind it."""


@dataclass(frozen=True)
class Tables:
    """Possible embeddings.

    by_name  tables [token, feature], by name in the file
    names    names of the tables, by the id of the graph that holds one and the value's name in it
    sources  names of the stored tensors behind each table
    """

    by_name: dict[str, Tensor] = field(default_factory=dict)
    names: dict[tuple[int, str], str] = field(default_factory=dict)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)


def tables(scopes: list[Scope]) -> Tables:
    """Return the tables whose rows a Gather selects, and the tables of one-hot vectors."""
    all_ = Tables()
    counts: Counter[str] = Counter()
    total = 0
    for scope in scopes:
        for node in scope.graph.node:
            if node.op_type == "Gather" and len(node.input) == 2 and attributes(node).get("axis", 0) == 0:
                value, table = node.input[0], _matrix(scope, node.input[0])
            elif node.op_type == "OneHot" and len(node.input) == 3 and len(node.output) == 1:
                value, table = node.output[0], _one_hot(scope, node)
            else:
                continue
            holder = scope.holder(value)
            if table is not None and holder is not None and (id(holder), value) not in all_.names:
                name = unique(_name(scope, node, value), counts)
                all_.names[id(holder), value] = name
                all_.by_name[name], all_.sources[name] = (
                    _tensor(table),
                    tuple(sources(scope, value) if node.op_type == "Gather" else ()),
                )
                total += table.nbytes
                check_copies(total)
    return all_


def _one_hot(scope: Scope, node: NodeProto) -> Array | None:
    """Return the one-hot vectors by id; None if they are not constant, or too many."""
    depth, values = (scope.constant(name) for name in node.input[1:])
    if depth is None or values is None or depth.size != 1 or values.shape != (2,) or values.dtype.kind not in "fiu":
        return None
    count = int(depth.item())
    off, on = values.astype(np.float32)
    return np.where(np.eye(count, dtype=bool), on, off) if 0 < count <= MOST_ONE_HOT else None


def linears(scopes: list[Scope]) -> tuple[dict[str, Linear], dict[str, tuple[str, ...]]]:
    """Return the products with a stored matrix and their biases, by name in the file, and the stored tensors behind each."""
    layers: dict[str, Linear] = {}
    made_of: dict[str, tuple[str, ...]] = {}
    counts: Counter[str] = Counter()
    total = 0
    for scope in scopes:
        for node in scope.graph.node:
            read = READ[node.op_type](scope, node) if node.op_type in READ and len(node.input) >= 2 else None
            if read is not None:
                linear, names = read
                name = unique(_name(scope, node, node.input[1]), counts)
                layers[name] = linear
                made_of[name] = tuple(dict.fromkeys(one for part in names for one in sources(scope, part)))
                total += linear.weight.nbytes + linear.bias.nbytes
                check_copies(total)
    return layers, made_of


def _gemm(scope: Scope, node: NodeProto) -> Read | None:
    """Return the linear layer of alpha A B + beta C, with both factors folded into the weights."""
    settings = attributes(node)
    weight = _matrix(scope, node.input[1])
    alpha, beta = settings.get("alpha", 1.0), settings.get("beta", 1.0)
    if weight is None or settings.get("transA", 0) or not isinstance(alpha, float) or not isinstance(beta, float):
        return None
    weight = (weight if settings.get("transB", 0) else weight.T) * weight.dtype.type(alpha)  # [output, input]
    bias = scope.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    if bias is not None:
        if bias.size not in (1, len(weight)) or bias.dtype.kind != "f":
            return None
        bias = np.broadcast_to(bias.ravel() * bias.dtype.type(beta), len(weight))
    linear = _linear(weight, bias)
    return None if linear is None else (linear, list(node.input[1:3]))


def _matmul(scope: Scope, node: NodeProto) -> Read | None:
    weight = _matrix(scope, node.input[1])
    if weight is None or not node.output:
        return None
    for reader in scope.readers.get(node.output[0], []):
        if reader.op_type == "Add":
            for name in reader.input:
                bias = scope.constant(name)
                if bias is not None and bias.shape == weight.shape[1:] and (linear := _linear(weight.T, bias)):
                    return linear, [node.input[1], name]
    linear = _linear(weight.T, None)
    return None if linear is None else (linear, [node.input[1]])


READ = {"Gemm": _gemm, "MatMul": _matmul}


def _linear(weight: Array, bias: Array | None) -> Linear | None:
    if bias is None:
        bias = np.zeros(len(weight), weight.dtype)
    return Linear(_tensor(weight), _tensor(bias)) if bias.shape == weight.shape[:1] else None


def _matrix(scope: Scope, name: str) -> Array | None:
    """Return a stored floating-point matrix; None for anything else."""
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
    """Return the name of a part: that of its weight, or of its node if an exporter generated or numbered the weight."""
    holder = scope.holder(weight)
    named = holder is not None and weight in holder.stored and "::" not in weight
    return weight.removesuffix(".weight") if named or not node.name else node.name
