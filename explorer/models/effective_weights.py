"""Effective weights of a network whose state dict holds the parts that they are computed from.

During training a weight can be stored in other parts: a direction and a length (weight normalisation), a matrix and the vectors of its
largest singular value (spectral normalisation), a matrix and a mask (pruning), or a raw weight beside a copy with dropout (WeightDrop).
Each is folded into one weight, as torch computes it in evaluation mode.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field

import torch
from torch import Tensor

BY_ENDING = re.compile(
    r"(?P<name>(?:.*[./])?(?:weight|bias)(?:_[ih]h_l\d{1,4}(?:_reverse)?|_[ih]h)?)_(?P<part>g|v|u|orig|mask|raw)",
    re.DOTALL,
)
"""torch.nn.utils.weight_norm, spectral_norm and prune; WeightDrop of AWD-LSTM and fastai."""
BY_FOLDER = re.compile(
    r"(?P<where>(?:.*[./])?)parametrizations[./](?P<own>[^./]+)[./](?P<part>original\d*|\d{1,3}[./].+)", re.DOTALL
)
"""torch.nn.utils.parametrizations."""


@dataclass(frozen=True)
class Effective:
    """The tensors of a state dict as the network computes with them.

    tensors  by the names that they have in a plain state dict
    sources  the names in the state dict that each folded tensor comes from
    copies   tensors of the state dict that a folded weight replaces, as a copy with dropout
    notes    what was done, by the name of the tensor, which belongs between the braces: "weight_norm is applied to {}."
    unknown  tensors that cannot be computed, each with the reason: "is computed by …, which the file does not describe"
    """

    tensors: Mapping[str, Tensor]
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    copies: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)


class NotComputable(ValueError):
    """A weight cannot be computed from its parts; the message gives the reason."""


def plain_name(name: str) -> str:
    """The name of the weight that a tensor is a part of; its own name if it is not a part."""
    if match := BY_FOLDER.fullmatch(name):
        return match["where"] + match["own"]
    match = BY_ENDING.fullmatch(name)
    return match["name"] if match else name


def effective_weights(state: Mapping[str, Tensor]) -> Effective:
    """Fold every weight of the state dict that is stored in parts."""
    folded: dict[str, Tensor] = {}
    sources: dict[str, tuple[str, ...]] = {}
    notes: dict[str, str] = {}
    unknown: dict[str, str] = {}
    places: dict[str, str] = {}
    layers = {
        where for where, _, own in (name.rpartition(".") for name in state) if own.startswith(("weight_", "bias_"))
    }
    for whole, parts in _groups(state).items():
        how = _how({part: state[name] for part, name in parts.items()})
        if how is None:
            continue
        target = _target(whole, layers) if "raw" in parts else whole
        places |= dict.fromkeys(parts.values(), target)
        sources[target] = tuple(parts.values())
        notes[target], compute = how
        try:
            folded[target] = compute({part: state[name] for part, name in parts.items()})
        except NotComputable as problem:
            unknown[target] = str(problem)
    tensors: dict[str, Tensor] = {}
    for name, tensor in state.items():
        place = places.get(name, name)
        if place in folded:
            tensors[place] = folded[place]
        elif place not in unknown:
            tensors[place] = tensor
    copies = tuple(name for name in sources if name in state and name not in places)
    return Effective(tensors, sources, copies, notes, unknown)


def _groups(state: Mapping[str, Tensor]) -> dict[str, dict[str, str]]:
    """For each weight that could be stored in parts, the names of these: {"fc.weight": {"g": "fc.weight_g", "v": "fc.weight_v"}}."""
    groups: dict[str, dict[str, str]] = {}
    for name in state:
        if found := BY_FOLDER.fullmatch(name):
            groups.setdefault(found["where"] + found["own"], {})[found["part"].replace("/", ".")] = name
        elif found := BY_ENDING.fullmatch(name):
            groups.setdefault(found["name"], {})[found["part"]] = name
    return groups


Parts = Mapping[str, Tensor]
"""The tensors that a weight is stored in, by their part: "g", "original0", "0._u"."""


def _how(parts: Parts) -> tuple[str, Callable[[Parts], Tensor]] | None:
    """A note on what was applied, and the function that computes the weight; None for tensors that are not parts of a weight."""
    if any(tensor.ndim > 2 for tensor in parts.values()):
        return None  # a convolution's, which is not read
    names = parts.keys()
    if any(part.startswith("original") for part in names):
        what = "weight_norm" if "original0" in names else "spectral_norm"
        return f"{what} is applied to {{}}.", _parametrized
    if "raw" in names:
        return "The raw weight is read for {}, without dropout.", lambda parts: parts["raw"]
    if names == {"g", "v"} and _is_length(parts["g"], parts["v"]):
        return "weight_norm is applied to {}.", lambda parts: _weight_norm(parts["g"], parts["v"])
    if names == {"orig", "mask"}:
        return "The pruning mask is applied to {}.", _masked
    if names == {"orig", "u", "v"}:
        return "spectral_norm is applied to {}.", lambda parts: _spectral_norm(parts["orig"], parts["u"], parts["v"])
    return None


def _target(whole: str, layers: Set[str]) -> str:
    """The name that a raw weight has in its layer: fastai keeps the raw weight in a wrapper, and the layer in the wrapper's `module`."""
    where, dot, own = whole.rpartition(".")
    inside = f"{where}{dot}module"
    return f"{inside}.{own}" if inside in layers else whole


