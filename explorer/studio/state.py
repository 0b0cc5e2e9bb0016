"""The user's place (model, text, layer, unit and step), shared by all pages and kept in the link.

The URL is written by bound widgets (layer, settings of a page) and the stage (model, text, step, unit). Python reads it once, when a
session begins, and never writes it. The stage writes the model, since a bound widget would write its label instead of the name.
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
"""Session key of the copy of a network that is trained step by step."""


@dataclass(frozen=True)
class Place:
    """The text and the user's position in it. `step` and `unit` count from 0; `more` tokens of the text are not read.

    `text` begins with `prefix`, a warm-up that the user did not write.
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
        """Number of warm-up steps."""
        return len(self.card.reader.pieces(self.prefix)) if self.prefix else 0

    @property
    def own(self) -> str:
        """The text without its warm-up."""
        return self.text[len(self.prefix) :]

    @property
    def model(self) -> str:
        return self.card.name

    def row_of(self, rows: int) -> int:
        """Return the row to show in a network with `rows` rows: the user's, or the last if there are fewer."""
        return min(self.layer, rows - 1)


def begin() -> None:
    """Read the link once per session, with a notice for each invalid value."""
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
            "The link asks for an uploaded network. Such a network stays in the session of its upload, and is gone with it: "
            f"upload the file again, at Your model. Showing {FIRST_MODEL}."
        )
    names = ", ".join(card.name for card in models.zoo())
    return f"The link asks for the model “{name}”, which is not here. Showing {FIRST_MODEL}; there are {names}."


def notice(message: str) -> None:
    """Add a message to show once above the page."""
    st.session_state.notices.append(message)


def prefix(card: Card) -> str:
    """Return the warm-up if the user switched it on, else ""."""
    return service.warm_up(card.task) if st.session_state.get("warm") else ""


def warmed(card: Card) -> None:
    """Keep the user at the same token when the warm-up is switched on or off."""
    state, steps = st.session_state, _steps(card, service.warm_up(card.task))
    state.step, state.play = max(0, state.step + (steps if state.warm else -steps)), None


def follow(card: Card, text: str, layer: int, more: int = 0, prefix: str = "") -> Place:
    """Return the place after the sidebar's widgets: the pinned unit follows a change of model, the step a change of text.

    Units of different models do not correspond: if the old one is known to follow a property, the new model starts with the unit that
    follows the same property, or with its card's unit if it has none.
    """
    state = st.session_state
    if state.read_model != card.name:
        before = models.card_of(state.read_model)
        properties = [finding.follows for finding in before.findings if finding.unit == state.unit]
        if properties or state.unit >= card.hidden_size:
            same = [finding.unit for finding in card.findings if finding.follows in properties]
            state.unit = same[0] if same else card.show.unit
        state.read_model = card.name
    state.step = min(state.step, max(0, _steps(card, text) - 1))
    return Place(card, text, layer, state.unit, state.step, more, prefix)


def open_task(card: Card, text: str | None = None) -> None:
    """Open another task with the given model: its opening picture, or one of its examples. The old unit has no meaning there."""
    st.session_state.model = st.session_state.read_model = card.name
    st.session_state.unit = card.show.unit
    _read(card, card.show.text if text is None else text)


def open_network(name: str) -> None:
    """Open another network of the same task, also one that the sidebar did not offer. Text and step stay."""
    st.session_state.model = name


def open_cell(names: Mapping[str, str]) -> None:
    """Open the network of the chosen cell by its name, and reset the choice."""
    if cell := st.session_state.another_cell:
        open_network(names[cell])
    st.session_state.another_cell = None


def read_example(text: str) -> None:
    """Put an example into the text box, and the playhead where its effect is visible."""
    _read(models.card_of(st.session_state.read_model), text)


def look_at(finding: Finding) -> None:
    """Pin a unit with a known property, on a text that shows it."""
    _read(models.card_of(st.session_state.read_model), finding.text, finding)


def stand(card: Card, *, layer: int | None = None, unit: int | None = None, step: int | None = None) -> None:
    """Move within the same text; omitted values stay."""
    state = st.session_state
    if layer is not None and card.rows > 1:
        state.layer = layer
    state.unit = state.unit if unit is None else unit
    state.step = state.step if step is None else step


def go_on(text: str) -> None:
    """Put the text with its generated continuation into the text box, and play the new part."""
    state = st.session_state
    card = models.card_of(state.read_model)
    warm, before, after = _steps(card, prefix(card)), _steps(card, state.text), _steps(card, text)
    written, since = state.get("generated", (None, before))
    state.generated = (text, since if written == state.text else before)  # it may continue its own text
    _read(card, text)
    last = max(0, warm + before - 1)
    state.step, state.play = last, (last, warm + after - 1)


def _read(card: Card, text: str, finding: Finding | None = None) -> None:
    """Load another text. The unit stays pinned, unless the text belongs to a finding of another unit."""
    state = st.session_state
    state.text = text
    state.restarts = state.get("restarts", 0) + 1  # the stage begins anew, though it may have this very text
    findings = [finding] if finding else card.findings
    matching = [one for one in findings if one.text == text and (one.holds or one is card.show or one is finding)]
    target = next((one for one in matching if one.unit == state.unit), matching[0] if matching else None)
    state.step = _steps(card, prefix(card)) + (target.step if target else 0)
    if target:
        state.unit = target.unit
    elif state.unit >= card.hidden_size:
        state.unit = card.show.unit


def run_begins() -> None:
    """Start a run of the whole page: a stage that does not arrive in it was left, and starts anew next time."""
    st.session_state.shown_before = st.session_state.pop("arrival", None)


def arrived(mount: str, place: Place, *, plays: bool = True) -> dict[str, Any]:
    """Return the stage's first place and what it plays on arrival [from, until], if it `plays`; constant while `mount` is shown.

    It plays on the first picture of a session and after generating text: once, and never on the way back.
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
    """Store the unit and step that the stage settled on; those of a page that is being left may already be gone."""
    value: Any = st.session_state.get(key)
    if settled := value and value.get("place"):
        st.session_state.unit, st.session_state.step = int(settled["unit"]), int(settled["step"])


def _steps(card: Card, text: str) -> int:
    return len(card.reader.pieces(text)) if text else 0


def _number(link: Any, name: str, low: int, high: int, default: int) -> int:
    value = link.get(name)
    if value is None:
        return default
    try:
        if low <= int(value) <= high:
            return int(value)
    except ValueError:  # not a number, or thousands of digits
        pass
    notice(f"The link asks for {name} “{value}”; it can be {low} to {high} here. Showing {default}.")
    return default
