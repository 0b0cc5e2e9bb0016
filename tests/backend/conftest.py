"""Shared by the tests of gradients."""

from __future__ import annotations

import pytest

from tests.helpers import without_sweeps


@pytest.fixture(params=["sweep", "autograd"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same numbers by the hand-written sweeps and, with every sweep taken away, by autograd through the taps."""
    if request.param == "autograd":
        without_sweeps(monkeypatch)
    return str(request.param)
