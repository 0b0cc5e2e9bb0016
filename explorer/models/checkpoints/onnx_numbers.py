"""ONNX operations that work on each step separately: products, sums with constants, functions, norms."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod

import numpy as np
import torch
from torch import Tensor, nn

from explorer.models.checkpoints.onnx_axes import Atom, Refused, core
from explorer.models.checkpoints.onnx_flow import Flow, Make
from explorer.models.checkpoints.onnx_joining import combined
from explorer.models.checkpoints.onnx_stages import COMBINED, FUNCTIONS, Function, Power, Slopes
from explorer.models.checkpoints.onnx_told import Told, axis_of
from explorer.models.stages import Affine, linear
from explorer.signals import Array


def passed(told: Told) -> Flow:
    """Pass a value through Identity, or Dropout in inference mode."""
    if told.operator == "Dropout" and told.has(2):
        training = told.constant(2)
        if training is None or training.any():
            raise Refused("Dropout as in training")
    return told.flow()


def cast(told: Told) -> Flow:
    """Cast between floating-point types, or cast the integers of an input or an ArgMax."""
    flow = told.flow()
    floating = told.whole("to", 1) in (1, 10, 11, 16)
    if not (floating or flow.raw or flow.step.kind == "argmax"):
        raise Refused("Cast to another kind of number")
    return flow


def matmul(told: Told) -> Flow:
    """Multiply by a constant matrix."""
    flow = told.flow(0) if told.values[0] is not None else None
    weight = told.numbers(1)
    while weight.ndim > 2 and weight.shape[0] == 1:
        weight = weight[0]
    if flow is None or weight.ndim not in (1, 2):
        raise Refused("MatMul with a constant on its left")
    product = _linear(told, flow, weight if weight.ndim == 2 else weight[:, None], None)
    return product if weight.ndim == 2 else product.moved(product.axes[:-1])


def gemm(told: Told) -> Flow:
    """Compute alpha A B + beta C."""
    flow = told.flow(0) if told.values[0] is not None else None
    if flow is None or len(flow.axes) != 2:
        raise Refused("Gemm with a constant on its left")
    if told.whole("transA", 0):
        flow = flow.moved(flow.axes[::-1])
    weight = told.numbers(1)
    weight = weight.T if told.whole("transB", 0) else weight
    bias = told.numbers(2) * told.real("beta", 1.0) if told.has(2) else None
    if weight.ndim != 2 or (bias is not None and bias.size not in (1, weight.shape[1])):
        raise Refused("Gemm with a sum that differs from step to step")
    return _linear(told, flow, weight * told.real("alpha", 1.0), bias)


def _linear(told: Told, flow: Flow, weight: Array, bias: Array | None) -> Flow:
    """Return the product with a weight [input, output], plus the bias."""
    flow = flow.with_features([len(flow.axes) - 1])
    inputs, outputs = weight.shape
    flow = with_width(flow, inputs)

    def make(kind: torch.dtype, _: int) -> list[nn.Module]:
        own = None if bias is None else _tensor(np.broadcast_to(np.ravel(bias), outputs), kind)
        return [linear(_tensor(weight.T, kind), own)]

    new = Atom(outputs, "feature")
    step = flow.step.then(told.label, make, reads=inputs)
    return replace(flow, step=step, axes=(*flow.axes[:-1], (new,)), features=(new,))


def with_width(flow: Flow, width: int) -> Flow:
    """Return the value with that many features. Raise Refused if it has a different number."""
    open_ = [atom for atom in flow.known or () if atom.size is None]
    if len(open_) == 1:
        rest = prod(atom.size for atom in flow.known or () if atom.size is not None)
        open_[0].size = width // rest if rest and width % rest == 0 else None
    if flow.width != width:
        raise Refused(f"{width} numbers expected where {flow.width} come")
    return flow


def _tensor(array: Array, kind: torch.dtype) -> Tensor:
    return torch.from_numpy(np.array(array, order="C")).to(kind)


def per_feature(flow: Flow, array: Array, operator: str) -> tuple[Flow, Array]:
    """Convert a constant to one number for all, [], or one per feature, [feature], in the stages' order. Raise Refused for others."""
    if array.size == 1:
        rank = max(len(flow.axes), array.ndim)
        return flow.moved((*([()] * (rank - len(flow.axes))), *flow.axes)), array.reshape(())
    rank = max(len(flow.axes), array.ndim)
    flow = flow.moved((*([()] * (rank - len(flow.axes))), *flow.axes))
    shape = (1,) * (rank - array.ndim) + array.shape
    at = [axis for axis, size in enumerate(shape) if size != 1]
    if any(atom.role in ("step", "batch") for axis in at for atom in flow.axes[axis]):
        raise Refused(f"{operator} with numbers that differ from step to step")
    if flow.known is None:
        flow = with_width(flow.with_features(at), array.size)
    atoms = [atom for axis in flow.axes for atom in axis if atom in core(flow.known or ())]
    sizes = [prod(atom.size or 1 for atom in axis if atom in atoms) for axis in flow.axes]
    if any(shape[axis] != sizes[axis] for axis in at) or set(atoms) != set(core(flow.known or ())):
        raise Refused(f"{operator} with a constant of another size")
    each = np.broadcast_to(array.reshape(shape), sizes).reshape([atom.size or 1 for atom in atoms])
    order = [atoms.index(atom) for atom in core(flow.known or ())]
    return flow, each.transpose(order).ravel()


