"""Several saved states of one network in a file: its best and its last, or an average of its weights."""

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
"""Words for a saved state, in the order in which states are preferred; the empty set stands for a state without such a word."""
GENERIC = frozenset(
    "model module net network nn state dict statedict weights params parameters student online checkpoint ckpt orig mod".split()
)
"""What people call any network."""
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
DEEPEST = 8


@dataclass(frozen=True)
class State:
    """The tensors of one state.

    label  what the file calls it: "best_model"; empty where its tensors have nothing in common
    names  of its tensors
    """

    label: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class States:
    """The state that is read first, and the others; `shared` names tensors that belong to all of them."""

    first: State
    others: tuple[State, ...]
    shared: tuple[str, ...] = field(default=())


def states(
    shapes: Mapping[str, Shape], recurrent: Callable[[str], bool], same: Callable[[str, str], bool]
) -> States | None:
    """The states in a file by the names and shapes of its tensors; None where it holds one network, or different ones.

    recurrent  whether a name is that of a recurrent layer's weight
    same       whether two tensors hold the same numbers: a state that repeats the first one is left out
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
    """The words that say which state a tensor belongs to, and its name without them: ("best", "model"), "rnn.weight_ih_l0".

    First with as many words as the name begins with, then with fewer.
    """
    key: Key = ()
    parts = name.split(".")
    found: list[tuple[Key, str]] = [(key, name)]
    while len(parts) > 1 and len(found) < DEEPEST:
        words = [word.lower() for word in WORD.findall(parts[0])]
        hints = [word for word in words if _is_hint(word)]
        others = [word for word in words if not _is_hint(word) and word not in GENERIC]
        if not words or (others and not hints):
            break
        if others:  # "best_encoder": the encoder of the best state
            key += tuple(hints)
            found.append((key, ".".join(["_".join(others), *parts[1:]])))
            break
        key += tuple(words)
        parts = parts[1:]
        found.append((key, ".".join(parts)))
    return found[::-1]


def _is_hint(word: str) -> bool:
    return any(word in words for words in HINTS)


def _rank(key: Key) -> int:
    """By the last of the words that have a place in `HINTS`."""
    return max((k for k, words in enumerate(HINTS) if words & set(key)), default=HINTS.index(frozenset()))


def _state(key: Key, names: Mapping[str, str]) -> State:
    """Labelled by what stands before all its names, or else by the words that they have in common."""
    before = {name.removesuffix(inner).rstrip("._") if name.endswith(inner) else None for inner, name in names.items()}
    alone = before.pop() if len(before) == 1 else None
    return State(" ".join(key) if alone is None else alone, tuple(names.values()))
