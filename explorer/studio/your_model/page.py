"""The parts of the page in order: upload, contents, choices, parity, next pages."""

from __future__ import annotations

from concurrent.futures import wait

import streamlit as st

from explorer import models
from explorer.models.checkpoints.provenance import left_out
from explorer.studio import own, sentences, state, taking
from explorer.studio.own import Own
from explorer.studio.workbench import place
from explorer.studio.your_model import words
from explorer.studio.your_model.choosing import choices
from explorer.studio.your_model.dropping import dropping, examples
from explorer.studio.your_model.known_pair import known_pair

NEXT = {
    "pages/library/diagnosis.py": "What is wrong with it",
    "pages/read/watch.py": "Watch it read",
    "pages/read/gates.py": "Its gates",
    "pages/learn/gradients.py": "How far its gradient reaches",
}


SOON, POLL = 1.0, 3.0
"""Seconds to wait for the comparison with the framework, and the polling interval after that."""


def page() -> None:
    """Draw the whole page."""
    st.title("Your model", anchor=False)
    st.markdown(words.LEAD)
    dropping()
    here = own.current()
    if here is None:
        examples()
        st.subheader("What can be dropped", anchor=False)
        _forms()
        return
    _found(here)
    choices(here)
    if here.model is not None and not here.why:
        st.fragment(_badge, run_every=None if _is_measured(here) else POLL)()
        _answer(here)
        _onward()
        if place().model == here.model.name:
            taking.section(place())
    with st.expander("What can be dropped"):
        _forms()


def _found(here: Own) -> None:
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    left.subheader(sentences.plain(f"{here.title}: a {here.contents.format} file"), anchor=False)
    if here.model and here.model.card and here.model.name != models.shipped(st.session_state.read_model):
        right.button(
            "Open it", icon=":material/play_arrow:", on_click=state.open_task, args=(here.model.card,), key="own_open"
        )
    right.button("Remove it", icon=":material/delete:", on_click=own.close, key="own_close", width="stretch")
    st.markdown("\n".join(f"- {line}" for line in words.of_contents(here.contents)))
    if notes := words.notes(here.contents):
        st.info("\n".join(f"- {sentences.plain(note)}" for note in notes), icon=":material/info:")


def _is_measured(here: Own) -> bool:
    """Return whether the comparison has ended, or ends soon, as most do. A page that polls while the browser still takes in the new
    network's text would send the old text back, so only slow comparisons are polled, at long intervals."""
    if here.parity is None or here.parity.cancelled():
        return True
    return bool(wait([here.parity], timeout=SOON).done)


def _badge() -> None:
    """Draw how far the layers are from those of their framework; rerun every few seconds while that is being measured."""
    here = own.current()
    if here is None or here.parity is None or here.parity.cancelled():
        return
    if not here.parity.done():
        st.info("Comparing the layers with their own framework …", icon=":material/hourglass_top:")
        st.session_state.own_waits = True
        return
    if st.session_state.pop("own_waits", False):
        st.rerun()  # the whole page once, so that nothing asks any more
    parity = here.parity.result()
    if parity is None:
        st.caption(
            ":material/help: The file's framework is not installed on this server, so the layers were not compared with it."
        )
    elif parity.holds:
        st.success(sentences.plain(words.of_parity(parity)), icon=":material/verified:")
    else:
        st.warning(sentences.plain(words.of_parity(parity)), icon=":material/warning:")


def _answer(here: Own) -> None:
    """Draw the source of the answer: the file's own, a guess, or confirmed by one known pair."""
    said, trusted = words.of_answer(here.contents, here.choice, here.agreement)
    if trusted is None:
        st.info(sentences.plain(said), icon=":material/info:")
    elif trusted:
        st.success(sentences.plain(said), icon=":material/verified:")
    else:
        st.warning(sentences.plain(said), icon=":material/help:")
    if unused := left_out(here.contents, here.choice):
        st.info(sentences.plain(unused), icon=":material/inventory_2:")
    known_pair(here)


def _onward() -> None:
    with st.container(horizontal=True, gap="medium"):
        for path, label in NEXT.items():
            st.page_link(path, label=label, icon=":material/arrow_forward:")


def _forms() -> None:
    st.markdown("\n".join(f"- **{name}**: {what}" for name, what in words.FORMS.items()))
    st.caption(words.LIMITS)
