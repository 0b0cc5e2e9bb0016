"""The text of a table as cells: separators, comments, headers after a “#”, and rows as a spreadsheet counts them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from explorer.models.tables.figures import is_missing, is_number

SEPARATORS = "\t;|,"
"""Separators between the values of a row, the most reliable one first; blanks if a row has none of these."""
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[,;\s]*', re.IGNORECASE)
"""Line that a spreadsheet writes before the first row to name the separator. It does not count that line as a row."""
NOTHING = "\x1f"
"""Stands for no separator: a character that no table has."""
DECIMAL_COMMA = re.compile(r"[+-]?\d+(,\d+)?")
DECIMALS_APART = re.compile(r"([+-]?\d+(,\d+)?\s+)+[+-]?\d+(,\d+)?")
GROUPED = re.compile(r"[+-]?\d{1,3}(\s\d{3})+([.,]\d+)?")
LOOKED_AT = 200
"""Lines, by which the separator is found."""
MOSTLY = 0.9
"""Share of these lines that has to hold the separator."""
BINARY = {
    b"PK\x03\x04": "a ZIP archive, such as an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "a Parquet file",
}


@dataclass(frozen=True)
class Grid:
    """The cells of a table.

    names    of the columns; empty strings where there is no header
    rows     of numbers and texts, each with its number in a spreadsheet; as many cells as there are names
    headed   whether the file names its columns
    """

    names: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    headed: bool

    def column(self, place: int) -> list[str]:
        """The cells of a column."""
        return [cells[place] for _, cells in self.rows]


def grid_of(text: str, wanted: int) -> Grid:
    """The cells of a table in a text; `wanted` is the number of columns that the network reads.

    Raise ValueError for what is no table.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    declared = SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    lines, comment = _without_comments(lines[1:] if declared else lines)
    if not any(line.strip() for line in lines):
        raise ValueError("The file is empty.")
    separator = declared[1] if declared else _separator(lines, wanted)
    rows = [(place, cells) for place, cells in enumerate(_cells(lines, separator), start=1) if any(cells)]
    if not rows:
        raise ValueError("The file is empty.")
    names = _named_in(comment, separator, len(rows[0][1])) or ()
    if not names and _is_header(rows):
        names = tuple(rows.pop(0)[1])
    if not rows:
        raise ValueError("The file has no rows of numbers.")
    return _aligned(names, rows)


def _without_comments(lines: Sequence[str]) -> tuple[list[str], str]:
    """The lines with empty ones in place of comments, so that rows keep their numbers; and the comment right before the first row."""
    uncommented = ["" if line.lstrip().startswith("#") else line for line in lines]
    first = next((k for k, line in enumerate(uncommented) if line.strip()), 0)
    return uncommented, lines[first - 1].lstrip(" #\t") if first and lines[first - 1].lstrip().startswith("#") else ""


def _separator(lines: Sequence[str], wanted: int) -> str:
    """Separator of the values of a row; NOTHING if each line is one value."""
    some = [line.strip() for line in lines if line.strip()][:LOOKED_AT]
    for separator in SEPARATORS[:-1]:
        if separator in some[0] or sum(separator in line for line in some) >= MOSTLY * len(some):
            return separator
    header, data = (some[:1], some[1:]) if re.search(r"[^\W\d_]", some[0]) and len(some) > 1 else ([], some)
    if all(DECIMAL_COMMA.fullmatch(line) for line in data) and any("," in line for line in data):
        return _of_commas(header, data, wanted)
    if all(GROUPED.fullmatch(line) for line in data) and (wanted == 1 or (header and len(header[0].split()) == 1)):
        raise ValueError(
            f"“{data[0][:40]}” can be one number with a blank between its thousands, or several. Write numbers without thousands "
            "separators."
        )
    if any("," in line for line in header) or sum("," in line for line in data) >= MOSTLY * len(data):
        return " " if all(DECIMALS_APART.fullmatch(line) for line in data) else ","
    return " " if any(len(line.split()) > 1 for line in data) else NOTHING


