"""Flax's files of parameters, in MessagePack. They are known by what they begin with, and refused by name."""

from __future__ import annotations

import re

from explorer.models.checkpoints.contents import Contents, Unreadable
from explorer.models.checkpoints.formats import Format

TABLE = re.compile(rb"(?:[\x81-\x8f]|\xde..|\xdf....)(?:[\xa1-\xbf]|\xd9.)[\x20-\x7e]", re.DOTALL)
"""A table whose first key is a text."""
ARRAY = re.compile(rb"[\xc7-\xc9].{1,4}\x01\x93[\x90-\x9f]", re.DOTALL)
"""An array: an extension of type 1 with a list of shape, kind and numbers."""
LOOKED_THROUGH = 2**16


def holds(data: bytes) -> bool:
    """Whether it begins with a table that has an array in it."""
    return TABLE.match(data) is not None and ARRAY.search(data[:LOOKED_THROUGH]) is not None


def read(data: bytes) -> Contents:
    """Raises Unreadable: a Flax layer keeps its gates' weights in other tables for each cell, which are not read."""
    raise Unreadable(
        "This is a file of Flax parameters (MessagePack), which is not read. Write each weight under PyTorch's name "
        "(weight_ih_l0, [rows of all gates, input]) with numpy.savez, and give that file."
    )


FORMAT = Format("Flax", (), holds, read)
