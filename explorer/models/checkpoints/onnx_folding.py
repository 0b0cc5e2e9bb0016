"""Constant folding for the few operations with which exporters rearrange a layer's weights.

PyTorch's exporters leave these in the graph if constant folding is off: they split the gates, reorder them for ONNX and add a direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnx import helper, numpy_helper

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.limits import check_bytes
from explorer.signals import Array

Given = Sequence[Array | None]
Told = dict[str, Any]


def fold(operator: str, given: Given, told: Told, where: str) -> Array:
    """Return the result of an operation on constants. Raise Unreadable if they do not fit, or if the result is too large."""
    check_bytes(sum(one.nbytes for one in given if one is not None), "The unpacked file")
    try:
        with np.errstate(all="ignore"):
            result = FOLDED[operator](given, told)
    except (ValueError, IndexError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise Unreadable(f"The node {where}, {operator}, does not fit the weights that it reads.") from error
    check_bytes(result.nbytes, "The unpacked file")  # of a view too, which later operations would copy
    return result


def _axes(given: Given, told: Told, array: Array) -> tuple[int, ...]:
    """Return the axes of Squeeze or Unsqueeze: an input since opset 13, an attribute before."""
    axes = given[1] if len(given) > 1 else told.get("axes")
    return tuple(_list(np.flatnonzero(np.equal(array.shape, 1)) if axes is None else axes))


def _slice(given: Given, told: Told) -> Array:
    array = _first(given)
    rest = [*given[1:], *[None] * 4]
    starts, ends = (_list(told.get(name, rest[at])) for at, name in enumerate(("starts", "ends")))
    axes = told.get("axes", rest[2])
    axes = range(len(starts)) if axes is None else _list(axes)
    steps = [1] * len(starts) if rest[3] is None else _list(rest[3])
    cut = [slice(None)] * array.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        cut[axis] = slice(start, end, step)
    return array[tuple(cut)]


def _reshape(given: Given, told: Told) -> Array:
    array, shape = _first(given), _list(given[1])
    return array.reshape([array.shape[at] if size == 0 else size for at, size in enumerate(shape)])


def _list(values: Any) -> list[int]:
    """Return integers from an attribute or an input."""
    return [int(one) for one in np.ravel(values)]


def _first(given: Given) -> Array:
    if given[0] is None:
        raise ValueError("nothing was given")
    return given[0]


def _shape(given: Given, told: Told) -> Array:
    return np.array(_first(given).shape, np.int64)[told.get("start", 0) : told.get("end")]


def _expand(given: Given, told: Told) -> Array:
    array, shape = _first(given), tuple(_list(given[1]))
    return np.broadcast_to(array, np.broadcast_shapes(array.shape, shape))  # a view, which takes no memory


def _cast(given: Given, told: Told) -> Array:
    return _number(_first(given)).astype(helper.tensor_dtype_to_np_dtype(told["to"]))


def _gather(given: Given, told: Told) -> Array:
    array, places = _first(given), given[1]
    if places is None or places.size > 1000:
        raise ValueError("too many places")
    return np.take(array, places, told.get("axis", 0))


def _filled(given: Given, told: Told) -> Array:
    value = numpy_helper.to_array(told["value"]) if "value" in told else np.zeros(1, np.float32)
    return np.broadcast_to(value.reshape(()), _list(given[0]))


def _number(array: Array) -> Array:
    if array.dtype.kind not in "fiub" and array.dtype.name != "bfloat16":
        raise TypeError("no numbers")
    return array


def _of_two(function: Callable[[Array, Array], Array]) -> Callable[[Given, Told], Array]:
    def folded(given: Given, told: Told) -> Array:
        one, other = (_number(_first(given[at:])) for at in (0, 1))
        size = math.prod(np.broadcast_shapes(one.shape, other.shape))
        check_bytes(size * max(one.itemsize, other.itemsize), "The unpacked file")
        return np.asarray(function(one, other))

    return folded


def _quotient(one: Array, other: Array) -> Array:
    return one / other if one.dtype.kind == "f" else one // other


FOLDED: dict[str, Callable[[Given, Told], Array]] = {
    "Identity": lambda given, told: _first(given),
    "Transpose": lambda given, told: np.transpose(_first(given), told.get("perm")),
    "Concat": lambda given, told: np.concatenate([one for one in given if one is not None], told["axis"]),
    "Squeeze": lambda given, told: np.squeeze(_first(given), _axes(given, told, _first(given))),
    "Unsqueeze": lambda given, told: np.expand_dims(_first(given), _axes(given, told, _first(given))),
    "Reshape": _reshape,
    "Slice": _slice,
    "Shape": _shape,
    "Expand": _expand,
    "Cast": _cast,
    "Gather": _gather,
    "ConstantOfShape": _filled,
    "Add": _of_two(np.add),
    "Sub": _of_two(np.subtract),
    "Mul": _of_two(np.multiply),
    "Div": _of_two(_quotient),
    "Sqrt": lambda given, told: np.sqrt(_number(_first(given))),
}
"""Functions of the inputs (None for an omitted one) and the attributes, by operator."""
