"""A real server and a real browser. A test gets `page`; it fails when the browser or the server had something to complain about."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import chromium
from tests.browser.harness import PATIENCE, ROOT, Server, watch
from tests.browser.machines import Machines

HERE = Path(__file__).parent
PASSED = pytest.StashKey[bool]()
"""Whether a test has come to its end without a fault."""

OpenPage = Callable[..., Page]

expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, started once for all tests."""
    with Server(ROOT / "app.py", tmp_path_factory.mktemp("server") / "log.txt") as running:
        yield running
    check_log(running)


@pytest.fixture
def fresh_server(tmp_path: Path, machines: Machines) -> Iterator[Server]:
    """The app, started for this test alone: no page of it was ever opened."""
    with Server(ROOT / "app.py", tmp_path / "server.txt") as running:
        yield running
        machines.close_pages()  # before the server ends: a page that is still open would complain of that
    check_log(running)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = chromium.find()
    if executable is None:
        pytest.fail(chromium.MISSING, pytrace=False)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=list(chromium.FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def machines(browser: Browser, server: Server) -> Machines:
    """Those that the tests sit at, one after another."""
    return Machines(browser, server.url)


@pytest.fixture
def open_page(request: pytest.FixtureRequest, machines: Machines) -> Iterator[OpenPage]:
    """Opens pages, each on another machine: `open_page(color_scheme="dark", reduced_motion="reduce")`, `open_page(unused=True)`.

    What their consoles and requests complained of fails the test when it ends.
    """
    complaints: list[list[str]] = []

    def open_one(**options: Any) -> Page:
        page = machines.open_page(**options)
        complaints.append(watch(page))
        return page

    yield open_one
    if request.node.stash.get(PASSED, False):
        machines.give_back()
    else:
        machines.throw_away()
    found = [complaint for of_one in complaints for complaint in of_one]
    if found:
        pytest.fail("the browser complained:\n" + "\n".join(found), pytrace=False)


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """One page of 1440 × 900; see `open_page`."""
    return open_page()


def check_log(server: Server) -> None:
    """Fails where the server printed a stack trace."""
    if "Traceback" in server.log:
        pytest.fail(f"the server complained:\n{server.log}", pytrace=False)
