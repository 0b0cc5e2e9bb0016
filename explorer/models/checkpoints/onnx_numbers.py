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
from explorer.models.checkpoints.onnx_call import Call, axis_of
from explorer.models.checkpoints.onnx_flow import Flow, Make
from explorer.models.checkpoints.onnx_joining import combine
from explorer.models.checkpoints.onnx_stages import COMBINED, FUNCTIONS, Function, Power, Slopes
from explorer.models.stages import Affine, linear
from explorer.signals import Array


def identity(call: Call) -> Flow:
    """Pass a value through Identity, or Dropout in inference mode."""
    if call.operator == "Dropout" and call.has(2):
        training = call.constant(2)
        if training is None or training.any():
            raise Refused("Dropout as in training")
    return call.flow()


def cast(call: Call) -> Flow:
    """Cast between floating-point types, or cast the integers of an input or an ArgMax."""
    flow = call.flow()
    floating = call.whole("to", 1) in (1, 10, 11, 16)
    if not (floating or flow.raw or flow.step.kind == "argmax"):
        raise Refused("Cast to another kind of number")
    return flow


def matmul(call: Call) -> Flow:
    """Multiply by a constant matrix."""
    flow = call.flow(0) if call.values[0] is not None else None
    weight = call.numbers(1)
    while weight.ndim > 2 and weight.shape[0] == 1:
        weight = weight[0]
    if flow is None or weight.ndim not in (1, 2):
        raise Refused("MatMul with a constant on its left")
    product = _linear(call, flow, weight if weight.ndim == 2 else weight[:, None], None)
    return product if weight.ndim == 2 else product.moved(product.axes[:-1])


def gemm(call: Call) -> Flow:
    """Compute alpha A B + beta C."""
    flow = call.flow(0) if call.values[0] is not None else None
    if flow is None or len(flow.axes) != 2:
        raise Refused("Gemm with a constant on its left")
    if call.whole("transA", 0):
        flow = flow.moved(flow.axes[::-1])
    weight = call.numbers(1)
    weight = weight.T if call.whole("transB", 0) else weight
    bias = call.numbers(2) * call.real("beta", 1.0) if call.has(2) else None
    if weight.ndim != 2 or (bias is not None and bias.size not in (1, weight.shape[1])):
        raise Refused("Gemm with a sum that differs from step to step")
    return _linear(call, flow, weight * call.real("alpha", 1.0), bias)


def _linear(call: Call, flow: Flow, weight: Array, bias: Array | None) -> Flow:
    """Return the product with a weight [input, output], plus the bias."""
    flow = flow.with_features([len(flow.axes) - 1])
    inputs, outputs = weight.shape
    flow = with_width(flow, inputs)

    def make(kind: torch.dtype, _: int) -> list[nn.Module]:
        own = None if bias is None else _tensor(np.broadcast_to(np.ravel(bias), outputs), kind)
        return [linear(_tensor(weight.T, kind), own)]

    new = Atom(outputs, "feature")
    step = flow.step.then(call.label, make, reads=inputs)
    return replace(flow, step=step, axes=(*flow.axes[:-1], (new,)), features=(new,))


def with_width(flow: Flow, width: int) -> Flow:
    """Return the value with that many features. Raise Refused if it has a different number."""
    open_ = [atom for atom in flow.feature_atoms or () if atom.size is None]
    if len(open_) == 1:
        rest = prod(atom.size for atom in flow.feature_atoms or () if atom.size is not None)
        open_[0].size = width // rest if rest and width % rest == 0 else None
    if flow.width != width:
        raise Refused(f"{width} numbers expected, but {flow.width} arrive")
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
    if flow.feature_atoms is None:
        flow = with_width(flow.with_features(at), array.size)
    atoms = [atom for axis in flow.axes for atom in axis if atom in core(flow.feature_atoms or ())]
    sizes = [prod(atom.size or 1 for atom in axis if atom in atoms) for axis in flow.axes]
    if any(shape[axis] != sizes[axis] for axis in at) or set(atoms) != set(core(flow.feature_atoms or ())):
        raise Refused(f"{operator} with a constant of another size")
    each = np.broadcast_to(array.reshape(shape), sizes).reshape([atom.size or 1 for atom in atoms])
    order = [atoms.index(atom) for atom in core(flow.feature_atoms or ())]
    return flow, each.transpose(order).ravel()


def _affine(flow: Flow, label: str, scale: Array, shift: Array) -> Flow:
    def make(kind: torch.dtype, _: int) -> list[nn.Module]:
        return [Affine(_tensor(scale, kind), _tensor(shift, kind))]

    return flow.passed(label, make)