def _of_commas(header: Sequence[str], data: Sequence[str], wanted: int) -> str:
    """Separator of lines such as “0,5”: a comma if it separates two columns, NOTHING if it is a decimal comma."""
    if header:
        return "," if "," in header[0] else NOTHING
    if not all("," in line for line in data):
        return NOTHING
    if wanted == 1:
        raise ValueError(
            f"The comma in “{data[0][:40]}” can be a decimal comma, or separate two columns. Write decimal points, or name the column in "
            "the first row."
        )
    return ","


def _cells(lines: Sequence[str], separator: str) -> list[list[str]]:
    """The cells of each line, all of the same number. Empty columns at the end, which a trailing separator makes, are left out."""
    text = "\n".join(lines)
    try:
        if separator == " ":
            width = max(len(line.split()) for line in lines)
        else:
            counted = csv.reader(lines, delimiter=separator, skipinitialspace=separator != "\t", strict=True)
            width = max(len(row) for row in counted)
        frame = pd.read_csv(
            io.StringIO(text),
            sep=r"\s+" if separator == " " else separator,
            header=None,
            names=range(max(1, width)),
            index_col=False,
            dtype=str,
            na_filter=False,
            skip_blank_lines=False,
            skipinitialspace=True,
        )
    except (csv.Error, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"The file is not a table of comma-separated values ({str(error).strip()}).") from error
    cells = [[str(cell).strip() for cell in row] for row in frame.fillna("").to_numpy().tolist()]
    while cells and len(cells[0]) > 1 and not any(row[-1] for row in cells):
        cells = [row[:-1] for row in cells]
    return cells


def _named_in(comment: str, separator: str, width: int) -> tuple[str, ...]:
    """The names of the columns in a comment before the first row, as numpy.savetxt writes them; none where they are not as many."""
    for mark in (separator, *SEPARATORS, " "):
        names = comment.split() if mark == " " else [name.strip().strip('"') for name in comment.split(mark)]
        if len(names) == width and all(names) and not any(map(is_number, names)):
            return tuple(names)
    return ()


def _is_header(rows: Sequence[tuple[int, Sequence[str]]]) -> bool:
    """True if the first row names the columns: it has a name above a column of numbers, or counts columns as pandas
    does."""
    (_, first), below = rows[0], [cells for _, cells in rows[1:]]
    if not below:
        return not any(map(is_number, first))
    if not first[0] and len(first) > 1 and list(first[1:]) == [str(k) for k in range(len(first) - 1)]:
        return [cells[0] for cells in below] == [str(k) for k in range(len(below))]
    named = [cell and not is_number(cell) and not is_missing(cell) for cell in first]
    if all(named):
        return True
    return any(name and of_numbers([cells[k] for cells in below]) for k, name in enumerate(named))


def of_numbers(cells: Sequence[str]) -> bool:
    """True if at least half of the filled cells are numbers: then the others are errors."""
    filled = [cell for cell in cells if not is_missing(cell)]
    return bool(filled) and 2 * sum(map(is_number, filled)) >= len(filled)


def _aligned(names: tuple[str, ...], rows: Sequence[tuple[int, Sequence[str]]]) -> Grid:
    """The header and the rows with one cell a column. Raise ValueError for a row that is longer than the first one.

    Where all rows have one cell more than the header, the first is the row's name, as R writes it.
    """
    headed = bool(names)
    lengths = [_length(cells) for _, cells in rows]
    width = _length(names) if headed else lengths[0]
    if headed and len(rows) > 0 and all(length == width + 1 for length in lengths):
        names, width = ("", *names), width + 1
    for (place, _), length in zip(rows, lengths, strict=True):
        if length > width:
            raise ValueError(f"Row {place} of the file has {length} values, but the first row has {width}.")
    names = (*names, *[""] * width)[:width]
    return Grid(names, tuple((place, tuple(cells[:width])) for place, cells in rows), headed)


def _length(cells: Sequence[str]) -> int:
    """Number of cells up to the last filled one."""
    return max((k for k, cell in enumerate(cells, start=1) if cell), default=0)
