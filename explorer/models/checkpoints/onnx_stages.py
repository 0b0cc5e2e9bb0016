"""Stages of ONNX graphs that are missing from torch.nn and `explorer.models.stages`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import torch
from torch import Tensor, nn

from explorer.models.stages import Affine, Chain, Ends, Span, linear, span_of

COMBINED: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "Add": torch.add,
    "Sub": torch.sub,
    "Mul": torch.mul,
    "Div": torch.div,
    "Pow": torch.pow,
    "Max": torch.maximum,
    "Min": torch.minimum,
}
FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "Abs": torch.abs,
    "Ceil": torch.ceil,
    "Cos": torch.cos,
    "Erf": torch.erf,
    "Exp": torch.exp,
    "Floor": torch.floor,
    "Log": torch.log,
    "Reciprocal": torch.reciprocal,
    "Round": torch.round,
    "Sign": torch.sign,
    "Sin": torch.sin,
    "Sqrt": torch.sqrt,
}
REDUCED: dict[str, Callable[[Tensor], Tensor]] = {
    "ReduceMax": lambda x: x.amax(-1, keepdim=True),
    "ReduceMin": lambda x: x.amin(-1, keepdim=True),
    "ReduceL1": lambda x: x.abs().sum(-1, keepdim=True),
    "ReduceL2": lambda x: x.square().sum(-1, keepdim=True).sqrt(),
    "ReduceSumSquare": lambda x: x.square().sum(-1, keepdim=True),
    "ReduceLogSumExp": lambda x: x.logsumexp(-1, keepdim=True),
}
MOST_NUMBERS = 4_000_000
"""Maximum size of a matrix that implements another operation: a selection or a sum of features."""


class Function(nn.Module):
    """An elementwise function, by its ONNX name."""

    def __init__(self, operator: str) -> None:
        super().__init__()
        self.operator = operator

    def forward(self, x: Tensor) -> Tensor:
        return FUNCTIONS[self.operator](x)

    def extra_repr(self) -> str:
        return self.operator


class Power(nn.Module):
    """x to a constant power."""

    def __init__(self, exponent: float) -> None:
        super().__init__()
        self.exponent = exponent

    def forward(self, x: Tensor) -> Tensor:
        return x.pow(self.exponent)

    def extra_repr(self) -> str:
        return f"{self.exponent:g}"


class Slopes(nn.Module):
    """PRelu: below 0 each feature is multiplied by its own slope."""

    def __init__(self, slope: Tensor) -> None:
        super().__init__()
        self.slope = nn.Parameter(slope)

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x < 0, x * self.slope, x)


class Reduced(nn.Module):
    """A reduction over all features, by its ONNX name."""

    def __init__(self, operator: str, in_features: int) -> None:
        super().__init__()
        self.operator, self.in_features, self.out_features = operator, in_features, 1

    def forward(self, x: Tensor) -> Tensor:
        return REDUCED[self.operator](x)

    def extra_repr(self) -> str:
        return self.operator


class First(nn.Module):
    """The value at the first step."""

    span: Span = "before"

    def forward(self, x: Tensor) -> Tensor:
        return x[:1].expand_as(x)


class Branches(nn.Module):
    """Several paths from the same value, combined by ONNX's "Add", "Mul", …, or by "Concat" of their features."""

    def __init__(self, how: str, ways: Sequence[Sequence[nn.Module]], in_features: int, out_features: int) -> None:
        super().__init__()
        self.how, self.in_features, self.out_features = how, in_features, out_features
        self.ways = nn.ModuleList(Chain(*way) for way in ways)

    @property
    def span(self) -> Span:
        return span_of(self.ways)

    def forward(self, x: Tensor) -> Tensor:
        values = [way(x) for way in self.ways]
        return torch.cat(values, -1) if self.how == "Concat" else reduce(COMBINED[self.how], values)

    def extra_repr(self) -> str:
        return self.how


def simplify(stages: Sequence[nn.Module]) -> list[nn.Module]:
    """Replace decomposed operations by single stages: a layer normalisation, the ends of both directions."""
    united: list[nn.Module] = []
    for stage in stages:
        united += [_merge(stage)] if isinstance(stage, Branches) else [stage]
        if len(united) > 1 and (norm := _normalisation(*united[-2:])) is not None:
            united[-2:] = [norm]
    return [stage for stage in united if not _does_nothing(stage)]


