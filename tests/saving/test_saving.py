"""A trace as a table: CSV that no spreadsheet runs and that comes back to the last bit, Parquet, and the ending that decides."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

import explorer
from explorer.saving import WRITERS, csv_file, table
from explorer.signals import Trace
from tests.helpers import FEW, TEXT, network
from tests.test_signals import small

STRANGE = ("a", "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r", "\n", "'", "'=1", "''", '"', 'x"",=1', ",", ";=1", "NA",
           "nan", "", " ", "＝1", "☃", "\u202e", "<b>", "\r\n=1", "\\")  # fmt: skip
"""Tokens that a table may mistake for something else."""


def reading(tokens: tuple[str, ...] = STRANGE, dtype: Any = np.float32) -> Trace:
    """One layer, two units; numbers that are awkward to write among them."""
    numbers = np.linspace(-3, 3, 2 * len(tokens), dtype=dtype).reshape(1, len(tokens), 2)
    awkward = np.array([np.nan, np.inf, -np.inf, 1e-45, 3.4e38, -0.0], dtype=dtype)
    numbers.reshape(-1)[: len(awkward)] = awkward[: numbers.size]
    return small(arrays={"h": numbers}, tokens=tokens)


def written(trace: Trace, ending: str) -> io.BytesIO:
    out = io.BytesIO()
    WRITERS[ending](trace, out)
    return io.BytesIO(out.getvalue())


def test_csv_comes_back() -> None:
    """Every token as typed and every number to the last bit, NaN and infinities too, in float32 and float64."""
    for dtype in (np.float32, np.float64):
        trace = reading(dtype=dtype)
        found, expected = csv_file.read(written(trace, ".csv")), trace.to_pandas()
        assert list(found.columns) == list(expected.columns)
        assert found["token"].tolist() == expected["token"].tolist()
        assert found[["layer", "step", "unit"]].equals(expected[["layer", "step", "unit"]])
        np.testing.assert_array_equal(found["h"].to_numpy().astype(dtype), expected["h"])


@FEW
@given(st.lists(st.text(), min_size=1, max_size=4))
@example(["\x00", "\ufeff"])
def test_any_tokens_come_back(tokens: list[str]) -> None:
    found = csv_file.read(written(reading(tuple(tokens)), ".csv"))
    assert found["token"].tolist() == [token for token in tokens for _ in range(2)]


def test_nothing_in_a_csv_begins_like_a_formula() -> None:
    """As Python's own reader takes it apart. A negative number stays a number."""
    lines = list(csv.reader(io.StringIO(written(reading(), ".csv").getvalue().decode(), newline="")))
    token = lines[0].index("token")
    assert len(lines) == 1 + 2 * len(STRANGE)
    assert not [line[token] for line in lines if line[token].startswith(csv_file.FORMULA)]
    assert {line[token] for line in lines[1:]} >= {"'=1+1", "'@SUM(A1)", "'-1", "'\t=1", "''=1", "a"}
    assert float(lines[-1][-1]) == 3.0
    assert "'" not in "".join(line[-1] for line in lines)


def test_half_a_surrogate_pair_is_written_by_its_number() -> None:
    """No file of text can hold it; JSON does, so NPZ brings it back."""
    trace = reading(("\ud83d",))
    for ending, read in ((".csv", csv_file.read), (".parquet", pd.read_parquet)):
        assert read(written(trace, ending))["token"][0] == "\\ud83d"


def test_parquet_comes_back() -> None:
    """The table itself: tokens as typed, numbers in the model's own precision."""
    for dtype in (np.float32, np.float64):
        trace = reading(dtype=dtype)
        found, expected = pd.read_parquet(written(trace, ".parquet")), trace.to_pandas()
        assert found["token"].tolist() == expected["token"].tolist()
        pd.testing.assert_frame_equal(found.drop(columns="token"), expected.drop(columns="token"))


@pytest.mark.parametrize("most", [1, 9, 50, 10**6])
def test_the_pieces_are_the_table(most: int) -> None:
    trace = explorer.trace(network(("lstm", {}), (2, True)), TEXT)
    pieces = list(table.frames(trace, most))
    assert all(len(piece) <= max(most, trace.units) for piece in pieces)
    whole = pd.concat(pieces, ignore_index=True)
    pd.testing.assert_frame_equal(whole, trace.to_pandas())
    assert (len(whole), list(whole.columns)) == (table.rows(trace), table.columns(trace))


def test_the_ending_decides(tmp_path: Path) -> None:
    """In any case; a wrong one is refused before anything is written."""
    trace = explorer.trace(network(("gru", {}), dtype=torch.float32), TEXT)
    trace.save(tmp_path / "x.NPZ")
    np.testing.assert_array_equal(Trace.read(tmp_path / "x.NPZ")["z"], trace["z"])
    trace.save(tmp_path / "x.csv")
    trace.save(str(tmp_path / "x.Parquet"))
    for found in (csv_file.read(tmp_path / "x.csv"), pd.read_parquet(tmp_path / "x.Parquet")):
        np.testing.assert_array_equal(found["z"].to_numpy().astype(np.float32), trace["z"].reshape(-1))
    for name in ("x.xlsx", "x"):
        with pytest.raises(ValueError, match=r"no known ending; a trace is saved as \.npz, \.csv or \.parquet"):
            trace.save(tmp_path / name)
        assert not (tmp_path / name).exists()


def test_without_pyarrow_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ValueError, match="pip install pyarrow"):
        reading().save(tmp_path / "x.parquet")
    assert not (tmp_path / "x.parquet").exists()
    reading().save(tmp_path / "x.csv")
