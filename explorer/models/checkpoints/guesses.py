"""Guesses about a state dict: the embedding and the readout of each group of layers, and the unused tensors."""

from __future__ import annotations

import re
from bisect import bisect, bisect_left
from collections.abc import Collection, Mapping
from functools import lru_cache

from explorer.models.checkpoints.contents import Contents, Linear, Recurrent
from explorer.models.checkpoints.halves import AMBIGUOUS, ATTENTION, half_of

EMBEDDING = re.compile(r"emb|wte|lookup|word_?vec|token", re.IGNORECASE)
READOUT = re.compile(r"out|fc|head|dec|linear|dense|proj|classif|logit|lm_|pred|final", re.IGNORECASE)
"""Common names of embeddings and readouts."""
WORD = re.compile(r"[a-z]+", re.IGNORECASE)
COMMON = frozenset(
    "model module net network rnn rnns lstm lstms gru grus cell cells layer layers linear dense fc out weight nn".split()
)
"""Words too common to identify a part of a network."""
MOST = 64
"""Maximum number of candidates to compare with all recurrent layers."""


def unused(
    contents: Contents, recurrent: Recurrent, embedding: str | None, readout: Collection[str]
) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the tensors, by name, that these layers, this table and these linear layers do not use.

    Tensors of other saved states are omitted.
    """
    used = {*recurrent.tensors}
    for name in (embedding or "", *readout):
        used |= {*contents.sources.get(name, ())}
    others = {name for state, names in contents.states.items() if state != recurrent.state for name in names}
    return {name: shape for name, shape in contents.shapes.items() if name not in used and name not in others}


class Guesses:
    """Likely parts of the networks in a file, by name, width and position. In an alphabetical file, positions carry no information."""

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        names = list(contents.shapes)
        self.place: Mapping[str, int] = {} if names == sorted(names) else {name: k for k, name in enumerate(names)}
        self._layers = [(one.state, _words(one.where)) for one in contents.recurrent]
        self._closest: dict[tuple[str, str], int] = {}
        self._lasts: dict[str, int | None] = {}
        self._ends: list[int] = []
        self._others = {name: state for state, names in contents.states.items() for name in names}
        self._has_attention = any(ATTENTION.search(name) for name in (*contents.linears, *names))
        self._tables: dict[int, list[str]] = {}
        for name in sorted(contents.tables, key=lambda name: not EMBEDDING.search(name)):
            self._tables.setdefault(contents.tables[name].shape[1], []).append(name)
        hidden = set(contents.hidden)
        self._readouts: dict[int, list[str]] = {}
        for name, one in contents.linears.items():
            if name not in hidden and not ATTENTION.search(name):
                self._readouts.setdefault(one.weight.shape[1], []).append(name)

    def tables(self, recurrent: Recurrent) -> list[str]:
        """Return the tables as wide as the layers' input, the likeliest embedding first."""

        def order(name: str) -> tuple[bool, bool, bool, bool]:
            return (
                self.of_another(name, recurrent),
                bool(recurrent.half) and half_of(name) not in ("", recurrent.half),
                not EMBEDDING.search(name),
                self.behind(name, recurrent),
            )

        fits = [name for name in self._tables.get(recurrent.input_size, ()) if self.in_state(name, recurrent)]
        return [*sorted(fits[:MOST], key=order), *fits[MOST:]]

    def readouts(self, recurrent: Recurrent, embedding: str | None = None) -> list[str]:
        """Return the linear layers that could read the top layer's h, likeliest first. `embedding` is the chosen table.

        Attention matrices, hidden layers (`Contents.hidden`) and parts of other recurrent layers are excluded. The list is empty for an
        encoder, which has no answer of its own.
        """
        if recurrent.half == "encoder":
            return []
        fits = [
            name
            for name in self._readouts.get(recurrent.outputs, ())[-MOST:]
            if name != embedding
            and self.in_state(name, recurrent)
            and not self.of_another(name, recurrent)
            and not self.read_first(name, recurrent)
            and not (name in self.contents.tables and self.before(name, recurrent))
            and (not recurrent.half or half_of(name) in ("", recurrent.half))
        ]
        if len(fits) > 1 or self._has_attention:
            fits = [name for name in fits if not AMBIGUOUS.search(name)]

        def order(name: str) -> tuple[bool, bool, int]:
            return self.before(name, recurrent), not READOUT.search(name), self.between(name, recurrent)

        fits.reverse()  # among equals, the last one comes first
        return sorted(fits, key=order)

    def in_state(self, name: str, recurrent: Recurrent) -> bool:
        """Return whether the part belongs to the same saved state as the layers."""
        sources = self.contents.sources.get(name, ())
        return not sources or self._others.get(sources[0], recurrent.state) == recurrent.state

    def of_another(self, name: str, recurrent: Recurrent) -> bool:
        """Return whether the name of the part is closer to other recurrent layers: "decoder.out" to "decoder.rnn"."""
        key = name, recurrent.state
        if key not in self._closest:
            layers = (words for state, words in self._layers if state == recurrent.state)
            self._closest[key] = max((len(_words(name) & words) for words in layers), default=0)
        return self._closest[key] > len(_words(name) & _words(recurrent.where))

    def behind(self, name: str, recurrent: Recurrent) -> bool:
        """Return whether the part comes after the layers in the file."""
        place, last = self._part(name), self._last(recurrent)
        return place is not None and last is not None and place > last

    def before(self, name: str, recurrent: Recurrent) -> bool:
        """Return whether the part comes before the layers in the file."""
        place, last = self._part(name), self._last(recurrent)
        return place is not None and last is not None and place < last

    def between(self, name: str, recurrent: Recurrent) -> int:
        """Return the number of other recurrent layers between the layers and the part."""
        place, last = self._part(name), self._last(recurrent)
        if place is None or last is None:
            return 0
        if not self._ends:
            self._ends = sorted(end for one in self.contents.recurrent if (end := self._last(one)) is not None)
        return bisect_left(self._ends, place) - bisect(self._ends, last)

    def read_first(self, name: str, recurrent: Recurrent) -> bool:
        """Return whether other layers in between could read these layers and feed the part: two nn.LSTM in a row."""
        width = self.contents.linears[name].weight.shape[1]
        return any(
            self._follows(other, recurrent) and other.outputs == width and not self.before(name, other)
            for other in self.contents.recurrent
            if other.state == recurrent.state and not self.of_another(name, other)
        )

    def _follows(self, other: Recurrent, recurrent: Recurrent) -> bool:
        """Return whether `other` could read `recurrent`: its input has that width, and it comes later in the file or by number."""
        if other.input_size != recurrent.outputs or other.where == recurrent.where or other.half != recurrent.half:
            return False
        last, theirs = self._last(recurrent), self._last(other)
        if last is None or theirs is None:
            return _numbers(recurrent.where) < _numbers(other.where) and _words(recurrent.where) == _words(other.where)
        return last < theirs

    def _part(self, name: str) -> int | None:
        sources = self.contents.sources.get(name, ())
        return self.place.get(sources[0]) if sources else None

    def _last(self, recurrent: Recurrent) -> int | None:
        if recurrent.where not in self._lasts:
            places = (self.place[name] for name in recurrent.tensors if name in self.place)
            self._lasts[recurrent.where] = max(places, default=None)
        return self._lasts[recurrent.where]


