"""HDF5 files are read in the tests' own process: to start another for each takes long."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.models.checkpoints import hdf5, hdf5_reader

Apart = Callable[[bytes], bytes]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Apart:
    """The way that the app goes, through a process of its own, for a test that takes it."""
    apart = hdf5.run_reader
    monkeypatch.setattr(hdf5, "run_reader", lambda data: hdf5_reader.answer(data, hdf5.MOST))
    return apart