def _affine(flow: Flow, label: str, scale: Array, shift: Array) -> Flow:
    def make(kind: torch.dtype, _: int) -> list[nn.Module]:
        return [Affine(_tensor(scale, kind), _tensor(shift, kind))]

    return flow.passed(label, make)


def binary(told: Told) -> Flow:
    """Compute a sum, product, … of two values, of which one may be constant."""
    if len(told.node.input) != 2:
        return several(told)
    computed = [at for at in (0, 1) if told.values[at] is not None]
    if len(computed) == 2:
        return combined(told.operator, told.label, [told.flow(0), told.flow(1)])
    (at,) = computed
    operator = told.operator
    flow, c = per_feature(told.flow(at), told.numbers(1 - at), operator)
    one, zero = np.ones((), c.dtype), np.zeros((), c.dtype)
    match operator, at:
        case "Add", _:
            return _affine(flow, told.label, one, c)
        case "Sub", 0:
            return _affine(flow, told.label, one, -c)
        case "Sub", _:
            return _affine(flow, told.label, -one, c)
        case "Mul", _:
            return _affine(flow, told.label, c, zero)
        case "Div", 0:
            return _affine(flow, told.label, 1 / c, zero)
        case "Div", _:
            return _affine(flow.passed(told.label, _function("Reciprocal")), "", c, zero)
        case "Pow", 0 if c.ndim == 0:
            return flow.passed(told.label, lambda kind, _: [Power(float(c))])
        case (("Max" | "Min"), _) if c.ndim == 0:
            return _clipped(flow, told.label, *((float(c), math.inf) if operator == "Max" else (-math.inf, float(c))))
        case "PRelu", 0:
            return flow.passed(told.label, lambda kind, _: [Slopes(_tensor(c, kind))])
    raise Refused(f"{operator} of a constant and a computed value")


def several(told: Told) -> Flow:
    """Compute Sum, Max, Min or Mean of several values."""
    if not told.node.input or any(value is None for value in told.values):
        raise Refused(f"{told.operator} of computed values and constants")
    flows = [told.flow(at) for at in range(len(told.node.input))]
    operator = "Add" if told.operator in ("Sum", "Mean") else told.operator
    if operator not in COMBINED:
        raise Refused(told.operator)
    if len(flows) == 1:
        return flows[0]
    result = combined(operator, told.label, flows)
    share = np.float32(1 / len(flows)) if told.operator == "Mean" else None
    return result if share is None else _affine(result, "", np.array(share), np.zeros((), np.float32))


