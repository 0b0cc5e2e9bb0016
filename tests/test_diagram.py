"""A picture as data: what is asked of it, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from explorer.diagram import INPUT, OPERATIONS, Diagram, Operation, wire

ENTERS = wire("s_prev", (0, 0), "keep")
OPENS = wire("a", "a", "keep", number=0.5)
LEAVES = wire("a * s_prev", "keep", (4, 0))
TURNS = wire(INPUT, (1, 5), (1, 4), (2, 4), "a")


def a_diagram(**changed: Any) -> Diagram:
    """A gate `a` that scales the state before it."""
    given: dict[str, Any] = {
        "layers": {"a": (2, 3)},
        "operations": {"keep": Operation("×", (2, 0))},
        "phases": {"reads": (TURNS, ENTERS), "keeps": (OPENS, LEAVES)},
    }
    return Diagram(**given | changed)


def test_wires_stand_in_the_order_of_computation() -> None:
    assert a_diagram().wires == (TURNS, ENTERS, OPENS, LEAVES)
    assert Diagram(layers={}, operations={}, phases={}).wires == ()


def test_the_legs_of_a_wire() -> None:
    """Its corners, with the places of what it goes by in place of their names."""
    diagram = a_diagram()
    assert diagram.legs(TURNS) == [(1, 5), (1, 4), (2, 4), (2, 3)]
    assert diagram.legs(OPENS) == [(2, 3), (2, 0)]


def test_what_enters_a_node_and_what_leaves_it() -> None:
    """A wire that only passes by belongs to neither end of it."""
    passes = wire("a", (0, 3), "a", (4, 3))
    diagram = a_diagram(phases={"all at once": (TURNS, ENTERS, passes, OPENS, LEAVES)})
    assert diagram.entering("keep") == [ENTERS, OPENS]
    assert diagram.leaving("keep") == [LEAVES]
    assert diagram.entering("a") == [TURNS]
    assert diagram.leaving("a") == [OPENS]


def test_what_is_carried() -> None:
    """Names alone and within formulas; neither the input nor what is not recorded has one."""
    assert a_diagram().carried == {"a", "s_prev"}
    assert a_diagram(phases={"reads": (TURNS, wire("", "a", "keep"))}).carried == frozenset()
    assert a_diagram(phases={"shows": (wire("tanh(s) + 1", "a", "keep"),)}).carried == {"s"}


def test_a_changed_picture() -> None:
    """What is named is put in, moved or written anew; all else, and the picture itself, stay as they are."""
    diagram = a_diagram()
    adds = wire("a", "a", "add")
    other = diagram.changed(layers={"a": (2, 2)}, operations={"add": Operation("+", (4, 2))}, phases={"adds": (adds,)})
    assert (other.layers, list(other.operations)) == ({"a": (2, 2)}, ["keep", "add"])
    assert list(other.phases) == ["reads", "keeps", "adds"]
    assert other.wires == (*diagram.wires, adds)
    anew = diagram.changed(phases={"reads": (ENTERS, TURNS)})
    assert list(anew.phases) == ["reads", "keeps"], "at its old place"
    assert anew.wires == (ENTERS, TURNS, OPENS, LEAVES)
    assert diagram == a_diagram() == diagram.changed()


def test_what_is_taken_away_takes_its_wires_along() -> None:
    """Those that begin or end there, and a phase that has no other; one that only passes by a place stays."""
    diagram = a_diagram()
    assert diagram.changed(without=["a"]).wires == (ENTERS, LEAVES)
    bare = diagram.changed(without=["keep"])
    assert (dict(bare.operations), bare.wires, list(bare.phases)) == ({}, (TURNS,), ["reads"])
    moved = wire("s", (0, 0), (4, 0))
    assert diagram.changed(without=["keep"], phases={"keeps": (moved,)}).wires == (TURNS, moved)


def test_only_what_is_there_can_be_taken_away() -> None:
    with pytest.raises(ValueError, match="nothing is called 'forget'; there are a, keep"):
        a_diagram().changed(without=["forget"])


def test_a_roomier_picture() -> None:
    """Everything moves to the right but the ends that lie on the left edge; nothing moves up or down."""
    roomier = a_diagram().roomier(1.5)
    assert (roomier.layers, roomier.operations["keep"].at) == ({"a": (3.5, 3)}, (3.5, 0))
    assert [roomier.legs(one) for one in roomier.wires] == [
        [(2.5, 5), (2.5, 4), (3.5, 4), (3.5, 3)],
        [(0, 0), (3.5, 0)],
        [(3.5, 3), (3.5, 0)],
        [(3.5, 0), (5.5, 0)],
    ]
    assert [one.carries for one in roomier.wires] == [one.carries for one in a_diagram().wires]


def test_a_picture_with_room_below_its_layers() -> None:
    """What lies below the layers moves down; layers, and what is above them, stay."""
    roomier = a_diagram().roomier(0, 2)
    assert (roomier.layers, roomier.operations) == (a_diagram().layers, a_diagram().operations)
    assert roomier.legs(roomier.wires[0]) == [(1, 7), (1, 6), (2, 6), (2, 3)]
    assert [roomier.legs(one) for one in roomier.wires[1:]] == [a_diagram().legs(one) for one in a_diagram().wires[1:]]


def test_a_changed_picture_must_fit_too() -> None:
    with pytest.raises(ValueError, match="slanted leg"):
        a_diagram().changed(layers={"a": (3, 3)})


@pytest.mark.parametrize("does", ["⊕", "-", "x", "sigmoid", ""])
def test_an_operation_that_there_is_not(does: str) -> None:
    with pytest.raises(ValueError, match="an operation is one of") as refused:
        a_diagram(operations={"keep": Operation(does, (2, 0))})
    assert f"keep does {does!r}" in str(refused.value)
    assert all(known in str(refused.value) for known in OPERATIONS)


@pytest.mark.parametrize(
    "path",
    [((0, 1), "keep"), ("a", (3, 0)), ((0, 0), (1, 0), (2, 3))],
    ids=["from a point", "to a point", "after a level one"],
)
def test_a_slanted_leg(path: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="the wire of 'a' has a slanted leg") as refused:
        a_diagram(phases={"reads": (wire("a", *path),)})
    places = {"a": (2, 3), "keep": (2, 0)}
    assert all(str(places.get(stop, stop)) in str(refused.value) for stop in path), "it says where the wire goes"


@pytest.mark.parametrize("path", [("forget", (4, 0)), ((0, 0), "forget"), ((0, 0), "forget", "keep")])
def test_a_name_that_there_is_not(path: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="the wire of 's_prev' goes by 'forget'; there are a, keep"):
        a_diagram(phases={"reads": (wire("s_prev", *path),)})


def test_a_wire_that_is_asked_about_must_fit_too() -> None:
    with pytest.raises(ValueError, match="goes by 'show'"):
        a_diagram().legs(wire("s", "show", (4, 0)))