def _parametrized(own: Parts) -> Tensor:
    """The forms of torch.nn.utils.parametrizations: `original0` is weight_norm's length, `original1` its direction;
    other steps follow in order."""
    steps: dict[int, dict[str, Tensor]] = {}
    for part, tensor in own.items():
        step, dot, name = part.partition(".")
        if dot:
            steps.setdefault(int(step), {})[name] = tensor
    if own.keys() >= {"original0", "original1"} and _is_length(own["original0"], own["original1"]):
        weight = _weight_norm(own["original0"], own["original1"])
    elif "original" in own and steps:
        weight = own["original"]
    else:
        raise NotComputable(_UNKNOWN_STEP)
    for _, vectors in sorted(steps.items()):
        if vectors.keys() != {"_u", "_v"}:
            raise NotComputable(_UNKNOWN_STEP)
        weight = _spectral_norm(weight, vectors["_u"], vectors["_v"])
    return weight


_UNKNOWN_STEP = (
    "is computed by a parametrization that the file does not describe; call torch.nn.utils.parametrize.remove_parametrizations "
    "on the trained network and save it again"
)


def _is_length(g: Tensor, v: Tensor) -> bool:
    """True if g could be the length of the rows, the columns, or all of v."""
    return g.ndim == 0 or (
        g.ndim == v.ndim
        and 1 in g.shape
        and all(one in (1, other) for one, other in zip(g.shape, v.shape, strict=True))
    )


def _weight_norm(g: Tensor, v: Tensor) -> Tensor:
    """g * v / |v|, the norm over the dimensions that g does not have."""
    _check_numbers(g, v)
    if g.ndim == 0:
        whole: Tensor = g * (v / v.norm())
        return whole
    by_row = g.shape[0] == v.shape[0] and g.shape[-1] == 1  # torch's default, also where v has one column
    length = v.norm(dim=-1 if by_row else 0, keepdim=True)
    scaled: Tensor = v * (g / length)
    return scaled


def _spectral_norm(weight: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """The weight by its largest singular value, as the vectors of the last training step estimate it."""
    _check_numbers(weight, u, v)
    shape = (u.numel(), v.numel())
    rows = weight if tuple(weight.shape) == shape else weight.t()
    if tuple(rows.shape) != shape or u.ndim != 1 or v.ndim != 1:
        raise NotComputable("does not fit the vectors of its spectral norm; save the network again")
    return weight / torch.dot(u, torch.mv(rows, v))


def _masked(own: Parts) -> Tensor:
    weight, mask = own["orig"], own["mask"]
    if weight.shape != mask.shape:
        raise NotComputable("does not fit its pruning mask; save the network again")
    return weight * mask.to(weight.dtype)


def _check_numbers(*tensors: Tensor) -> None:
    if not all(tensor.is_floating_point() for tensor in tensors) or len({tensor.dtype for tensor in tensors}) > 1:
        raise NotComputable("is stored in parts of different types of number; save it with its weights as float32")