def _merge(stage: Branches) -> nn.Module:
    """Return a single stage for branches that are linear, or that are the ends of both directions."""
    ways = _ways(stage)
    if stage.how == "Concat" and _are_ends(ways, stage.in_features):
        return Ends()
    matrices = _matrices(ways, stage.in_features)
    if matrices is None or stage.how not in ("Concat", "Add", "Sub"):
        return stage
    weights: list[Tensor] = [one.weight for one in matrices]
    biases: list[Tensor] = [one.bias for one in matrices]
    if stage.how == "Concat":
        return linear(torch.cat(weights), torch.cat(biases))
    if len({len(weight) for weight in weights}) > 1:
        return stage
    combined = COMBINED[stage.how]
    return linear(reduce(combined, weights), reduce(combined, biases))


def _ways(stage: Branches) -> list[list[nn.Module]]:
    return [list(way.children()) for way in stage.ways]


def _matrices(ways: Sequence[Sequence[nn.Module]], width: int) -> list[nn.Linear] | None:
    """Return each path as a linear layer, if at least one is and the others do nothing; otherwise None."""
    kinds = [way[0].weight.dtype for way in ways if len(way) == 1 and isinstance(way[0], nn.Linear)]
    if not kinds or width * width > MOST_NUMBERS:
        return None
    layers = []
    for way in ways:
        if not way:
            layers.append(linear(torch.eye(width, dtype=kinds[0])))
        elif len(way) == 1 and isinstance(way[0], nn.Linear):
            layers.append(way[0])
        else:
            return None
    return layers


def _are_ends(ways: Sequence[Sequence[nn.Module]], width: int) -> bool:
    """Return whether the paths are the first half of the features at the last step and the second half at the first step."""
    if len(ways) != 2 or width % 2 or width * width > MOST_NUMBERS:
        return False
    forward, backward = ways
    linears = [stage for stage in (*forward, *backward) if isinstance(stage, nn.Linear)]
    if len(forward) != 1 or len(backward) != 2 or len(linears) != 2 or not any(isinstance(s, First) for s in backward):
        return False
    if not isinstance(forward[0], nn.Linear):
        return False
    both = linear(torch.cat([one.weight for one in linears]), torch.cat([one.bias for one in linears]))
    return both.out_features == width and len(linears[0].weight) * 2 == width and _does_nothing(both)


def _normalisation(centred: nn.Module, scaled: nn.Module) -> nn.LayerNorm | None:
    """Return the layer normalisation of a decomposed (x - mean) / sqrt(var + eps); None if it is something else."""
    if not isinstance(centred, Branches) or not isinstance(scaled, Branches) or centred.how != "Sub":
        return None
    width = centred.in_features
    match _ways(centred):
        case [[], [mean]] if _is_mean(mean, width):
            pass
        case _:
            return None
    eps, kind = 0.0, next(centred.parameters()).dtype
    match _ways(scaled):
        case [[], [square, mean, *rest]] if _is_square(square) and _is_mean(mean, width):
            pass
        case _:
            return None
    if rest and isinstance(rest[0], Affine):
        if rest[0].scale.numel() != 1 or rest[0].shift.numel() != 1 or rest[0].scale.item() != 1:
            return None
        eps, rest = rest[0].shift.item(), rest[1:]
    names = [
        f"Power {stage.exponent:g}" if isinstance(stage, Power) else stage.operator
        for stage in rest
        if isinstance(stage, Power | Function)
    ]
    if len(names) != len(rest) or (scaled.how, *names) not in ROOTS:
        return None
    return nn.LayerNorm(width, eps, elementwise_affine=False, dtype=kind)


ROOTS = {
    ("Div", "Sqrt"),
    ("Div", "Power 0.5"),
    ("Mul", "Sqrt", "Reciprocal"),
    ("Mul", "Power 0.5", "Reciprocal"),
    ("Mul", "Power -0.5"),
}
"""Ways to divide by the square root of the variance."""


def _is_mean(stage: nn.Module, width: int) -> bool:
    if not isinstance(stage, nn.Linear) or stage.out_features != 1 or stage.in_features != width:
        return False
    return bool((stage.weight == torch.full_like(stage.weight, 1 / width)).all() and not stage.bias.any())


def _is_square(stage: nn.Module) -> bool:
    if isinstance(stage, Branches):
        return stage.how == "Mul" and _ways(stage) == [[], []]
    return isinstance(stage, Power) and stage.exponent == 2


def _does_nothing(stage: nn.Module) -> bool:
    if isinstance(stage, Affine):
        return bool((stage.scale == 1).all() and (stage.shift == 0).all())
    if (
        isinstance(stage, nn.Linear)
        and stage.in_features == stage.out_features
        and stage.weight.numel() <= MOST_NUMBERS
    ):
        return bool((stage.weight == torch.eye(stage.in_features)).all() and not stage.bias.any())
    return isinstance(stage, nn.Identity)
