"""Ready-made experiments: two large ones for the current task, and a few that suit every network.

Units, values and steps come from the card's findings and from this forward pass; none is written here.
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
    """One button: the edits, the text (None: the current one), the step to show, and the label to follow. Without a step, the one at which
    P of the label changes most."""

    label: str
    lines: tuple[Line, ...]
    text: str | None = None
    step: int | None = None
    follow: int | None = None
    unit: int | None = None


@dataclass(frozen=True)
class Experiment:
    """A large experiment: its title, its description, and its buttons, the first to be pressed first."""

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
"""Property -> the name of a unit that follows it, and its two ends."""
SHOWN_ON = {"bracket depth": "print(value)\n"}
"""Property -> the shortest text that shows it, used unless the user typed a text."""
ONSETS = {"inside quotes": "the opening quote", "bracket depth": "the opening bracket", "plural subject": "the subject"}
"""Property -> the name of the token at which it sets in."""


def large(here: Place) -> list[Experiment]:
    """Return the two experiments of this task."""
    experiments: list[Experiment] = []
    finding = next((one for one in here.card.findings if one.holds), None)
    follows = finding or (here.card.findings[0] if here.card.findings else None)
    scene = _scene(here, follows) if follows else None
    if finding and scene:
        experiments.append(_force(here, finding, scene))
    if scene and len(experiments) < 2:
        experiments.append(_delete(here, scene))
    if len(experiments) < 2:
        experiments.insert(0, _erase(here))
    return experiments[:2]


def small(here: Place) -> dict[str, tuple[Line, ...]]:
    """Return label -> edits, for every network."""
    trace, step = service.trace(here.model, here.text), here.step
    memory = trace.memory
    entering = [f"{name}_prev" for name in trace.initial]
    back = [f"{state}_prev" for state in loop_of(service.model(here.model).cell)]
    edits: dict[str, tuple[Line, ...]] = {
        "Cut the loop": tuple(Line(does="set", signals=(name,), name="cut the loop") for name in back)
    }
    if len(entering) > 1:
        edits["Carry nothing on"] = tuple(Line(does="set", signals=(name,)) for name in entering)
    what = "belt" if trace.belt else "memory"
    edits[f"Noise on the {what}"] = (Line(does="noise", signals=(memory,), value=0.5, seed=1),)
    if step + 1 < trace.steps:
        edits[f"Freeze the {what} from here on"] = (
            Line(does="freeze", signals=(memory,), steps=(step + 1, trace.steps - 1)),
        )
    return edits


@dataclass(frozen=True)
class Scene:
    """A place where a property matters: on `text` (None: the current one; `whole` includes the warm-up), with `marks` [step]; the answer
    that depends on the property is due at `step`, with label `column`."""

    prop: Property
    text: str | None
    whole: str
    trace: Trace
    marks: Array
    step: int
    column: int | None


def _scene(here: Place, finding: Finding) -> Scene | None:
    """Find a scene on the current text, else on one that is known to have one."""
    prop = _property(here.card, finding.follows)
    if prop is None:
        return None
    own_texts = (here.card.show.text, *here.card.examples.values(), *(one.text for one in here.card.findings))
    shortest = SHOWN_ON.get(prop.name)
    first = None if shortest is None or here.own not in own_texts else shortest
    for text in (first, finding.text):
        whole = here.text if text is None else here.prefix + text
        trace = service.trace(here.model, whole)
        tokens = _as_read(here.card, whole, trace.tokens)
        if len(tokens) < 2:
            continue
        due = [int(one) for one in prop.foretold(tokens) if here.warm + EARLIEST <= one < len(tokens)]
        if not due:
            continue
        later = [one for one in due if text is None and one >= here.step]
        step = (later or due)[0]
        return Scene(
            prop, text, whole, trace, np.asarray(prop.of(tokens), float), step, _column(here, prop, whole, step)
        )
    return None


def marks_on(here: Place, finding: Finding, tokens: Sequence[str]) -> Array | None:
    """Return the property that a finding's unit follows, at each step of the current text; None if no rule defines it."""
    prop = _property(here.card, finding.follows)
    return None if prop is None else np.asarray(prop.of(_as_read(here.card, here.text, tokens)), dtype=np.float64)


def _as_read(card: Card, whole: str, tokens: Sequence[str]) -> Sequence[str]:
    """Return the input of a recipe's rules: the characters of a text, one per token, or its tokens."""
    return "".join(token[:1] for token in tokens) if card.tokens == "characters" else tokens


def _property(card: Card, follows: str) -> Property | None:
    how = service.recipe(card.task)
    return next((one for one in how.properties if one.name == follows), None) if how else None


def _column(here: Place, prop: Property, whole: str, step: int) -> int | None:
    """Return the label whose probability depends on the property."""
    model = service.model(here.model)
    if ANSWERS[here.card.answer].numbers:
        return None
    if prop.label is not None:
        return model.labels.index(prop.label)
    ids = model.prepare(whole).ids
    return None if ids is None or step + 1 >= len(ids) else int(ids[step + 1])


def _force(here: Place, finding: Finding, scene: Scene) -> Experiment:
    """Return the experiment that fixes a unit's memory at one end of its range on this text."""
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
    """Round a value to four digits, short enough for a link."""
    return float(f"{value:.4g}")


def _said(here: Place, column: int | None) -> str:
    if column is None:
        return "the answer"
    return f"P({glyph(visible(service.model(here.model).labels[column]))})"


def _delete(here: Place, scene: Scene) -> Experiment:
    """Return the experiment that deletes the token at which the property set in, in all networks of the task."""
    rises = np.flatnonzero(np.diff(scene.marks, prepend=0.0)[: scene.step + 1] != 0)
    step = int(rises[-1]) if len(rises) else 0
    if step == scene.step and len(rises) > 1:
        step = int(rises[-2])
    called = ONSETS.get(scene.prop.name, f"the {here.card.reader.one} {glyph(scene.trace.tokens[step])}")
    line = Line(
        does="delete",
        steps=(step, step),
        name=f"without {ONSETS[scene.prop.name]}" if scene.prop.name in ONSETS else "",
    )
    return Experiment(
        f"Delete {called}",
        f"{glyph(scene.trace.tokens[step])} at step {step + 1} is left out and all else is read as before, by each network of this task. "
        f"Whose {_said(here, scene.column)} at step {scene.step + 1} still knows of it?",
        (Run("Delete it", (line,), scene.text, scene.step, scene.column),),
    )


def _erase(here: Place) -> Experiment:
    """Return the experiment that erases the unit with the most variable contribution, if no unit can be forced by its property."""
    trace = service.trace(here.model, here.text)
    row = here.row_of(trace.rows)
    unit = int(service.most_influential_units(here.model, here.text, row)[0])
    varies = "part of the scores (h × readout weights)" if is_read(trace, row) else "h"
    named = any(one.holds for one in here.card.findings)
    return Experiment(
        f"Erase unit {unit}",
        f"{'' if named else 'No unit of this network is named after a property. '}Unit {unit} is the one whose {varies} varies most on "
        "this text: hold all of its memory at 0.",
        (Run("Erase it", (Line(does="erase", units=(unit,)),), None, here.step, None, unit),),
    )


def start(here: Place, run: Run) -> None:
    """Run an experiment: read its text, pin its unit, run its edits, and move the playhead to the effect."""
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
    """Return the step at which P of the followed label changes most."""
    before, after = both_answers(here.model, whole, planned(replace(here, text=whole), run.lines))
    column = run.follow or 0
    return int(np.nanargmax(np.abs(np.exp(after[:, column]) - np.exp(before[:, column]))))
