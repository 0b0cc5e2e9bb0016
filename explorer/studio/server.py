"""Server start-up: the work done once, before the first user comes."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

_once = threading.Lock()
_warm = threading.Event()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Warm up the server while it already answers.

    Until the first run of st.navigation, Streamlit takes the folder `pages` for its older kind of multipage app and answers the first link
    to any page but the start page with "Page not found". It has no public switch for that; Streamlit is pinned, and a browser test opens
    such a link on a fresh server.
    """
    PagesManager.uses_pages_directory = False
    threading.Thread(target=warm, name="warm", daemon=True).start()
    yield


def warm() -> None:
    """Import the heavy packages, limit torch to one thread, and freeze all objects for the garbage collector.

    Streamlit collects garbage after every run of a page; with torch imported, that scans permanent objects for 60 ms. More than one thread
    makes a small network slower, and a busy machine very slow.
    """
    with _once:
        if _warm.is_set():
            return
        import plotly.graph_objects  # noqa: F401

        from explorer.backend.device import one_thread

        one_thread()
        gc.collect()
        gc.freeze()
        _warm.set()


def on_script_error(error: Exception) -> bool:
    """Show the user a sentence and write the error to the server's log. Returns True: no stack trace on the page."""
    logging.getLogger("carousel").error("a page failed", exc_info=error)
    st.error(
        "Something went wrong here, and it is our fault. Your text is kept: try another page, or load this one again. "
        "The server's log says what happened.",
        icon=":material/error:",
    )
    return True
