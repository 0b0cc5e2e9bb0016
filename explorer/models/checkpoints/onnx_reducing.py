"""ONNX reductions over all steps, or over the features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np
import torch
from torch import nn

from explorer.models.checkpoints.onnx_axes import Axes, Refused, core
from explorer.models.checkpoints.onnx_flow import Flow
from explorer.models.checkpoints.onnx_stages import MOST_NUMBERS, REDUCED, Reduced
from explorer.models.checkpoints.onnx_told import Told
from explorer.models.stages import RunningMax, RunningMean, RunningMin, RunningSum, linear

OVER_STEPS: dict[str, type[nn.Module]] = {
    "ReduceMax": RunningMax,
    "ReduceMin": RunningMin,
    "ReduceMean": RunningMean,
    "ReduceSum": RunningSum,
    "GlobalMaxPool": RunningMax,
    "GlobalAveragePool": RunningMean,
    "MaxPool": RunningMax,
    "AveragePool": RunningMean,
}


def reduced(told: Told) -> Flow:
    """Apply ReduceMax, ReduceMean, … over the steps, or over features."""
    flow = told.flow()
    given = told.axes(1, len(flow.axes))
    if not given:
        if told.whole("noop_with_empty_axes", 0):
            return flow
        given = list(range(len(flow.axes)))
    return _reduced(told, flow, sorted(set(given)), bool(told.whole("keepdims", 1)))


def pooled(told: Told) -> Flow:
    """Apply GlobalMaxPool or GlobalAveragePool, over all axes after the second."""
    flow = told.flow()
    return _reduced(told, flow, list(range(2, len(flow.axes))), True)


def over_windows(told: Told) -> Flow:
    """Apply MaxPool or AveragePool with a single window over all steps."""
    flow = told.flow()
    window, axis = list(told.attributes.get("kernel_shape", ())), flow.axes[2] if len(flow.axes) == 3 else ()
    step = core(axis)[0] if len(core(axis)) == 1 else None
    if step is None or window != [step.size] or any(told.attributes.get("pads", ())):
        raise Refused(f"{told.operator} of several steps")
    return _reduced(told, flow, [2], True)


def _reduced(told: Told, flow: Flow, at: list[int], stay: bool) -> Flow:
    atoms = core(tuple(atom for axis in at for atom in flow.axes[axis]))
    axes = tuple(() if k in at else axis for k, axis in enumerate(flow.axes) if stay or k not in at)
    if not atoms:
        if told.operator in ("ReduceL1", "ReduceL2", "ReduceSumSquare"):
            raise Refused(f"{told.operator} of an axis of one entry")
        return flow.moved(axes)
    roles = {atom.role for atom in atoms}
    if "step" in roles:
        if len(roles) > 1 or told.operator not in OVER_STEPS:
            raise Refused(f"{told.operator} over the steps")
        stage = OVER_STEPS[told.operator]
        return replace(flow.passed(told.label, lambda kind, width: [stage()]), axes=axes, whole=True)
    return _over_features(told, flow, at, axes)


def _over_features(told: Told, flow: Flow, at: list[int], axes: Axes) -> Flow:
    if flow.known is None:
        flow = flow.with_features(at)
    width, known = flow.width, core(flow.known or ())
    gone = {atom for axis in at for atom in flow.axes[axis]}
    rest = tuple(atom for atom in known if atom not in gone)
    if any(atom not in known for atom in core(tuple(gone))):
        raise Refused(f"{told.operator} over another axis than that of the features")
    if told.operator in ("ReduceMean", "ReduceSum"):
        sizes = [atom.size or 1 for atom in known]
        outputs = prod(atom.size or 1 for atom in rest)
        if outputs * width > MOST_NUMBERS:
            raise Refused(f"{told.operator} of too many features")
        index = np.arange(outputs).reshape([1 if atom in gone else atom.size or 1 for atom in known])
        owner = torch.from_numpy(np.broadcast_to(index, sizes).ravel().copy())  # index of the output that each feature is added to
        share = 1.0 if told.operator == "ReduceSum" else outputs / width

        def make(kind: torch.dtype, _: int) -> list[nn.Module]:
            weight = torch.zeros(outputs, width, dtype=kind)
            weight[owner, torch.arange(width)] = share
            return [linear(weight)]

        step = flow.step.then(told.label, make, reads=width)
    elif told.operator in REDUCED and not rest:
        step = flow.step.then(told.label, lambda kind, width: [Reduced(told.operator, width)], reads=width)
    else:
        raise Refused(f"{told.operator} over a part of the features")
    return replace(flow, step=step, axes=axes, features=rest)


REDUCING: dict[str, Callable[[Told], Flow]] = {
    **dict.fromkeys((*(name for name in OVER_STEPS if name.startswith("Reduce")), *REDUCED), reduced),
    "GlobalMaxPool": pooled,
    "GlobalAveragePool": pooled,
    "MaxPool": over_windows,
    "AveragePool": over_windows,
}
