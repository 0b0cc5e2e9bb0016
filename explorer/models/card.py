"""Card of a model: its task, its training, its scores, the units to look at. A JSON file beside the weights."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from explorer.models.vocabulary import KINDS, Reader
from explorer.summary import shape_of

WINDOW = 1000
FOLLOWS = 0.5
"""The least |r| on held-out sequences at which a unit is named after a property."""
DISTINCT = 2.0
"""An effect counts if its mean over places is more than so many standard errors from 0."""
OWN, UNTRAINED = "own", "untrained"
"""Rules of the opening finding of a network without measurements: from the user's own file, or with random weights."""


@dataclass(frozen=True, kw_only=True)
class Headline:
    """Which held-out score counts, and how it is read out: "2.12 bits a character", "99 % of the verbs right".

    baseline       the score of a network without a memory; None if the card has none
    baseline_says  the name of that baseline
    """

    key: str
    says: str
    better: Literal["higher", "lower"]
    percent: bool = False
    baseline: float | None = None
    baseline_says: str = "without a memory"

    def number(self, score: float) -> str:
        """A score as it is written; never rounded up to all."""
        if not self.percent:
            return f"{score:.2f}" if score >= 0.1 else f"{score:.2g}"
        share = 100 * score
        return f"{share:.0f} %" if share in (0, 100) or 1 <= share < 99 else f"{int(share * 10) / 10:.1f} %"

    def words(self, score: float) -> str:
        """Score in words, with its headline."""
        return f"{self.number(score)} {self.says}"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A unit that follows a property, and its effect. Found by a rule after training; correlation alone is not meaning.

    follows      the property, in plain words
    correlation  of the unit's memory with the property on held-out sequences; the unit was chosen on others
    null         what the best of all units reaches by chance: the 95th percentile over circular shifts of the property
    erased       mean change of what is `measured` when the unit's memory is held at its mean
    forced       the same from holding it at one end of its range (5th percentile) to the other (95th), as the property rises
    rank         of |forced| among all units, 1 the largest
    foretells    in words, what it should move
    measured     what `erased` and `forced` are in: "log₂ P", or "value"
    places       at how many held-out places they were measured
    text, step   where it is to be seen, by `rule`
    counted      whether the memory was taken as it is, since the property has no bound, and not through tanh
    expected     the sign that `forced` has if the unit does what the property foretells: 1 raises, -1 lowers
    erased_deviation, forced_deviation  standard deviation of the change over the places; None on cards that lack it
    """

    follows: str
    layer: int
    unit: int
    correlation: float
    null: float
    erased: float
    forced: float
    rank: int
    foretells: str
    measured: str
    places: int
    text: str
    step: int
    rule: str
    counted: bool = False
    expected: int = 1
    erased_deviation: float | None = None
    forced_deviation: float | None = None

    @property
    def follows_it(self) -> bool:
        """True if the unit follows the property: |r| at least FOLLOWS and twice what chance reaches; where chance reaches much, as on
        sequences that are all alike, at least halfway from there to 1."""
        return abs(self.correlation) >= max(FOLLOWS, min(2 * self.null, (1 + self.null) / 2))

    @property
    def acts(self) -> bool:
        """True if forcing the unit moves the answer that the property predicts, in the expected direction, by more than chance.

        Its mean effect is more than DISTINCT standard errors (deviation / √places) from 0. True if no effect was measured.
        """
        if not self.places:
            return True
        return self.expected * self.forced > 0 and distinct(self.forced, self.forced_deviation, self.places)

    @property
    def holds(self) -> bool:
        """True if the unit may be named after the property: it follows the property, and acts as the property predicts."""
        return self.follows_it and self.acts


def distinct(mean: float, deviation: float | None, places: int) -> bool:
    """True if a mean over places differs from 0 by more than DISTINCT standard errors; without a deviation, if it is not 0."""
    error = (deviation or 0.0) / math.sqrt(max(1, places))
    return abs(mean) > DISTINCT * error


@dataclass(frozen=True, kw_only=True)
class Card:
    """Facts about a shipped model. `scores` are measured by the recipe; `command` trains it again.

    tokens      the kind of its input: "characters", "words" or "numbers"
    vocabulary  the symbols it knows, or the names of its columns
    answer      the meaning of its readout (`explorer.models.answers`); `labels` names the columns, except for next tokens
    seeds       every seed that was trained, with its scores
    """

    name: str
    task: str
    title: str
    sentence: str
    group: str
    cell: str
    options: Mapping[str, Any] = field(default_factory=dict)
    input_size: int
    hidden_size: int
    num_layers: int = 1
    bidirectional: bool = False
    tokens: str = "characters"
    vocabulary: tuple[str, ...]
    answer: str = "next token"
    labels: tuple[str, ...] = ()
    corpus: Mapping[str, str]
    licence: str
    seed: int
    seeds: tuple[Mapping[str, Any], ...] = ()
    budget: Mapping[str, Any]
    command: str
    scores: Mapping[str, float]
    headline: Headline
    parameters: int
    sha256: str
    findings: tuple[Finding, ...]
    examples: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """One line, so that a list of cards can be read; the fields hold the rest."""
        shape = shape_of(self.rows, self.hidden_size, self.bidirectional)
        score = self.headline.words(self.score) if self.scores else "no score"
        return f"<Card {self.name}: {self.cell}, {shape}, {score}>"

    @property
    def show(self) -> Finding:
        """Finding that the model opens on."""
        return self.findings[0]

    @property
    def reader(self) -> Reader:
        """Tokenizer: turns a text into ids or numbers."""
        return KINDS[self.tokens](self.vocabulary)

    @property
    def window(self) -> int:
        """Most steps that it may read at once: a page can still show them, and a server keep them for many users."""
        return WINDOW

    def affords(self, steps: int, readings: int) -> bool:
        """True if a shared server can afford `readings` passes over `steps` steps; shipped models are small enough."""
        return True

    @property
    def rows(self) -> int:
        """Layers times directions."""
        return self.num_layers * (2 if self.bidirectional else 1)

    @property
    def wired(self) -> bool:
        """True if the weights were written by hand, without training."""
        return not self.budget and self.measured

    @property
    def fitted(self) -> bool:
        """True if its cell kept its initial weights and only the readout was fitted, which takes other steps than training."""
        return "penalty" in self.budget

    @property
    def untrained(self) -> bool:
        """True if the weights are the initial ones: without training there is no score and no finding."""
        return self.show.rule == UNTRAINED

    @property
    def own(self) -> bool:
        """True if it came from the user's own file: then neither its units nor its score were measured."""
        return self.show.rule == OWN

    @property
    def measured(self) -> bool:
        """True if it has a score, and findings on the properties that its units follow."""
        return bool(self.scores)

    @property
    def score(self) -> float:
        """The held-out score that counts; an untrained network has none."""
        return self.scores[self.headline.key]

    @staticmethod
    def read(path: Path) -> Card:
        values = json.loads(path.read_text(encoding="utf-8"))
        values.pop("show")
        parts = {
            "vocabulary": tuple(values["vocabulary"]),
            "labels": tuple(values["labels"]),
            "seeds": tuple(values["seeds"]),
            "headline": Headline(**values["headline"]),
            "findings": tuple(Finding(**finding) for finding in values["findings"]),
        }
        return Card(**values | parts)

    def write(self, path: Path) -> None:
        """Write the card as JSON, with `show` spelled out for people who read the file itself."""
        values = asdict(self) | {"show": asdict(self.show)}
        path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
