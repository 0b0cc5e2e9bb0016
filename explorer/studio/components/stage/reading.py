"""What the stage plays: a network that reads a text, as it is or edited on the way."""

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
    """One reading, and where the reader is in it.

    place  in the text as it was, whose steps are those of the link and of all other pages
    text   what is read: another one than the place's where tokens are edited
    edits  of the network, at steps of `text`
    where  for each step of the place's text that of `text`; None for a token that is deleted
    told   the edits in words, one each; empty for a reading that is left alone
    """

    place: Place
    text: str
    where: tuple[int | None, ...]
    edits: tuple[Edit, ...] = ()
    told: tuple[str, ...] = ()

    @staticmethod
    def of(place: Place) -> Reading:
        """The text as it is."""
        return Reading(place, place.text, tuple(range(len(service.trace(place.model, place.text).tokens))))

    @property
    def edited(self) -> bool:
        """Whether it is another reading than that of the text as it is."""
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
        """What the edits did to what they edit."""
        return service.overruled(self.place.model, self.text, self.edits) if self.edits else {}

    def pushes(self, unit: int) -> dict[str, Pushes]:
        """Who pushed each pre-activation of a unit."""
        return service.pushes(self.place.model, self.text, self.place.layer, unit, self.edits)

    @property
    def id(self) -> str:
        """A name that says nothing of it: of the network, the row of it, the text, the edits."""
        of = f"{self.place.model}\n{self.place.layer}\n{self.text_id}"
        return hashed(f"{of}\n{self.text}\n{self.edits!r}\n{self.told}" if self.edited else of)

    @property
    def text_id(self) -> str:
        """The name of the place's text; another one for the same text when the reader has begun anew."""
        return hashed(f"{st.session_state.get('restarts', 0)}\n{self.place.text}")

    @property
    def warm(self) -> int:
        """How many of its steps warm it up."""
        return sum(step is not None for step in self.where[: self.place.warm])

    @property
    def here(self) -> Place:
        """Where the reader is, at this reading's own step."""
        return replace(self.place, step=self.step_of(self.place.step))

    def step_of(self, step: int) -> int:
        """Its own step for one of the place's text; for a deleted token that of the next one, or of the last."""
        later = (own for own in self.where[step:] if own is not None)
        return next(later, self.trace.steps - 1)

    @property
    def origin(self) -> list[int] | None:
        """The step of the place's text for each of its own; None where all are the same."""
        steps = [step for step, own in enumerate(self.where) if own is not None]
        return None if len(steps) == len(self.where) else steps


def hashed(text: str) -> str:
    """A name for a text that says nothing of it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]
