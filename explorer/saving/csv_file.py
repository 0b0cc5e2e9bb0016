"""A trace as CSV: the table, streamed step by step, with protection against formulas in spreadsheets.

A token is what a person typed or a file held. One that begins like a formula ("=HYPERLINK(…)") would be run by a spreadsheet, so it gets
an apostrophe in front, as OWASP advises; so does one that begins with an apostrophe, so that `read` can take them all away again.
Tokens stand in double quotes and may hold commas, quotes and line breaks. Numbers are written so that they come back to the last bit.
"""

from __future__ import annotations

from os import PathLike
from typing import IO, TYPE_CHECKING

from explorer.saving.table import IDENTIFIES, as_unicode, columns
from explorer.signals import Trace

if TYPE_CHECKING:
    import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters that make a spreadsheet's cell a formula; the wide forms where a spreadsheet takes them for the
others."""
ESCAPE = "'"


def write(trace: Trace, file: IO[bytes]) -> None:
    """Write the table in UTF-8, a line of names first; NaN as nan, infinity as inf."""
    file.write((",".join(map(quoted, columns(trace))) + "\n").encode())
    names = columns(trace)[IDENTIFIES:]
    units = [f"{unit}," for unit in range(trace.units)]
    for layer in range(trace.rows):
        for step, token in enumerate(trace.tokens):
            begins = f"{layer},{step},{quoted(escaped(token))},"
            numbers = zip(*(trace[name][layer, step].astype(str).tolist() for name in names), strict=True)
            lines = [f"{begins}{unit}{','.join(row)}\n" for unit, row in zip(units, numbers, strict=True)]
            file.write("".join(lines).encode())


def read(path: str | PathLike[str] | IO[bytes]) -> pd.DataFrame:
    """The table that `write` wrote, with the tokens as they were typed. `pandas.read_csv` would take a token "NA" for a missing one."""
    import pandas as pd

    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    numbers = table.columns.drop("token")
    table = table.astype({name: int if name in ("layer", "step", "unit") else float for name in numbers})
    table["token"] = [unescaped(token) for token in table["token"]]
    return table


def quoted(text: str) -> str:
    """Text with CSV quotes."""
    return '"' + text.replace('"', '""') + '"'


def escaped(token: str) -> str:
    """The token as a spreadsheet shows it and does not run it."""
    return as_unicode(ESCAPE + token if token.startswith((*FORMULA, ESCAPE)) else token)


def unescaped(token: str) -> str:
    """The token as it was typed."""
    return token.removeprefix(ESCAPE)
