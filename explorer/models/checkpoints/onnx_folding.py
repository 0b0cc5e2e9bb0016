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

Inputs = Sequence[Array | None]
Attributes = dict[str, Any]


def fold(operator: str, inputs: Inputs, attributes: Attributes, where: str) -> Array:
    """Return the result of an operation on constants. Raise Unreadable if they do not fit, or if the result is too large."""
    check_bytes(sum(one.nbytes for one in inputs if one is not None), "The unpacked file")
    try:
        with np.errstate(all="ignore"):
            result = FOLDED[operator](inputs, attributes)
    except (ValueError, IndexError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise Unreadable(f"The node {where}, {operator}, does not fit the weights that it reads.") from error
    check_bytes(result.nbytes, "The unpacked file")  # of a view too, which later operations would copy
    return result


def _axes(inputs: Inputs, attributes: Attributes, array: Array) -> tuple[int, ...]:
    """Return the axes of Squeeze or Unsqueeze: an input since opset 13, an attribute before."""
    axes = inputs[1] if len(inputs) > 1 else attributes.get("axes")
    return tuple(_list(np.flatnonzero(np.equal(array.shape, 1)) if axes is None else axes))


def _slice(inputs: Inputs, attributes: Attributes) -> Array:
    array = _first(inputs)
    rest = [*inputs[1:], *[None] * 4]
    starts, ends = (_list(attributes.get(name, rest[at])) for at, name in enumerate(("starts", "ends")))
    axes = attributes.get("axes", rest[2])
    axes = range(len(starts)) if axes is None else _list(axes)
    steps = [1] * len(starts) if rest[3] is None else _list(rest[3])
    cut = [slice(None)] * array.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        cut[axis] = slice(start, end, step)
    return array[tuple(cut)]


def _reshape(inputs: Inputs, attributes: Attributes) -> Array:
    array, shape = _first(inputs), _list(inputs[1])
    return array.reshape([array.shape[at] if size == 0 else size for at, size in enumerate(shape)])


def _list(values: Any) -> list[int]:
    """Return integers from an attribute or an input."""
    return [int(one) for one in np.ravel(values)]


def _first(inputs: Inputs) -> Array:
    if inputs[0] is None:
        raise ValueError("nothing was given")
    return inputs[0]


def _shape(inputs: Inputs, attributes: Attributes) -> Array:
    return np.array(_first(inputs).shape, np.int64)[attributes.get("start", 0) : attributes.get("end")]


def _expand(inputs: Inputs, attributes: Attributes) -> Array:
    array, shape = _first(inputs), tuple(_list(inputs[1]))
    return np.broadcast_to(array, np.broadcast_shapes(array.shape, shape))  # a view, which takes no memory


def _cast(inputs: Inputs, attributes: Attributes) -> Array:
    return _number(_first(inputs)).astype(helper.tensor_dtype_to_np_dtype(attributes["to"]))


def _gather(inputs: Inputs, attributes: Attributes) -> Array:
    array, places = _first(inputs), inputs[1]
    if places is None or places.size > 1000:
        raise ValueError("too many places")
    return np.take(array, places, attributes.get("axis", 0))


def _filled(inputs: Inputs, attributes: Attributes) -> Array:
    value = numpy_helper.to_array(attributes["value"]) if "value" in attributes else np.zeros(1, np.float32)
    return np.broadcast_to(value.reshape(()), _list(inputs[0]))


def _number(array: Array) -> Array:
    if array.dtype.kind not in "fiub" and array.dtype.name != "bfloat16":
        raise TypeError("no numbers")
    return array


def _of_two(function: Callable[[Array, Array], Array]) -> Callable[[Inputs, Attributes], Array]:
    def folded(inputs: Inputs, attributes: Attributes) -> Array:
        one, other = (_number(_first(inputs[at:])) for at in (0, 1))
        size = math.prod(np.broadcast_shapes(one.shape, other.shape))
        check_bytes(size * max(one.itemsize, other.itemsize), "The unpacked file")
        return np.asarray(function(one, other))

    return folded


def _quotient(one: Array, other: Array) -> Array:
    return one / other if one.dtype.kind == "f" else one // other


FOLDED: dict[str, Callable[[Inputs, Attributes], Array]] = {
    "Identity": lambda inputs, attributes: _first(inputs),
    "Transpose": lambda inputs, attributes: np.transpose(_first(inputs), attributes.get("perm")),
    "Concat": lambda inputs, attributes: np.concatenate([one for one in inputs if one is not None], attributes["axis"]),
    "Squeeze": lambda inputs, attributes: np.squeeze(_first(inputs), _axes(inputs, attributes, _first(inputs))),
    "Unsqueeze": lambda inputs, attributes: np.expand_dims(_first(inputs), _axes(inputs, attributes, _first(inputs))),
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
    "Sqrt": lambda inputs, attributes: np.sqrt(_number(_first(inputs))),
}
"""Functions of the inputs (None for an omitted one) and the attributes, by operator."""
