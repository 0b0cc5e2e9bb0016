"""Modules for Keras layers that work on each step separately: Dense, normalisations and activations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explorer.models.checkpoints.hdf5 import Hdf5
from explorer.models.checkpoints.keras_cells import LEAKY, hard_sigmoid
from explorer.models.checkpoints.keras_config import Described, name_of
from explorer.models.checkpoints.keras_graph import NotComputed, clean, named, not_computed
from explorer.models.checkpoints.keras_parts import OLD_ROOT, ROOT
from explorer.models.stages import Affine, linear
from explorer.signals import Array

NOTHING = (
    "Dropout",
    "SpatialDropout1D",
    "GaussianNoise",
    "GaussianDropout",
    "AlphaDropout",
    "ActivityRegularization",
    "Identity",
    "Masking",
    "InputLayer",
)
"""Layers that pass their input through unchanged after training."""
NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class Weights:
    """The arrays of a file, by layer.

    file      contents of the file
    numbered  whether it has Keras 3's layout, in which weights have numbers instead of names
    """

    file: Hdf5
    numbered: bool
    paths: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "paths", {path.replace(OLD_ROOT, ROOT): path for path in self.file.arrays})

    def of(self, layer: Described, names: Sequence[str], *, inner: bool = False) -> dict[str, Tensor]:
        """Return a layer's weights under these names, which are in Keras's order; with `inner`, those of the wrapped layer.

        Raise NotComputed if one is missing.
        """
        arrays = self._numbered(layer, names, inner) if self.numbered else self._named(layer)
        missing = [name for name in names if name not in arrays]
        if missing:
            raise NotComputed(f"The file holds no {missing[0]} of {named(layer)}, so the answer is not computed.")
        return {name: _tensor(arrays[name]) for name in names}

    def _numbered(self, layer: Described, names: Sequence[str], inner: bool) -> dict[str, Array]:
        base = f"{layer.path}/layer" if inner else layer.path
        paths = {name: self.paths.get(f"{base}/vars/{at}") for at, name in enumerate(names)}
        return {name: self.file.arrays[path] for name, path in paths.items() if path is not None}

    def _named(self, layer: Described) -> dict[str, Array]:
        """Return the arrays by the last name in their paths. The group has the name of the layer or of its enclosing model."""
        way, by_name = (*layer.parents, layer.name), dict[str, Array]()
        for path, array in self.file.arrays.items():
            *steps, leaf = path.removeprefix("model_weights/").split("/")
            rest = iter(steps)
            if steps[:1] == [way[0]] and all(one in rest for one in way):
                by_name.setdefault(leaf.partition(":")[0], array)
        return by_name


@dataclass(frozen=True)
class Context:
    """The data to build a module for a layer.

    kind, config  class and configuration of the layer, or of the layer that it wraps (`inner`)
    width, rank   width of its input at each step; 3 axes for [batch, step, feature], 2 for [batch, feature]
    version       version of Keras; empty if unknown
    """

    layer: Described
    kind: str
    config: dict[str, Any]
    weights: Weights
    width: int
    rank: int
    version: str
    inner: bool = False

    def load(self, *names: str) -> dict[str, Tensor]:
        return self.weights.of(self.layer, names, inner=self.inner)

    def number(self, name: str, usual: float) -> float:
        """Return a number from the configuration. Raise NotComputed if the value is not a finite number."""
        value = self.config.get(name, usual)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise NotComputed(f"The {name} of {named(self.layer)} is not a number, so the answer is not computed.")
        return float(value)

    def check(self, tensors: dict[str, Tensor], shapes: dict[str, tuple[int, ...]]) -> None:
        """Raise NotComputed if the weights do not fit the layer's input."""
        for name, shape in shapes.items():
            if name in tensors and tuple(tensors[name].shape) != shape:
                raise NotComputed(
                    f"The {name} of {named(self.layer)} has the shape {list(tensors[name].shape)}, but {list(shape)} fits its input."
                )


def module_of(context: Context) -> list[nn.Module]:
    """Return the modules that compute a layer. Raise NotComputed if its class is not supported."""
    if context.kind in NOTHING:
        return []
    make = LAYERS.get(context.kind)
    if make is None:
        raise not_computed(context.layer)
    return make(context)


def is_known(kind: str) -> bool:
    """Return whether a layer of this class works on each step separately and is supported."""
    return kind in NOTHING or kind in LAYERS


