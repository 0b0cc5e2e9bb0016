"""Waiting for what Playwright has no `expect` for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from playwright.sync_api import Page

from tests.browser.harness import PATIENCE

Seen = TypeVar("Seen")


def until(page: Page, look: Callable[[], Seen], right: Callable[[Seen], bool]) -> Seen:
    """Looks until it is right, and returns what was seen last: the test then says what is wrong with it.

    For what follows an answer of the server: that comes when it comes, and is drawn a moment later still.
    """
    end = time.monotonic() + PATIENCE / 1000
    while not right(seen := look()) and time.monotonic() < end:
        page.wait_for_timeout(50)
    return seen


def until_equal(page: Page, look: Callable[[], Seen], wanted: Seen) -> None:
    """`assert look() == wanted`, as soon as that is so."""
    assert until(page, look, lambda seen: seen == wanted) == wanted
