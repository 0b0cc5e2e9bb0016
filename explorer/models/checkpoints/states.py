"""Find several saved states of one network in a file: best and last, or averaged weights."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Shape = tuple[int, ...]
Key = tuple[str, ...]

BEST = frozenset({"best"})
LAST = frozenset({"last", "latest", "final", "current"})
OTHER = frozenset({"target", "old", "previous", "init", "initial"})
AVERAGES = frozenset({"ema", "swa", "avg", "average", "averaged", "shadow", "teacher", "polyak"})
HINTS = (BEST, frozenset[str](), LAST, OTHER, AVERAGES)
"""Words for a saved state, in order of preference; the empty set stands for a state without such a word."""
GENERIC = frozenset(
    "model module net network nn state dict statedict weights params parameters student online checkpoint ckpt orig mod".split()
)
"""Generic names of networks."""
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
DEEPEST = 8


@dataclass(frozen=True)
class State:
    """The tensors of one state.

    label  name in the file: "best_model"; empty if its tensors have no common prefix
    names  names of its tensors
    """

    label: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class States:
    """The preferred state and the others; `shared` lists the tensors that belong to all of them."""

    first: State
    others: tuple[State, ...]
    shared: tuple[str, ...] = field(default=())


def states(
    shapes: Mapping[str, Shape], recurrent: Callable[[str], bool], same: Callable[[str, str], bool]
) -> States | None:
    """Return the states in a file by the names and shapes of its tensors; None for a single network, or for different ones.

    recurrent  tells whether a name belongs to a recurrent layer's weight
    same       tells whether two tensors hold the same numbers: a state that repeats the first one is omitted
    """
    keys = {_splits(name)[0][0] for name in shapes if recurrent(name)}
    groups: dict[Key, dict[str, str]] = {key: {} for key in keys}
    for name in shapes:
        key, inner = next((split for split in _splits(name) if split[0] in keys), (None, name))
        if key is not None:
            groups[key][inner] = name
    candidates = [key for key in groups if any(recurrent(name) for name in groups[key].values())]
    if len(candidates) < 2:
        return None
    first, *rest = sorted(candidates, key=_rank)
    whole = {inner: shapes[name] for inner, name in groups[first].items()}
    layers = {inner for inner, name in groups[first].items() if recurrent(name)}
    others = [
        key
        for key in rest
        if {inner for inner, name in groups[key].items() if recurrent(name)} == layers
        and all(whole.get(inner) == shapes[name] or not shapes[name] for inner, name in groups[key].items())
    ]
    if not others:
        return None
    in_states = {name for key in (first, *others) for name in groups[key].values()}
    different = [
        key
        for key in others
        if not all(same(groups[first][inner], groups[key][inner]) for inner in groups[key] if inner in whole)
    ]
    return States(
        _state(first, groups[first]),
        tuple(_state(key, groups[key]) for key in different),
        tuple(name for name in shapes if name not in in_states),
    )


def _splits(name: str) -> list[tuple[Key, str]]:
    """Split the words for a state from the rest of a tensor's name: ("best", "model"), "rnn.weight_ih_l0".

    The split with the most words comes first.
    """
    key: Key = ()
    parts = name.split(".")
    splits: list[tuple[Key, str]] = [(key, name)]
    while len(parts) > 1 and len(splits) < DEEPEST:
        words = [word.lower() for word in WORD.findall(parts[0])]
        hints = [word for word in words if _is_hint(word)]
        others = [word for word in words if not _is_hint(word) and word not in GENERIC]
        if not words or (others and not hints):
            break
        if others:  # "best_encoder": the encoder of the best state
            key += tuple(hints)
            splits.append((key, ".".join(["_".join(others), *parts[1:]])))
            break
        key += tuple(words)
        parts = parts[1:]
        splits.append((key, ".".join(parts)))
    return splits[::-1]


def _is_hint(word: str) -> bool:
    return any(word in words for words in HINTS)


def _rank(key: Key) -> int:
    """Return the rank of a state: the last position in `HINTS` of any of its words."""
    return max((k for k, words in enumerate(HINTS) if words & set(key)), default=HINTS.index(frozenset()))


def _state(key: Key, names: Mapping[str, str]) -> State:
    """Return a state, labelled by the common prefix of its names, or else by their common words."""
    before = {name.removesuffix(inner).rstrip("._") if name.endswith(inner) else None for inner, name in names.items()}
    alone = before.pop() if len(before) == 1 else None
    return State(" ".join(key) if alone is None else alone, tuple(names.values()))
