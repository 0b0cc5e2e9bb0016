"""What every test shares: one thread for torch, hypothesis's settings, the shipped models."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported, as the app does

import hypothesis
import pytest

import explorer
from explorer.models import Model

# No deadline: a first call loads torch. In CI the same examples every time, and none remembered.
hypothesis.settings.register_profile("carousel", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI", "").lower() in ("1", "true") else "carousel")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files, those of the browser, come first: where several workers share the files, none is left with a long one at the end."""
    items.sort(key=lambda item: "browser" not in item.path.parts)


class Shipped(Mapping[str, Model]):
    """The shipped models by name, each loaded once, when it is first asked for."""

    def __init__(self) -> None:
        self.load = cache(explorer.load)

    def __getitem__(self, name: str) -> Model:
        return self.load(name)

    def __iter__(self) -> Iterator[str]:
        return (card.name for card in explorer.zoo())

    def __len__(self) -> int:
        return len(explorer.zoo())


@pytest.fixture(scope="session")
def shipped() -> Shipped:
    return Shipped()
