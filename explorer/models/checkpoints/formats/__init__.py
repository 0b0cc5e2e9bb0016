"""The formats of checkpoints: one file a format, found by itself. A new one is a file here with a FORMAT in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from explorer.models.checkpoints.contents import Contents


@dataclass(frozen=True)
class Format:
    """A format of files.

    name     as people call it: "PyTorch"
    endings  of its files' names, with the dot
    holds    whether the bytes are of this format, by what they begin with and hold, not by the name; never raises, reads little
    read     what they hold. Raises Unreadable. Nothing in the file is executed, and nothing is unpacked before its size is known
    first    formats that look alike are asked in this order, the smallest first: zip files of arrays before zip files of anything
    """

    name: str
    endings: tuple[str, ...]
    holds: Callable[[bytes], bool]
    read: Callable[[bytes], Contents]
    first: int = 0


def formats() -> tuple[Format, ...]:
    """All formats there are, in the order in which a file is tried."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    return tuple(sorted((module.FORMAT for module in modules), key=lambda one: (one.first, one.name)))
