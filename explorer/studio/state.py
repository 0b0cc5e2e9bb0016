"""Where the reader is: model, text, layer, unit and step, shared by all pages and kept in the link.

Who writes the URL: bound widgets (layer, settings of a page) and the stage (model, text, step, unit). Python reads it once, when a
session begins, and never writes it. The model is the stage's, since a bound widget would write its label and not the model's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer import models
from explorer.models import Card, Finding
from explorer.studio import service

FIRST_MODEL = "english-lstm"
UPDATES = "updates"
"""Where a session has the copy of a network that it trains, step by step."""


@dataclass(frozen=True)
class Place:
    """What is being read and where the reader stands. `step` and `unit` count from 0; `more` tokens of the text are not read.

    `text` begins with `prefix`, a warm-up that is not the reader's own.
    """

    card: Card
    text: str
    layer: int
    unit: int
    step: int
    more: int = 0
    prefix: str = ""

    @property
    def warm(self) -> int:
        """How many steps the warm-up has."""
        return len(self.card.reader.pieces(self.prefix)) if self.prefix else 0

    @property
    def own(self) -> str:
        """The text without its warm-up."""
        return self.text[len(self.prefix) :]

    @property
    def model(self) -> str:
        return self.card.name

    def row_of(self, rows: int) -> int:
        """The row that is looked at in a network of so many rows: the reader's, or the last one where there are fewer."""
        return min(self.layer, rows - 1)


def begin() -> None:
    """Once a session: takes over what the link says, with a notice for each value that cannot be."""
    state = st.session_state
    if "begun" in state:
        return
    state.begun = True
    state.notices = []
    link = st.query_params
    name = link.get("model", FIRST_MODEL)
    try:
        card = models.card_of(name)
    except ValueError:
        notice(_not_here(name))
        card = models.card_of(FIRST_MODEL)
    state.read_model = card.name
    state.text = link.get("text", card.show.text)
    state.unit = _number(link, "unit", 0, card.hidden_size - 1, card.show.unit)
    warm = _steps(card, service.warm_up(card.task)) if link.get("warm") == "true" else 0
    last = warm + max(1, _steps(card, state.text))
    own = warm + (card.show.step + 1 if state.text == card.show.text else 1)
    state.step = _number(link, "step", 1, last, own) - 1
    state.play = None if "step" in link or state.text != card.show.text else (warm, state.step)
    _number(link, "layer", 0, card.rows - 1, 0)


def _not_here(name: str) -> str:
    if models.is_guest(name):
        return (
            "The link asks for a network from somebody's own file. Such a network stays in the session in which its file was dropped, and "
            f"goes with it: drop the file again, at Your model. Showing {FIRST_MODEL}."
        )
    names = ", ".join(card.name for card in models.zoo())
    return f"The link asks for the model “{name}”, which is not here. Showing {FIRST_MODEL}; there are {names}."


def notice(message: str) -> None:
    """Something to tell the reader once, above the page."""
    st.session_state.notices.append(message)


def prefix(card: Card) -> str:
    """The warm-up that the reader has asked for; empty where there is none."""
    return service.warm_up(card.task) if st.session_state.get("warm") else ""


def warmed(card: Card) -> None:
    """The warm-up was switched on or off: the reader stays at the same token."""
    state, steps = st.session_state, _steps(card, service.warm_up(card.task))
    state.step, state.play = max(0, state.step + (steps if state.warm else -steps)), None


def follow(card: Card, text: str, layer: int, more: int = 0, prefix: str = "") -> Place:
    """The place after the workbench has spoken: the pinned unit follows a change of model, the step a change of text.

    Units of different models have nothing to do with one another: if the old one was known to follow something, the new model starts
    from the unit that follows the same, and from its own telling unit where it has none.
    """
    state = st.session_state
    if state.read_model != card.name:
        before = models.card_of(state.read_model)
        known = [finding.follows for finding in before.findings if finding.unit == state.unit]
        if known or state.unit >= card.hidden_size:
            same = [finding.unit for finding in card.findings if finding.follows in known]
            state.unit = same[0] if same else card.show.unit
        state.read_model = card.name
    state.step = min(state.step, max(0, _steps(card, text) - 1))
    return Place(card, text, layer, state.unit, state.step, more, prefix)