def hidden_layers(
    linears: Mapping[str, Linear], places: Mapping[str, int] | None, layers: Collection[int]
) -> tuple[str, ...]:
    """Return the linear layers that another one reads: it has a matching width and follows with no recurrent layer between.

    places  position of each in the file; None for an alphabetical file, in which only the widths decide
    layers  positions of the recurrent layers
    """
    names = [name for name in linears if not ATTENTION.search(name)]
    place = {name: k for k, name in enumerate(names)} if places is None else places
    starts = sorted(layers)
    part = {name: 0 if places is None else bisect(starts, place[name]) for name in names}
    last: dict[tuple[int, int], int] = {}
    widths: set[tuple[int, int]] = set()
    for name in names:
        outputs, inputs = linears[name].weight.shape
        last[part[name], inputs] = max(place[name], last.get((part[name], inputs), -1))
        widths.add((inputs, outputs))
    sizes: dict[int, set[int]] = {}
    for inputs, outputs in widths:
        sizes.setdefault(inputs, set()).add(outputs)

    def is_read(name: str) -> bool:
        outputs, inputs = linears[name].weight.shape
        if last.get((part[name], outputs), -1) > place[name]:
            return True
        return places is None and bool(sizes.get(outputs, set()) - {inputs})

    return tuple(name for name in names if is_read(name))


@lru_cache(4096)
def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in WORD.findall(name)) - COMMON


def _numbers(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d{1,9}", name)]
