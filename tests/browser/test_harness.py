"""The watch over a page sees what it should: else no other test here means much."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.harness import watch


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
        ("fetch('/gone')", "answered with 404"),
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
