"""The watch over a page sees what it should: else no other test here means much."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import OpenPage
from tests.browser.harness import Server, watch
from tests.browser.machines import Machines


class Handler(BaseHTTPRequestHandler):
    """/: a page that asks for what its address says; /x/_stcore/health and /gone: not there."""

    def do_GET(self) -> None:
        path, _, script = self.path.partition("?")
        self.send_response(404 if path in ("/gone", "/x/_stcore/health") else 200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(
            b"<!doctype html><link rel=icon href=data:,><script>" + unquote(script).encode() + b"</script>"
        )

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def bare_page(browser: Browser) -> Iterator[Page]:
    """A page that fails no test by itself."""
    page = browser.new_page()
    yield page
    page.close()


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("console.error(7)", "console: 7"),
        ("throw(Error(7))", "uncaught: 7"),
        ("fetch('/gone')", "status of 404"),
        ("new Image().src = '/gone'", "status of 404"),
        ("import('/gone').catch(() => {})", "status of 404"),
        ("const ask = new XMLHttpRequest(); ask.open('GET', '/gone'); ask.send()", "status of 404"),
        ("fetch('http://127.0.0.1:9/')", "request failed"),
    ],
)
def test_a_fault_is_noticed(bare_page: Page, address: str, script: str, complaint: str) -> None:
    found = watch(bare_page)
    bare_page.goto(f"{address}/?{script}")
    bare_page.wait_for_timeout(300)
    assert any(complaint in line for line in found)


@pytest.mark.parametrize(
    "script", ["console.log(7)", "console.warn(7)", "fetch('/x/_stcore/health')", "fetch('/here')"]
)
def test_what_does_no_harm_is_let_pass(bare_page: Page, address: str, script: str) -> None:
    found = watch(bare_page)
    bare_page.goto(f"{address}/?{script}")
    bare_page.wait_for_timeout(300)
    assert found == []


LEAVE = """() => {
    localStorage.mine = sessionStorage.mine = 1;
    document.cookie = "mine=1; max-age=1000";
    window.mine = 1;
    return new Promise((done) => { indexedDB.open("mine").onsuccess = (event) => done(event.target.result.close()); });
}"""
LEFT = """async () => [localStorage.mine, sessionStorage.mine, document.cookie.includes("mine"), window.mine, window.begun,
    (await indexedDB.databases()).length, innerWidth, matchMedia("(prefers-color-scheme: dark)").matches]"""
NOTHING = [None, None, False, None, None, 0, 1440, False]


def test_who_comes_next_finds_nothing_of_who_was_here(browser: Browser, server: Server) -> None:
    """At the same machine, in the same process: as in a profile that was never used."""
    machines = Machines(browser, server.url)
    page = machines.open_page(viewport={"width": 800, "height": 600}, color_scheme="dark")
    page.add_init_script("window.begun = 1")
    page.goto(f"{server.url}/_stcore/health?1")
    page.goto(f"{server.url}/_stcore/health?2")
    page.evaluate(LEAVE)
    assert page.evaluate(LEFT) == ["1", "1", True, 1, 1, 1, 800, True]
    machines.give_back()
    for unused in (False, True):
        following = machines.open_page(unused=unused)
        assert (following.context == page.context) is not unused
        following.goto(f"{server.url}/_stcore/health")
        assert following.evaluate(LEFT) == NOTHING
    machines.throw_away()


def test_two_pages_are_at_two_machines(open_page: OpenPage, server: Server) -> None:
    one, other = open_page(), open_page()
    for page in (one, other):
        page.goto(f"{server.url}/_stcore/health")
    one.evaluate(LEAVE)
    assert other.evaluate(LEFT) == NOTHING
