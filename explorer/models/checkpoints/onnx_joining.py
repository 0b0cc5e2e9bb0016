"""Combine several computed values of an ONNX graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from explorer.models.checkpoints.onnx_axes import Atom, Axes, Axis, Refused, core
from explorer.models.checkpoints.onnx_flow import MOST_NESTED, MOST_WAYS, Flow, Stacked, Step, meeting, passes
from explorer.models.checkpoints.onnx_stages import COMBINED


def combine(operator: str, label: str, flows: Sequence[Flow]) -> Flow:
    """Return the sum, product, … of values that share an origin. Raise Refused if they do not, or if their axes differ."""
    if operator not in COMBINED:
        raise Refused(f"{operator} of two computed values")
    step = _join_step(operator, label, flows)
    joint = flows[0]
    for other in flows[1:]:
        joint = _broadcast(operator, joint, other)
    return replace(joint, step=step, layers=_layers(flows))


def join_parts(stacked: Stacked) -> Flow:
    """Join concatenated values into one, with their features in a row. Raise Refused if they do not fit."""
    parts, axis = stacked.parts, stacked.axis
    if len(parts) == 1:
        return parts[0]
    step = _join_step("Concat", stacked.label, parts)
    along = [core(part.axes[axis]) for part in parts]
    rest = []
    for part, own in zip(parts, along, strict=True):
        features = core(part.feature_atoms or ()) if part.width else ()
        others = any(atom.role in ("step", "batch") for atom in part.axes[axis])
        if others or features[: len(own)] != own:
            raise Refused("Concat along another axis than that of the features")
        rest.append(features[len(own) :])
    first = parts[0]
    for part, own in zip(parts[1:], rest[1:], strict=True):
        same = [core(axis_) for at, axis_ in enumerate(part.axes) if at != axis]
        fits = len(same) == len(first.axes) - 1
        for mine, theirs in zip([a for at, a in enumerate(first.axes) if at != axis], same, strict=fits):
            fits = fits and _match(core(mine), theirs)
        if not fits or [a.size for a in own] != [a.size for a in rest[0]] or part.whole != first.whole:
            raise Refused("Concat of values with different axes")
    new = Atom(sum(prod(atom.size or 1 for atom in own) for own in along), "feature")
    axes = (*first.axes[:axis], (new,), *first.axes[axis + 1 :])
    return replace(first, step=step, axes=axes, features=(new, *rest[0]), layers=_layers(parts))


def _layers(flows: Sequence[Flow]) -> int:
    mask = 0
    for flow in flows:
        mask |= flow.layers
    return mask


def _join_step(operator: str, label: str, flows: Sequence[Flow]) -> Step:
    """Return a step after the last one that the values share, with the paths from there as its branches."""
    if len(flows) > MOST_WAYS:
        raise Refused(f"{operator} of {len(flows)} computed values")
    common = meeting([flow.step for flow in flows])
    if common is None:
        raise Refused(f"{operator} of values from different inputs")
    ways = tuple(flow.step.way(common) for flow in flows)
    steps = [step for way in ways for step in passes(way)]
    recurrent = any(step.layer is not None for step in steps)
    if any(step.table is not None for step in steps) or (
        recurrent and not any(s.layer is not None for s in common.way())
    ):
        raise Refused(f"{operator} of {'two' if len(flows) == 2 else len(flows)} computed values")
    nested = 1 + max((step.nested for way in ways for step in way), default=0)
    if nested > MOST_NESTED:
        raise Refused(f"{operator} of values that part and meet more than {MOST_NESTED} times")
    if len({flow.whole for flow in flows}) > 1:
        raise Refused(f"{operator} of a value of each step and one of the whole text")
    return common.then(label, None, cost=1 + len(steps), branches=ways, kind=operator, nested=nested)


def _broadcast(operator: str, one: Flow, other: Flow) -> Flow:
    """Return the first value with the broadcast axes and features of both, aligned at the last axis."""
    rank = max(len(one.axes), len(other.axes))
    a, b = ((*([()] * (rank - len(flow.axes))), *flow.axes) for flow in (one, other))
    axes: list[Axis] = []
    for mine, theirs in zip(a, b, strict=True):
        if not core(mine) or not core(theirs):
            axes.append(mine if core(mine) or (mine and not core(theirs)) else theirs)
        elif _match(core(mine), core(theirs)):
            axes.append(mine)
        else:
            raise Refused(f"{operator} of values with different axes")
    atoms = [atom for axis in axes for atom in core(axis)]
    if len(set(atoms)) < len(atoms):
        raise Refused(f"{operator} of values with different axes")  # such as every pair of steps
    features = _features(operator, one, other, a, b)
    return replace(one, axes=tuple(axes), features=features)


def _features(operator: str, one: Flow, other: Flow, a: Axes, b: Axes) -> Axis | None:
    """Return the features of both values; those of one if the other has a single number."""
    pair = one.feature_atoms, other.feature_atoms
    if pair[0] is None or pair[1] is None:
        if pair[0] is None and pair[1] is None:
            return None
        raise Refused(f"{operator} of values whose features are not known")
    if not core(pair[0]) or not core(pair[1]):
        return pair[0] if core(pair[0]) else pair[1]
    mine, theirs = _places(pair[0], a), _places(pair[1], b)
    if mine != sorted(mine) or theirs != sorted(theirs) or set(mine) != set(theirs):
        raise Refused(f"{operator} of values with different axes")
    return pair[0]


def _places(features: Axis, axes: Axes) -> list[int]:
    """Return the axis of each feature atom."""
    return [at for atom in core(features) for at, axis in enumerate(axes) if atom in axis]


def _match(mine: Axis, theirs: Axis) -> bool:
    """Return whether two axes match: the same steps, or the same number of features."""
    if mine == theirs:
        return True
    atoms = (*mine, *theirs)
    if any(atom.role != "feature" or atom.size is None for atom in atoms):
        return False
    return prod(atom.size or 1 for atom in mine) == prod(atom.size or 1 for atom in theirs)
