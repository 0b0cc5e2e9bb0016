"""Symbolic values of an ONNX graph while it is traced: computed numbers, sizes of axes, or unknown values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import torch
from torch import nn

from explorer.models.checkpoints.onnx_axes import Axes, Axis, Refused, Size, core

Make = Callable[[torch.dtype, int], list[nn.Module]]
"""Builds the stages of an operation, from the dtype of the weights and the number of input features."""
MOST_AXES = 8
MOST_STEPS, MOST_NESTED, MOST_WAYS = 200, 6, 16
"""Limits for a path: operations (branches count each time that they are computed), nested branches, and branches that meet."""


@dataclass(frozen=True, eq=False)
class Step:
    """An operation on a path, and the one before it. The first step is the graph's input and does nothing.

    label     display name; empty if it only moves numbers
    reads     number of input features that it requires; None if any fits
    table     name of the embedding that it looks up
    layer     number of the recurrent layer
    one_step  whether the layer reads one step each time the graph runs
    branches  paths that it combines, which all begin at the step before
    kind      "softmax", "argmax" or "sigmoid", which may be part of the answer
    """

    before: Step | None = None
    label: str = ""
    make: Make | None = None
    reads: int | None = None
    table: str | None = None
    layer: int | None = None
    one_step: bool = False
    branches: tuple[tuple[Step, ...], ...] = ()
    kind: str = ""
    depth: int = 0
    cost: int = 0
    nested: int = 0

    def then(self, label: str, make: Make | None = None, cost: int = 1, **more: Any) -> Step:
        """Return the path extended by one operation. Raise Refused if it becomes too long."""
        if self.cost + cost > MOST_STEPS:
            raise Refused(f"more than {MOST_STEPS} operations on one way")
        return Step(self, label, make, depth=self.depth + 1, cost=self.cost + cost, **more)

    def way(self, since: Step | None = None) -> tuple[Step, ...]:
        """Return the operations in order, without the graph's input; only those after `since`, if it is given."""
        steps: list[Step] = []
        at: Step | None = self
        while at is not None and at is not since and at.before is not None:
            steps.append(at)
            at = at.before
        return tuple(reversed(steps))

    def start(self) -> Step:
        """Return the step of the graph's input."""
        at = self
        while at.before is not None:
            at = at.before
        return at


def meeting(steps: Sequence[Step]) -> Step | None:
    """Return the last step that all paths share; None if they begin at different inputs."""
    one: Step | None = steps[0]
    for other in steps[1:]:
        two: Step | None = other
        while one is not two and one is not None and two is not None:
            deeper = one.depth >= two.depth
            one, two = (one.before, two) if deeper else (one, two.before)
        if one is not two:
            return None
    return one


@dataclass(frozen=True, eq=False)
class Flow:
    """A computed value.

    features  atoms of the features, in the order that the stages use; None if not known yet
    whole     whether it is one value for the whole text rather than one per step
    layers    bit mask of the recurrent layers that it passed through
    ids       whether it holds integers
    """

    step: Step
    axes: Axes
    features: Axis | None = None
    whole: bool = False
    layers: int = 0
    ids: bool = False

    @property
    def raw(self) -> bool:
        """True for an input of the graph, before any operation."""
        return self.step.before is None

    @property
    def feature_atoms(self) -> Axis | None:
        """Atoms of the features; those with the role if `features` is not set."""
        if self.features is not None:
            return self.features
        atoms = tuple(atom for axis in self.axes for atom in axis if atom.role == "feature")
        return atoms or None

    def with_features(self, at: Sequence[int]) -> Flow:
        """Return the value with exactly these axes as its features. Raise Refused if they are not."""
        atoms = tuple(atom for axis in at for atom in self.axes[axis])
        if self.feature_atoms is None:
            for atom in atoms:
                atom.mark("feature")
            return replace(self, features=atoms)
        for atom in core(atoms):
            if atom.role == "step":
                raise Refused("all steps side by side")
        if core(atoms) != core(self.feature_atoms):
            raise Refused("a part of the features alone, or in another order")
        return replace(self, features=self.feature_atoms)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sizes of the features' atoms. Raises Refused if any is unknown."""
        sizes = (
            [] if self.feature_atoms is None else [atom.size for atom in self.feature_atoms if atom.size is not None]
        )
        if self.feature_atoms is None or len(sizes) < len(self.feature_atoms):
            raise Refused("a number of features that is known only when the graph runs")
        return tuple(sizes)

    @property
    def width(self) -> int:
        """Number of features. Raises Refused if it is unknown."""
        return prod(self.sizes)

    def moved(self, axes: Axes) -> Flow:
        """Return the same numbers with other axes. Features with a single entry may be gone."""
        return replace(self, axes=axes)

    def passed(self, label: str, make: Make | None, **more: Any) -> Flow:
        """Return the value after one more operation that keeps its axes."""
        return replace(self, step=self.step.then(label, make, **more))


@dataclass(frozen=True, eq=False)
class Stacked:
    """Values concatenated along an axis, kept apart since one of them is often selected again."""

    parts: tuple[Flow, ...]
    axis: int
    label: str

    @property
    def layers(self) -> int:
        mask = 0
        for part in self.parts:
            mask |= part.layers
        return mask


@dataclass(frozen=True)
class Sizes:
    """Integers that are sizes of axes; None for an unknown size."""

    values: tuple[Size | None, ...]
    scalar: bool = False
    layers: int = field(default=0, init=False)


@dataclass(frozen=True, eq=False)
class Unknown:
    """An unsupported value: the node that caused it, and its operation.

    layers  bit mask of the recurrent layers that the value comes from
    before  bit mask of those that the node's own value comes from
    """

    node: str
    what: str
    layers: int = 0
    before: int = 0

    def says(self, own: int) -> str:
        """Return the reason why the answer of these layers cannot be computed."""
        through = f"the node {self.node} ({self.what}), which is not computed here."
        return (
            f"The answer passes through {through}" if self.before & own else f"The layers read the output of {through}"
        )


Value = Flow | Stacked | Sizes | Unknown


def passes(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield the steps and those of their branches."""
    for step in steps:
        yield step
        for branch in step.branches:
            yield from passes(branch)