def _function(name: str) -> Make:
    return lambda kind, _: [Function(name)]


def _clipped(flow: Flow, label: str, least: float, most: float) -> Flow:
    if not least < most:
        raise Refused("Clip to less than its least")
    return flow.passed(label, lambda kind, _: [nn.Hardtanh(least, most)])


def clip(told: Told) -> Flow:
    """Clip a value between min and max."""
    bounds = []
    for at, name, default in ((1, "min", -math.inf), (2, "max", math.inf)):
        if told.has(at):
            bound = told.numbers(at)
            if bound.size != 1:
                raise Refused("Clip with bounds that are several numbers")
            bounds.append(float(bound.item()))
        else:
            bounds.append(told.real(name, default))
    return _clipped(told.flow(), told.label, *bounds)


def unary(told: Told) -> Flow:
    """Apply a function to each number."""
    stages = UNARY[told.operator](told)
    kind = "sigmoid" if told.operator == "Sigmoid" else ""
    return told.flow().passed(told.label, lambda _, width: [stage() for stage in stages], kind=kind)


Stages = Sequence[Callable[[], nn.Module]]


def _line(scale: float, shift: float) -> Callable[[], nn.Module]:
    return lambda: Affine(torch.tensor(scale), torch.tensor(shift))


def _gelu(told: Told) -> Stages:
    approximate = told.attributes.get("approximate", b"none")
    return (lambda: nn.GELU("tanh" if approximate == b"tanh" else "none"),)


def _selu(told: Told) -> Stages:
    alpha, gamma = told.real("alpha", 1.6732632), told.real("gamma", 1.050701)
    return (lambda: nn.ELU(alpha), _line(gamma, 0.0))


def _swish(told: Told) -> Stages:
    if told.real("alpha", 1.0) != 1:
        raise Refused("Swish with another alpha than 1")
    return (nn.SiLU,)


def _plain(stage: Callable[[], nn.Module]) -> Callable[[Told], Stages]:
    return lambda told: (stage,)


def _with_alpha(stage: Callable[[float], nn.Module], default: float) -> Callable[[Told], Stages]:
    def of(told: Told) -> Stages:
        alpha = told.real("alpha", default)
        return (lambda: stage(alpha),)

    return of


UNARY: dict[str, Callable[[Told], Stages]] = {
    **{name: lambda told: (lambda: Function(told.operator),) for name in FUNCTIONS},
    "Relu": _plain(nn.ReLU),
    "Tanh": _plain(nn.Tanh),
    "Sigmoid": _plain(nn.Sigmoid),
    "Softplus": _plain(nn.Softplus),
    "Softsign": _plain(nn.Softsign),
    "HardSwish": _plain(nn.Hardswish),
    "Mish": _plain(nn.Mish),
    "Gelu": _gelu,
    "Selu": _selu,
    "Swish": _swish,
    "Neg": lambda told: (_line(-1.0, 0.0),),
    "Elu": _with_alpha(nn.ELU, 1.0),
    "Celu": _with_alpha(nn.CELU, 1.0),
    "LeakyRelu": _with_alpha(nn.LeakyReLU, 0.01),
    "ThresholdedRelu": _with_alpha(lambda alpha: nn.Threshold(alpha, 0.0), 1.0),
    "HardSigmoid": lambda told: (
        _line(told.real("alpha", 0.2), told.real("beta", 0.5)),
        lambda: nn.Hardtanh(0.0, 1.0),
    ),
}


def softmax(told: Told) -> Flow:
    """Apply Softmax or LogSoftmax over all features."""
    flow = told.flow()
    old = told.opset < 13
    at = axis_of(told.whole("axis", 1 if old else -1), len(flow.axes))
    try:
        flow = flow.with_features(range(at, len(flow.axes)) if old else [at])
    except Refused as error:
        raise Refused(f"{told.operator} over the steps, or over a part of the features") from error
    stage = nn.Softmax if told.operator == "Softmax" else nn.LogSoftmax
    return flow.passed(told.label, lambda kind, width: [stage(-1)], kind="softmax")