def open_task(card: Card, text: str | None = None) -> None:
    """Another task, by the given model: its own opening picture, or one of its examples. Units of the old one mean nothing there."""
    st.session_state.model = st.session_state.read_model = card.name
    st.session_state.unit = card.show.unit
    _read(card, card.show.text if text is None else text)


def open_network(name: str) -> None:
    """Another network of the same task, also one that the switch at the left did not offer. Text and step stay."""
    st.session_state.model = name


def open_cell(names: Mapping[str, str]) -> None:
    """The network of the cell that was chosen, by its name; the choice itself begins anew."""
    if cell := st.session_state.another_cell:
        open_network(names[cell])
    st.session_state.another_cell = None


def read_example(text: str) -> None:
    """Puts an example into the text box, and the reader where its effect is to be seen."""
    _read(models.card_of(st.session_state.read_model), text)


def look_at(finding: Finding) -> None:
    """Pins a unit that is known to follow something, on a text on which that shows."""
    _read(models.card_of(st.session_state.read_model), finding.text, finding)


def stand(card: Card, *, layer: int | None = None, unit: int | None = None, step: int | None = None) -> None:
    """Another place in the same text; what is not given stays."""
    state = st.session_state
    if layer is not None and card.rows > 1:
        state.layer = layer
    state.unit = state.unit if unit is None else unit
    state.step = state.step if step is None else step


def go_on(text: str) -> None:
    """Puts the text that a network went on with into the text box, and plays what is new."""
    state = st.session_state
    card = models.card_of(state.read_model)
    warm, before, after = _steps(card, prefix(card)), _steps(card, state.text), _steps(card, text)
    written, since = state.get("generated", (None, before))
    state.generated = (text, since if written == state.text else before)  # it may go on with what it wrote itself
    _read(card, text)
    last = max(0, warm + before - 1)
    state.step, state.play = last, (last, warm + after - 1)


def _read(card: Card, text: str, finding: Finding | None = None) -> None:
    """Another text. The unit stays pinned, unless the text is the one that shows another."""
    state = st.session_state
    state.text = text
    state.restarts = state.get("restarts", 0) + 1  # the stage begins anew, though it may have this very text
    found = [finding] if finding else card.findings
    shown = [one for one in found if one.text == text and (one.holds or one is card.show or one is finding)]
    wanted = next((one for one in shown if one.unit == state.unit), shown[0] if shown else None)
    state.step = _steps(card, prefix(card)) + (wanted.step if wanted else 0)
    if wanted:
        state.unit = wanted.unit
    elif state.unit >= card.hidden_size:
        state.unit = card.show.unit


def run_begins() -> None:
    """A run of the whole page: a stage that does not arrive in it has been left, and will begin anew."""
    st.session_state.shown_before = st.session_state.pop("arrival", None)


def arrived(mount: str, place: Place, *, plays: bool = True) -> dict[str, Any]:
    """Where the stage begins, and what it plays by itself [from, until], if it `plays`; the same for as long as `mount` is shown.

    What is played is for the first picture of a session, and for what was just generated: once, and never again on the way back.
    """
    state = st.session_state
    arrival = state.get("arrival") or state.get("shown_before")
    if not arrival or arrival[0] != mount:
        arrival = (mount, {"place": {"step": place.step, "unit": place.unit}, "play": state.play if plays else None})
        state.play = None
    state.arrival = arrival
    began: dict[str, Any] = arrival[1]
    return began


def moved(key: str) -> None:
    """The stage has settled on another unit or step; where it is of a page that is being left, that may be forgotten already."""
    said: Any = st.session_state.get(key)
    if settled := said and said.get("place"):
        st.session_state.unit, st.session_state.step = int(settled["unit"]), int(settled["step"])


def _steps(card: Card, text: str) -> int:
    return len(card.reader.pieces(text)) if text else 0


def _number(link: Any, name: str, low: int, high: int, default: int) -> int:
    given = link.get(name)
    if given is None:
        return default
    try:
        if low <= int(given) <= high:
            return int(given)
    except ValueError:  # no number, or one of thousands of digits
        pass
    notice(f"The link asks for {name} “{given}”; it can be {low} to {high} here. Showing {default}.")
    return default
