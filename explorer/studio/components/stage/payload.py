"""What the stage is sent, once a reading."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer.analysis.orderings import is_read
from explorer.analysis.tokens import visible
from explorer.figures.heatmap import reach
from explorer.figures.roles import in_story_order
from explorer.figures.theme import THEMES
from explorer.models import Card
from explorer.models.vocabulary import named
from explorer.signals import Signal, Trace
from explorer.studio import notation, sentences, service, state
from explorer.studio.components.shared.json_numbers import rounded
from explorer.studio.components.shared.packing import pack
from explorer.studio.components.stage import answers, edited
from explorer.studio.components.stage.arithmetic import in_columns
from explorer.studio.components.stage.drawing import drawn, told, words
from explorer.studio.components.stage.reading import Reading
from explorer.studio.state import Place


@dataclass(frozen=True)
class Study:
    """What is sent along where a cell itself is looked at.

    where, pieces, computes  its code: what it is called, its lines with the names of what they compute, and for each wire of the
                             diagram the names of what is being computed while it fills
    wires, nodes             what of the diagram is marked as changed: wires by place, layers and operations by name
    """

    where: str
    pieces: tuple[tuple[str, tuple[str, ...]], ...]
    computes: tuple[tuple[str, ...], ...]
    wires: tuple[int, ...] = ()
    nodes: tuple[str, ...] = ()

    @property
    def sent(self) -> dict[str, Any]:
        pieces = [{"text": text, "computes": computes} for text, computes in self.pieces]
        code = {"where": self.where, "pieces": pieces, "computes": self.computes}
        return {"code": code, "changed": {"wires": self.wires, "nodes": self.nodes}}


def payload(reading: Reading, *, page: str, whole: bool, study: Study | None = None) -> bytes:
    """Packed (`packing.pack`): each signal as [step, unit]; the strip alone needs no more than the memory.

    It stays the same, to the byte, for as long as a reading is on a page, so that it is sent once: the stage moves on its own.
    """
    trace = reading.trace
    signals = in_story_order(trace.per_unit())
    if not whole:
        signals = [signal for signal in signals if signal.name == trace.memory]
    header = _header(reading, trace, signals, page, whole) | (study.sent if study else {})
    return pack(header, [*(trace[s.name][reading.place.layer] for s in signals), *edited.beside(reading)])


def _header(reading: Reading, trace: Trace, signals: list[Signal], page: str, whole: bool) -> dict[str, Any]:
    place, show, letters = reading.place, reading.place.card.show, notation.current()
    header: dict[str, Any] = {
        "id": reading.id,
        "text": reading.text_id,
        "more": place.more,
        "whole": whole,
        **state.arrived(f"{reading.id} {page}", reading.here, plays=whole),
        "steps": trace.steps,
        "units": trace.units,
        "shown": [visible(token) for token in trace.tokens],
        "names": [named(token) for token in trace.tokens],
        "inputs": rounded(trace["x"][:, 0]) if place.card.tokens == "numbers" else None,
        "reversed": trace.reads_backward(place.layer),
        "warm": reading.warm,
        "unknown": unknown_steps(reading),
        "read_as": read_as(reading),
        "generated": generated_since(reading),
        "memory": trace.memory,
        "squashed": trace.memory != "h" and not show.counted,
        "reach": farthest(reading),
        "ordered": ordered(reading),
        "order": service.order(place.model, place.text, place.layer).tolist(),
        "signals": [
            {
                "name": s.name,
                "letter": letters.letter(s.name),
                "kind": s.kind,
                "role": s.role,
                "formula": told(trace, s),
            }
            | words(s, trace, place.layer, letters)
            for s in signals
        ],
        "show": {"unit": show.unit, "claims": claims(place.card), "other": other_unit(trace)},
        "answers": answers.at_each_step(reading),
        "link": {"model": place.model, "text": None if place.own == show.text else place.own}
        | ({} if trace.rows > 1 else {"layer": None}),
        "edits": edited.sent(reading),
        "themes": {mode: asdict(theme) for mode, theme in THEMES.items()},
    }
    if whole:
        header["next"] = answers.in_full(reading)
        header["diagram"] = drawn(service.model(place.model).cell.diagram, trace)
        header["belt"] = bool(trace.belt)
        header["telling"] = telling(place)
        header["chosen"] = chosen_by(trace, place.layer)
        header["columns"] = list(place.card.vocabulary) if in_columns(place) else None
        header["caption"] = f"{place.card.title}, {place.card.cell.upper()} of {trace.units} units"
    return header


def identity(place: Place) -> str:
    """The name of the reading of a text that is left alone: the network, the row of it, the text."""
    return Reading.of(place).id


def ordered(reading: Reading) -> str:
    """How the rows of all units are sorted: those of an edited reading as they were, so that the two can be compared."""
    says = "longest memory first" if reading.trace.belt else "slowest first"
    return f"{says}, as in the original," if reading.edited else says


def farthest(reading: Reading) -> float:
    """Where the scale of the memory ends; never below that of the text as it is, so that an edited reading can be compared with it."""
    traces = (reading.trace, *((service.trace(reading.place.model, reading.place.text),) if reading.edited else ()))
    return max(_farthest(trace, reading.place) for trace in traces)


def _farthest(trace: Trace, place: Place) -> float:
    """Of a unit that counts at the largest count, since all of it is to be seen."""
    if not place.card.show.counted:
        return reach(trace, trace.memory, place.layer)
    values = np.abs(trace[trace.memory][place.layer])
    return max(1.0, float(values[np.isfinite(values)].max(initial=0)))


def telling(place: Place) -> list[int]:
    """The units whose part of the scores varies most on this text, as `service.telling` finds them; the longest memory first."""
    chosen = set(service.telling(place.model, place.text, place.layer).tolist())
    return [unit for unit in service.order(place.model, place.text, place.layer).tolist() if unit in chosen]


def chosen_by(trace: Trace, layer: int) -> str:
    """What the `telling` units are, in words."""
    if is_read(trace, layer):
        return "The units whose part of the scores, h × readout weights, varies most on this text"
    return "The units whose h varies most on this text"


def claims(card: Card) -> dict[int, str]:
    """What each unit is known to follow: correlation, chance, effect and rank together, since the first alone means little."""
    told: dict[int, str] = {}
    for finding in () if not card.measured else sorted(card.findings, key=lambda one: not one.holds):
        if finding.unit in told:
            continue
        told[finding.unit] = (
            f"Pinned: unit {finding.unit}, “{finding.follows}”.\nIt {sentences.of_finding(finding, card.hidden_size)} "
            if finding.holds
            else f"Pinned: unit {finding.unit}.\n“{finding.follows}”: {sentences.why_not_named(finding)}. The nearest "
            f"{sentences.of_finding(finding, card.hidden_size)} "
        ) + "Bold is this unit, faint are all others."
    return told


def other_unit(trace: Trace) -> str:
    """The caption for any other unit, of which nothing is claimed."""
    return f"Pinned: unit {{unit}} of {trace.units}.\nBold is this unit, faint are all others. A unit's number and sign mean nothing."


def unknown_steps(reading: Reading) -> list[int]:
    """The steps whose character the model does not know."""
    reader = reading.place.card.reader
    unknown = reader.unknown
    return [] if unknown is None else np.flatnonzero(reader.encode(reading.text).values == unknown).tolist()


def read_as(reading: Reading) -> str:
    """The symbol that stands for all that the model does not know; empty where none does."""
    reader = reading.place.card.reader
    return "" if reader.unknown is None else visible(reader.labels[reader.unknown])


def generated_since(reading: Reading) -> int | None:
    """The step from which on the network itself wrote the text; None where a person did."""
    text, since = st.session_state.get("generated", (None, 0))
    place = reading.place
    return reading.step_of(place.warm + since) if text == place.own else None
