"""Every registered cell's picture, held against what the cell computes: no wire carries a number that is not there."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import combinations, pairwise
from math import dist
from operator import add, mul
from typing import Any

import numpy as np
import pytest

import explorer
from explorer import formula
from explorer.cells import Cell
from explorer.diagram import INPUT, OPERATIONS, Diagram, Point, Wire
from explorer.signals import Array
from tests.cells.test_declarations import FUNCTIONS, values_of
from tests.helpers import TEXT, VARIANTS, Variant, network, state_of

DOES: dict[str, Callable[[list[Array]], Array]] = {
    "×": lambda vectors: reduce(mul, vectors),
    "+": lambda vectors: reduce(add, vectors),
    "1−": lambda vectors: 1 - only(vectors),
    "tanh": lambda vectors: np.tanh(only(vectors)),
    "σ": lambda vectors: FUNCTIONS["sigmoid"](only(vectors)),
    "relu": lambda vectors: FUNCTIONS["relu"](only(vectors)),
    "φ": lambda vectors: FUNCTIONS["selu"](only(vectors)),  # the only one among the variants
    "+1": lambda vectors: only(vectors) + 1,
    "p∣t": lambda vectors: FUNCTIONS["divides"](*vectors),
}
CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-13}
"""Torch's sums and functions against numpy's, a few roundings of float64 apart."""
APART = 0.9
"""Columns or rows between two nodes, so that their boxes and numbers do not lie on one another."""

each_cell = pytest.mark.parametrize("variant", VARIANTS)


def only(vectors: list[Array]) -> Array:
    (vector,) = vectors
    return vector


def picture(variant: Variant) -> tuple[Cell, Diagram]:
    cell = network(variant).cell
    return cell, cell.diagram


def recorded(wire: Wire) -> bool:
    """Whether the trace knows what the wire carries."""
    return wire.carries not in ("", INPUT)


def test_each_operation_is_known_here() -> None:
    assert set(DOES) == set(OPERATIONS)


@each_cell
def test_operations_compute_what_they_say(variant: Variant) -> None:
    """Of the vectors that enter, what leaves is the product, the sum, …, on a real trace.

    Only what is made from something that the trace does not have can go unrecorded itself.
    """
    model = network(variant, (2, False))  # two layers, for a cell that looks at the one below
    values = values_of(explorer.trace(model, TEXT, state=state_of(model)))
    diagram = model.cell.diagram
    for name, operation in diagram.operations.items():
        entering, leaving = diagram.entering(name), diagram.leaving(name)
        assert entering and leaving, f"{name} is connected"
        if not all(map(recorded, entering)):
            assert not any(map(recorded, leaving)), f"what leaves {name} cannot be known"
            continue
        own = [model.cell.named_weights["period"].numpy()] if operation.does == "p∣t" else []
        made = DOES[operation.does](own + [formula.evaluate(one.carries, values, FUNCTIONS) for one in entering])
        for one in leaving:
            assert recorded(one), f"all that enters {name} is known, but not what it makes of it"
            carried = formula.evaluate(one.carries, values, FUNCTIONS)
            np.testing.assert_allclose(carried, made, err_msg=f"{name}: {one.carries}", **CLOSE)


@each_cell
def test_layers_give_their_own_signal(variant: Variant) -> None:
    """It leaves from there, first of all wires that carry it."""
    cell, diagram = picture(variant)
    squashed = {s.name for s in cell.signals if f"{s.name}_pre" in formula.names(s.formula)}
    assert set(diagram.layers) == squashed, "a layer for each pre-activation: there are the weights"
    for name in diagram.layers:
        assert diagram.entering(name), f"{name} reads something"
        assert {one.carries for one in diagram.leaving(name)} == {name}
        first = next(one for one in diagram.wires if one.carries == name)
        assert first.path[0] == name


@each_cell
def test_every_signal_is_on_a_wire_with_its_number_once(variant: Variant) -> None:
    """The screen shows each number in one place, and none is missing."""
    cell, diagram = picture(variant)
    names = {signal.name for signal in cell.signals}
    states = {f"{state}_prev" for state in cell.State._fields}
    assert names <= diagram.carried <= names | states
    told = [one.carries for one in diagram.wires if one.number is not None]
    assert {name: told.count(name) for name in names} == dict.fromkeys(names, 1)
    for one in diagram.wires:
        assert one.number is None or (0 < one.number < 1 and recorded(one)), one


@each_cell
def test_wires_are_in_the_order_of_computation(variant: Variant) -> None:
    """Nothing leaves a node before all has come that it is made of: not in an earlier phase, nor earlier within one."""
    _, diagram = picture(variant)
    order = {id(one): k for k, one in enumerate(diagram.wires)}
    for node in diagram.points:
        came = max(order[id(one)] for one in diagram.entering(node))
        left = min(order[id(one)] for one in diagram.leaving(node))
        assert came < left, node


@each_cell
def test_wires_branch_off_what_carries_the_same(variant: Variant) -> None:
    """A wire that begins at no node begins at an edge, or on one that carries the same; the input runs along with the state before.

    Of a wire with what is not recorded nothing is claimed. A number that never changes comes from nowhere.
    """
    _, diagram = picture(variant)
    (left, right), (top, bottom) = extremes(diagram)
    for one in diagram.wires:
        x, y = diagram.legs(one)[0]
        if isinstance(one.path[0], str) or x in (left, right) or y in (top, bottom) or one.carries == "":
            continue
        if not formula.names(one.carries):
            continue
        trunks = [other.carries for other in diagram.wires if other is not one and passes(diagram.legs(other), (x, y))]
        same = [trunk for trunk in trunks if trunk == one.carries or (one.carries == INPUT and trunk.endswith("_prev"))]
        assert same, f"{one} branches off {trunks}"


def passes(legs: list[Point], place: Point) -> bool:
    """Whether a way leads over a place."""
    return any(
        min(x0, x1) <= place[0] <= max(x0, x1) and min(y0, y1) <= place[1] <= max(y0, y1)
        for (x0, y0), (x1, y1) in pairwise(legs)
    )


def extremes(diagram: Diagram) -> tuple[tuple[float, float], tuple[float, float]]:
    """How far the wires reach: (left, right), (top, bottom). The picture is drawn to that size."""
    xs, ys = zip(*(corner for one in diagram.wires for corner in diagram.legs(one)), strict=True)
    return (min(xs), max(xs)), (min(ys), max(ys))


@each_cell
def test_every_node_has_room(variant: Variant) -> None:
    _, diagram = picture(variant)
    (left, right), (top, bottom) = extremes(diagram)
    for name, (x, y) in diagram.points.items():
        assert left < x < right and top <= y <= bottom, name
    for (one, here), (other, there) in combinations(diagram.points.items(), 2):
        assert dist(here, there) >= APART, f"{one} and {other}"


@each_cell
def test_states_enter_from_the_left_and_leave_to_the_right(variant: Variant) -> None:
    """Those that the next step looks at, so that copies of the cell side by side are the network unrolled in time."""
    cell, diagram = picture(variant)
    (left, right), _ = extremes(diagram)
    assert left == 0
    entering = {one.carries: diagram.legs(one)[0][1] for one in diagram.wires if diagram.legs(one)[0][0] == left}
    leaving = {one.carries: diagram.legs(one)[-1][1] for one in diagram.wires if diagram.legs(one)[-1][0] == right}
    looked_at = frozenset().union(*(formula.names(signal.formula) for signal in cell.recorded))
    assert set(leaving) == {state for state in cell.State._fields if f"{state}_prev" in looked_at}
    assert entering == {f"{state}_prev": height for state, height in leaving.items()}, "at the same height"


@each_cell
def test_what_is_read_comes_from_below_and_what_is_read_above_leaves_above(variant: Variant) -> None:
    """So that copies of the cell one above the other are its layers: below it x and what else it looks at, above it what the next layer
    and the readout look at."""
    cell, diagram = picture(variant)
    _, (top, bottom) = extremes(diagram)
    first = next(one for one in diagram.wires if one.carries == INPUT)
    assert diagram.legs(first)[0][1] == bottom
    below = {
        signal.name for signal in cell.signals if signal.formula in {f"{state}_below" for state in cell.reads_below}
    }
    assert {one.carries for one in diagram.wires if diagram.legs(one)[0][1] == bottom} == {INPUT, *below}
    above = [one.carries for one in diagram.wires if diagram.legs(one)[-1][1] == top]
    assert sorted(above) == sorted({"h", cell.upward, *cell.reads_below})
