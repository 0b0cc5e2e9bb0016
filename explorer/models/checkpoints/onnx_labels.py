"""The names of a network's outputs, where an ONNX file has them among its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping

KEYS = ("id2label", "labels", "classes", "class_names", "names", "label_names")
"""What people call them."""
LONGEST = 1_000_000


def labels(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The labels by id; empty where there are none."""
    for key in KEYS:
        text: object = metadata.get(key)  # bytes where it is no UTF-8
        if isinstance(text, str) and 0 < len(text) <= LONGEST:
            found = _from_json(text) if text.lstrip()[:1] in "[{" else _separated(text)
            if found:
                return found
    return ()


def _from_json(text: str) -> tuple[str, ...]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    if isinstance(given, dict):
        if all(isinstance(value, int) for value in given.values()):  # label2id
            given = {value: name for name, value in given.items()}
        ids = {str(key): value for key, value in given.items()}
        given = [ids.get(str(at)) for at in range(len(ids))]
    if not isinstance(given, list) or not all(isinstance(one, str | int) for one in given):
        return ()
    return tuple(map(str, given))


def _separated(text: str) -> tuple[str, ...]:
    """Names on lines of their own, or behind commas."""
    parts = text.split("\n") if "\n" in text.strip() else text.split(",")
    found = tuple(part.strip() for part in parts if part.strip())
    return found if len(found) > 1 else ()
