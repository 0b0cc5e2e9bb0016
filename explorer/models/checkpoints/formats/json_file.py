"""JSON state dicts: tensors as nested lists of numbers, at the top level or inside a larger object."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.models.checkpoints import naming, nested
from explorer.models.checkpoints.contents import Contents, Unreadable
from explorer.models.checkpoints.formats import Format
from explorer.models.checkpoints.limits import MEGABYTE
from explorer.models.checkpoints.vocabularies import symbols_in
from explorer.models.checkpoints.wording import listed, quoted

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MOST_BYTES = 64 * MEGABYTE
MOST = {b",": 4_000_000, b"[": 1_000_000, b"{": 100_000, b":": 500_000}
"""Maximum numbers of values, lists, objects and names: each becomes a Python object while parsing."""
OTHERS: Mapping[frozenset[str], str] = {
    frozenset(
        {"class_name", "config"}
    ): "This is a Keras configuration without weights. Save the model as a .keras file.",
    frozenset(
        {"weightsManifest"}
    ): "This is a TensorFlow.js model, whose weights are in other files. Save the model as a .keras file.",
    frozenset(
        {"weight_map"}
    ): "This is the index of weights that are in other files. Give one of the .safetensors files that it lists.",
    frozenset({"model_type"}): "This is a configuration without weights. Give the file of weights beside it.",
    frozenset(
        {"cells", "nbformat"}
    ): "This is a notebook. Save model.state_dict() with torch.save in it, and give that file.",
}
"""Messages for JSON files commonly kept beside weights, by the keys in them."""


def holds(data: bytes) -> bool:
    """Return whether the file is a text that begins with a brace, like a JSON object."""
    head = data[:4096].removeprefix(BYTE_ORDER_MARK).lstrip()
    return head[:1] == b"{" and b"\0" not in head and head[1:].lstrip()[:1] in (b'"', b"}")


def read(data: bytes) -> Contents:
    """Read a JSON state dict. Raise Unreadable if the text is not a JSON object or has no weights."""
    if len(data) > MOST_BYTES or any(data.count(mark) > most for mark, most in MOST.items()):
        raise Unreadable(
            f"The JSON file is too large: at most {MOST_BYTES // MEGABYTE} MB with {MOST[b',']:,} numbers are read. "
            "Save the state dict as .safetensors or with torch.save."
        )
    try:
        root = json.loads(data.removeprefix(BYTE_ORDER_MARK), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("The JSON file is damaged or cut short: it cannot be parsed. Save it again.") from error
    root = _with_tensors(root)
    path, tensors = nested.weights(root, (Tensor,), naming.is_recurrent)
    if not tensors:
        raise Unreadable(_nothing(root))
    what = f"JSON (a state dict under {quoted('.'.join(path))})" if path else "JSON state dict"
    return naming.contents(what, tensors, nested.vocabularies(root), nested.labels(root))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs as a dict. Raise Unreadable for a duplicate name."""
    table = dict(pairs)
    if len(table) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise Unreadable(f"The JSON file has two entries called {quoted(twice)}; save it again.")
    return table


def _with_tensors(node: Any, depth: int = nested.DEEPEST) -> Any:
    """Return the tree with each list of numbers replaced by a float32 tensor."""
    if not isinstance(node, dict) or depth == 0:
        return node
    return {name: _value(name, value, depth) for name, value in node.items()}


def _value(name: str, value: Any, depth: int) -> Any:
    if isinstance(value, list):
        array = _numbers(value)
        if array is not None:
            return torch.from_numpy(array)
        if naming.is_recurrent(name):
            raise Unreadable(
                f"{quoted(name)} is no list of rows of numbers, all of one length; save it with tensor.tolist()."
            )
    return _with_tensors(value, depth - 1)


def _numbers(value: list[Any]) -> np.ndarray[Any, np.dtype[np.float32]] | None:
    """Return the array of nested lists of numbers; None if the list holds anything else, or has ragged rows."""
    first: Any = value
    while isinstance(first, list) and first:
        first = first[0]
    if isinstance(first, bool) or not isinstance(first, (int, float)):
        return None
    try:
        array = np.array(value)
    except (ValueError, OverflowError):
        return None
    return array.astype(np.float32) if array.dtype.kind in "fiu" else None


def _nothing(root: Mapping[str, Any]) -> str:
    """Return the message for a JSON file without usable weights."""
    for keys, sentence in OTHERS.items():
        if keys <= root.keys():
            return sentence
    names = nested.names(root, (Tensor,))
    if names:
        return naming.no_recurrent(names)
    if symbols_in(root, depth=1):
        return "This is a vocabulary, not a file of weights. Give the file of weights first, and the vocabulary for it."
    return (
        f"The JSON file has no lists of numbers by name, but {listed(root.keys()) or 'nothing'}. "
        "Save the state dict with torch.save, or in JSON each weight's tensor.tolist() by its name."
    )


FORMAT = Format("JSON", (".json",), holds, read, first=1)
