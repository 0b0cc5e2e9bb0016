"""ONNX operations that move numbers: they rearrange the step, batch and feature axes, or select entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from explorer.models.checkpoints.onnx_axes import Atom, Axes, Axis, Refused, Size, core, extent, reshape_axes
from explorer.models.checkpoints.onnx_call import Call, axis_of
from explorer.models.checkpoints.onnx_flow import Flow, Make, Sizes, Stacked, Value
from explorer.models.checkpoints.onnx_stages import MOST_NUMBERS, First
from explorer.models.stages import linear
from explorer.signals import Array

MOST_PLACES = 5000
"""Maximum number of entries to select from an axis."""
FAR = 2**31 - 1
"""Slice ends from this value on mean the end of the axis."""


def _each_part(call: Call, move: Callable[[Flow], Axes]) -> Value:
    """Apply a move to a value, or to every part of a concatenated value, whose axis moves along."""
    value = call.values[0]
    if not isinstance(value, Stacked):
        flow = call.flow()
        return flow.moved(move(flow))
    marks = [Atom(2) for _ in value.parts]
    parts, axis = [], -1
    for part, mark in zip(value.parts, marks, strict=True):
        own = part.axes[value.axis]
        marked = (*part.axes[: value.axis], (mark,), *part.axes[value.axis + 1 :])
        axes = move(part.moved(marked))
        axis = next(at for at, one in enumerate(axes) if mark in one)
        parts.append(part.moved((*axes[:axis], own, *axes[axis + 1 :])))
    return replace(value, parts=tuple(parts), axis=axis)


def transpose(call: Call) -> Value:
    """Reorder the axes."""

    def move(flow: Flow) -> Axes:
        rank = len(flow.axes)
        order = call.attributes.get("perm") or list(range(rank))[::-1]
        if sorted(order) != list(range(rank)):
            raise Refused("Transpose that does not fit its input")
        return tuple(flow.axes[at] for at in order)

    return _each_part(call, move)


def unsqueeze(call: Call) -> Value:
    """Insert axes of size 1."""

    def move(flow: Flow) -> Axes:
        inserted = call.axes(1, len(flow.axes) + len(call.attributes.get("axes") or call.listed(1))) or []
        axes: list[Axis] = list(flow.axes)
        for at in sorted(inserted):
            axes.insert(at, ())
        return tuple(axes)

    return _each_part(call, move)


def squeeze(call: Call) -> Value:
    """Remove axes of size 1."""

    def move(flow: Flow) -> Axes:
        removed = call.axes(1, len(flow.axes))
        if removed is None:
            removed = [at for at, axis in enumerate(flow.axes) if all(atom.size == 1 for atom in axis)]
        for at in removed:
            for atom in flow.axes[at]:
                if atom.role == "" and atom.size is None:
                    atom.mark("batch")
            if core(flow.axes[at]):
                raise Refused("Squeeze of an axis that has more than one entry")
        return tuple(axis for at, axis in enumerate(flow.axes) if at not in removed)

    return _each_part(call, move)


def reshape(call: Call) -> Value:
    """Join or split axes."""
    value, target = call.values[0], call.sizes(1)
    if target is None:
        target = [Size((), int(one)) for one in call.attributes.get("shape", ())]
    zero_copies = not call.whole("allowzero", 0)
    if isinstance(value, Stacked) and value.axis == 0 and target and target[0] == Size((), len(value.parts)):
        parts = [_reshape_flow(part, [Size((), 1), *target[1:]], zero_copies) for part in value.parts]
        return replace(value, parts=tuple(parts))  # [layer * direction, …] to [layer, direction, …]
    return _reshape_flow(call.flow(), target, zero_copies)


def _reshape_flow(flow: Flow, target: Sequence[Size | None], zero_copies: bool) -> Flow:
    result = reshape_axes(flow.axes, target, zero_copies)
    features = flow.features
    while features is not None and any(atom in result.splits for atom in features):
        features = tuple(part for atom in features for part in result.splits.get(atom, (atom,)))
    return replace(flow, axes=result.axes, features=features)


def flatten(call: Call) -> Value:
    """Join all axes into two."""
    flow = call.flow()
    at = call.whole("axis", 1)
    at = at if at == len(flow.axes) else axis_of(at, len(flow.axes))
    halves = flow.axes[:at], flow.axes[at:]
    return flow.moved(tuple(tuple(atom for axis in half for atom in axis) for half in halves))


def expand(call: Call) -> Value:
    """Expand axes of size 1 to more entries. A batch of one stays as it is."""
    flow, target = call.flow(), call.sizes(1) or []
    axes: tuple[Axis, ...] = (*([()] * (len(target) - len(flow.axes))), *flow.axes)
    for axis, size in zip(axes[len(axes) - len(target) :], target, strict=True):
        repeats = size is None or (size.number is None and any(not atom.single for atom in size.atoms))
        repeats = repeats or (size is not None and size.number not in (None, 1))
        if repeats and not core(axis):
            return _repeat(flow.moved(axes), target)
    return flow.moved(axes)


def _repeat(flow: Flow, target: Sequence[Size | None]) -> Flow:
    """Repeat a single number for each feature that it will be combined with."""
    sizes = [None if size is None else size.number for size in target]
    larger = [at for at, axis in enumerate(flow.axes) if not core(axis) and sizes[at] not in (1, None)]
    unclear = any(
        not core(axis) and (size is None or any(not atom.single for atom in size.atoms))
        for axis, size in zip(flow.axes, target, strict=True)
    )
    count = sizes[larger[0]] if len(larger) == 1 else None
    if (
        len(target) != len(flow.axes)
        or unclear
        or count is None
        or not 0 < count <= MOST_NUMBERS
        or flow.feature_atoms is None
    ):
        raise Refused("Expand that repeats a value")
    if flow.width != 1:
        raise Refused("Expand that repeats a value")

    def make(kind: torch.dtype, _: int) -> list[nn.Module]:
        return [linear(torch.ones(count, 1, dtype=kind))]

    new, at = Atom(count, "feature"), larger[0]
    step = flow.step.then("", make, reads=1)
    return replace(flow, step=step, axes=(*flow.axes[:at], (new,), *flow.axes[at + 1 :]), features=(new,))


def concat(call: Call) -> Value:
    """Concatenate computed values, kept apart as parts."""
    flows = [call.flow(at) for at in range(len(call.node.input)) if call.has(at) and call.values[at] is not None]
    if len(flows) != len(call.node.input):
        raise Refused("Concat of a computed value and a constant")
    axis = axis_of(call.whole("axis", -1), len(flows[0].axes))
    if any(len(flow.axes) != len(flows[0].axes) for flow in flows):
        raise Refused("Concat of values with different axes")
    return Stacked(tuple(flows), axis, call.label)


def gather(call: Call) -> Value:
    """Select entries of a value at constant positions."""
    value = call.values[0]
    rank = len(value.parts[0].axes if isinstance(value, Stacked) else call.flow().axes)
    axis = axis_of(call.whole("axis", 0), rank)
    indices = call.values[1]
    if isinstance(indices, Sizes):
        one = indices.values[0] if len(indices.values) == 1 else None
        if one is None or one.offset != -1 or one.factor != 1 or core(call.flow().axes[axis]) != one.atoms:
            raise Refused("Gather at a place that is known only when the graph runs")
        return _select(call.flow(), axis, [-1], not indices.scalar)
    index, places = call.constant(1), call.listed(1)
    if index is None or index.ndim > 1 or not places:
        raise Refused("Gather of a table of places")
    return _select_parts(call, axis, places, index.ndim == 1)


def cut(call: Call) -> Value:
    """Slice a value along constant bounds, or to its last step."""
    value = call.values[0]
    rank = len(value.parts[0].axes if isinstance(value, Stacked) else call.flow().axes)
    starts, ends = (_bounds(call, name, at) for at, name in ((1, "starts"), (2, "ends")))
    axes = call.axes(3, rank) or list(range(len(starts)))
    steps = call.listed(4) if call.has(4) else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        call = replace(call, values=(_cut(call, axis, start, end, step), *call.values[1:]))
    result = call.values[0]
    if result is None:
        raise Refused("Slice of nothing")
    return result


def _bounds(call: Call, name: str, at: int) -> list[Size | None]:
    if name in call.attributes:
        return [Size((), int(one)) for one in call.attributes[name]]
    return call.sizes(at) or []


def _cut(call: Call, axis: int, start: Size | None, end: Size | None, step: int) -> Value:
    value = call.values[0]
    length = _length(value, axis) if isinstance(value, Stacked) else extent(call.flow().axes[axis])
    first, last = (None if size is None else size.number for size in (start, end))
    if length is not None and first is not None and last is not None:
        places = range(length)[first:last:step]
        if value is not None and places == range(length):
            return value
        return _select_parts(call, axis, places, True)
    flow = call.flow()
    own = core(flow.axes[axis])
    whole = Size(own) if len(own) == 1 else None
    to_end = (last is not None and last >= FAR) or (end is not None and end == whole)
    if step == 1 and to_end and first == 0:
        return flow
    if step == 1 and to_end and (first == -1 or (start is not None and start == Size(own, 1, -1))):
        return _select(flow, axis, [-1], True)
    if step == 1 and first == 0 and last == 1:
        return _select(flow, axis, [0], True)
    raise Refused("Slice in reverse order" if step < 0 else "Slice of several steps")


def _length(stacked: Stacked, axis: int) -> int | None:
    """Return the total number of entries of the parts along an axis; None if unknown."""
    if axis != stacked.axis:
        return extent(stacked.parts[0].axes[axis])
    lengths = [extent(part.axes[axis]) for part in stacked.parts]
    return None if None in lengths else sum(one for one in lengths if one is not None)


def split(call: Call) -> list[Value]:
    """Split a value into parts."""
    flow = call.flow()
    axis = axis_of(call.whole("axis", 0), len(flow.axes))
    length, count = extent(flow.axes[axis]), len(call.node.output)
    if length is None:
        raise Refused("Split of an axis whose size is known only when the graph runs")
    lengths = call.attributes.get("split") or (call.listed(1) if call.has(1) else None)
    each = -(-length // count)
    sizes = list(lengths or [each] * (count - 1) + [length - each * (count - 1)])
    if sum(sizes) != length or len(sizes) != count or min(sizes) < 1:
        raise Refused("Split that does not fit its input")
    starts = [sum(sizes[:at]) for at in range(count)]
    return [_select(flow, axis, range(at, at + size), True) for at, size in zip(starts, sizes, strict=True)]


def _select_parts(call: Call, axis: int, places: Sequence[int], stays: bool) -> Value:
    """Select entries of a value; for a concatenated value, from the parts that contain them."""
    value = call.values[0]
    if not isinstance(value, Stacked) or axis != value.axis:
        return _select(call.flow(), axis, places, stays)
    lengths = [extent(part.axes[axis]) for part in value.parts]
    owners = [(part, at) for part, length in enumerate(lengths) for at in range(min(length or 0, MOST_PLACES))]
    if len(places) > MOST_PLACES or any(length is None or length > MOST_PLACES for length in lengths):
        raise Refused(f"{call.operator} of too many features")
    if any(not -len(owners) <= at < len(owners) for at in places):
        raise Refused(f"{call.operator} beyond the end")
    chosen = [owners[at] for at in places]
    parts = list(dict.fromkeys(part for part, _ in chosen))
    if len(parts) == 1:
        return _select(value.parts[parts[0]], axis, [at for _, at in chosen], stays)
    if stays and chosen == [(part, at) for part in parts for at in range(lengths[part] or 0)]:
        return replace(value, parts=tuple(value.parts[part] for part in parts))
    return _select(call.flow(), axis, places, stays)


def _select(flow: Flow, axis: int, places: Sequence[int], stays: bool) -> Flow:
    """Select entries of an axis. Remove the axis unless it `stays`."""
    own = core(flow.axes[axis])
    if not own:
        if len(places) != 1 or places[0] not in (0, -1):
            raise Refused("a place beyond the end")
        axes = flow.axes if stays else (*flow.axes[:axis], *flow.axes[axis + 1 :])
        return flow.moved(axes)
    if any(atom.role == "step" for atom in own):
        return _select_step(flow, axis, own, places, stays)
    if flow.feature_atoms is None and axis != len(flow.axes) - 1:
        raise Refused("entries of an axis before it is clear which one it is")
    return _select_features(flow, axis, own, places, stays)


def _select_step(flow: Flow, axis: int, own: Axis, places: Sequence[int], stays: bool) -> Flow:
    """Select the last step, or the first. Raise Refused for any others."""
    size = own[0].size
    is_last = len(places) == 1 and (places[0] == -1 or (size is not None and places[0] == size - 1))
    is_first = len(places) == 1 and (places[0] == 0 or (size is not None and places[0] == -size))
    if len(own) > 1 or not (is_first or is_last):
        raise Refused("several steps of many")
    axes = (*flow.axes[:axis], *([()] if stays else []), *flow.axes[axis + 1 :])
    one_step = replace(flow, axes=axes, whole=True)
    return one_step if is_last else one_step.passed("first step", lambda kind, width: [First()])


def _select_features(flow: Flow, axis: int, own: Axis, places: Sequence[int], stays: bool) -> Flow:
    """Select some of the features, as a product with a matrix of zeros and ones."""
    flow = flow if flow.feature_atoms is not None else flow.with_features([axis])
    atoms = core(flow.feature_atoms or ())
    at = atoms.index(own[0]) if own[0] in atoms else -1
    if at < 0 or atoms[at : at + len(own)] != own:
        raise Refused("a part of the features in another order")
    if len(places) > MOST_PLACES:
        raise Refused("too many features")
    width, sizes = flow.width, [atom.size or 1 for atom in atoms]
    before, count = int(np.prod(sizes[:at])), int(np.prod(sizes[at : at + len(own)]))
    if any(not -count <= one < count for one in places) or width * width > MOST_NUMBERS or not places:
        raise Refused("a place beyond the end, or too many features")
    chosen = np.arange(width).reshape(before, count, -1)[:, list(places)].ravel()
    new = (Atom(len(places), "feature"),) if stays or len(places) > 1 else ()
    axes = (*flow.axes[:axis], *([new] if stays else []), *flow.axes[axis + 1 :])
    features = (*atoms[:at], *new, *atoms[at + len(own) :])
    step = flow.step.then("", selection(chosen, width), reads=width)
    return replace(flow, step=step, axes=axes, features=features)


def selection(chosen: Array, width: int) -> Make:
    """Return the linear layer whose matrix selects features."""

    def make(kind: torch.dtype, _: int) -> list[nn.Module]:
        return [linear(torch.eye(width, dtype=kind)[torch.from_numpy(chosen)])]

    return make


MOVED: dict[str, Callable[[Call], Value | list[Value]]] = {
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
    "Squeeze": squeeze,
    "Reshape": reshape,
    "Flatten": flatten,
    "Expand": expand,
    "Concat": concat,
    "Gather": gather,
    "Slice": cut,
    "Split": split,
}
