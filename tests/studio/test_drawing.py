"""A cell's diagram as the stage draws it: every wire on the scale and in the colour of what it carries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import explorer
from explorer import formula
from explorer.cells.activations import PLAIN
from explorer.diagram import INPUT, Diagram, Operation, wire
from explorer.signals import PER_UNIT, Belt
from explorer.studio.components import stage
from explorer.studio.components.stage.drawing import GLYPHS, drawn
from tests.helpers import TEXT, VARIANTS, Variant, network

LSTM: Variant = ("lstm", {})
GRU: Variant = ("gru", {})
RNN: Variant = ("rnn", {})

each_cell = pytest.mark.parametrize("variant", VARIANTS)


def drawing(variant: Variant, **changed: Any) -> dict[str, Any]:
    """The drawing of a cell, of its own diagram or of one with those changes."""
    model = network(variant)
    return drawn(replace(model.cell.diagram, **changed), explorer.trace(model, TEXT))


def wires(of: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for phase in of["phases"]:
        yield from phase["wires"]


def look(variant: Variant, carries: str) -> tuple[str, str]:
    """Role and scale of the wires that carry that; all of them have the same."""
    (found,) = {(one["role"], one["scale"]) for one in wires(drawing(variant)) if one["carries"] == carries}
    return found


def layers(of: dict[str, Any], what: str) -> dict[str, str]:
    return {layer["name"]: layer[what] for layer in of["layers"]}


@each_cell
def test_it_is_the_diagram(variant: Variant) -> None:
    """Places, names, phases and numbers as the cell has them; each wire's way from corner to corner."""
    cell = network(variant).cell
    diagram, sent = cell.diagram, drawing(variant)
    untold = {signal.name for signal in cell.signals if signal.dims != PER_UNIT}
    assert {layer["name"]: layer["at"] for layer in sent["layers"]} == {
        name: at for name, at in diagram.layers.items() if name not in untold
    }
    assert {o["name"]: Operation(o["does"], o["at"]) for o in sent["operations"] if o["name"] not in untold} == (
        diagram.operations
    )
    assert [phase["says"] for phase in sent["phases"]] == list(diagram.phases)
    for one, own in zip(wires(sent), diagram.wires, strict=True):
        if own.carries.removesuffix("_prev") in untold:
            continue
        assert one["carries"] == ("" if own.carries == INPUT else own.carries)
        assert (one["path"], one["number"]) == (diagram.legs(own), own.number)


@each_cell
def test_ends_are_nodes_or_nothing(variant: Variant) -> None:
    """What is dimmed beside an unfolded gate follows from them."""
    diagram = network(variant).cell.diagram
    for one, own in zip(wires(drawing(variant)), diagram.wires, strict=True):
        first, last = own.path[0], own.path[-1]
        assert one["ends"] == [first if first in diagram.points else None, last if last in diagram.points else None]


def test_what_is_no_number_of_a_unit_is_drawn_without_numbers() -> None:
    """A Jordan network with fewer outputs than units: the way of the output is seen, what it carries is not."""
    sent = drawing(("jordan", {"output_size": 2}))
    assert list(layers(sent, "at")) == ["h"]
    assert {(o["name"], o["does"]) for o in sent["operations"]} == {("y", "σ")}
    plain = [one for one in wires(sent) if not one["carries"]]
    assert [one["number"] for one in plain] == [None] * 3, "x, y before, y"
    assert {one["carries"] for one in wires(sent)} == {"", "h"}


@each_cell
def test_a_bare_signal_has_the_colour_of_its_role(variant: Variant) -> None:
    """The state before has that of the state. A gate is on the gates' scale, the memory and what alone is written to it on their own,
    what else is signed on that."""
    trace = explorer.trace(network(variant), TEXT)
    memory = {trace.memory, *([trace.belt.write] if trace.belt else [])}
    for one in wires(drawing(variant)):
        signal = trace.signals.get(one["carries"].removesuffix("_prev"))
        if signal is None:
            continue
        scale = "gate" if signal.kind == "gate" else "memory" if signal.name in memory else "signed"
        assert (one["role"], one["scale"]) == (signal.role, scale), one["carries"]


@each_cell
def test_what_is_not_recorded_has_no_stripes(variant: Variant) -> None:
    """The input has no value for each unit."""
    plain = [one for one in wires(drawing(variant)) if not one["carries"]]
    assert plain and {(one["role"], one["scale"]) for one in plain} == {("input", "")}


@pytest.mark.parametrize(
    ("variant", "carries", "role", "scale"),
    [
        (("depth-gated", {}), "d * l", "belt", "signed"),
        (("depth-gated", {}), "f * c_prev + d * l", "belt", "memory"),
        (("grid", {}), "i_depth * g_depth", "candidate", "signed"),
        (LSTM, "f", "keep", "gate"),
        (LSTM, "i", "write", "gate"),
        (LSTM, "o", "read", "gate"),
        (LSTM, "g", "candidate", "signed"),
        (LSTM, "h", "hidden", "signed"),
        (LSTM, "h_prev", "hidden", "signed"),
        (GRU, "z", "keep", "gate"),
        (GRU, "1 - z", "keep", "gate"),
        (GRU, "r", "reset", "gate"),
        (GRU, "n", "candidate", "signed"),
        (RNN, "h", "hidden", "memory"),
        (RNN, "h_prev", "hidden", "memory"),
    ],
    ids=str,
)
def test_gates_and_vectors(variant: Variant, carries: str, role: str, scale: str) -> None:
    assert look(variant, carries) == (role, scale)