def binary(call: Call) -> Flow:
    """Compute a sum, product, … of two values, of which one may be constant."""
    if len(call.node.input) != 2:
        return several(call)
    computed = [at for at in (0, 1) if call.values[at] is not None]
    if len(computed) == 2:
        return combine(call.operator, call.label, [call.flow(0), call.flow(1)])
    (at,) = computed
    operator = call.operator
    flow, c = per_feature(call.flow(at), call.numbers(1 - at), operator)
    one, zero = np.ones((), c.dtype), np.zeros((), c.dtype)
    match operator, at:
        case "Add", _:
            return _affine(flow, call.label, one, c)
        case "Sub", 0:
            return _affine(flow, call.label, one, -c)
        case "Sub", _:
            return _affine(flow, call.label, -one, c)
        case "Mul", _:
            return _affine(flow, call.label, c, zero)
        case "Div", 0:
            return _affine(flow, call.label, 1 / c, zero)
        case "Div", _:
            return _affine(flow.passed(call.label, _function("Reciprocal")), "", c, zero)
        case "Pow", 0 if c.ndim == 0:
            return flow.passed(call.label, lambda kind, _: [Power(float(c))])
        case (("Max" | "Min"), _) if c.ndim == 0:
            return _clip(flow, call.label, *((float(c), math.inf) if operator == "Max" else (-math.inf, float(c))))
        case "PRelu", 0:
            return flow.passed(call.label, lambda kind, _: [Slopes(_tensor(c, kind))])
    raise Refused(f"{operator} of a constant and a computed value")


def several(call: Call) -> Flow:
    """Compute Sum, Max, Min or Mean of several values."""
    if not call.node.input or any(value is None for value in call.values):
        raise Refused(f"{call.operator} of computed values and constants")
    flows = [call.flow(at) for at in range(len(call.node.input))]
    operator = "Add" if call.operator in ("Sum", "Mean") else call.operator
    if operator not in COMBINED:
        raise Refused(call.operator)
    if len(flows) == 1:
        return flows[0]
    result = combine(operator, call.label, flows)
    share = np.float32(1 / len(flows)) if call.operator == "Mean" else None
    return result if share is None else _affine(result, "", np.array(share), np.zeros((), np.float32))


def _function(name: str) -> Make:
    return lambda kind, _: [Function(name)]


def _clip(flow: Flow, label: str, least: float, most: float) -> Flow:
    if not least < most:
        raise Refused("Clip to less than its least")
    return flow.passed(label, lambda kind, _: [nn.Hardtanh(least, most)])


def clip(call: Call) -> Flow:
    """Clip a value between min and max."""
    bounds = []
    for at, name, default in ((1, "min", -math.inf), (2, "max", math.inf)):
        if call.has(at):
            bound = call.numbers(at)
            if bound.size != 1:
                raise Refused("Clip with bounds that are several numbers")
            bounds.append(float(bound.item()))
        else:
            bounds.append(call.real(name, default))
    return _clip(call.flow(), call.label, *bounds)


def unary(call: Call) -> Flow:
    """Apply a function to each number."""
    stages = UNARY[call.operator](call)
    kind = "sigmoid" if call.operator == "Sigmoid" else ""
    return call.flow().passed(call.label, lambda _, width: [stage() for stage in stages], kind=kind)


Stages = Sequence[Callable[[], nn.Module]]


def _line(scale: float, shift: float) -> Callable[[], nn.Module]:
    return lambda: Affine(torch.tensor(scale), torch.tensor(shift))


def _gelu(call: Call) -> Stages:
    approximate = call.attributes.get("approximate", b"none")
    return (lambda: nn.GELU("tanh" if approximate == b"tanh" else "none"),)


def _selu(call: Call) -> Stages:
    alpha, gamma = call.real("alpha", 1.6732632), call.real("gamma", 1.050701)
    return (lambda: nn.ELU(alpha), _line(gamma, 0.0))


def _swish(call: Call) -> Stages:
    if call.real("alpha", 1.0) != 1:
        raise Refused("Swish with another alpha than 1")
    return (nn.SiLU,)


def _plain(stage: Callable[[], nn.Module]) -> Callable[[Call], Stages]:
    return lambda call: (stage,)


def _with_alpha(stage: Callable[[float], nn.Module], default: float) -> Callable[[Call], Stages]:
    def of(call: Call) -> Stages:
        alpha = call.real("alpha", default)
        return (lambda: stage(alpha),)

    return of


