"""A sequence with its right answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Example:
    """A sequence as a person types it, and its right answer.

    answer  None if the text itself holds the answers (next token, forecast); a label (class); one label a token, None to leave a token
            out (label); the number at the end, or one a step (number)
    """

    text: str
    answer: Any = None
