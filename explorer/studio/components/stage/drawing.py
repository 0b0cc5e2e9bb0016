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
"""Symbol of each nonlinearity in a layer's box; a layer without one is a plain sum."""


def drawn(diagram: Diagram, trace: Trace) -> dict[str, Any]:
    """Return layers, operations and, phase by phase, the wires: positions on the cell's grid, names as in the trace.

    Signals without a value per unit are not sent: their layers cannot be opened, so they are drawn as operations with plain wires.
    """
    names = {signal.name for signal in trace.per_unit()}
    glyphs = {name: _glyph(trace.signals[name].formula) for name in diagram.layers}
    return {
        "layers": [
            {"name": name, "at": at, "glyph": glyphs[name], "feeds": _feeds(diagram, trace, name)}
            for name, at in diagram.layers.items()
            if name in names
        ],
        "operations": [{"name": name, "does": o.does, "at": o.at} for name, o in diagram.operations.items()]
        + [{"name": name, "does": glyphs[name], "at": at} for name, at in diagram.layers.items() if name not in names],
        "phases": [
            {"says": says, "wires": [_wire(diagram, trace, _plain_unless(names, wire)) for wire in wires]}
            for says, wires in diagram.phases.items()
        ],
    }


def _plain_unless(sent: set[str], wire: Wire) -> Wire:
    """Return the wire, without its quantity if part of what it carries is not sent."""
    if wire.carries == INPUT or {name.removesuffix("_prev") for name in formula.names(wire.carries or "1")} <= sent:
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
    """Return the role that colours a wire, and the scale of its stripes: "gate", "memory", "signed", or "" for none.

    A gate scales a vector, and the vector keeps its own colour. Kept and written parts have the memory's scale, since they add up to it.
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
    keep_names = formula.names(belt.keep) | {before} if belt else frozenset()
    if belt and keep_names <= names <= keep_names | formula.names(belt.write):  # alone, or with a part of what is added
        return trace.signals[belt.state].role, "memory"
    whole = {trace.memory, before} | ({belt.write} if belt else set())
    return states[0].role, "memory" if carries in whole else "signed"


def _in_order(names: frozenset[str], carries: str) -> list[str]:
    """Sort names in the order of the formula."""
    order = re.findall(r"\w+", carries)
    return sorted(names, key=order.index)


def _glyph(of: str) -> str:
    return GLYPHS.get(of.partition("(")[0], "sum")


def _feeds(diagram: Diagram, trace: Trace, layer: str) -> str:
    """Return the formula of the wire behind the operation that a layer's value enters; empty if it enters no operation."""
    for wire in diagram.wires:
        end = wire.path[-1]
        if wire.carries == layer and isinstance(end, str) and end in diagram.operations:
            behind = [one.carries for one in diagram.leaving(end)]
            if behind and behind[0]:
                target = trace.signals.get(behind[0])
                return stage_formula(trace, target) if target else behind[0]
    return ""


def stage_formula(trace: Trace, signal: Signal) -> str:
    """Return a signal's formula if the stage has all of its names; else "", as for weights and what a layer reads from below."""
    there = {*trace.signals, *(f"{state}_prev" for state in trace.initial)}
    can = formula.names(signal.formula or "1") <= there and formula.functions(signal.formula or "1") <= set(GLYPHS)
    return signal.formula if can else ""


def words(signal: Signal, trace: Trace, row: int, notation: Notation) -> dict[str, str]:
    """Return a signal's meaning ("says"), its usual name ("label") and a hint."""
    says = notation.says(signal.role, SAYS[signal.role])
    return {"says": says, "label": signal.label, "hint": hint(signal, trace, row)}
