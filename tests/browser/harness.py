"""The server as a subprocess, and what a page's browser complains about."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import ConsoleMessage, Page, Request, WebSocket, expect

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = float(os.environ.get("CAROUSEL_TEST_TIMEOUT", "60")) * 1000
"""Milliseconds that a test waits for what is to come, on a machine that may have more to do."""

START_SECONDS = 60

TOLERATED = re.compile(r"/[^/]+/_stcore/(health|host-config)$")
"""Addresses whose failure is Streamlit's own doing. On a link to a page it cannot know whether the first part of the path is the page
or the app's base path, so it asks /page/_stcore/health (404) and then /_stcore/health.
"""


class Server:
    """`streamlit run` on a free port, in a process of its own. Its log is in `log`; it ends with the `with` block."""

    def __init__(self, app: Path, log: Path) -> None:
        self.app, self.log_file = app, log

    def __enter__(self) -> Server:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        options = {
            "server.headless": "true",
            "browser.gatherUsageStats": "false",
            "server.fileWatcherType": "none",
            "server.port": str(port),
            "server.address": "127.0.0.1",
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", str(self.app), *flags],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait_until_healthy()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    @property
    def log(self) -> str:
        """What the server printed so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with status {self.process.returncode}:\n{self.log}")
            try:
                with urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (URLError, OSError):
                pass
            time.sleep(0.1)
        raise RuntimeError(f"the server was not up after {START_SECONDS} s:\n{self.log}")

    def _stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def watch(page: Page) -> list[str]:
    """A list that fills with what goes wrong: console errors, uncaught errors, requests that fail or are answered with an error.

    Of those the console tells. To be told of every answer would be a hundred messages a page.
    """
    found: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not TOLERATED.search(message.location["url"]):
            found.append(f"console: {message.text} ({message.location['url']})")

    def on_failed(request: Request) -> None:
        # A page that is left while it still loads aborts its requests; that is no fault of the app.
        if request.failure != "net::ERR_ABORTED":
            found.append(f"request failed ({request.failure}): {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: found.append(f"uncaught: {error}"))
    page.on("requestfailed", on_failed)
    return found


def settle(page: Page) -> None:
    """Waits until Streamlit has run the script to its end and shows the result."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def sent_by(page: Page) -> list[object]:
    """A list that grows with each message to the server; to be had before the page is opened."""
    sent: list[object] = []

    def on_socket(socket: WebSocket) -> None:
        socket.on("framesent", lambda message: sent.append(message))

    page.on("websocket", on_socket)
    return sent
