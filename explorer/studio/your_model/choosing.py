"""Choice of the parts of a file: layers, embedding, readout and vocabulary, each with the likely one first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from explorer.models import checkpoints
from explorer.models.checkpoints import Choice, Contents, Recurrent, Unreadable
from explorer.models.checkpoints import choosing as parts
from explorer.studio import own, sentences
from explorer.studio.own import Own

NUMBERS, ITSELF = "none: it reads numbers, or symbols one-hot", "none: it answers with its own h"
COLUMNS, ONE_HOT = "numbers: the vocabulary names the columns", "symbols, one-hot"
GRAPH = "as the file connects them"
MEANINGS = {
    "next token": "the next token",
    "class": "one class for all that was read",
    "label": "a label for each step",
    "number": "numbers",
    "forecast": "the next values of what it reads",
}


def choices(here: Own) -> None:
    """Draw the choices side by side; each applies at once."""
    contents, choice = here.contents, here.choice
    recurrent = parts.recurrent_of(contents, choice.recurrent)
    left, middle, right = st.columns(3)
    with left:
        if len(contents.recurrent) > 1:
            names = [found.where for found in contents.recurrent]
            _pick("Recurrent layers", names, choice.recurrent, _layers)
            if choice.follows:
                st.caption("These layers are shown; the others run as the file connects them.")
        if recurrent.rather:
            usual = _activation(recurrent)
            _pick("Activation", [usual, *recurrent.rather], choice.rather or usual, partial(_rather, usual))
        if choice.vocabulary and choice.embedding is None:
            reads = {COLUMNS: "numbers", ONE_HOT: "symbols"}
            now = COLUMNS if parts.names_columns(choice) else ONE_HOT
            _pick("It reads", list(reads), now, lambda old, name: replace(old, reads=reads[name]))
        if not choice.follows:
            embeddings = [*parts.embeddings(contents, recurrent), NUMBERS]
            _pick("Embedding", embeddings, choice.embedding or NUMBERS, _embedding)
    with middle:
        graph = [GRAPH] if recurrent.route is not None else []
        chosen = GRAPH if choice.follows else choice.readout or ITSELF
        _pick("Readout", [*graph, *parts.readouts(contents, recurrent), ITSELF], chosen, _readout)
        if choice.follows or choice.readout is not None:
            _meaning(contents, choice)
    with right:
        _vocabulary(contents, choice)
    if here.why:
        st.warning(sentences.plain(here.why), icon=":material/rule:")


def _pick(label: str, offered: Sequence[str], chosen: str, taken: Callable[[Choice, str], Choice]) -> None:
    """Draw a box of names; `taken` makes the new choice."""
    key = f"own {label}"

    def change() -> None:
        here = own.current()
        if here is not None:
            own.choose(taken(here.choice, st.session_state[key]))

    st.session_state[key] = chosen if chosen in offered else offered[0]
    st.selectbox(label, offered, key=key, on_change=change, format_func=lambda name: name or "(no name)")


def _activation(recurrent: Recurrent) -> str:
    """Return the activation that the layers are read with, if the file leaves it open: "tanh", "gates: hard_sigmoid(0.2, 0.5)"."""
    if any(name.startswith("gates: ") for name in recurrent.rather):
        return f"gates: {recurrent.options.get('gate', 'sigmoid')}"
    return str(recurrent.options.get("nonlinearity", "tanh"))


def _layers(_choice: Choice, where: str) -> Choice:
    here = own.current()
    assert here is not None
    return checkpoints.likely(here.contents, where=where)


def _rather(usual: str, choice: Choice, name: str) -> Choice:
    return replace(choice, rather="" if name == usual else name)


def _embedding(choice: Choice, name: str) -> Choice:
    """Choose the embedding, with the likely answer if the present one does not fit it."""
    here = own.current()
    assert here is not None
    chosen = replace(choice, embedding=None if name == NUMBERS else name)
    offered = [chosen.answer] if chosen.readout is None else parts.meanings(here.contents, chosen)
    return chosen if chosen.answer in offered else replace(chosen, answer=offered[0], labels=())


def _readout(choice: Choice, name: str) -> Choice:
    """Choose the readout, with its likely meaning."""
    here = own.current()
    assert here is not None
    if name == GRAPH:
        return parts.with_graph(here.contents, choice)
    return parts.with_readout(here.contents, choice, None if name == ITSELF else name)


def _meaning(contents: Contents, choice: Choice) -> None:
    offered = {MEANINGS[name]: name for name in dict.fromkeys([choice.answer, *parts.meanings(contents, choice)])}
    meaning = MEANINGS[choice.answer]
    _pick("It answers with", list(offered), meaning, lambda old, name: replace(old, answer=offered[name], labels=()))
    if choice.answer in ("class", "label"):
        outputs = max(2, parts.outputs_of(contents, choice))
        st.text_input(
            f"Names of the {outputs} answers",
            key="own_labels",
            placeholder="negative, positive",
            on_change=_labels,
            help="With commas between, in the order of the readout's outputs. Without them they are numbered.",
        )


def _labels() -> None:
    here = own.current()
    if here is not None:
        names = tuple(name.strip() for name in st.session_state.own_labels.split(",") if name.strip())
        own.choose(replace(here.choice, labels=names))


def _vocabulary(contents: Contents, choice: Choice) -> None:
    """Draw the vocabulary's upload and text box, how many symbols are needed, and what happens without them."""
    count = parts.symbols_needed(contents, choice)
    have = f"{len(choice.vocabulary):,} symbols" if choice.vocabulary else "no names for them yet"
    st.markdown(f"**Vocabulary**: {count:,} are needed, {have}.")
    with st.popover("Give the vocabulary", icon=":material/dictionary:", width="stretch"):
        st.markdown(
            'A JSON list of symbols in the order of their ids, or a table `{"a": 0, "b": 1}`; a text with a symbol a line; or simply the '
            "characters themselves, one after another. Without it the network reads ids, or numbers."
        )
        st.file_uploader("Vocabulary file", key="own_vocabulary_file", max_upload_size=5, on_change=_from_file)
        st.text_area("Or type or paste it", key="own_vocabulary", on_change=_typed, height=90)
        if choice.vocabulary:
            st.button("Without a vocabulary", on_click=_without)
    if problem := st.session_state.get("own_vocabulary_problem"):
        st.warning(sentences.plain(problem), icon=":material/rule:")


def _from_file() -> None:
    file = st.session_state.own_vocabulary_file
    if file is not None:
        _take(file.getvalue())


def _typed() -> None:
    if st.session_state.own_vocabulary:
        _take(st.session_state.own_vocabulary)


def _take(text: str | bytes) -> None:
    """Set the vocabulary, and the readout's likely meaning again: as many outputs as symbols suggest guesses of the next one."""
    here = own.current()
    if here is None:
        return
    st.session_state.own_vocabulary_problem = ""
    try:
        symbols = checkpoints.vocabulary(text, parts.symbols_needed(here.contents, here.choice))
    except Unreadable as problem:
        st.session_state.own_vocabulary_problem = str(problem)
        return
    chosen = replace(here.choice, vocabulary=symbols, labels=())
    if chosen.follows:
        own.choose(parts.with_graph(here.contents, chosen))
    elif chosen.readout is not None:
        own.choose(replace(chosen, answer=parts.meanings(here.contents, chosen)[0]))
    else:
        own.choose(chosen)


def _without() -> None:
    here = own.current()
    if here is not None:
        st.session_state.own_vocabulary = st.session_state.own_vocabulary_problem = ""
        own.choose(checkpoints.likely(replace(here.contents, vocabulary=()), where=here.choice.recurrent))
