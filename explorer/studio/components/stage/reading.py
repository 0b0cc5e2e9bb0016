"""The reading that the stage plays: a network reading a text, unedited or edited."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import streamlit as st

from explorer.backend.edits import Edit
from explorer.models import Overruled, Pushes
from explorer.signals import Array, Trace
from explorer.studio import service
from explorer.studio.state import Place


@dataclass(frozen=True)
class Reading:
    """One reading, and the user's position in it.

    place  the position in the unedited text, whose steps the link and all other pages use
    text   the text that is read: differs from the place's if tokens are edited
    edits  edits of the network, at steps of `text`
    where  for each step of the place's text, its step in `text`; None for a deleted token
    told   the edits in words, one each; empty for an unedited reading
    """

    place: Place
    text: str
    where: tuple[int | None, ...]
    edits: tuple[Edit, ...] = ()
    told: tuple[str, ...] = ()

    @staticmethod
    def of(place: Place) -> Reading:
        """Return the unedited reading of a place."""
        return Reading(place, place.text, tuple(range(len(service.trace(place.model, place.text).tokens))))

    @property
    def edited(self) -> bool:
        """True if the reading differs from that of the unedited text."""
        return bool(self.edits) or self.text != self.place.text

    @cached_property
    def trace(self) -> Trace:
        """Every signal."""
        if not self.edits:
            return service.trace(self.place.model, self.text)
        return service.edited(self.place.model, self.text, self.edits)

    @property
    def predictions(self) -> Array:
        """The network's answer at every step."""
        if not self.edits:
            return service.predictions(self.place.model, self.text)
        return service.edited_predictions(self.place.model, self.text, self.edits)

    @property
    def overruled(self) -> dict[str, Overruled]:
        """The effect of the edits on each edited quantity."""
        return service.overruled(self.place.model, self.text, self.edits) if self.edits else {}

    def pushes(self, unit: int) -> dict[str, Pushes]:
        """Return the terms of each pre-activation of a unit."""
        return service.pushes(self.place.model, self.text, self.place.layer, unit, self.edits)

    @property
    def id(self) -> str:
        """A hash of network, row, text and edits: a name that does not reveal them."""
        of = f"{self.place.model}\n{self.place.layer}\n{self.text_id}"
        return hashed(f"{of}\n{self.text}\n{self.edits!r}\n{self.told}" if self.edited else of)

    @property
    def text_id(self) -> str:
        """A hash of the place's text and the number of restarts: it changes whenever the text is read anew."""
        return hashed(f"{st.session_state.get('restarts', 0)}\n{self.place.text}")

    @property
    def warm(self) -> int:
        """Number of warm-up steps in this reading."""
        return sum(step is not None for step in self.where[: self.place.warm])

    @property
    def here(self) -> Place:
        """The user's place, at this reading's own step."""
        return replace(self.place, step=self.step_of(self.place.step))

    def step_of(self, step: int) -> int:
        """Return this reading's step for a step of the place's text; for a deleted token that of the next one, or the last."""
        later = (own for own in self.where[step:] if own is not None)
        return next(later, self.trace.steps - 1)

    @property
    def origin(self) -> list[int] | None:
        """The step of the place's text for each step of this reading; None if they are the same."""
        steps = [step for step, own in enumerate(self.where) if own is not None]
        return None if len(steps) == len(self.where) else steps


def hashed(text: str) -> str:
    """Return a hash of a text: a name that does not reveal it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]
