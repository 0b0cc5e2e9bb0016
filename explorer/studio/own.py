"""The uploaded model of a session: stored only there, and gone with it."""

from __future__ import annotations

import secrets
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import streamlit as st

from explorer import models
from explorer.models import Model, checkpoints, shelf
from explorer.models.checkpoints import Agreement, Choice, Contents, Pair, Parity
from explorer.models.checkpoints.choosing import layers_of
from explorer.models.checkpoints.memory import give_back
from explorer.studio import service, state

PAGE = "pages/library/own.py"
KEY, ARRIVES = "own", "own_arrives"


_measuring = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parity")
"""Comparisons with other frameworks, one at a time: importing one of them can take many seconds."""


@dataclass(frozen=True)
class Own:
    """The uploaded file, what was chosen of it, and the network that this makes.

    parity     the comparison with the file's own framework, still running at first; None before there is a network
    pair       one known pair (input, output), if the user gave one, and how well the answer agrees with it
    why        in a sentence, why the choice makes no network; `model` is then the previous one, if there was one
    """

    title: str
    contents: Contents
    choice: Choice
    model: Model | None = None
    parity: Future[Parity | None] | None = None
    pair: Pair | None = None
    agreement: Agreement | None = None
    why: str = ""


def welcome() -> None:
    """Make uploaded models available by name, each only in its own session."""
    models.welcome(_found)


def _found(name: str) -> Model | None:
    here = current()
    return here.model if here and here.model and here.model.name == name else None


def current() -> Own | None:
    """Return this session's upload, or None if nothing was uploaded."""
    here: Own | None = st.session_state.get(KEY)
    return here


def drop(data: bytes, title: str) -> None:
    """Replace the session's upload by a new file; from the next run on, every page uses its network.

    Raises Unreadable and leaves everything unchanged if the file cannot be read.
    """
    contents = checkpoints.read_bytes(data)
    _use(title, contents, checkpoints.likely(contents))


def choose(choice: Choice) -> None:
    """Choose other parts of the same file. If they make no network, the previous one stays and `Own.why` gives the reason."""
    here = current()
    assert here is not None
    try:
        _use(here.title, here.contents, choice, here.pair)
    except checkpoints.Unreadable as problem:
        st.session_state[KEY] = replace(here, choice=choice, why=str(problem))


def confirm(pair: Pair | None) -> None:
    """Measure the network's answer against one known pair, or that of another readout that agrees with it; None forgets the pair.

    Raises Unreadable for a pair that does not fit.
    """
    here = current()
    assert here is not None
    choice = here.choice if pair is None else checkpoints.confirmed(here.contents, here.choice, pair)
    _use(here.title, here.contents, choice, pair)


def _use(title: str, contents: Contents, choice: Choice, pair: Pair | None = None) -> None:
    own = build_own(title, contents, choice, pair)
    _let_go()
    st.session_state[KEY] = own
    st.session_state[ARRIVES] = True


def build_own(title: str, contents: Contents, choice: Choice, pair: Pair | None = None) -> Own:
    """Build the chosen network of a file and start the comparison with its framework. Raises Unreadable if the choice makes none."""
    name = f"{shelf.GUEST}{secrets.token_hex(5)}"  # a new name for each network, so that no cached result is another network's
    model = checkpoints.own(contents, choice, name=name, title=title, pair=pair)
    agreement = None if pair is None else checkpoints.measure(model, pair)
    parity = _measuring.submit(checkpoints.parity, model, layers_of(contents, choice))
    return Own(title, contents, choice, model, parity, pair, agreement)


def _let_go() -> None:
    """Drop the uploaded network and everything computed with it."""
    here = st.session_state.pop(KEY, None)
    if here is not None and here.parity is not None:
        here.parity.cancel()
    st.session_state.pop(state.UPDATES, None)
    service.forget_own()
    give_back()


def arrive() -> None:
    """Open a newly uploaded network. Called by the workbench before drawing, since a widget's value cannot be set afterwards."""
    here = current()
    if st.session_state.pop(ARRIVES, False) and here and here.model and here.model.card:
        state.open_task(here.model.card)


def close() -> None:
    """Drop the upload, and open the first shipped network."""
    _let_go()
    state.open_task(models.card_of(state.FIRST_MODEL))
