"""What a value of an ONNX graph is while the graph is followed: numbers on their way through it, sizes, or nothing that is understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import torch
from torch import nn

from explorer.models.checkpoints.onnx_axes import Axes, Axis, Refused, Size, core

Make = Callable[[torch.dtype, int], list[nn.Module]]
"""The stages of an operation, for the type of the weights and for the number of features that come in."""
MOST_AXES = 8
MOST_STEPS, MOST_NESTED, MOST_WAYS = 200, 6, 16
"""Operations one after another, branches counted each time that they are computed: more would be slow, and no person could read them."""


@dataclass(frozen=True, eq=False)
class Step:
    """An operation on the way, and the one before it; the first one is the graph's input and does nothing.

    label     what a person calls it; empty where it only moves numbers
    reads     the number of features that it needs to come in, where it needs a certain one
    table     the name of the embedding that is looked up in
    layer     the number of the recurrent layer
    one_step  whether that reads a single step each time the graph runs, and is run again for the next one
    branches  the ways that it brings together, which all begin at the step before
    kind      "softmax", "argmax" or "sigmoid", which may be a part of the answer
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
        """The same way, one operation longer. Raises Refused where it becomes too long."""
        if self.cost + cost > MOST_STEPS:
            raise Refused(f"more than {MOST_STEPS} operations on one way")
        return Step(self, label, make, depth=self.depth + 1, cost=self.cost + cost, **more)

    def way(self, since: Step | None = None) -> tuple[Step, ...]:
        """The operations in order, the graph's input left out; those after `since`, if it is given."""
        found: list[Step] = []
        at: Step | None = self
        while at is not None and at is not since and at.before is not None:
            found.append(at)
            at = at.before
        return tuple(reversed(found))

    def start(self) -> Step:
        """The graph's input."""
        at = self
        while at.before is not None:
            at = at.before
        return at


def meeting(steps: Sequence[Step]) -> Step | None:
    """The last step that all ways have in common; None where they begin at different inputs."""
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
    """Numbers on their way.

    features  the atoms that are the features, in the order in which the stages have them; None where that is not known yet
    whole     whether it is one value for the whole text, not one a step
    layers    the recurrent layers that it has passed, a bit each
    ids       whether it is whole numbers
    """

    step: Step
    axes: Axes
    features: Axis | None = None
    whole: bool = False
    layers: int = 0
    ids: bool = False

    @property
    def raw(self) -> bool:
        """Whether nothing was computed of it yet."""
        return self.step.before is None

    @property
    def known(self) -> Axis | None:
        """The features, also where only their role shows them."""
        if self.features is not None:
            return self.features
        found = tuple(atom for axis in self.axes for atom in axis if atom.role == "feature")
        return found or None

    def with_features(self, at: Sequence[int]) -> Flow:
        """The same with these axes, and no others, as its features. Raises Refused where they are not."""
        atoms = tuple(atom for axis in at for atom in self.axes[axis])
        if self.known is None:
            for atom in atoms:
                atom.mark("feature")
            return replace(self, features=atoms)
        for atom in core(atoms):
            if atom.role == "step":
                raise Refused("all steps side by side")
        if core(atoms) != core(self.known):
            raise Refused("a part of the features alone, or in another order")
        return replace(self, features=self.known)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of the features' atoms. Raises Refused where they are not known."""
        sizes = [] if self.known is None else [atom.size for atom in self.known if atom.size is not None]
        if self.known is None or len(sizes) < len(self.known):
            raise Refused("a number of features that is known only when the graph runs")
        return tuple(sizes)

    @property
    def width(self) -> int:
        """The number of features. Raises Refused where it is not known."""
        return prod(self.sizes)

    def moved(self, axes: Axes) -> Flow:
        """The same numbers with other axes. Features of one entry may have left."""
        return replace(self, axes=axes)

    def passed(self, label: str, make: Make | None, **more: Any) -> Flow:
        """The value behind one more operation that leaves its axes as they are."""
        return replace(self, step=self.step.then(label, make, **more))


@dataclass(frozen=True, eq=False)
class Stacked:
    """Values side by side along an axis, not yet brought together: often one is picked out of them again."""

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
    """Whole numbers that are sizes of axes; None for one that is not known."""

    values: tuple[Size | None, ...]
    scalar: bool = False
    layers: int = field(default=0, init=False)


@dataclass(frozen=True, eq=False)
class Unknown:
    """What is not understood: the node that made it so and what that computes.

    layers  the recurrent layers that the value comes from, a bit each
    before  those that the node's own value comes from
    """

    node: str
    what: str
    layers: int = 0
    before: int = 0

    def says(self, own: int) -> str:
        """Why the answer of these layers is not computed."""
        through = f"the node {self.node} ({self.what}), which is not computed here."
        return (
            f"The answer passes through {through}"
            if self.before & own
            else f"The layers read what comes from {through}"
        )


Value = Flow | Stacked | Sizes | Unknown


def passes(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps with those of their branches."""
    for step in steps:
        yield step
        for branch in step.branches:
            yield from passes(branch)
