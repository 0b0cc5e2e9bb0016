"""What can be taken away as bytes is what is written to files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load

import explorer
from explorer import export
from tests.helpers import TEXT, network
from tests.test_signals import check_same


def test_a_trace_as_bytes(tmp_path: Path) -> None:
    """NPZ, CSV and Parquet: the same as `Trace.save` writes."""
    trace = explorer.trace(network(("lstm", {}), dtype=torch.float32), TEXT)
    file = tmp_path / "x.npz"
    file.write_bytes(export.npz(trace))
    check_same(explorer.Trace.read(file), trace)
    for ending, made in ((".csv", export.csv(trace)), (".parquet", export.parquet(trace))):
        trace.save(tmp_path / f"x{ending}")
        assert made == (tmp_path / f"x{ending}").read_bytes()


def test_a_table_that_is_too_long_for_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before the work; packed, it is not."""
    trace = explorer.trace(network(("lstm", {})), TEXT)
    assert export.numbers(trace) == 11 * 4 * 10  # steps, units, and i, f, g, o twice with c and h
    monkeypatch.setattr(export, "MOST", 439)
    with pytest.raises(ValueError, match="440 numbers, too many for CSV; take Parquet or NPZ, or fewer steps than 11"):
        export.csv(trace)
    assert export.parquet(trace)


def test_weights_as_bytes() -> None:
    """By the names of the state dict, in the model's own precision."""
    for dtype in (torch.float32, torch.float64):
        model = network(("gru", {}), (2, True), dtype=dtype)
        found, expected = load(export.weights(model)), model.state_dict()
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[name], expected[name]) for name in found)
        assert all(weight.dtype == dtype for weight in found.values())