@pytest.mark.parametrize(
    ("variant", "parts"),
    [
        (LSTM, {"c_prev": "belt", "f * c_prev": "belt", "i * g": "candidate", "c": "belt"}),
        (GRU, {"h_prev": "belt", "z * h_prev": "belt", "(1 - z) * n": "candidate", "h": "belt"}),
    ],
    ids=["lstm", "gru"],
)
def test_what_adds_up_has_one_scale(variant: Variant, parts: dict[str, str]) -> None:
    """The memory before, what is kept of it, what is written and the memory after can be compared by eye.

    A gate scales a vector, and the vector keeps its own colour.
    """
    assert {carries: look(variant, carries) for carries in parts} == {
        carries: (role, "memory") for carries, role in parts.items()
    }


def test_the_squashed_memory_is_on_the_signed_scale() -> None:
    """It lies between -1 and 1 already: the memory's scale would squash it once more."""
    assert look(LSTM, "tanh(c)") == ("belt", "signed")


def test_a_gate_on_another_vector_is_not_what_is_kept() -> None:
    """Only the keep gate on the state before is a part of the memory."""
    model = network(LSTM)
    phases = {"all": tuple(wire(carries, (0, 0), (1, 0)) for carries in ("o * c_prev", "f * g", "f * c_prev"))}
    sent = drawn(Diagram(layers={}, operations={}, phases=phases), explorer.trace(model, TEXT))
    assert {one["carries"]: one["scale"] for one in wires(sent)} == {
        "o * c_prev": "signed",
        "f * g": "signed",
        "f * c_prev": "memory",
    }


def test_kept_and_written_are_the_belts_own() -> None:
    """As the cell declares them, whatever the letters: here z takes, and 1 - z keeps."""
    trace = replace(explorer.trace(network(GRU), TEXT), belts=(Belt("h", keep="1 - z", write="z * n"),))
    carried = {"(1 - z) * h_prev": "memory", "z * n": "memory", "r * h_prev": "signed", "(1 - z) * n": "signed"}
    phases = {"all": tuple(wire(carries, (0, 0), (1, 0)) for carries in carried)}
    sent = drawn(Diagram(layers={}, operations={}, phases=phases), trace)
    assert {one["carries"]: one["scale"] for one in wires(sent)} == carried


@pytest.mark.parametrize(
    ("variant", "glyphs"),
    [
        (LSTM, {"f": "σ", "i": "σ", "g": "tanh", "o": "σ"}),
        (GRU, {"z": "σ", "r": "σ", "n": "tanh"}),
        *(
            (("rnn", {"nonlinearity": nonlinearity}), {"h": glyph})
            for nonlinearity, glyph in {"tanh": "tanh", "relu": "relu", "sigmoid": "σ", "linear": "sum"}.items()
        ),
    ],
    ids=str,
)
def test_a_layer_is_named_by_its_nonlinearity(variant: Variant, glyphs: dict[str, str]) -> None:
    assert layers(drawing(variant), "glyph") == glyphs


def test_every_nonlinearity_has_a_glyph() -> None:
    """A new one would stand there as a plain sum; the stage computes with its function, too."""
    names = [*PLAIN, "hard_sigmoid(0.2, 0.5)", "elu(0.5)", "leaky_relu(0.1)"]
    plain = [name for name in names if layers(drawing(("rnn", {"nonlinearity": name})), "glyph")["h"] == "sum"]
    assert plain == ["linear"]
    script = Path(stage.__file__).with_name("js").joinpath("formula.js").read_text("utf-8")
    listed = script[script.index("const FUNCTIONS") : script.index("};")]
    assert set(GLYPHS) == set(re.findall(r"^  (\w+)", listed, re.MULTILINE))


@pytest.mark.parametrize(
    ("variant", "feeds"),
    [
        (LSTM, {"f": "f * c_prev", "i": "i * g", "g": "i * g", "o": "o * tanh(c)"}),
        (GRU, {"z": "z * h_prev", "r": "", "n": "(1 - z) * n"}),
        (RNN, {"h": ""}),
    ],
    ids=["lstm", "gru", "rnn"],
)
def test_where_a_gates_value_goes(variant: Variant, feeds: dict[str, str]) -> None:
    """The formula of what is made of it, in full where it has a name of its own (h); none where that is not recorded, as behind the
    GRU's reset gate, and none where it goes on as it is.
    """
    assert layers(drawing(variant), "feeds") == feeds


@each_cell
def test_what_is_fed_can_be_computed_from_what_is_sent(variant: Variant) -> None:
    """The stage has the cell's signals and the states before, and no pre-activation."""
    cell = network(variant).cell
    known = {signal.name for signal in cell.signals} | {f"{state}_prev" for state in cell.State._fields}
    for layer, feeds in layers(drawing(variant), "feeds").items():
        assert not feeds or layer in formula.names(feeds) <= known
