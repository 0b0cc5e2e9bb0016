"""Flax parameter files, in MessagePack: detected by their first bytes, and refused with a helpful message."""

from __future__ import annotations

import re

from explorer.models.checkpoints.contents import Contents, Unreadable
from explorer.models.checkpoints.formats import Format

TABLE = re.compile(rb"(?:[\x81-\x8f]|\xde..|\xdf....)(?:[\xa1-\xbf]|\xd9.)[\x20-\x7e]", re.DOTALL)
"""A map whose first key is a text."""
ARRAY = re.compile(rb"[\xc7-\xc9].{1,4}\x01\x93[\x90-\x9f]", re.DOTALL)
"""An array: an extension of type 1 with a list of shape, dtype and bytes."""
LOOKED_THROUGH = 2**16


def holds(data: bytes) -> bool:
    """Return whether the file begins with a map that contains an array."""
    return TABLE.match(data) is not None and ARRAY.search(data[:LOOKED_THROUGH]) is not None


def read(data: bytes) -> Contents:
    """Raise Unreadable: Flax stores gate weights in a different layout for each cell, which is not supported."""
    raise Unreadable(
        "This is a file of Flax parameters (MessagePack), which is not supported. Write each weight under PyTorch's name "
        "(weight_ih_l0, [rows of all gates, input]) with numpy.savez, and give that file."
    )


FORMAT = Format("Flax", (), holds, read)
