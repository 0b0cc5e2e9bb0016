"""Find the weights and the vocabulary in a training checkpoint, a tree of dicts."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from explorer.models.checkpoints.limits import MOST_SYMBOLS, check_count
from explorer.models.checkpoints.vocabularies import symbols_in

Path = tuple[str, ...]
DEEPEST = 12
LONGEST = 60
"""Number of characters of a key to match against the patterns."""
LONGEST_NAME = 500
"""Maximum length of a tensor name. The middle of a longer name is replaced by one character, so it stays over the limit."""
VOCABULARY = re.compile(
    r"vocab|chars|characters|alphabet|symbols|tokens|words|columns|features|feature_?names|input_?names|stoi|itos|"
    r"(id|idx|ix|ind|index|int|i)_?(to|2)_?\w+|\w+_?(to|2)_?(id|idx|ix|int|i)$",
    re.IGNORECASE,
)
"""Common keys of vocabularies ("vocab", "chars", "stoi", "idx2word", "char_to_ix") and of numeric column names ("feature_names")."""
LABELS = re.compile(
    r"(?:id|idx|ix|ind|index|int|i)_?(?:to|2)_?(?:label|class|tag|categor|intent|emotion)\w*"
    r"|(?:label|class|tag|category|intent|emotion)(?:e?s)?_?(?:to|2)_?(?:id|idx|ix|ind|index|int|i)(?:e?s|x)?"
    r"|(?:all_?)?(?:labels?|class(?:es)?|tags?|target|categor(?:y|ies)|intents?|emotions?)_?(?:names?|list|map(?:ping)?|dict|vocab)"
    r"|(?:all_?)?(?:labels|classes|tags|categories|intents|emotions)",
    re.IGNORECASE,
)
"""Common keys of class names: "id2label", "class_names", "tag_to_ix"."""
ASIDE = re.compile(r"optim|sched|scaler", re.IGNORECASE)
"""Parts of a training checkpoint other than the weights that also hold tensors."""


def dicts(root: Any) -> Iterator[tuple[Path, Mapping[Any, Any]]]:
    """Yield every dict in the tree with its path, breadth first; each once, and none deeper than DEEPEST."""
    seen: set[int] = set()
    waiting: deque[tuple[Path, Any]] = deque([((), root)])
    while waiting:
        path, node = waiting.popleft()
        if id(node) in seen or len(path) > DEEPEST:
            continue
        seen.add(id(node))
        if isinstance(node, dict):
            yield path, node
            inner = [(key, value) for key, value in node.items() if isinstance(key, (str, int))]
        elif isinstance(node, (list, tuple)):
            inner = list(enumerate(node))
        else:
            continue
        waiting += [((*path, _name(key)), value) for key, value in inner if isinstance(value, (dict, list, tuple))]


def weights(root: Any, kinds: tuple[type, ...], recurrent: Callable[[str], bool]) -> tuple[Path, dict[str, Any]]:
    """Return the path of the weights, and the weights by name; empty if there are none.

    The weights are the dict with recurrent tensors, its siblings if the network is saved in parts, or the whole subtree if several dicts
    have recurrent tensors.

    kinds      tensor types in this tree
    recurrent  tells whether a name belongs to a recurrent layer's weight
    """
    every = _holders(root, kinds)
    first = {path: own for path, own in every.items() if not _aside(path)}
    for holders in (first, every):  # optimizer and scheduler state only as a last resort
        inside = [path for path, own in holders.items() if any(recurrent(name) for name in own)]
        if inside:
            break
    else:
        return (), {}
    check_count(sum(map(len, holders.values())))
    top = inside[0] if len(inside) == 1 else _common(inside)
    if len(inside) == 1 and top and any(path[:-1] == top[:-1] for path in holders if path != top):
        top = top[:-1]
    named = {
        ".".join((*path[len(top) :], name)): value
        for path, own in holders.items()
        if path[: len(top)] == top
        for name, value in own.items()
    }
    return top, named


def names(root: Any, kinds: tuple[type, ...]) -> list[str]:
    """Return the names of all tensors outside optimizer and scheduler state."""
    return [name for path, own in _holders(root, kinds).items() if not _aside(path) for name in own]


def _holders(root: Any, kinds: tuple[type, ...]) -> dict[Path, dict[str, Any]]:
    """Return the tensors of each dict that has some, by path. Optimizer state is skipped, whatever its name."""
    holders: dict[Path, dict[str, Any]] = {}
    optimizers: set[Path] = set()
    for path, node in dicts(root):
        if "param_groups" in node:
            optimizers.add(path)
        if any(path[:depth] in optimizers for depth in range(len(path) + 1)):
            continue
        own = {
            _name(key): value for key, value in node.items() if isinstance(key, (str, int)) and isinstance(value, kinds)
        }
        if own:
            holders[path] = own
    return holders


def _aside(path: Path) -> bool:
    return any(ASIDE.search(part[:LONGEST]) for part in path)


def _name(key: str | int) -> str:
    name = str(key)
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[:half]}…{name[-half:]}"


def _common(paths: list[Path]) -> Path:
    """Return the longest common prefix of the paths."""
    first, *others = paths
    same = next((k for k, part in enumerate(first) if any(other[k : k + 1] != (part,) for other in others)), len(first))
    return first[:same]


def vocabularies(root: Any) -> list[tuple[str, ...]]:
    """Return the symbols by id of every list or table named like a vocabulary."""
    return _symbols(root, lambda key: VOCABULARY.search(key) is not None and not LABELS.fullmatch(key))


def labels(root: Any) -> list[tuple[str, ...]]:
    """Return the class names by id of every list or table named like labels."""
    return _symbols(root, lambda key: LABELS.fullmatch(key) is not None)


def _symbols(root: Any, fits_name: Callable[[str], bool]) -> list[tuple[str, ...]]:
    called = {
        id(value): value
        for _, node in dicts(root)
        for key, value in node.items()
        if isinstance(key, str) and fits_name(key[:LONGEST])
    }  # each once, even if several keys refer to it
    fits = [
        value for value in called.values() if isinstance(value, (str, list, tuple, dict)) and len(value) <= MOST_SYMBOLS
    ]
    every = (tuple(value) if isinstance(value, str) else symbols_in(value, depth=1) for value in fits)
    return [symbols for symbols in every if 1 < len(symbols) <= MOST_SYMBOLS]
