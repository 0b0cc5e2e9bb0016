"""What a server does once, before its first page."""

from __future__ import annotations

import gc
from functools import cache


@cache
def warm() -> None:
    """Imports the heavy packages, torch on one thread, and takes them out of the garbage collector's sight.

    Streamlit collects garbage after every run of a page; with torch imported that walks through 60 ms of objects that never die.
    More threads than one make a small network slower, and a busy machine very slow.
    """
    import plotly.graph_objects  # noqa: F401

    from explorer.backend.device import one_thread

    one_thread()
    gc.collect()
    gc.freeze()
