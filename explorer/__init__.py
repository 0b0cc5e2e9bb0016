"""Carousel's library: look inside recurrent cells.

    import explorer

    model = explorer.load("english-lstm")
    trace = explorer.trace(model, "Call me Ishmael.")
    trace["f"]                                          # the forget gate, numpy [layer, step, unit]
    explorer.gradients(model, "Call me Ishmael.")["grad_h"]

Python indices count from 0, and negative ones from the end.
"""

import os

# Before torch is imported: with its default, one busy core makes every step of a small network wait for the other threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from explorer import cells, export
from explorer.analysis.ledger import ledger
from explorer.backend import edits
from explorer.models import (
    arithmetic,
    channels,
    diagnose,
    generate,
    gradient_matrix,
    gradients,
    jacobian,
    predict,
    snippet,
    sweep,
    trace,
    wrap,
    zoo,
)
from explorer.models import opened as load
from explorer.signals import Belt, Signal, Trace

__version__ = "0.1.0"

__all__ = [
    "Belt",
    "Signal",
    "Trace",
    "arithmetic",
    "cells",
    "channels",
    "diagnose",
    "edits",
    "export",
    "generate",
    "gradient_matrix",
    "gradients",
    "jacobian",
    "ledger",
    "load",
    "predict",
    "snippet",
    "sweep",
    "trace",
    "wrap",
    "zoo",
]
