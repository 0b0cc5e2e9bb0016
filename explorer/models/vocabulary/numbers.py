"""Numbers: a row a step."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explorer.models.vocabulary.encoded import Encoded, listed, shortened
from explorer.signals import Array

ROW = re.compile(r"[^;\n]*[;\n]?")
VALUE = re.compile(r"[^\s,|]+")
GAP = re.compile(r"[,|]\s*[,|]")


@dataclass(frozen=True)
class Numbers:
    """Rows of numbers: a step a line or between semicolons; values between blanks, commas or tabs. `symbols` names the columns."""

    symbols: tuple[str, ...]
    kind: ClassVar[str] = "numbers"
    one: ClassVar[str] = "row"
    unknown: ClassVar[int | None] = None
    labels: ClassVar[tuple[str, ...]] = ()

    def __len__(self) -> int:
        return len(self.symbols)

    def id_of(self, symbol: str) -> int:
        """There are no ids: always a ValueError."""
        raise ValueError(f"{symbol!r} has no id: this model reads rows of {len(self)} numbers")

    def pieces(self, text: str) -> list[str]:
        """A row a piece; joined they are the text again but for empty rows."""
        return [row for row in ROW.findall(text) if row.rstrip(";\n").strip()]

    def joined(self, tokens: Sequence[str]) -> str:
        """A row a line."""
        return "\n".join(tokens)

    def written(self, rows: Array) -> str:
        """Numbers [step, column] as a text that reads as the same float32 values."""
        return self.joined([" ".join(f"{value:.9g}" for value in row) for row in np.asarray(rows, dtype=np.float64)])

    def encode(self, text: str) -> Encoded:
        """Encode rows of numbers. Raises ValueError for a row without one number a column; it names the row and its
        content."""
        rows, tokens = [], []
        for place, piece in enumerate(self.pieces(text), start=1):
            row = piece.rstrip(";\n").strip()
            values = VALUE.findall(row)
            where = f"row {place} is “{shortened(row)}”"
            if GAP.search(row):
                raise ValueError(f"{where}: a number is missing between two commas; write 0 where there is nothing")
            rows.append([_number(value, place) for value in values])
            tokens.append(" ".join(values))
            if len(values) != len(self):
                raise ValueError(
                    f"{where}: it holds {len(values)} number{'' if len(values) == 1 else 's'}, but a row needs {len(self)} "
                    f"({listed(self.symbols)}); write a row a line, or a semicolon after each"
                )
        return Encoded(np.array(rows, dtype=np.float32).reshape(-1, len(self)), tuple(tokens), ())


def _number(value: str, row: int) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    with np.errstate(over="ignore"):
        fits = math.isfinite(np.float32(number))
    if not fits:
        raise ValueError(
            f"row {row} has “{shortened(value)}”, which is not a finite number; write numbers such as 0.52"
        )
    return number