def activation(function: Any, context: Context) -> list[nn.Module]:
    """Return the modules of an activation, in any of the forms that Keras writes. Raise NotComputed if it is not supported."""
    name = name_of(function)
    config = function.get("config") if isinstance(function, dict) else None
    if isinstance(config, dict) and name in ACTIVATION_LAYERS:
        return ACTIVATION_LAYERS[name](replace(context, kind=name, config=config))
    if name == "linear":
        return []
    if name == "hard_sigmoid" and not context.version:
        raise NotComputed(
            f"The answer passes through {named(context.layer)} with hard_sigmoid, whose slope depends on the version of Keras; the file "
            "does not say which wrote it."
        )
    if name == "hard_sigmoid":
        return [nn.Hardsigmoid()] if hard_sigmoid(context.version) == name else _hard_sigmoid_2()
    if name not in ACTIVATIONS:
        raise NotComputed(
            f"The answer passes through {named(context.layer)} with the activation “{clean(name)}”, which is not computed here."
        )
    return [ACTIVATIONS[name]()]


def _hard_sigmoid_2() -> list[nn.Module]:
    return [Affine(torch.tensor(0.2), torch.tensor(0.5)), nn.Hardtanh(0.0, 1.0)]


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "softplus": nn.Softplus,
    "softsign": nn.Softsign,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "swish": nn.SiLU,
    "mish": nn.Mish,
    "celu": nn.CELU,
    "relu6": nn.ReLU6,
    "hard_tanh": nn.Hardtanh,
    "hard_silu": nn.Hardswish,
    "hard_swish": nn.Hardswish,
    "log_sigmoid": nn.LogSigmoid,
    "tanh_shrink": nn.Tanhshrink,
    "leaky_relu": lambda: nn.LeakyReLU(LEAKY),
    "softmax": lambda: nn.Softmax(-1),
    "log_softmax": lambda: nn.LogSoftmax(-1),
}


def _dense(context: Context) -> list[nn.Module]:
    bias = context.config.get("use_bias", True)
    weights = context.load("kernel", *(["bias"] if bias else []))
    kernel = weights["kernel"]
    if kernel.ndim != 2 or not kernel.numel():
        raise NotComputed(f"The kernel of {named(context.layer)} is not a matrix, so the answer is not computed.")
    context.check(weights, {"kernel": (context.width, kernel.shape[1]), "bias": (kernel.shape[1],)})
    dense = linear(kernel.T.contiguous(), weights.get("bias"))
    return [dense, *activation(context.config.get("activation"), context)]


def _check_axis(context: Context) -> None:
    """Raise NotComputed unless the layer works along the last axis, the features."""
    axis = context.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if axis not in (-1, context.rank - 1):
        raise NotComputed(f"{named(context.layer)} works along axis {clean(axis)}, which is not computed here.")


def _layer_norm(context: Context) -> list[nn.Module]:
    _check_axis(context)
    if context.config.get("rms_scaling"):
        raise not_computed(context.layer)
    names = [name for name, has in (("gamma", "scale"), ("beta", "center")) if context.config.get(has, True)]
    weights = context.load(*names)
    context.check(weights, dict.fromkeys(names, (context.width,)))
    with torch.device("meta"):
        norm = nn.LayerNorm(context.width, context.number("epsilon", NORM_EPSILON))
    scale = weights.get("gamma", torch.ones(context.width))
    shift = weights.get("beta", torch.zeros(context.width))
    norm.load_state_dict({"weight": scale, "bias": shift}, assign=True)
    return [norm]


def _rms_norm(context: Context) -> list[nn.Module]:
    _check_axis(context)
    weights = context.load("scale")
    context.check(weights, {"scale": (context.width,)})
    with torch.device("meta"):
        norm = nn.RMSNorm(context.width, context.number("epsilon", 1e-6))
    norm.load_state_dict({"weight": weights["scale"]}, assign=True)
    return [norm]


def _batch_norm(context: Context) -> list[nn.Module]:
    """Return scale and shift from the moving mean and variance, computed in float64 and rounded once."""
    _check_axis(context)
    learned = [name for name, has in (("gamma", "scale"), ("beta", "center")) if context.config.get(has, True)]
    names = [*learned, "moving_mean", "moving_variance"]
    weights = context.load(*names)
    context.check(weights, dict.fromkeys(names, (context.width,)))
    mean, variance = weights["moving_mean"].double(), weights["moving_variance"].double()
    scale = 1 / (variance + context.number("epsilon", NORM_EPSILON)).sqrt()
    scale = scale * weights["gamma"].double() if "gamma" in weights else scale
    shift = (weights["beta"].double() if "beta" in weights else 0) - mean * scale
    dtype = weights["moving_mean"].dtype
    return [Affine(scale.to(dtype), shift.to(dtype))]


