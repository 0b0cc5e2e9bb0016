"""Experiments that are ready to run: two large ones for the task at hand, and a few that every network can be put to.

Units, values and steps come from the card's findings and from this very reading; none is written down here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from explorer.analysis.orderings import is_read
from explorer.analysis.probes import ends
from explorer.analysis.tokens import visible
from explorer.backend.edits import loop_of
from explorer.models import Card, Finding
from explorer.models.answers import ANSWERS
from explorer.models.recipes.base import Property
from explorer.signals import Array, Trace
from explorer.studio import service, state
from explorer.studio.compare.beginning import EARLIEST
from explorer.studio.sentences import glyph
from explorer.studio.state import Place
from explorer.studio.what_if import both_answers, choose, words
from explorer.studio.what_if.lines import Line
from explorer.studio.what_if.plan import planned


@dataclass(frozen=True)
class Run:
    """One press: the edits, on which text (None: the one at hand), seen from which step, following which label. Without a step it is
    that at which P of the label changes most."""

    label: str
    lines: tuple[Line, ...]
    text: str | None = None
    step: int | None = None
    follow: int | None = None
    unit: int | None = None


@dataclass(frozen=True)
class Experiment:
    """What a card says, and its presses, the first of them the one to begin with."""

    title: str
    says: str
    runs: tuple[Run, ...]


FORCED = {
    "inside quotes": ("the quotation unit", "outside", "inside"),
    "inside a string or comment": ("the quotation unit", "outside", "inside"),
    "bracket depth": ("the bracket unit", "closed", "open"),
    "plural subject": ("the number unit", "singular", "plural"),
    "the subject is a woman": ("the gender unit", "man", "woman"),
    "running sentiment": ("the sentiment unit", "negative", "positive"),
    "an odd number of t": ("the toggle", "off", "on"),
    "set": ("the latch", "off", "on"),
}
"""Property -> what a unit that follows it is called, and its two ends."""
SHOWN_ON = {"bracket depth": "print(value)\n"}
"""Property -> the shortest text on which it does its work, read where the reader has none of their own."""
ONSETS = {"inside quotes": "the opening quote", "bracket depth": "the opening bracket", "plural subject": "the subject"}
"""Property -> what the token is called with which it sets in."""


def large(here: Place) -> list[Experiment]:
    """The two of this task."""
    found: list[Experiment] = []
    finding = next((one for one in here.card.findings if one.holds), None)
    follows = finding or (here.card.findings[0] if here.card.findings else None)
    scene = _scene(here, follows) if follows else None
    if finding and scene:
        found.append(_force(here, finding, scene))
    if scene and len(found) < 2:
        found.append(_delete(here, scene))
    if len(found) < 2:
        found.insert(0, _erase(here))
    return found[:2]


def small(here: Place) -> dict[str, tuple[Line, ...]]:
    """Label -> edits, for every network."""
    trace, step = service.trace(here.model, here.text), here.step
    memory = trace.memory
    entering = [f"{name}_prev" for name in trace.initial]
    back = [f"{state}_prev" for state in loop_of(service.model(here.model).cell)]
    found: dict[str, tuple[Line, ...]] = {
        "Cut the loop": tuple(Line(does="set", signals=(name,), name="cut the loop") for name in back)
    }
    if len(entering) > 1:
        found["Carry nothing on"] = tuple(Line(does="set", signals=(name,)) for name in entering)
    what = "belt" if trace.belt else "memory"
    found[f"Noise on the {what}"] = (Line(does="noise", signals=(memory,), value=0.5, seed=1),)
    if step + 1 < trace.steps:
        found[f"Freeze the {what} from here on"] = (
            Line(does="freeze", signals=(memory,), steps=(step + 1, trace.steps - 1)),
        )
    return found


@dataclass(frozen=True)
class Scene:
    """Where a property does its work: on `text` (None: the one at hand, which is `whole` with its warm-up), `marks` [step], the answer
    that depends on it due at `step`, its label `column`."""

    wanted: Property
    text: str | None
    whole: str
    trace: Trace
    marks: Array
    step: int
    column: int | None


def _scene(here: Place, finding: Finding) -> Scene | None:
    """On the text at hand where it has such a place; else on one that is known to."""
    wanted = _property(here.card, finding.follows)
    if wanted is None:
        return None
    known = (here.card.show.text, *here.card.examples.values(), *(one.text for one in here.card.findings))
    shortest = SHOWN_ON.get(wanted.name)
    first = None if shortest is None or here.own not in known else shortest
    for text in (first, finding.text):
        whole = here.text if text is None else here.prefix + text
        trace = service.trace(here.model, whole)
        tokens = _as_read(here.card, whole, trace.tokens)
        if len(tokens) < 2:
            continue
        due = [int(one) for one in wanted.foretold(tokens) if here.warm + EARLIEST <= one < len(tokens)]
        if not due:
            continue
        later = [one for one in due if text is None and one >= here.step]
        step = (later or due)[0]
        return Scene(
            wanted, text, whole, trace, np.asarray(wanted.of(tokens), float), step, _column(here, wanted, whole, step)
        )
    return None


def marks_on(here: Place, finding: Finding, tokens: Sequence[str]) -> Array | None:
    """What a finding's unit follows, at each step of the text at hand; None where no rule can say."""
    wanted = _property(here.card, finding.follows)
    return None if wanted is None else np.asarray(wanted.of(_as_read(here.card, here.text, tokens)), dtype=np.float64)


