"""Choice of the columns that a network reads; an ambiguous table is refused, with the choices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from explorer.models.encodings import WINDOWS, decoded
from explorer.models.tables.figures import COMMA, POINT, decimals, is_missing, number, signs
from explorer.models.tables.grid import BINARY, Grid, grid_of, of_numbers
from explorer.signals import Array

INDEX = frozenset({"", "unnamed: 0", "index", "idx", "id", "#", "row", "no", "no.", "nr", "nr."})
"""Names of columns that count the rows."""
UNNAMED = re.compile(r"x\d+")
"""Pattern of default names, of columns that nobody has named."""
MARKS = {POINT: "a decimal point", COMMA: "a decimal comma"}


class Choose(ValueError):
    """A table that could be read in several ways.

    what     "columns" or "decimal", the argument of `read_table` that settles it
    options  what it can be, as that argument takes it; columns by their place, from 1
    labels   the options in words
    """

    def __init__(self, message: str, what: str, options: Sequence[str | int], labels: Sequence[str]) -> None:
        super().__init__(message)
        self.what, self.options, self.labels = what, tuple(options), tuple(labels)


@dataclass(frozen=True)
class Table:
    """The numbers of a table as a network reads them.

    values   [step, column]
    columns  what the file calls these columns; empty where it does not name all of them
    says     which columns and rows were read, in sentences
    """

    values: Array
    columns: tuple[str, ...]
    says: str


def read_table(
    content: bytes, wanted: Sequence[str], *, columns: Sequence[str | int] = (), decimal: str | None = None
) -> Table:
    """Read a table of numbers from the bytes of a text file.

    wanted   the names of the network's columns: columns of these names are read, else the only ones that hold numbers
    columns  the columns to read instead, by name or by place from 1, in the order of `wanted`
    decimal  "." or ","; None: as the cells show it

    Separators (comma, semicolon, tab, bar, blanks), encodings, comments and the header are detected. Rows are counted as a spreadsheet
    does. Raise Choose, a ValueError, for a table that can be read in several ways, and ValueError for gaps and cells that are no numbers.
    """
    for magic, what in BINARY.items():
        if content.startswith(magic):
            raise ValueError(f"The file is not a table of comma-separated values (it is {what}). Save it as CSV.")
    try:
        text, encoding = decoded(content)
    except ValueError as error:
        raise ValueError(f"The file is not a table of comma-separated values ({error}).") from error
    grid = grid_of(text, len(wanted))
    places, notes = _chosen(grid, wanted, columns)
    marks = _marks(grid, places, decimal)
    values = np.array([_row(place, cells, places, marks) for place, cells in grid.rows])
    says = [_says(grid, places, wanted), *notes]
    if COMMA in marks:
        says.append("Decimal commas were read as decimal points.")
    if left := signs(cell for place in places for cell in grid.column(place)):
        says.append(f"Signs were left out: {', '.join(left)}.")
    if encoding == WINDOWS:
        says.append(f"The file is not UTF-8; it was read as {WINDOWS}.")
    names = tuple(grid.names[place] for place in places)
    return Table(values, names if all(names) else (), " ".join(says))


def _chosen(grid: Grid, wanted: Sequence[str], columns: Sequence[str | int]) -> tuple[list[int], list[str]]:
    """The places of the columns to read, and sentences on those that are left out."""
    if columns:
        if len(columns) != len(wanted):
            raise ValueError(f"{len(columns)} columns were chosen; {len(wanted)} are needed: {', '.join(wanted)}.")
        return [_place(grid, one) for one in columns], []
    names, needed = [name.strip().lower() for name in grid.names], [name.strip().lower() for name in wanted]
    if all(names.count(name) == 1 for name in needed):
        return [names.index(name) for name in needed], []
    numeric = [place for place in range(len(names)) if of_numbers(grid.column(place))]
    notes = []
    if len(numeric) > len(wanted) and grid.headed and _counts(grid, numeric[0]):
        notes = [f"Left out: {called(grid, numeric.pop(0))}, which counts the rows."]
    if len(numeric) < len(wanted):
        available = f"{len(numeric)} column{'' if len(numeric) == 1 else 's'} of numbers"
        raise ValueError(f"The file has {available}; {len(wanted)} are needed: {', '.join(wanted)}.")
    if len(numeric) > len(wanted):
        raise _ambiguous(grid, numeric, wanted)
    by_name = {
        needed.index(names[place]): place
        for place in numeric
        if names.count(names[place]) == 1 and names[place] in needed
    }
    others = iter(place for place in numeric if place not in by_name.values())
    if by_name and len(wanted) - len(by_name) > 1:
        raise _ambiguous(grid, numeric, wanted)
    return [by_name[k] if k in by_name else next(others) for k in range(len(wanted))], notes


def _ambiguous(grid: Grid, numeric: Sequence[int], wanted: Sequence[str]) -> Choose:
    labels = [_described(grid, place) for place in numeric]
    if len(grid.rows) == 1 and len(wanted) == 1 and not grid.headed:
        way = "Write each number in a row of its own, or choose one column."
    else:
        way = "Choose which, or name the columns of the file like those of the network."
    reads = f"the network reads {len(wanted)} ({', '.join(wanted)})"
    return Choose(
        f"The file has {len(numeric)} columns of numbers ({', '.join(labels[:8])}{', …' if len(labels) > 8 else ''}), but {reads}. {way}"
        if len(numeric) != len(wanted)
        else f"It is not clear which columns of the file ({', '.join(labels[:8])}) are which of the network ({', '.join(wanted)}). {way}",
        "columns",
        [place + 1 for place in numeric],
        labels,
    )


def _place(grid: Grid, column: str | int) -> int:
    names = [name.strip().lower() for name in grid.names]
    if isinstance(column, int) and 1 <= column <= len(names):
        return column - 1
    if isinstance(column, str) and names.count(column.strip().lower()) == 1:
        return names.index(column.strip().lower())
    there = ", ".join(called(grid, place) for place in range(len(names)))
    raise ValueError(f"The file has no column {column!r} that could be chosen; it has {there}.")


def _counts(grid: Grid, place: int) -> bool:
    """True if a column counts the rows, by its name and by its numbers."""
    if grid.names[place].strip().lower() not in INDEX:
        return False
    values = [number(cell) for cell in grid.column(place)]
    return all(b is not None and a is not None and b - a == 1 for a, b in pairwise(values))


def _marks(grid: Grid, places: Sequence[int], decimal: str | None) -> list[str]:
    """The decimal mark of each column that is read."""
    if decimal is not None:
        if decimal not in MARKS:
            raise ValueError(f"decimal is {decimal!r}; it can be “.” or “,”.")
        return [decimal] * len(places)
    numeric = [grid.column(place) for place in range(len(grid.names)) if of_numbers(grid.column(place))]
    sure = {
        decimals(cells)[0]
        for cells in numeric
        if len(decimals(cells)) == 1 and any(c in cell for cell in cells for c in ".,")
    }
    return [_mark(grid, place, sure) for place in places]


def _mark(grid: Grid, place: int, sure: set[str]) -> str:
    """The decimal mark of a column, where need be like that of the others."""
    fits = decimals(grid.column(place))
    if len(fits) == 1:
        return fits[0]
    cell = next(cell for cell in grid.column(place) if number(cell, POINT) != number(cell, COMMA))
    if "," in cell and len(sure) == 1:
        return next(iter(sure))
    if "." in cell and COMMA not in sure:
        return POINT
    ways = [f"{number(cell, mark):g} (with {MARKS[mark]})" for mark in (POINT, COMMA)]
    raise Choose(
        f"“{cell}” in {called(grid, place)} can be {ways[0]} or {ways[1]}. Choose the decimal mark, or write numbers without thousands "
        "separators.",
        "decimal",
        (POINT, COMMA),
        [MARKS[POINT], MARKS[COMMA]],
    )


def _row(place: int, cells: Sequence[str], places: Sequence[int], marks: Sequence[str]) -> list[float]:
    row = []
    for column, mark in zip(places, marks, strict=True):
        cell = cells[column]
        value = number(cell, mark)
        if value is None or not abs(value) <= float(np.finfo(np.float32).max):
            missing = (
                "has a gap"
                if not cell
                else f"has “{cell[:40]}”, which is {'a gap' if is_missing(cell) else 'not a finite number'}"
            )
            raise ValueError(f"Row {place} of the file {missing}.")
        row.append(value)
    return row


def _says(grid: Grid, places: Sequence[int], wanted: Sequence[str]) -> str:
    """ "Read column temperature, rows 2 to 121." """
    names = ", ".join(called(grid, place).removeprefix("column ") for place in places)
    rows = [place for place, _ in grid.rows]
    span = f"rows {rows[0]} to {rows[-1]}" if len(rows) > 1 else f"row {rows[0]}"
    other = [name.strip().lower() for name in wanted] != [grid.names[place].strip().lower() for place in places]
    renamed = f" as {', '.join(wanted)}" if other and grid.headed and not all(map(UNNAMED.fullmatch, wanted)) else ""
    return f"Read column{'' if len(places) == 1 else 's'} {names}{renamed}, {span}."


def called(grid: Grid, place: int) -> str:
    """A column by its name, or by its place where it has none of its own."""
    name = grid.names[place].strip()
    alone = name and [one.strip() for one in grid.names].count(name) == 1
    return f"column {name[:40]}" if alone else f"column {place + 1}"


def _described(grid: Grid, place: int) -> str:
    """A column with its first cells, to choose from."""
    cells = grid.column(place)
    few = ", ".join(cell[:12] for cell in cells[:3]) + (", …" if len(cells) > 3 else "")
    return f"{called(grid, place)} ({few})"