def argmax(told: Told) -> Flow:
    """Return the likeliest class, which is only valid as an answer."""
    flow = told.flow()
    at = axis_of(told.whole("axis", 0), len(flow.axes))
    flow = flow.with_features([at])
    axes = (*flow.axes[:at], *([()] if told.whole("keepdims", 1) else []), *flow.axes[at + 1 :])
    return replace(flow.passed(told.label, None, kind="argmax"), axes=axes, features=())


def layer_norm(told: Told) -> Flow:
    """Apply LayerNormalization or RMSNormalization over all features of a step."""
    flow = told.flow()
    at = axis_of(told.whole("axis", -1), len(flow.axes))
    eps = told.real("epsilon", 1e-5)
    rms = told.operator == "RMSNormalization"
    try:
        flow = flow.with_features(range(at, len(flow.axes)))
    except Refused as error:
        raise Refused(f"{told.operator} over the steps, or over a part of the features") from error
    weight = told.numbers(1)
    flow = with_width(flow, flow.width if weight.size == 1 else weight.size)
    bias = told.numbers(2) if told.has(2) and not rms else np.zeros((), weight.dtype)
    flow, weight = per_feature(flow, weight, told.operator)
    flow, bias = per_feature(flow, bias, told.operator)

    def make(kind: torch.dtype, width: int) -> list[nn.Module]:
        norm = nn.RMSNorm(width, eps, dtype=kind) if rms else nn.LayerNorm(width, eps, dtype=kind)
        own = {"weight": _tensor(np.broadcast_to(weight, width), kind)}
        norm.load_state_dict(own if rms else own | {"bias": _tensor(np.broadcast_to(bias, width), kind)})
        return [norm]

    return flow.passed(told.label, make, reads=flow.width)


def batch_norm(told: Told) -> Flow:
    """Compute (x - mean) / sqrt(var + epsilon) * scale + shift, with the features on axis 1."""
    flow = told.flow()
    if told.whole("training_mode", 0) or len(flow.axes) < 2:
        raise Refused("BatchNormalization as in training")
    flow = flow.with_features([1])
    scale, shift, mean, variance = (told.numbers(at).astype(np.float64).ravel() for at in (1, 2, 3, 4))
    flow = with_width(flow, scale.size)
    factor = scale / np.sqrt(variance + told.real("epsilon", 1e-5))
    offset = shift - mean * factor
    if factor.shape != scale.shape or offset.shape != scale.shape:
        raise Refused("BatchNormalization with weights that do not fit")
    return _affine(flow, told.label, factor, offset)


def conv(told: Told) -> Flow:
    """Apply a convolution of width 1, which is a linear layer."""
    flow, weight = told.flow(), told.numbers(1)
    plain = all(
        set(told.attributes.get(name, [default])) == {default} for name, default in (("strides", 1), ("pads", 0))
    )
    if weight.ndim != len(flow.axes) or prod(weight.shape[2:]) != 1 or not plain or told.whole("group", 1) != 1:
        raise Refused("Conv of several steps")
    turned = flow.moved((flow.axes[0], *flow.axes[2:], flow.axes[1]))
    bias = told.numbers(2) if told.has(2) else None
    product = _linear(told, turned, weight.reshape(weight.shape[:2]).T, bias)
    return product.moved((product.axes[0], product.axes[-1], *product.axes[1:-1]))


NUMBERS: dict[str, Callable[[Told], Flow]] = {
    "Identity": passed,
    "Dropout": passed,
    "Cast": cast,
    "MatMul": matmul,
    "Gemm": gemm,
    "Conv": conv,
    "Clip": clip,
    "Softmax": softmax,
    "LogSoftmax": softmax,
    "ArgMax": argmax,
    "LayerNormalization": layer_norm,
    "RMSNormalization": layer_norm,
    "BatchNormalization": batch_norm,
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "PRelu"), binary),
    **dict.fromkeys(("Sum", "Mean"), several),
    **dict.fromkeys(UNARY, unary),
}