def _normalization(context: Context) -> list[nn.Module]:
    """Return (x - mean) / √variance, with mean and variance from the weights or the configuration."""
    _check_axis(context)
    configured = [context.config.get(name) for name in ("mean", "variance")]
    if context.config.get("invert"):
        raise not_computed(context.layer)
    if any(one is not None for one in configured):
        mean, variance = (_numbers(one, context) for one in configured)
    else:
        weights = context.load("mean", "variance")
        mean, variance = (weights[name].double().flatten() for name in ("mean", "variance"))
    if any(len(one) not in (1, context.width) for one in (mean, variance)):
        raise NotComputed(
            f"The mean of {named(context.layer)} does not fit the {context.width} numbers that come to it."
        )
    scale = 1 / variance.sqrt().clamp(min=1e-7)
    return [Affine(scale.float(), (-mean * scale).float())]


def _rescaling(context: Context) -> list[nn.Module]:
    scale, shift = (_numbers(context.config.get(name, usual), context) for name, usual in (("scale", 1), ("offset", 0)))
    if any(len(one) not in (1, context.width) for one in (scale, shift)):
        raise not_computed(context.layer)
    return [Affine(scale.float(), shift.float())]


def _numbers(value: Any, context: Context) -> Tensor:
    """Return numbers of a configuration, [number]. Raise NotComputed if the value is neither a number nor a list of numbers."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    entries = value if isinstance(value, list) else [value]
    if not entries or len(entries) > context.width or not all(type(one) in (int, float) for one in entries):
        raise NotComputed(
            f"{named(context.layer)} is given something other than numbers, so the answer is not computed."
        )
    return torch.tensor([float(one) for one in entries], dtype=torch.float64)


def _relu(context: Context) -> list[nn.Module]:
    slope, threshold = (
        context.number(name, 0) if context.config.get(name) else 0.0 for name in ("negative_slope", "threshold")
    )
    most = context.config.get("max_value")
    if threshold or (most is not None and slope):
        raise not_computed(context.layer)
    if most is not None:
        return [nn.Hardtanh(0.0, context.number("max_value", 0))]
    return [nn.LeakyReLU(slope) if slope else nn.ReLU()]


def _leaky_relu(context: Context) -> list[nn.Module]:
    name = "alpha" if "alpha" in context.config else "negative_slope"
    return [nn.LeakyReLU(context.number(name, 0.3))]


def _elu(context: Context) -> list[nn.Module]:
    return [nn.ELU(context.number("alpha", 1.0))]


def _prelu(context: Context) -> list[nn.Module]:
    alpha = context.load("alpha")["alpha"]
    if alpha.numel() not in (1, context.width) or (alpha.ndim > 1 and set(alpha.shape[:-1]) != {1}):
        raise NotComputed(f"{named(context.layer)} has a slope of its own for each step, which is not computed here.")
    return [Slopes(alpha.flatten())]


class Slopes(nn.Module):
    """A leaky ReLU with one slope for each feature [feature], or for all. torch's PReLU expects the features on another axis."""

    def __init__(self, slope: Tensor) -> None:
        super().__init__()
        self.slope = nn.Parameter(slope)

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, x * self.slope)


def _softmax(context: Context) -> list[nn.Module]:
    _check_axis(context)
    return [nn.Softmax(-1)]


ACTIVATION_LAYERS: dict[str, Callable[[Context], list[nn.Module]]] = {
    "Activation": lambda context: activation(context.config.get("activation"), context),
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "ELU": _elu,
    "Softmax": _softmax,
}
LAYERS: dict[str, Callable[[Context], list[nn.Module]]] = {
    **ACTIVATION_LAYERS,
    "PReLU": _prelu,
    "Dense": _dense,
    "LayerNormalization": _layer_norm,
    "RMSNormalization": _rms_norm,
    "BatchNormalization": _batch_norm,
    "BatchNormalizationV1": _batch_norm,
    "BatchNormalizationV2": _batch_norm,
    "Normalization": _normalization,
    "Rescaling": _rescaling,
}


def _tensor(array: Array) -> Tensor:
    return torch.from_numpy(np.array(array, order="C"))
