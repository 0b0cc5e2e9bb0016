"""Words of praise and blame, with their valence."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

PATH = Path(__file__).parents[2] / "assets" / "lexicons" / "sentiment-words.json"


@cache
def valences() -> dict[str, float]:
    """word -> valence from -4 to 4, of VADER's lexicon (Hutto & Gilbert 2014, MIT licence); the words that shipped models know."""
    words: dict[str, float] = json.loads(PATH.read_text(encoding="utf-8"))
    return words
