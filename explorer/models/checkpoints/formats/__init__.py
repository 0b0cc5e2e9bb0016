"""Checkpoint formats, one module each, discovered automatically. To add a format, add a module that defines FORMAT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from explorer.models.checkpoints.contents import Contents


@dataclass(frozen=True)
class Format:
    """A file format.

    name     display name: "PyTorch"
    endings  file extensions, with the dot
    holds    detects the format by the bytes, not by the file name; never raises, reads little
    read     returns the contents, or raises Unreadable. Executes nothing, and unpacks nothing before its size is known
    first    order in which similar formats are tried, smallest first: zip archives of arrays before any other zip archive
    """

    name: str
    endings: tuple[str, ...]
    holds: Callable[[bytes], bool]
    read: Callable[[bytes], Contents]
    first: int = 0


def formats() -> tuple[Format, ...]:
    """Return all formats, in the order in which to try them on a file."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    return tuple(sorted((module.FORMAT for module in modules), key=lambda one: (one.first, one.name)))
