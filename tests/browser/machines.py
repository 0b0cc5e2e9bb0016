"""The machines that tests sit at: browser profiles that are kept for the next test, wiped.

In a profile that was never used Chromium fetches, parses and compiles Streamlit's scripts from nothing, which takes most of the time
of a page. It need not where a page lives in the process of one that had them: so each machine has a page parked on the server, which
opens the others. They share what is compiled, and nothing else: page, history, session storage and whatever a test put into its page
go with the page, the rest is wiped.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.harness import PATIENCE

DESKTOP = {"width": 1440, "height": 900}
OF_THE_READER = ("color_scheme", "reduced_motion")
"""Options that any machine can be set to; others make another machine, as a phone."""
PARKED_AT = "_stcore/health"
"""An address of the server that runs no script: a page there has its origin and its process, and asks for nothing."""


class Machine:
    """One profile. `open` gives a new page of it."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.context = new_profile(browser, **options)
        self.parked = self.context.new_page()
        self.parked.goto(f"{url}/{PARKED_AT}")

    def open(self, **settings: Any) -> Page:
        with self.context.expect_page() as opened:
            self.parked.evaluate("() => { window.open('about:blank'); }")
        page = opened.value
        page.emulate_media(**settings)
        return page

    def close_pages(self) -> None:
        for page in self.context.pages:
            if page is not self.parked:
                page.close()

    def wipe(self) -> None:
        """As if nobody had been here."""
        self.context.clear_cookies()
        self.context.clear_permissions()
        self.parked.evaluate(
            """async () => {
                localStorage.clear();
                for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
            }"""
        )


class Machines:
    """All of them, by what they are; those that no test sits at are free."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url
        self.free: dict[str, list[Machine]] = {}
        self.taken: list[tuple[str, Machine]] = []
        self.profiles: list[BrowserContext] = []

    def open_page(self, *, unused: bool = False, **options: Any) -> Page:
        """On a machine of its own for each call. `unused`: one where nobody ever was, to be thrown away."""
        if unused:
            profile = new_profile(self.browser, **options)
            self.profiles.append(profile)
            return profile.new_page()
        settings = {name: options.pop(name) for name in OF_THE_READER if name in options}
        screen = None if "is_mobile" in options else options.pop("viewport", None)
        kind = repr(sorted(options.items()))
        waiting = self.free.setdefault(kind, [])
        machine = waiting.pop() if waiting else Machine(self.browser, self.url, **options)
        self.taken.append((kind, machine))
        page = machine.open(**settings)
        if screen:
            page.set_viewport_size(screen)
        return page

    def close_pages(self) -> None:
        """All that the test has opened; doing so again does nothing."""
        for profile in self.profiles:
            profile.close()
        self.profiles.clear()
        for _, machine in self.taken:
            machine.close_pages()

    def give_back(self) -> None:
        """Wiped, for the next test."""
        self.close_pages()
        for kind, machine in self.taken:
            machine.wipe()
            self.free[kind].append(machine)
        self.taken.clear()

    def throw_away(self) -> None:
        """After a test that failed: its page may hang, and all in its process with it."""
        for profile in (*self.profiles, *(machine.context for _, machine in self.taken)):
            profile.close()
        self.profiles.clear()
        self.taken.clear()


def new_profile(browser: Browser, **options: Any) -> BrowserContext:
    context = browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB"} | options)
    context.set_default_timeout(PATIENCE)
    return context
