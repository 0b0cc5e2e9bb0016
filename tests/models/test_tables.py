"""Tables as spreadsheets and scripts write them: the numbers that pandas finds in them, or a refusal with what can be chosen."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from explorer.models.tables import Choose, Table, read_table

ONE, TWO = ("value",), ("value", "mark")


def read(content: str | bytes, wanted: Sequence[str] = ONE, **chosen: Any) -> Table:
    return read_table(content.encode() if isinstance(content, str) else content, wanted, **chosen)


@pytest.mark.parametrize(
    ("content", "wanted", "rows", "says"),
    [
        # decimal commas
        ("time;value\n8:00;20,5\n9:00;21,25", ONE, [[20.5], [21.25]], "Read column value, rows 2 to 3. Decimal commas were"),
        ('value,mark\n0.5,"1,5"\n0.25,"2,25"', TWO, [[0.5, 1.5], [0.25, 2.25]], "Decimal commas were read as decimal points."),
        ("value;mark\n0,5;1.25\n1,5;2.5", TWO, [[0.5, 1.25], [1.5, 2.5]], "Decimal commas"),
        ("value\n0,5\n1,25", ONE, [[0.5], [1.25]], "Read column value, rows 2 to 3. Decimal commas"),
        ("0,5\n1", ONE, [[0.5], [1]], "Read column 1, rows 1 to 2. Decimal commas"),
        ("0,5 1,25\n1,5 2,5", TWO, [[0.5, 1.25], [1.5, 2.5]], "Read columns 1, 2, rows 1 to 2. Decimal commas"),
        ("0,125;0\n0,250;1", TWO, [[0.125, 0], [0.25, 1]], "Decimal commas"),
        ("1.234,5;1\n2.345,75;0", TWO, [[1234.5, 1], [2345.75, 0]], "Decimal commas"),
        # what stands in front
        (",value\n0,0.5\n1,0.6", ONE, [[0.5], [0.6]], "Read column value, rows 2 to 3."),
        (",temperature\n0,0.5\n1,0.6", ONE, [[0.5], [0.6]], "Left out: column 1, which counts the rows."),
        ("ID,temperature\n7,0.5\n8,0.6", ONE, [[0.5], [0.6]], "as value, rows 2 to 3. Left out: column ID, which counts the rows."),
        ("date,temperature\n2020-01-01,0.5\n2020-01-02,0.6", ONE, [[0.5], [0.6]], "Read column temperature as value, rows 2 to 3."),
        ("Datum;Wert\n01.02.2020;1,5\n02.02.2020;2,5", ONE, [[1.5], [2.5]], "Read column Wert as value"),
        ('"value","mark"\n"1",0.25,0\n"2",0.5,1', TWO, [[0.25, 0], [0.5, 1]], "Read columns value, mark, rows 2 to 3."),
        (",0,1\n0,0.25,0\n1,0.5,1", TWO, [[0.25, 0], [0.5, 1]], "rows 2 to 3. Left out: column 1, which counts the rows."),
        ("year,value\n1990,0.5\n1991,0.6", ONE, [[0.5], [0.6]], "Read column value, rows 2 to 3."),
        # names
        ("price,volume\n1,2\n3,4", TWO, [[1, 2], [3, 4]], "Read columns price, volume as value, mark, rows 2 to 3."),
        ("mark,amount\n1,2\n3,4", TWO, [[2, 1], [4, 3]], "Read columns amount, mark as value, mark, rows 2 to 3."),
        ("my temperature\n0.5\n0.6", ("x0",), [[0.5], [0.6]], "Read column my temperature, rows 2 to 3."),
        # first rows that are no names
        ('"1,234.5"\n"2,345.5"', ONE, [[1234.5], [2345.5]], "Read column 1, rows 1 to 2."),
        ("1'234.5\n2'000", ONE, [[1234.5], [2000]], "rows 1 to 2."),
        ("45%\n50%", ONE, [[45], [50]], "Read column 1, rows 1 to 2. Signs were left out: %."),
        ("$12.5\n$13", ONE, [[12.5], [13]], "rows 1 to 2. Signs were left out: $."),
        ("12,50 €;1\n13,00 €;0", TWO, [[12.5, 1], [13, 0]], "Signs were left out: €."),
        ("EUR 12.5\nEUR 13", ONE, [[12.5], [13]], "rows 1 to 2."),
        ("−1\n+2", ONE, [[-1], [2]], "rows 1 to 2."),
        # one row
        ("0.5", ONE, [[0.5]], "Read column 1, row 1."),
        ("value\n0.5", ONE, [[0.5]], "Read column value, row 2."),
        ("0.5,1", TWO, [[0.5, 1]], "Read columns 1, 2, row 1."),
        # other ways to write tables
        ("sep=;\nvalue;mark\n0,5;1", TWO, [[0.5, 1]], "Read columns value, mark, row 2."),
        ('"sep=|"\n0.5|1\n', TWO, [[0.5, 1]], "row 1."),
        ("0.5;1;\n0.25;0;", TWO, [[0.5, 1], [0.25, 0]], "rows 1 to 2."),
        ("value,mark\n0.5,1,\n0.25,0,\n", TWO, [[0.5, 1], [0.25, 0]], "Read columns value, mark"),
        ("value,mark,\n0.5,1,\n", TWO, [[0.5, 1]], "Read columns value, mark, row 2."),
        ("# mark value\n0.5 1\n0.25 0", TWO, [[1, 0.5], [0, 0.25]], "Read columns value, mark, rows 2 to 3."),
        ("# made by a script\n# value,mark\n0.5,1\n# the rest\n0.25,0", TWO, [[0.5, 1], [0.25, 0]], "rows 3 to 5."),
        ("value\tmark\n0.5\t1", TWO, [[0.5, 1]], "row 2."),
        ("value\n1\n\n2\n", ONE, [[1], [2]], "rows 2 to 4."),
        ('value,what\n1,"two\nlines"\n2,b', ONE, [[1], [2]], "rows 2 to 3."),
        ("Größe;x\n0,5;a\n".encode("cp1252"), ("Größe",), [[0.5]], "The file is not UTF-8; it was read as Windows-1252."),
        ("value\n0.5\n".encode("utf-16"), ONE, [[0.5]], "Read column value, row 2."),
        ("value\n0.5\n".encode("utf-16-le"), ONE, [[0.5]], "Read column value, row 2."),
        ("value\n0.5\n".encode("utf-16-be"), ONE, [[0.5]], "Read column value, row 2."),
        ("value\n0.5\n".encode("utf-8-sig"), ONE, [[0.5]], "Read column value, row 2."),
    ],
)  # fmt: skip
def test_the_numbers_and_what_is_said_of_them(
    content: str | bytes, wanted: Sequence[str], rows: list[Any], says: str
) -> None:
    """Rows are counted as a spreadsheet does."""
    table = read(content, wanted)
    assert table.values.tolist() == rows
    assert says in table.says


@pytest.mark.parametrize(
    ("content", "what", "options", "told"),
    [
        (
            "year,temperature\n1990,0.5\n1991,0.6",
            "columns",
            (1, 2),
            "(column year (1990, 1991), column temperature (0.5, 0.6)), but the network reads 1",
        ),
        ("1,0.5\n2,0.6", "columns", (1, 2), "column 1 (1, 2), column 2 (0.5, 0.6)"),
        ("20200101,0.5\n20200102,0.6", "columns", (1, 2), "2 columns of numbers"),
        ("id,a,b\n1,2,3\n2,3,4", "columns", (2, 3), "2 columns of numbers (column a (2, 3), column b (3, 4))"),
        ("id,a\n1,2\n5,3", "columns", (1, 2), "column id (1, 5)"),
        ("1,2,3,4,5", "columns", (1, 2, 3, 4, 5), "Write each number in a row of its own"),
        ("value,value\n1,2", "columns", (1, 2), "column 1 (1), column 2 (2)"),
        ('value;x\n"1,234";a\n"2,345";b', "decimal", (".", ","), "“1,234” in column value can be 1234 (with a decimal point) or 1.234"),
        ("value;x\n1.234;2,5\n2.345;3,5", "decimal", (".", ","), "“1.234” in column value can be 1.234 (with a decimal point) or 1234"),
    ],
)  # fmt: skip
def test_what_is_ambiguous_is_refused_with_the_choices(
    content: str, what: str, options: tuple[Any, ...], told: str
) -> None:
    with pytest.raises(Choose) as refused:
        read(content)
    assert (refused.value.what, refused.value.options) == (what, options)
    assert len(refused.value.labels) == len(options)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("content", "wanted", "told"),
    [
        ("0,5\n1,25", ONE, "The comma in “0,5” can be a decimal comma, or separate two columns"),
        ("value\n1 234,5\n2 345,5", ONE, "“1 234,5” can be one number with a blank between its thousands, or several"),
        (",0.5\n1,0.6", TWO, "Row 1 of the file has a gap."),
        ("value\n1\nNA\n3", ONE, "Row 3 of the file has “NA”, which is a gap."),
        ("value\n1\n(2)\n3", ONE, "Row 3 of the file has “(2)”, which is not a finite number."),
        ("a,b\n1,x", TWO, "The file has 1 column of numbers; 2 are needed: value, mark."),
        (b"PK\x03\x04rest", ONE, "it is a ZIP archive, such as an Excel workbook). Save it as CSV."),
    ],
)
def test_what_cannot_be_read_is_said(content: str | bytes, wanted: Sequence[str], told: str) -> None:
    with pytest.raises(ValueError, match=r"“|file") as refused:
        read(content, wanted)
    assert told in str(refused.value)


def test_choices() -> None:
    """Columns by name or by place, in the order of the network's; a decimal mark."""
    content = "year,a,b\n1990,1,2\n1991,3,4"
    assert read(content, TWO, columns=["b", 2]).values.tolist() == [[2, 1], [4, 3]]
    assert read(content, ONE, columns=[1]).says == "Read column year as value, rows 2 to 3."
    assert read('value;x\n"1,234";a', ONE, decimal=",").values.tolist() == [[1.234]]
    assert read('value;x\n"1,234";a', ONE, decimal=".").values.tolist() == [[1234]]
    for columns in (["c"], [4], [0], ["a", "b"]):
        with pytest.raises(ValueError, match=r"no column|2 columns were chosen"):
            read(content, ONE, columns=columns)
    with pytest.raises(ValueError, match="decimal is ';'"):
        read(content, ONE, columns=["a"], decimal=";")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_what_pandas_writes_comes_back(separator: str, decimal: str, header: bool, encoding: str) -> None:
    """Every number of it, in whatever dialect."""
    values = np.random.default_rng(0).normal(0, 1000, (20, 2)).round(2)
    frame = pd.DataFrame(values, columns=["Größe", "mark"])
    file = io.StringIO()
    frame.to_csv(
        file, sep=separator, decimal=decimal, header=header, index=False, quoting=1 if separator == decimal else 0
    )
    table = read(file.getvalue().encode(encoding), ("Größe", "mark"))
    np.testing.assert_array_equal(table.values, values)
    assert table.columns == (("Größe", "mark") if header else ())
