"""ONNX operations on sizes: shapes of values that the graph computes to reshape others."""

from __future__ import annotations

from collections.abc import Callable

from explorer.models.checkpoints.onnx_axes import Refused, Size, number, over, plus, size_of, times
from explorer.models.checkpoints.onnx_flow import Sizes, Stacked
from explorer.models.checkpoints.onnx_told import Told

MOST_SIZES = 64
Combine = Callable[[Size | None, Size | None], Size | None]


def shape(told: Told) -> Sizes:
    """Return the shape of a value, or a part of it."""
    if isinstance(told.values[0], Stacked):
        raise Refused("Shape of values beside one another")
    axes = told.flow().axes
    start, end = told.whole("start", 0), told.whole("end", len(axes))
    return Sizes(tuple(size_of(axis) for axis in axes)[start:end])


def _list(told: Told, at: int) -> list[Size | None]:
    found = told.sizes(at)
    if found is None or len(found) > MOST_SIZES:
        raise Refused(told.operator)
    return found


def _same(told: Told) -> Sizes:
    values = _list(told, 0)
    return Sizes(tuple(values))


def _unsqueeze(told: Told) -> Sizes:
    return Sizes(tuple(_list(told, 0)))


def _scalar(told: Told) -> Sizes:
    return Sizes(tuple(_list(told, 0)), scalar=True)


def _gather(told: Told) -> Sizes:
    values, places = _list(told, 0), told.listed(1)
    if any(not -len(values) <= at < len(values) for at in places):
        raise Refused("Gather beyond the end")
    index = told.constant(1)
    return Sizes(tuple(values[at] for at in places), scalar=index is not None and index.ndim == 0)


def _slice(told: Told) -> Sizes:
    starts, ends = (told.attributes.get(name) or told.listed(at) for at, name in ((1, "starts"), (2, "ends")))
    step = told.listed(4)[0] if told.has(4) else 1
    if len(starts) != 1 or len(ends) != 1 or step == 0:
        raise Refused("Slice of sizes along several axes")
    return Sizes(tuple(_list(told, 0)[starts[0] : ends[0] : step]))


def _concat(told: Told) -> Sizes:
    found = [one for at in range(min(len(told.node.input), MOST_SIZES)) for one in _list(told, at)]
    if len(found) > MOST_SIZES or len(told.node.input) > MOST_SIZES:
        raise Refused("Concat of many sizes")
    return Sizes(tuple(found))


def _each(combine: Combine) -> Callable[[Told], Sizes]:
    def combined(told: Told) -> Sizes:
        one, other = _list(told, 0), _list(told, 1)
        length = max(len(one), len(other))
        if {len(one), len(other)} - {1, length}:
            raise Refused(f"{told.operator} of sizes that do not fit")
        pairs = zip(one * (length // len(one)), other * (length // len(other)), strict=True)
        return Sizes(tuple(combine(*pair) for pair in pairs))

    return combined


def _product(told: Told) -> Sizes:
    size: Size | None = number(1)
    for one in _list(told, 0):
        size = times(size, one)
    return Sizes((size,), scalar=True)


SIZED: dict[str, Callable[[Told], Sizes]] = {
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
