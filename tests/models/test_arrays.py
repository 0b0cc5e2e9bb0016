"""Arrays as input: real numbers are read as they are, and everything else is refused by name."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pandas as pd
import pytest
import torch

import explorer
from explorer.models import Model
from explorer.models.arrays import real_numbers, row_tokens
from explorer.models.vocabulary import Numbers

MODEL = Model(explorer.cells.build("gru", 2, 3), vocabulary=Numbers(("value", "mark")))
X = np.array([[10.25, 0], [0.5, 1]])


@pytest.mark.parametrize(
    "given",
    [
        X,
        X.astype(np.float16),
        X.astype(np.longdouble),
        X.astype(">f8"),
        np.asfortranarray(X),
        X.astype(object),
        np.ma.array(X),
        np.ma.array(X, mask=False),
        pd.DataFrame(X),
        X.tolist(),
        [torch.tensor(row, dtype=torch.bfloat16) for row in X],
        torch.tensor(X, requires_grad=True),
        torch.tensor(X).to(torch.bfloat16),
        X.astype(ml_dtypes.bfloat16),
        [[Fraction(41, 4), 0], [0.5, True]],
    ],
    ids=lambda given: f"{type(given).__name__} {getattr(given, 'dtype', '')}",
)
def test_real_numbers_of_any_kind(given: Any) -> None:
    """10.25 and 0.5 are the same number in all of them."""
    found = real_numbers(given)
    assert found.dtype == torch.float64
    np.testing.assert_array_equal(found.numpy(), X)
    trace = explorer.trace(MODEL, given)
    np.testing.assert_array_equal(trace["x"], X.astype(np.float32))
    assert trace.tokens == ("10.25 0", "0.5 1")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (X + 1j, "complex numbers; give real and imaginary parts"),
        (torch.tensor(X + 1j), "complex numbers"),
        ([[1j, 0]], "complex numbers"),
        (np.ma.array(X, mask=[[True, False], [False, False]]), "1 values are masked; fill them"),
        ([[1.0, np.ma.masked]], "masked"),
        (np.array([["2020-01-01", "2020-01-02"]], "datetime64[D]"), "dates; give numbers"),
        (np.array([[1, 2]], "timedelta64[s]"), "time spans; give numbers"),
        (pd.DataFrame({"a": pd.to_datetime(["2020-01-01"]), "b": [1.0]}), "it holds Timestamp"),
        ([[datetime.date(2020, 1, 1), 1]], "it holds datetime.date"),
        (np.array([[None, 1.0]]), "it holds None, which is not a real number"),
        ([[None, 1.0]], "it holds None"),
        (
            pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": pd.array([1, 2], dtype="Int64")}),
            "it holds <NA>",
        ),
        ([["1.5", "2"]], "text; convert it to numbers first"),
        ([[b"1.5", b"2"]], "bytes"),
        ([[Decimal(1), "a"]], "it holds Decimal"),
        (np.zeros(2, dtype=[("a", float), ("b", float)]), "records; give one array"),
        ([[1, 2], [3]], "inhomogeneous"),
        ({"a": 1}, "it holds {'a': 1}"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_everything_else_is_refused_by_name(given: Any, told: str) -> None:
    """Nothing is read as another number in silence."""
    with pytest.raises(ValueError, match=r"^expected numbers, got ") as refused:
        explorer.trace(MODEL, given)
    assert told in str(refused.value)


def test_a_number_that_is_too_large_for_the_network() -> None:
    """It would be read as infinite."""
    with pytest.raises(ValueError, match=r"the number 1e\+39 is too large for the network's float32; scale the input"):
        explorer.trace(MODEL, [[1e39, 0]])


def test_rows_are_written_as_the_shortest_same_numbers() -> None:
    """Each reads as the same float32."""
    rows = np.concatenate(
        [np.float32([[0.1, 1e-7], [123456.78, -0.0], [3e38, 16777217]]), np.random.default_rng(0).normal(size=(50, 2))]
    )
    tokens = row_tokens(torch.tensor(rows, dtype=torch.float32))
    assert tokens[:3] == ("0.1 1e-07", "123456.78 -0", "3e+38 16777216")
    np.testing.assert_array_equal(Numbers(("a", "b")).encode("\n".join(tokens)).values, rows.astype(np.float32))
