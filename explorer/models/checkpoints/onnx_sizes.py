"""ONNX operations on sizes: shapes of values that the graph computes to reshape others."""

from __future__ import annotations

from collections.abc import Callable

from explorer.models.checkpoints.onnx_axes import Refused, Size, number, over, plus, size_of, times
from explorer.models.checkpoints.onnx_call import Call
from explorer.models.checkpoints.onnx_flow import Sizes, Stacked

MOST_SIZES = 64
Combine = Callable[[Size | None, Size | None], Size | None]


def shape(call: Call) -> Sizes:
    """Return the shape of a value, or a part of it."""
    if isinstance(call.values[0], Stacked):
        raise Refused("Shape of concatenated values")
    axes = call.flow().axes
    start, end = call.whole("start", 0), call.whole("end", len(axes))
    return Sizes(tuple(size_of(axis) for axis in axes)[start:end])


def _list(call: Call, at: int) -> list[Size | None]:
    entries = call.sizes(at)
    if entries is None or len(entries) > MOST_SIZES:
        raise Refused(call.operator)
    return entries


def _same(call: Call) -> Sizes:
    values = _list(call, 0)
    return Sizes(tuple(values))


def _unsqueeze(call: Call) -> Sizes:
    return Sizes(tuple(_list(call, 0)))


def _scalar(call: Call) -> Sizes:
    return Sizes(tuple(_list(call, 0)), scalar=True)


def _gather(call: Call) -> Sizes:
    values, places = _list(call, 0), call.listed(1)
    if any(not -len(values) <= at < len(values) for at in places):
        raise Refused("Gather beyond the end")
    index = call.constant(1)
    return Sizes(tuple(values[at] for at in places), scalar=index is not None and index.ndim == 0)


def _slice(call: Call) -> Sizes:
    starts, ends = (call.attributes.get(name) or call.listed(at) for at, name in ((1, "starts"), (2, "ends")))
    step = call.listed(4)[0] if call.has(4) else 1
    if len(starts) != 1 or len(ends) != 1 or step == 0:
        raise Refused("Slice of sizes along several axes")
    return Sizes(tuple(_list(call, 0)[starts[0] : ends[0] : step]))


def _concat(call: Call) -> Sizes:
    entries = [one for at in range(min(len(call.node.input), MOST_SIZES)) for one in _list(call, at)]
    if len(entries) > MOST_SIZES or len(call.node.input) > MOST_SIZES:
        raise Refused("Concat of many sizes")
    return Sizes(tuple(entries))


def _each(combine: Combine) -> Callable[[Call], Sizes]:
    def combined(call: Call) -> Sizes:
        one, other = _list(call, 0), _list(call, 1)
        length = max(len(one), len(other))
        if {len(one), len(other)} - {1, length}:
            raise Refused(f"{call.operator} of sizes that do not fit")
        pairs = zip(one * (length // len(one)), other * (length // len(other)), strict=True)
        return Sizes(tuple(combine(*pair) for pair in pairs))

    return combined


def _product(call: Call) -> Sizes:
    size: Size | None = number(1)
    for one in _list(call, 0):
        size = times(size, one)
    return Sizes((size,), scalar=True)


SIZED: dict[str, Callable[[Call], Sizes]] = {
    "Identity": _same,
    "Cast": _same,
    "Unsqueeze": _unsqueeze,
    "Squeeze": _scalar,
    "Reshape": _same,
    "Gather": _gather,
    "Slice": _slice,
    "Concat": _concat,
    "Mul": _each(times),
    "Add": _each(plus),
    "Sub": _each(lambda one, other: plus(one, other, -1)),
    "Div": _each(over),
    "ReduceProd": _product,
}
"""Functions of inputs that are sizes or constants, by operator."""
