"""Names of a network's outputs in the metadata of an ONNX file."""

from __future__ import annotations

import json
from collections.abc import Mapping

KEYS = ("id2label", "labels", "classes", "class_names", "names", "label_names")
"""Common metadata keys of output names."""
LONGEST = 1_000_000


def labels(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Return the labels by id; empty if the metadata has none."""
    for key in KEYS:
        text: object = metadata.get(key)  # bytes if it is not UTF-8
        if isinstance(text, str) and 0 < len(text) <= LONGEST:
            names = _from_json(text) if text.lstrip()[:1] in "[{" else _separated(text)
            if names:
                return names
    return ()


def _from_json(text: str) -> tuple[str, ...]:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    if isinstance(parsed, dict):
        if all(isinstance(value, int) for value in parsed.values()):  # label2id
            parsed = {value: name for name, value in parsed.items()}
        ids = {str(key): value for key, value in parsed.items()}
        parsed = [ids.get(str(at)) for at in range(len(ids))]
    if not isinstance(parsed, list) or not all(isinstance(one, str | int) for one in parsed):
        return ()
    return tuple(map(str, parsed))


def _separated(text: str) -> tuple[str, ...]:
    """Return names separated by line breaks or commas; empty for a single one."""
    parts = text.split("\n") if "\n" in text.strip() else text.split(",")
    names = tuple(part.strip() for part in parts if part.strip())
    return names if len(names) > 1 else ()
