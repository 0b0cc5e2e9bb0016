"""Stages that torch.nn lacks, for the way from a network's input to its layers and from their h to its answer.

A stage maps [step, batch, feature] to [step, batch, feature]. Torch's own modules (Linear, LayerNorm, ReLU, …) are stages that look at
one step at a time. Those below look at other steps, too; `span` says at which:

    "step"    the value at step t depends on step t alone (also every module without a `span`)
    "before"  on steps 0 to t: the value at t is that of the text up to t
    "whole"   on all steps: only the value at the last step is that of the text
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, cast

import torch
from torch import Tensor, nn

from explorer.backend.forward import run
from explorer.cells import Stack

Span = Literal["step", "before", "whole"]
MOST_MERGED = 4_000_000
"""Numbers in a product of two weights: a narrow layer between two wide ones stays as it is."""


class Affine(nn.Module):
    """x * scale + shift, each [feature] or a single number: batch normalisation after training, or constants of a graph."""

    def __init__(self, scale: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.scale, self.shift = nn.Parameter(scale), nn.Parameter(shift)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale + self.shift


class RunningMax(nn.Module):
    """The largest value of each feature so far: global max pooling, as if the text ended at each step."""

    span: Span = "before"

    def forward(self, x: Tensor) -> Tensor:
        return x.cummax(0).values


class RunningSum(nn.Module):
    """The sum of each feature so far: the sum over all steps, as if the text ended at each step."""

    span: Span = "before"

    def forward(self, x: Tensor) -> Tensor:
        return x.cumsum(0)


class RunningMin(nn.Module):
    """The smallest value of each feature so far."""

    span: Span = "before"

    def forward(self, x: Tensor) -> Tensor:
        return x.cummin(0).values


class RunningMean(nn.Module):
    """The mean of each feature so far: global average pooling, as if the text ended at each step."""

    span: Span = "before"

    def forward(self, x: Tensor) -> Tensor:
        count = torch.arange(1, len(x) + 1, device=x.device, dtype=x.dtype)
        return x.cumsum(0) / count.view(-1, *[1] * (x.ndim - 1))


class Ends(nn.Module):
    """The last states of both directions side by side: forward at step t, backward at step 0, where it has read the whole text."""

    span: Span = "whole"

    def forward(self, h: Tensor) -> Tensor:
        forward, backward = h.chunk(2, -1)
        return torch.cat([forward, backward[:1].expand_as(backward)], -1)


class Layers(nn.Module):
    """Other recurrent layers of the same network: their h at every step, forward and backward side by side."""

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self.stack = stack

    @property
    def span(self) -> Span:
        return "whole" if self.stack.bidirectional else "before"

    def forward(self, x: Tensor) -> Tensor:
        batched = x if x.ndim == 3 else x[:, None]
        h, _ = run(self.stack, batched)
        return h if x.ndim == 3 else h[:, 0]


def span_of(stages: Iterable[nn.Module]) -> Span:
    """The widest span of the stages."""
    spans: set[Span] = {cast(Span, getattr(stage, "span", "step")) for stage in stages}
    return "whole" if "whole" in spans else "before" if "before" in spans else "step"


class Chain(nn.Sequential):
    """Stages one after another."""

    @property
    def span(self) -> Span:
        return span_of(self)

    def forward(self, x: Tensor) -> Tensor:
        for stage in self:
            x = stage(x)
        return x


class Head(Chain):
    """Head from the top layer's h to the scores [step, batch, output] by more than one linear layer.

    out_features  the number of outputs
    whole_text    whether the network gives one answer for the whole text
    """

    def __init__(self, stages: Sequence[nn.Module], out_features: int, *, whole_text: bool = False) -> None:
        super().__init__(*stages)
        self.out_features, self.whole_text = out_features, whole_text


def folded(stages: Sequence[nn.Module]) -> list[nn.Module]:
    """The same stages with neighbouring linear and affine ones merged, computed in float64 and rounded once."""
    merged = list(stages)
    at = 0
    while at + 1 < len(merged):
        one = _merged(*merged[at : at + 2])
        if one is None:
            at += 1
        else:
            merged[at : at + 2] = [one]
            at = max(0, at - 1)
    return merged


def width_after(stages: Iterable[nn.Module], width: int) -> int:
    """The number of features that come out of the stages for `width` that go in."""
    for stage in stages:
        if isinstance(stage, Layers):
            width = stage.stack.hidden_size * stage.stack.directions
        else:
            width = cast(int, getattr(stage, "out_features", width))
    return width


def width_before(stages: Sequence[nn.Module], width: int) -> int:
    """The number of features that go into the stages if `width` come out."""
    for stage in reversed(stages):
        width = stage.stack.input_size if isinstance(stage, Layers) else cast(int, getattr(stage, "in_features", width))
    return width


def check_widths(stages: Sequence[nn.Module], width: int) -> None:
    """Raise ValueError for a linear or recurrent stage that expects another number of features than comes to it."""
    for before, stage in pairwise([nn.Identity(), *stages]):
        width = width_after([before], width)
        expected = stage.stack.input_size if isinstance(stage, Layers) else getattr(stage, "in_features", width)
        if expected != width:
            raise ValueError(f"a stage reads {expected} numbers, but {width} come to it")


def _merged(first: nn.Module, second: nn.Module) -> nn.Module | None:
    """One stage for two; None if they cannot be merged."""
    match first, second:
        case nn.Linear(), Affine():
            scale, shift = second.scale.double(), second.shift.double()
            return _linear(first, scale.view(-1, 1) * first.weight.double(), _bias(first) * scale + shift)
        case Affine(), nn.Linear():
            weight = second.weight.double()
            shift = first.shift.double().expand(second.in_features)
            return _linear(second, weight * first.scale.double(), _bias(second) + weight @ shift)
        case nn.Linear(), nn.Linear() if first.in_features * second.out_features <= MOST_MERGED:
            weight = second.weight.double()
            return _linear(second, weight @ first.weight.double(), _bias(second) + weight @ _bias(first))
        case Affine(), Affine():
            scale, shift = second.scale.double(), second.shift.double()
            kind = first.scale.dtype
            return Affine((first.scale.double() * scale).to(kind), (first.shift.double() * scale + shift).to(kind))
    return None


def _bias(linear: nn.Linear) -> Tensor:
    return linear.bias.double() if linear.bias is not None else linear.weight.new_zeros(linear.out_features).double()


def _linear(like: nn.Linear, weight: Tensor, bias: Tensor) -> nn.Linear:
    return linear(weight.detach().to(like.weight.dtype), bias.detach().to(like.weight.dtype))


def linear(weight: Tensor, bias: Tensor | None = None) -> nn.Linear:
    """A linear layer with this weight [output, input] and bias [output]; zeros without a bias."""
    with torch.device("meta"):  # no numbers are drawn for weights that are replaced at once
        layer = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
    bias = weight.new_zeros(len(weight)) if bias is None else bias
    layer.load_state_dict({"weight": weight, "bias": bias.to(weight.dtype)}, assign=True)
    return layer
