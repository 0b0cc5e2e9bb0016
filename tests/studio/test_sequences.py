"""A file of numbers as a text of rows: whatever a spreadsheet or a script writes, or a message that says what is missing."""

from __future__ import annotations

import io

import numpy as np
import pytest

from explorer.models.vocabulary import Ids, Numbers
from explorer.studio.sequences import LARGEST, table_in

TWO = ("value", "mark")
ROWS = [[0.25, 0], [0.5, 1], [-0.75, 0]]


def read(content: str | bytes, columns: tuple[str, ...] = TWO) -> list[list[float]]:
    """The numbers that a network would read of such a file."""
    text = table_in(content.encode() if isinstance(content, str) else content, Numbers(columns)).text
    values: list[list[float]] = Numbers(columns).encode(text).values.tolist()
    return values


@pytest.mark.parametrize(
    "content",
    [
        "value,mark\n0.25,0\n0.5,1\n-0.75,0\n",
        "value,mark\r\n0.25,0\r\n0.5,1\r\n-0.75,0",
        "0.25,0\n0.5,1\n-0.75,0\n",
        "0.25,0.0\n5e-1,1\n-.75,0",
        "value;mark\n0.25;0\n0.5;1\n-0.75;0\n",
        "0.25;0\n0.5;1\n-0.75;0\n",
        "value\tmark\n0.25\t0\n0.5\t1\n-0.75\t0\n",
        "value, mark\n0.25, 0\n0.5, 1\n-0.75, 0\n",
        '"value","mark"\n0.25,0\n0.5,1\n-0.75,0\n',
        "\ufeffvalue,mark\n0.25,0\n0.5,1\n-0.75,0\n",
        "value,mark\n0.25,0\n\n0.5,1\n-0.75,0\n\n",
        "mark,value\n0,0.25\n1,0.5\n0,-0.75\n",
        "time,value,mark\n9,0.25,0\n8,0.5,1\n7,-0.75,0\n",
        "day,price,flag\nMon,0.25,0\nTue,0.5,1\nWed,-0.75,0\n",
        "Mon,0.25,0\nTue,0.5,1\nWed,-0.75,0\n",
        "VALUE,Mark\n0.25,0\n0.5,1\n-0.75,0\n",
        "value;mark\n0,25;0\n0,5;1\n-0,75;0\n",
        "value mark\n0.25 0\n0.5 1\n-0.75 0\n",
        "value,mark\n0.25,0\n0.5,1\n-0.75,0\n".encode("utf-16"),
    ],
    ids=[
        "a header",
        "Windows",
        "no header",
        "other spellings",
        "semicolons",
        "semicolons, no header",
        "tabs",
        "blanks",
        "quotes",
        "a mark of byte order",
        "empty lines",
        "named, in another order",
        "named, among others",
        "unnamed, after words",
        "no header, after words",
        "in capitals",
        "decimal commas",
        "blanks alone",
        "UTF-16",
    ],
)
def test_rows(content: str | bytes) -> None:
    assert read(content) == ROWS


@pytest.mark.parametrize("content", ["value\n0.5\n1\n2\n", "0.5\n1\n2", "0.5\r\n1\r\n2\r\n", "x\n0.5\n1\n2"])
def test_one_column(content: str) -> None:
    """Nothing in such a file says what would part one value from the next."""
    assert read(content, ("value",)) == [[0.5], [1.0], [2.0]]


def test_a_first_row_of_equal_numbers_is_no_header() -> None:
    assert read("0.5,0.5\n1,2") == [[0.5, 0.5], [1.0, 2.0]]