UNARY: dict[str, Callable[[Call], Stages]] = {
    **{name: lambda call: (lambda: Function(call.operator),) for name in FUNCTIONS},
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
    "Neg": lambda call: (_line(-1.0, 0.0),),
    "Elu": _with_alpha(nn.ELU, 1.0),
    "Celu": _with_alpha(nn.CELU, 1.0),
    "LeakyRelu": _with_alpha(nn.LeakyReLU, 0.01),
    "ThresholdedRelu": _with_alpha(lambda alpha: nn.Threshold(alpha, 0.0), 1.0),
    "HardSigmoid": lambda call: (
        _line(call.real("alpha", 0.2), call.real("beta", 0.5)),
        lambda: nn.Hardtanh(0.0, 1.0),
    ),
}


def softmax(call: Call) -> Flow:
    """Apply Softmax or LogSoftmax over all features."""
    flow = call.flow()
    old = call.opset < 13
    at = axis_of(call.whole("axis", 1 if old else -1), len(flow.axes))
    try:
        flow = flow.with_features(range(at, len(flow.axes)) if old else [at])
    except Refused as error:
        raise Refused(f"{call.operator} over the steps, or over a part of the features") from error
    stage = nn.Softmax if call.operator == "Softmax" else nn.LogSoftmax
    return flow.passed(call.label, lambda kind, width: [stage(-1)], kind="softmax")


def argmax(call: Call) -> Flow:
    """Return the likeliest class, which is only valid as an answer."""
    flow = call.flow()
    at = axis_of(call.whole("axis", 0), len(flow.axes))
    flow = flow.with_features([at])
    axes = (*flow.axes[:at], *([()] if call.whole("keepdims", 1) else []), *flow.axes[at + 1 :])
    return replace(flow.passed(call.label, None, kind="argmax"), axes=axes, features=())


def layer_norm(call: Call) -> Flow:
    """Apply LayerNormalization or RMSNormalization over all features of a step."""
    flow = call.flow()
    at = axis_of(call.whole("axis", -1), len(flow.axes))
    eps = call.real("epsilon", 1e-5)
    rms = call.operator == "RMSNormalization"
    try:
        flow = flow.with_features(range(at, len(flow.axes)))
    except Refused as error:
        raise Refused(f"{call.operator} over the steps, or over a part of the features") from error
    weight = call.numbers(1)
    flow = with_width(flow, flow.width if weight.size == 1 else weight.size)
    bias = call.numbers(2) if call.has(2) and not rms else np.zeros((), weight.dtype)
    flow, weight = per_feature(flow, weight, call.operator)
    flow, bias = per_feature(flow, bias, call.operator)

    def make(kind: torch.dtype, width: int) -> list[nn.Module]:
        norm = nn.RMSNorm(width, eps, dtype=kind) if rms else nn.LayerNorm(width, eps, dtype=kind)
        own = {"weight": _tensor(np.broadcast_to(weight, width), kind)}
        norm.load_state_dict(own if rms else own | {"bias": _tensor(np.broadcast_to(bias, width), kind)})
        return [norm]

    return flow.passed(call.label, make, reads=flow.width)


def batch_norm(call: Call) -> Flow:
    """Compute (x - mean) / sqrt(var + epsilon) * scale + shift, with the features on axis 1."""
    flow = call.flow()
    if call.whole("training_mode", 0) or len(flow.axes) < 2:
        raise Refused("BatchNormalization as in training")
    flow = flow.with_features([1])
    scale, shift, mean, variance = (call.numbers(at).astype(np.float64).ravel() for at in (1, 2, 3, 4))
    flow = with_width(flow, scale.size)
    factor = scale / np.sqrt(variance + call.real("epsilon", 1e-5))
    offset = shift - mean * factor
    if factor.shape != scale.shape or offset.shape != scale.shape:
        raise Refused("BatchNormalization with weights that do not fit")
    return _affine(flow, call.label, factor, offset)


def conv(call: Call) -> Flow:
    """Apply a convolution of width 1, which is a linear layer."""
    flow, weight = call.flow(), call.numbers(1)
    plain = all(
        set(call.attributes.get(name, [default])) == {default} for name, default in (("strides", 1), ("pads", 0))
    )
    if weight.ndim != len(flow.axes) or prod(weight.shape[2:]) != 1 or not plain or call.whole("group", 1) != 1:
        raise Refused("Conv of several steps")
    turned = flow.moved((flow.axes[0], *flow.axes[2:], flow.axes[1]))
    bias = call.numbers(2) if call.has(2) else None
    product = _linear(call, turned, weight.reshape(weight.shape[:2]).T, bias)
    return product.moved((product.axes[0], product.axes[-1], *product.axes[1:-1]))


NUMBERS: dict[str, Callable[[Call], Flow]] = {
    "Identity": identity,
    "Dropout": identity,
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
