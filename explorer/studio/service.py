"""What pages ask for: models, traces, gradients. The only cache, bounded, keyed by strings and numbers.

Everything in it is shared by all sessions and is read-only: models are frozen, traces are immutable.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer import models
from explorer.analysis.orderings import by_half_life
from explorer.models import Card, Model, Pushes
from explorer.signals import Array, Trace

WINDOW = 1000
"""How many characters are read at most: what a page can still show, and a server can keep for many readers."""
READINGS = 24
"""How many readings of a kind are kept."""


@st.cache_resource(max_entries=12, show_spinner="Loading the network …")
def model(name: str) -> Model:
    """A shipped model, loaded once for all."""
    return models.load(name)


@st.cache_resource(max_entries=READINGS, show_spinner=False)
def trace(name: str, text: str) -> Trace:
    """Every signal of one reading."""
    return models.trace(model(name), text)


@st.cache_resource(max_entries=READINGS, show_spinner=False)
def order(name: str, text: str, layer: int) -> Array:
    """The units of a row, the longest memory first."""
    return by_half_life(trace(name, text), layer)


@st.cache_resource(max_entries=READINGS, show_spinner=False)
def predictions(name: str, text: str) -> Array:
    """Log-probabilities of what comes next, [step, label]."""
    return models.predict(model(name), text)


@st.cache_resource(max_entries=READINGS, show_spinner=False)
def pushes(name: str, text: str, layer: int, unit: int) -> dict[str, Pushes]:
    """Who pushed each pre-activation of one unit."""
    return models.arithmetic(model(name), text, unit=unit, layer=layer)


@st.cache_resource(max_entries=READINGS, show_spinner=False)
def gradients(name: str, text: str, of: str, at: int, unit: int | None = None, layer: int = -1) -> Trace:
    """Per-step gradients, as `explorer.gradients` gives them."""
    return models.gradients(model(name), text, of, at, unit=unit, layer=layer)


def siblings(name: str) -> list[Card]:
    """The models of the same task: rnn, gru, lstm."""
    return models.siblings(name)


@st.cache_resource(show_spinner=False)
def held_out(task: str) -> str:
    """The held-out excerpt that is shipped with a task."""
    return models.excerpt(task)


def random_excerpt(task: str, length: int = 110) -> str:
    """Some whole words of the held-out text, from a place drawn anew at each call."""
    text = held_out(task)
    start = int(np.random.default_rng().integers(0, max(1, len(text) - 2 * length)))
    start = text.find(" ", start) + 1
    end = text.rfind(" ", start, start + length)
    return text[start : end if end > start else start + length]