def test_every_digit_of_a_float32_comes_through() -> None:
    values = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    content = "\n".join(",".join(f"{value:.9g}" for value in row) for row in values)
    np.testing.assert_array_equal(read(content), values)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("value,mark\n0.25,0\n,1\n", "Row 3 of the file has a gap"),
        ("value,mark\n0.25,0\n0.5,1\n0.5,\n", "Row 4 of the file has a gap"),
        ("value,mark\n\n0.25,0\n0.5\n", "Row 4 of the file has a gap"),
        ("0.25,0\n,1\n", "Row 2 of the file has a gap"),
        ("value,mark\n0.25,0\ninf,1\n", "Row 3 of the file has “inf”, which is not a finite number"),
        ("0.25,0\n1e39,1\n", "Row 2 of the file has “1e39”, which is not a finite number"),
        ("nan,0\n0.25,1\n", "Row 1 of the file has “nan”"),
        ("value,mark\n0.25,0\nhalf,1\n", "Row 3 of the file has “half”"),
        ("0.25,0\nhalf,1\n", "Row 2 of the file has “half”"),
        ("0.25,0,7\nhalf,1,8\n", "has 3 columns of numbers (column 1 (0.25, half), column 2 (0, 1), column 3 (7, 8))"),
        ("value\n0.25\n0.5\n", "1 column of numbers; 2 are needed: value, mark"),
        ("day,name\nMon,Ann\n", "0 columns of numbers"),
        ("day,name\nMon,Ann\n1,2\n", "Row 2 of the file has “Mon”"),
        ("value,mark\n", "no rows of numbers"),
        ("value,mark\n0.25,0\n0.5,1,2,3\n", "Row 3 of the file has 4 values, but the first row has 2"),
        ("", "empty"),
        ("\n , \n", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xfe", "not a table"),
        (b"PK\x03\x04\0\0", "not a table"),
        ('value,mark\n"0.25,0\n', "not a table"),
    ],
)
def test_what_is_no_rows_is_told(content: str | bytes, told: str) -> None:
    with pytest.raises(ValueError, match="file") as found:
        read(content)
    assert told in str(found.value)


def npy(values: object) -> bytes:
    """As numpy.save writes it."""
    file = io.BytesIO()
    np.save(file, np.asarray(values))
    return file.getvalue()


def test_an_array_of_numpy() -> None:
    """Of rows; of one column a number a step."""
    assert read(npy(ROWS)) == ROWS
    assert read(npy(np.array(ROWS, dtype=np.float32, order="F"))) == ROWS
    assert read(npy([0.5, -1]), ("value",)) == [[0.5], [-1]]


def test_ids_from_a_file() -> None:
    """Of a network whose symbols have no names."""
    for content in (npy([3, 0, 11]), b"3,0,11", b"\xef\xbb\xbf3\r\n0\r\n11\r\n"):
        assert table_in(content, Ids(12)).text == "3 0 11"


@pytest.mark.parametrize(
    ("values", "reader", "told"),
    [
        ([[1.0, 2, 3]], Numbers(TWO), r"reads an array \[step, 2\]; this is \[1, 3\] of float64"),
        ([1.0, 2], Numbers(TWO), r"reads an array \[step, 2\]"),
        (["a"], Numbers(TWO), "reads numbers; this is"),
        ([[0.5, np.nan]], Numbers(TWO), "“nan”, which is not a finite number"),
        ([0.5], Ids(12), r"an array \[step\] of whole numbers; this is \[1\] of float64"),
        ([[1]], Ids(12), r"an array \[step\] of whole numbers"),
        ([12], Ids(12), "there is no id 12; this network has ids from 0 to 11"),
        ([-1], Ids(12), "there is no id -1"),
    ],
)
def test_an_array_that_does_not_fit(values: object, reader: Numbers | Ids, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        table_in(npy(values), reader)


def test_an_array_that_would_run_code_or_is_cut() -> None:
    with pytest.raises(ValueError, match="holds Python objects, which could run code"):
        table_in(npy([{}]), Numbers(TWO))
    with pytest.raises(ValueError, match="the file has 40 bytes of them"):
        table_in(npy(ROWS)[:-8], Numbers(TWO))
    with pytest.raises(ValueError, match="is not an id"):
        table_in(b"a,b", Ids(12))


def test_a_file_that_is_too_large_is_not_even_looked_at() -> None:
    with pytest.raises(ValueError, match=r"1,000,001 bytes; at most 1,000,000"):
        read(b"1" * (LARGEST + 1))
