"""The data sent to the stage, once per reading."""

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
from explorer.studio.components.stage.drawing import drawn, stage_formula, words
from explorer.studio.components.stage.reading import Reading
from explorer.studio.state import Place


@dataclass(frozen=True)
class Study:
    """The additional data sent where the cell itself is studied.

    where, pieces, computes  its code: its location, its lines with the names they compute, and for each wire of the diagram the names
                             being computed while it fills
    wires, nodes             the parts of the diagram marked as changed: wires by index, layers and operations by name
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
    """Pack the reading (`packing.pack`): each signal as [step, unit]; the strip alone needs only the memory.

    The bytes do not change while a reading is on a page, so they are sent once: the stage moves on its own.
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
                "formula": stage_formula(trace, s),
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
    """Return the name of the unedited reading of a text: of the network, the row, the text."""
    return Reading.of(place).id


def ordered(reading: Reading) -> str:
    """Return how the rows of units are sorted: an edited reading keeps the original order, so that the two can be compared."""
    says = "longest memory first" if reading.trace.belt else "slowest first"
    return f"{says}, as in the original," if reading.edited else says


def farthest(reading: Reading) -> float:
    """Return the end of the memory's scale, never below that of the unedited text, so that the two readings can be compared."""
    traces = (reading.trace, *((service.trace(reading.place.model, reading.place.text),) if reading.edited else ()))
    return max(_farthest(trace, reading.place) for trace in traces)


def _farthest(trace: Trace, place: Place) -> float:
    """Return the end of one trace's scale; for a counting unit the largest count, so that all of it is visible."""
    if not place.card.show.counted:
        return reach(trace, trace.memory, place.layer)
    values = np.abs(trace[trace.memory][place.layer])
    return max(1.0, float(values[np.isfinite(values)].max(initial=0)))


def telling(place: Place) -> list[int]:
    """Return the units of `service.most_influential_units`, sorted by decreasing half-life."""
    chosen = set(service.most_influential_units(place.model, place.text, place.layer).tolist())
    return [unit for unit in service.order(place.model, place.text, place.layer).tolist() if unit in chosen]


def chosen_by(trace: Trace, layer: int) -> str:
    """Describe the `telling` units in words."""
    if is_read(trace, layer):
        return "The units whose part of the scores, h × readout weights, varies most on this text"
    return "The units whose h varies most on this text"


def claims(card: Card) -> dict[int, str]:
    """Return the known property of each unit with correlation, chance, effect and rank, since correlation alone means little."""
    captions: dict[int, str] = {}
    for finding in () if not card.measured else sorted(card.findings, key=lambda one: not one.holds):
        if finding.unit in captions:
            continue
        captions[finding.unit] = (
            f"Pinned: unit {finding.unit}, “{finding.follows}”.\nIt {sentences.of_finding(finding, card.hidden_size)} "
            if finding.holds
            else f"Pinned: unit {finding.unit}.\n“{finding.follows}”: {sentences.why_not_named(finding)}. The nearest "
            f"{sentences.of_finding(finding, card.hidden_size)} "
        ) + "Bold is this unit, faint are all others."
    return captions


def other_unit(trace: Trace) -> str:
    """Return the caption for a unit without a known property."""
    return f"Pinned: unit {{unit}} of {trace.units}.\nBold is this unit, faint are all others. A unit's number and sign mean nothing."


def unknown_steps(reading: Reading) -> list[int]:
    """Return the steps with a token that the model does not know."""
    reader = reading.place.card.reader
    unknown = reader.unknown
    return [] if unknown is None else np.flatnonzero(reader.encode(reading.text).values == unknown).tolist()


def read_as(reading: Reading) -> str:
    """Return the symbol that stands for unknown tokens; empty for a vocabulary without one."""
    reader = reading.place.card.reader
    return "" if reader.unknown is None else visible(reader.labels[reader.unknown])


def generated_since(reading: Reading) -> int | None:
    """Return the first step of the text that the network generated; None if the user wrote it all."""
    text, since = st.session_state.get("generated", (None, 0))
    place = reading.place
    return reading.step_of(place.warm + since) if text == place.own else None
