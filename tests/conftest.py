"""What every test shares: one thread for torch, hypothesis's settings, the shipped models."""

from __future__ import annotations

import os
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported, as the app does

import hypothesis
import pytest

import explorer
from explorer.models import Model
from tests.amount import FULL

MOST = {"app": 2, "browser": 1, "figures": 4, "studio": 3}
"""How many cases of one parametrised test run without --full, by the folder of the tests; MOST_ELSE in all others. A test that needs
more is marked `cases(n)`."""
MOST_ELSE = 8

# No deadline: a first call loads torch. In CI the same examples every time, and none remembered.
hypothesis.settings.register_profile("carousel", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI", "").lower() in ("1", "true") else "carousel")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only a full run has, and put the browser's files first: no worker is left with a long one at the end."""
    if not FULL and not any("::" in argument for argument in config.args):
        kept = set(in_a_quick_run(items))
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]
    items.sort(key=lambda item: "browser" not in item.path.parts)


def in_a_quick_run(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """The tests of a run without --full: none that is marked `full`, and of each parametrised test at most so many cases as MOST says.

    The cases are drawn by a checksum of their names: the same ones on every run and every machine, and other cells and shapes in each
    test, so that together the tests still pass by every cell.
    """
    cases: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("full") is None:
            cases[item.nodeid.partition("[")[0]].append(item)
    for of_one in cases.values():
        room = of_one[0].path.relative_to(of_one[0].config.rootpath / "tests").parts[0]
        own = of_one[0].get_closest_marker("cases")
        most = own.args[0] if own else MOST.get(room, MOST_ELSE)
        yield from sorted(of_one, key=lambda item: zlib.crc32(item.nodeid.encode()))[:most]


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
