"""A cell's diagram as the stage draws it: wires with their colours, layers with their words."""

from __future__ import annotations

import re
from typing import Any

from explorer import formula
from explorer.diagram import INPUT, Diagram, Wire
from explorer.figures.roles import SAYS, hint
from explorer.notations import Notation
from explorer.signals import Role, Signal, Trace

OTHERS = ("clip", "hardsigmoid", "hardtanh", "relu6", "elu", "selu", "leaky_relu", "softplus", "softsign")
GLYPHS = {"sigmoid": "σ", "tanh": "tanh", "relu": "relu"} | dict.fromkeys(OTHERS, "φ")
"""How a layer's nonlinearity is written in its box; one that has none is a plain sum."""


def drawn(diagram: Diagram, trace: Trace) -> dict[str, Any]:
    """Layers, operations and, phase by phase, the wires: places on the cell's grid, names as in the trace.

    What has no value for each unit is not sent: its layer cannot be opened, so it is drawn like an operation, and its wires are plain.
    """
    told = {signal.name for signal in trace.per_unit()}
    glyphs = {name: _glyph(trace.signals[name].formula) for name in diagram.layers}
    return {
        "layers": [
            {"name": name, "at": at, "glyph": glyphs[name], "feeds": _feeds(diagram, trace, name)}
            for name, at in diagram.layers.items()
            if name in told
        ],
        "operations": [{"name": name, "does": o.does, "at": o.at} for name, o in diagram.operations.items()]
        + [{"name": name, "does": glyphs[name], "at": at} for name, at in diagram.layers.items() if name not in told],
        "phases": [
            {"says": says, "wires": [_wire(diagram, trace, _plain_unless(told, wire)) for wire in wires]}
            for says, wires in diagram.phases.items()
        ],
    }


def _plain_unless(told: set[str], wire: Wire) -> Wire:
    """The wire, or one that carries nothing to be shown where some of what it carries is not told."""
    if wire.carries == INPUT or {name.removesuffix("_prev") for name in formula.names(wire.carries or "1")} <= told:
        return wire
    return wire._replace(carries="", number=None)


def _wire(diagram: Diagram, trace: Trace, wire: Wire) -> dict[str, Any]:
    role, scale = _look(trace, wire.carries)
    ends = [stop if isinstance(stop, str) else None for stop in (wire.path[0], wire.path[-1])]
    return {
        "carries": "" if wire.carries == INPUT else wire.carries,
        "path": diagram.legs(wire),
        "ends": ends,
        "number": wire.number,
        "role": role,
        "scale": scale,
    }


def _look(trace: Trace, carries: str) -> tuple[Role, str]:
    """The role whose colour a wire has, and the scale of its stripes: "gate", "memory", "signed", or "" for none.

    A gate scales a vector, and the vector keeps its own colour. What is kept and what is written have the memory's scale, since they
    add up to it.
    """
    if carries in ("", INPUT):
        return "input", ""
    names = formula.names(carries)
    signals = [trace.signals[name.removesuffix("_prev")] for name in _in_order(names, carries)]
    if not signals:
        return "input", "gate"  # a number that never changes, which scales a vector
    states = [s for s in signals if s.kind != "gate"]
    if not states:
        return signals[0].role, "gate"
    belt, before = trace.belt, f"{trace.memory}_prev"
    kept = formula.names(belt.keep) | {before} if belt else frozenset()
    if belt and kept <= names <= kept | formula.names(belt.write):  # alone, or with a part of what is added
        return trace.signals[belt.state].role, "memory"
    whole = {trace.memory, before} | ({belt.write} if belt else set())
    return states[0].role, "memory" if carries in whole else "signed"


def _in_order(names: frozenset[str], carries: str) -> list[str]:
    """As the formula names them."""
    found = re.findall(r"\w+", carries)
    return sorted(names, key=found.index)


def _glyph(of: str) -> str:
    return GLYPHS.get(of.partition("(")[0], "sum")


def _feeds(diagram: Diagram, trace: Trace, layer: str) -> str:
    """The formula of what a layer's value goes into: of the wire behind the operation that it enters; empty where that is not recorded."""
    for wire in diagram.wires:
        end = wire.path[-1]
        if wire.carries == layer and isinstance(end, str) and end in diagram.operations:
            behind = [one.carries for one in diagram.leaving(end)]
            if behind and behind[0]:
                made = trace.signals.get(behind[0])
                return told(trace, made) if made else behind[0]
    return ""


def told(trace: Trace, signal: Signal) -> str:
    """A signal's formula, where all that it names is on the stage; else empty: weights are not, nor what a layer sees below it."""
    there = {*trace.signals, *(f"{state}_prev" for state in trace.initial)}
    can = formula.names(signal.formula or "1") <= there and formula.functions(signal.formula or "1") <= set(GLYPHS)
    return signal.formula if can else ""


def words(signal: Signal, trace: Trace, row: int, notation: Notation) -> dict[str, str]:
    """What a signal is called by what 1 means, its field's name, and what it does."""
    says = notation.says(signal.role, SAYS[signal.role])
    return {"says": says, "label": signal.label, "hint": hint(signal, trace, row)}
