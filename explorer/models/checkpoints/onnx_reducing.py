"""ONNX reductions over all steps, or over the features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np
import torch
from torch import nn

from explorer.models.checkpoints.onnx_axes import Axes, Refused, core
from explorer.models.checkpoints.onnx_call import Call
from explorer.models.checkpoints.onnx_flow import Flow
from explorer.models.checkpoints.onnx_stages import MOST_NUMBERS, REDUCED, Reduced
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


def reduce_axes(call: Call) -> Flow:
    """Apply ReduceMax, ReduceMean, … over the steps, or over features."""
    flow = call.flow()
    chosen = call.axes(1, len(flow.axes))
    if not chosen:
        if call.whole("noop_with_empty_axes", 0):
            return flow
        chosen = list(range(len(flow.axes)))
    return _reduce(call, flow, sorted(set(chosen)), bool(call.whole("keepdims", 1)))


def pool_globally(call: Call) -> Flow:
    """Apply GlobalMaxPool or GlobalAveragePool, over all axes after the second."""
    flow = call.flow()
    return _reduce(call, flow, list(range(2, len(flow.axes))), True)


def pool_windows(call: Call) -> Flow:
    """Apply MaxPool or AveragePool with a single window over all steps."""
    flow = call.flow()
    window, axis = list(call.attributes.get("kernel_shape", ())), flow.axes[2] if len(flow.axes) == 3 else ()
    step = core(axis)[0] if len(core(axis)) == 1 else None
    if step is None or window != [step.size] or any(call.attributes.get("pads", ())):
        raise Refused(f"{call.operator} of several steps")
    return _reduce(call, flow, [2], True)


def _reduce(call: Call, flow: Flow, at: list[int], stay: bool) -> Flow:
    atoms = core(tuple(atom for axis in at for atom in flow.axes[axis]))
    axes = tuple(() if k in at else axis for k, axis in enumerate(flow.axes) if stay or k not in at)
    if not atoms:
        if call.operator in ("ReduceL1", "ReduceL2", "ReduceSumSquare"):
            raise Refused(f"{call.operator} of an axis of one entry")
        return flow.moved(axes)
    roles = {atom.role for atom in atoms}
    if "step" in roles:
        if len(roles) > 1 or call.operator not in OVER_STEPS:
            raise Refused(f"{call.operator} over the steps")
        stage = OVER_STEPS[call.operator]
        return replace(flow.passed(call.label, lambda kind, width: [stage()]), axes=axes, whole=True)
    return _over_features(call, flow, at, axes)


def _over_features(call: Call, flow: Flow, at: list[int], axes: Axes) -> Flow:
    if flow.feature_atoms is None:
        flow = flow.with_features(at)
    width, atoms = flow.width, core(flow.feature_atoms or ())
    gone = {atom for axis in at for atom in flow.axes[axis]}
    rest = tuple(atom for atom in atoms if atom not in gone)
    if any(atom not in atoms for atom in core(tuple(gone))):
        raise Refused(f"{call.operator} over another axis than that of the features")
    if call.operator in ("ReduceMean", "ReduceSum"):
        sizes = [atom.size or 1 for atom in atoms]
        outputs = prod(atom.size or 1 for atom in rest)
        if outputs * width > MOST_NUMBERS:
            raise Refused(f"{call.operator} of too many features")
        index = np.arange(outputs).reshape([1 if atom in gone else atom.size or 1 for atom in atoms])
        owner = torch.from_numpy(
            np.broadcast_to(index, sizes).ravel().copy()
        )  # index of the output that each feature is added to
        share = 1.0 if call.operator == "ReduceSum" else outputs / width

        def make(kind: torch.dtype, _: int) -> list[nn.Module]:
            weight = torch.zeros(outputs, width, dtype=kind)
            weight[owner, torch.arange(width)] = share
            return [linear(weight)]

        step = flow.step.then(call.label, make, reads=width)
    elif call.operator in REDUCED and not rest:
        step = flow.step.then(call.label, lambda kind, width: [Reduced(call.operator, width)], reads=width)
    else:
        raise Refused(f"{call.operator} over a part of the features")
    return replace(flow, step=step, axes=axes, features=rest)


REDUCING: dict[str, Callable[[Call], Flow]] = {
    **dict.fromkeys((*(name for name in OVER_STEPS if name.startswith("Reduce")), *REDUCED), reduce_axes),
    "GlobalMaxPool": pool_globally,
    "GlobalAveragePool": pool_globally,
    "MaxPool": pool_windows,
    "AveragePool": pool_windows,
}
