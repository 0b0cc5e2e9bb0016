"""Rows of numbers: what is written comes back to the last bit, and a row that is not right is named with what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import explorer
from explorer.models import Model
from explorer.models.vocabulary import Numbers
from explorer.signals import Array
from tests.helpers import FEW

TWO = Numbers(("value", "mark"))
ROWS = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2),
    elements=st.floats(width=32, allow_infinity=False, allow_nan=False),
)


@FEW
@given(ROWS)
@example(
    np.array(
        [[np.finfo(np.float32).max, -np.finfo(np.float32).max, np.finfo(np.float32).smallest_subnormal, -0.0]],
        np.float32,
    )
)
def test_what_is_written_reads_as_the_same_numbers(rows: Array) -> None:
    """Every finite float32, zero's sign and denormals included."""
    reader = Numbers(tuple(f"column {k}" for k in range(rows.shape[1])))
    values = reader.encode(reader.written(rows)).values
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values.view(np.int32), rows.view(np.int32))


@pytest.mark.parametrize(
    "text",
    [
        "1 2\n3 4",
        "1,2;3,4",
        "1, 2\r\n3, 4\r\n",
        "\n1\t2\n\n\n3|4;",
        "| 1 | 2 |\n| 3 | 4 |",
        " +1 2. ; 3e0 0.4e1 ",
        "1 2,\n3 4,",
        "1\u00a02\n3\u00a04",
    ],
    ids=ascii,
)
def test_ways_to_write_rows(text: str) -> None:
    """A row a line or between semicolons; blanks, tabs, commas or bars between; as a table is copied from elsewhere."""
    encoded = TWO.encode(text)
    np.testing.assert_array_equal(encoded.values, [[1, 2], [3, 4]])
    assert len(encoded.tokens) == len(TWO.pieces(text)) == 2
    assert encoded.notices == ()


@FEW
@given(st.text("12.5 ,;\n\r\t|-e", max_size=40) | st.text())
def test_rows_are_all_read_or_one_is_refused(text: str) -> None:
    """A row a piece, all of them in the text's order; or a message that names a row. Nothing is dropped: whatever is neither blank nor
    a separator stands in a token."""
    pieces = TWO.pieces(text)
    assert len(pieces) == sum(bool(row.strip()) for row in text.replace("\n", ";").split(";"))
    assert without(";", "".join(pieces)) == without(";", text)
    try:
        encoded = TWO.encode(text)
    except ValueError as error:
        said = str(error)
    else:
        said = "row 1"
        assert encoded.values.shape == (len(pieces), 2)
        assert without(",|;", "".join(encoded.tokens)) == without(",|;", text)
        for row, token in zip(encoded.values, encoded.tokens, strict=True):
            np.testing.assert_array_equal(row, np.array(token.split(), dtype=np.float64).astype(np.float32))
    assert said.startswith("row ")


def without(marks: str, text: str) -> str:
    """The text without these marks and without blanks."""
    return "".join(c for c in text if not c.isspace() and c not in marks)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "1 2\n3",
            "row 2 is “3”: it holds 1 number, but a row needs 2 (value, mark); write a row a line, or a semicolon after each",
        ),
        ("1 2 3", "row 1 is “1 2 3”: it holds 3 numbers, but a row needs 2 (value, mark)"),
        ("1 2\n\n3 four", "row 2 has “four”, which is not a finite number; write numbers such as 0.52"),
        ("value,mark\n1,2", "row 1 has “value”, which is not a finite number"),
        ("1 nan", "row 1 has “nan”"),
        ("1 -inf", "row 1 has “-inf”"),
        ("1 1e39", "row 1 has “1e39”"),
        ("1,,2", "row 1 is “1,,2”: a number is missing between two commas; write 0 where there is nothing"),
        ("1 2\n, ,", "row 2 is “, ,”: a number is missing"),
        ("1 2;,", "row 2 is “,”: it holds 0 numbers"),
        ("7 " * 5000, "row 1 is “7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 …”: it holds 5000 numbers"),
        ("1 " + "x" * 5000, "row 1 has “" + "x" * 40 + "…”"),
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_a_row_that_is_not_right(text: str, message: str) -> None:
    """The row, what it holds, and what to do: in a few words, however long the row is."""
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        TWO.encode(text)
    assert message in str(refused.value)
    assert len(str(refused.value)) < 200


def test_nothing_at_all() -> None:
    """No rows; a model that is to read them says so."""
    assert TWO.encode(" ;;\n").values.shape == (0, 2)
    model = Model(explorer.cells.build("gru", 2, 3), vocabulary=TWO)
    with pytest.raises(ValueError, match="the text is empty; give it at least one row"):
        explorer.trace(model, "\n")


def test_numbers_have_no_ids() -> None:
    assert (len(TWO), TWO.labels) == (2, ())
    with pytest.raises(ValueError, match="'1' has no id: this model reads rows of 2 numbers"):
        TWO.id_of("1")


@pytest.mark.parametrize("given_as", ["text", "array", "lists"])
def test_a_model_reads_them_as_text_or_as_an_array(given_as: str) -> None:
    """The same numbers, the same tokens."""
    model = Model(explorer.cells.build("lstm", 2, 3), vocabulary=TWO)
    rows = np.array([[0.1, 0], [0.25, 1]], dtype=np.float32)
    given: Any = {"text": "0.1 0\n0.25, 1", "array": rows, "lists": rows.tolist()}[given_as]
    trace = explorer.trace(model, given)
    np.testing.assert_array_equal(trace["x"], rows)
    assert trace.tokens == ("0.1 0", "0.25 1")
    with pytest.raises(ValueError, match=r"expected an array \[step, 2\] of at least one step, got \[2, 3\]"):
        explorer.trace(model, np.zeros((2, 3)))