def _as_read(card: Card, whole: str, tokens: Sequence[str]) -> Sequence[str]:
    """What a recipe's rules are asked about: a text's characters, one a token, or tokens."""
    return "".join(token[:1] for token in tokens) if card.tokens == "characters" else tokens


def _property(card: Card, follows: str) -> Property | None:
    how = service.recipe(card.task)
    return next((one for one in how.properties if one.name == follows), None) if how else None


def _column(here: Place, wanted: Property, whole: str, step: int) -> int | None:
    """The label whose probability depends on it."""
    model = service.model(here.model)
    if ANSWERS[here.card.answer].numbers:
        return None
    if wanted.label is not None:
        return model.labels.index(wanted.label)
    ids = model.prepare(whole).ids
    return None if ids is None or step + 1 >= len(ids) else int(ids[step + 1])


def _force(here: Place, finding: Finding, scene: Scene) -> Experiment:
    """A unit's memory is held at one end of what it does on this text."""
    memory = scene.trace[scene.trace.memory][finding.layer, :, [finding.unit]].T  # [step, 1]
    low, high = (float(end[0]) for end in ends(memory, np.array([finding.correlation])))
    unit, off, on = FORCED.get(finding.follows, (f"unit {finding.unit}", "to the low end", "to the high end"))
    on_now = scene.marks[scene.step] > scene.marks.mean()
    binary = set(np.unique(scene.marks)) <= {0.0, 1.0}
    answer, where = _said(here, scene.column), "this text" if scene.text is None else words.quoted(scene.text)

    def run(end: str, value: float, there: bool) -> Run:
        line = Line(
            does="set",
            signals=(scene.trace.memory,),
            value=_short(value),
            units=(finding.unit,),
            name=f"{unit.removeprefix('the ')} {end}",
        )
        step = None if there and binary and scene.marks.min() == 0 else scene.step
        return Run(f"Force it {end}", (line,), scene.text, step, scene.column, finding.unit)

    runs = [run(off, low, not on_now), run(on, high, on_now)]
    return Experiment(
        f"Force {unit} {off} or {on}",
        f"Unit {finding.unit} follows **{finding.follows}**. Its {scene.trace.memory} is held at an end of what it does on {where}, "
        f"{words.number(low)} or {words.number(high)}. What becomes of {answer}?",
        tuple(runs if on_now else reversed(runs)),
    )


def _short(value: float) -> float:
    """Short enough for a link."""
    return float(f"{value:.4g}")


def _said(here: Place, column: int | None) -> str:
    if column is None:
        return "the answer"
    return f"P({glyph(visible(service.model(here.model).labels[column]))})"


def _delete(here: Place, scene: Scene) -> Experiment:
    """The token with which the property set in, in all networks of the task."""
    rises = np.flatnonzero(np.diff(scene.marks, prepend=0.0)[: scene.step + 1] != 0)
    step = int(rises[-1]) if len(rises) else 0
    if step == scene.step and len(rises) > 1:
        step = int(rises[-2])
    called = ONSETS.get(scene.wanted.name, f"the {here.card.reader.one} {glyph(scene.trace.tokens[step])}")
    line = Line(
        does="delete",
        steps=(step, step),
        name=f"without {ONSETS[scene.wanted.name]}" if scene.wanted.name in ONSETS else "",
    )
    return Experiment(
        f"Delete {called}",
        f"{glyph(scene.trace.tokens[step])} at step {step + 1} is left out and all else is read as before, by each network of this task. "
        f"Whose {_said(here, scene.column)} at step {scene.step + 1} still knows of it?",
        (Run("Delete it", (line,), scene.text, scene.step, scene.column),),
    )


def _erase(here: Place) -> Experiment:
    """Where no unit is named after a property, or none can be forced here: the one whose part of the scores varies most."""
    trace = service.trace(here.model, here.text)
    row = here.row_of(trace.rows)
    unit = int(service.telling(here.model, here.text, row)[0])
    varies = "part of the scores (h × readout weights)" if is_read(trace, row) else "h"
    known = any(one.holds for one in here.card.findings)
    return Experiment(
        f"Erase unit {unit}",
        f"{'' if known else 'No unit of this network is named after a property. '}Unit {unit} is the one whose {varies} varies most on "
        "this text: hold all of its memory at 0.",
        (Run("Erase it", (Line(does="erase", units=(unit,)),), None, here.step, None, unit),),
    )


def start(here: Place, run: Run) -> None:
    """A press: the text is read, the unit pinned, the edits run, and the playhead goes to where it shows."""
    now = st.session_state
    text = here.own if run.text is None else run.text
    if run.text is not None and run.text != here.own:
        state.read_example(run.text)
    if run.unit is not None:
        now.unit = run.unit
    names = {column: name for name, column in choose.names_of_labels(here).items()}
    now[choose.FOLLOWED] = choose.DUE if run.follow is None else names[run.follow]
    choose.run(run.lines)
    now.step = _telling(here, here.prefix + text, run) if run.step is None else run.step
    now.play, now.restarts = None, now.get("restarts", 0) + 1


def _telling(here: Place, whole: str, run: Run) -> int:
    """The step at which P of the followed label changes most."""
    before, after = both_answers(here.model, whole, planned(replace(here, text=whole), run.lines))
    column = run.follow or 0
    return int(np.nanargmax(np.abs(np.exp(after[:, column]) - np.exp(before[:, column]))))
