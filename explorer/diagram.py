"""A cell's picture as data: places, wires with their vectors, and the order of computation.

Places are (x, y) on a grid of the cell's own, y downwards. A picture has no size: who draws it chooses how wide a column is and how
high a row, so that the same description serves a phone and a lecture hall.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from explorer import formula

Point = tuple[float, float]

OPERATIONS = ("×", "+", "1−", "tanh", "σ", "relu", "φ", "+1", "p∣t")
"""Operations on the vectors that enter; p∣t tests whether a unit's period divides the step; φ is the function that the
formula of the wire behind it names."""
INPUT = "x"
"""Content of a wire that brings the input: it has no stripe for each unit."""


class Operation(NamedTuple):
    """A pointwise operation, one of OPERATIONS, and its place."""

    does: str
    at: Point


class Wire(NamedTuple):
    """A vector on its way.

    carries  a formula over signals and states (`explorer.formula`), with a value for each unit; INPUT; or "" for what is not recorded
    path     from where by way of what to where: names of layers and operations, or points; each leg is upright or level
    number   where on the way the pinned unit's number stands, as a share of it; None for nowhere
    """

    carries: str
    path: tuple[str | Point, ...]
    number: float | None = None


def wire(carries: str, *path: str | Point, number: float | None = None) -> Wire:
    """A wire, written in one line."""
    return Wire(carries, path, number)


@dataclass(frozen=True)
class Diagram:
    """The picture of a cell.

    layers      signal -> place of the layer that computes it from input and state: where the weights are
    operations  name -> pointwise operation
    phases      description of a phase -> its wires, in the order of computation

    Raises ValueError for a path with a slanted leg, an unknown name, or an unknown operation.
    """

    layers: Mapping[str, Point]
    operations: Mapping[str, Operation]
    phases: Mapping[str, tuple[Wire, ...]]
    points: Mapping[str, Point] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, operation in self.operations.items():
            if operation.does not in OPERATIONS:
                raise ValueError(f"{name} does {operation.does!r}; an operation is one of {', '.join(OPERATIONS)}")
        object.__setattr__(self, "points", {**self.layers, **{n: o.at for n, o in self.operations.items()}})
        for one in self.wires:
            legs = self.legs(one)
            if any(x0 != x1 and y0 != y1 for (x0, y0), (x1, y1) in pairwise(legs)):
                raise ValueError(f"the wire of {one.carries!r} has a slanted leg: {legs}")

    def changed(
        self,
        *,
        without: Collection[str] = (),
        layers: Mapping[str, Point] | None = None,
        operations: Mapping[str, Operation] | None = None,
        phases: Mapping[str, tuple[Wire, ...]] | None = None,
    ) -> Diagram:
        """The picture of a cell that differs in a few places; all else stays where it is.

        `without` removes layers and operations, and the wires that begin or end there. `layers` and `operations` add or move others;
        `phases` replaces whole phases, each at its old place, a new one at the end. A phase without wires is removed.
        """
        unknown = [name for name in without if name not in self.points]
        if unknown:
            raise ValueError(f"nothing is called {unknown[0]!r}; there are {', '.join(self.points)}")
        unchanged = {
            says: tuple(one for one in wires if not {one.path[0], one.path[-1]} & set(without))
            for says, wires in self.phases.items()
        }
        return Diagram(
            layers={name: at for name, at in self.layers.items() if name not in without} | dict(layers or {}),
            operations={name: o for name, o in self.operations.items() if name not in without} | dict(operations or {}),
            phases={says: wires for says, wires in (unchanged | dict(phases or {})).items() if wires},
        )

    def roomier(self, columns: float, rows: float = 0) -> Diagram:
        """The same picture with more columns at its left edge, where everything on the edge stays, and more rows below
        its layers."""
        lowest = max(y for _, y in self.layers.values())

        def moved(at: Point) -> Point:
            return (at[0] + columns if at[0] else 0, at[1] + rows if at[1] > lowest else at[1])

        def bent(one: Wire) -> Wire:
            return one._replace(path=tuple(stop if isinstance(stop, str) else moved(stop) for stop in one.path))

        return Diagram(
            layers={name: moved(at) for name, at in self.layers.items()},
            operations={name: o._replace(at=moved(o.at)) for name, o in self.operations.items()},
            phases={says: tuple(map(bent, wires)) for says, wires in self.phases.items()},
        )

    @property
    def wires(self) -> tuple[Wire, ...]:
        """All wires, in the order of computation."""
        return tuple(one for wires in self.phases.values() for one in wires)

    def legs(self, of: Wire) -> list[Point]:
        """The corners of a wire's way, its ends included."""
        unknown = [stop for stop in of.path if isinstance(stop, str) and stop not in self.points]
        if unknown:
            raise ValueError(f"the wire of {of.carries!r} goes by {unknown[0]!r}; there are {', '.join(self.points)}")
        return [self.points[stop] if isinstance(stop, str) else stop for stop in of.path]

    def leaving(self, node: str) -> list[Wire]:
        """The wires that begin at a layer or an operation."""
        return [one for one in self.wires if one.path[0] == node]

    def entering(self, node: str) -> list[Wire]:
        """The wires that end there."""
        return [one for one in self.wires if one.path[-1] == node]

    @property
    def carried(self) -> frozenset[str]:
        """The names of all signals and states that some wire carries, alone or within a formula."""
        carried_names = [formula.names(one.carries) for one in self.wires if one.carries not in ("", INPUT)]
        return frozenset().union(*carried_names)
