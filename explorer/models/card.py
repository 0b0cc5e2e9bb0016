"""A model's card: what it is, what it was trained on, how good it is, what to look at. A JSON file beside the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Show:
    """Where a model's effect is to be seen, found by a rule after training.

    property      what the unit follows, in plain words
    correlation   of the unit's memory with the property, on held-out text
    effect        what erasing the unit (holding its memory at its mean) does: the mean change of log2 P(`foretells`)
    places        at how many held-out places that was measured
    rank          of that effect among all units, 1 the largest
    rule          how unit and step were chosen
    """

    text: str
    step: int
    layer: int
    unit: int
    property: str
    correlation: float
    effect: float
    foretells: str
    places: int
    rank: int
    rule: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """What is known of a shipped model. `scores` are measured by the recipe; `command` trains it again."""

    name: str
    task: str
    title: str
    reads: str
    cell: str
    options: Mapping[str, Any] = field(default_factory=dict)
    input_size: int
    hidden_size: int
    num_layers: int = 1
    bidirectional: bool = False
    vocabulary: tuple[str, ...]
    corpus: Mapping[str, str]
    licence: str
    seed: int
    budget: Mapping[str, Any]
    command: str
    scores: Mapping[str, float]
    parameters: int
    sha256: str
    show: Show
    examples: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Layers times directions."""
        return self.num_layers * (2 if self.bidirectional else 1)

    @staticmethod
    def read(path: Path) -> Card:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Card(**values | {"vocabulary": tuple(values["vocabulary"]), "show": Show(**values["show"])})

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
