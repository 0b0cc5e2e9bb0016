"""The upload of a file, and example files for users who have none."""

from __future__ import annotations

import streamlit as st

from explorer.models.checkpoints import Unreadable
from explorer.models.checkpoints.examples import forgetful, healthy
from explorer.models.checkpoints.limits import MEGABYTE, MOST_BYTES
from explorer.studio import own, sentences
from explorer.studio.your_model import words

SEEN = "own_file"
EXAMPLES = {
    "An LSTM that is well": (healthy, "english.pt"),
    "The same with its forget gates shut": (forgetful, "forgetful.pt"),
}


def dropping() -> None:
    """Draw the uploader. A file is read once; after an error, show it and keep the open network."""
    file = st.file_uploader(
        "A file of weights",
        key="own_drop",
        max_upload_size=MOST_BYTES // MEGABYTE,
        help=words.LIMITS,
    )
    if file is None:
        st.session_state.pop(SEEN, None)
    elif st.session_state.get(SEEN, ("",))[0] != file.file_id:
        with st.spinner("Reading the file …"):
            problem = _taken(file.getvalue(), file.name)
        st.session_state[SEEN] = (file.file_id, problem)
        if not problem:
            st.rerun()  # the workbench stands above this page, and is to show the new network
    if problem := st.session_state.get(SEEN, ("", ""))[1]:
        st.error(sentences.plain(problem), icon=":material/block:")


def examples() -> None:
    """Offer two example files, which take the same path as an upload."""
    st.markdown("**No file at hand?** Take one of these; they go the same way as a file of your own.")
    with st.container(horizontal=True, gap="small"):
        for label, (made, title) in EXAMPLES.items():
            if st.button(label, key=f"own example {title}"):
                own.drop(made(), title)
                st.rerun()


def _taken(data: bytes, name: str) -> str:
    """Upload a file, and return why it cannot be used; empty on success."""
    try:
        own.drop(data, name)
    except Unreadable as problem:
        return str(problem)
    return ""
