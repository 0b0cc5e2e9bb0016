"""Finds a Chromium to test with. Standard library only: `tests/run.py` uses it before anything else is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SETTING = "CHROMIUM"
"""The environment variable that names the executable."""

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)

FLAGS = (
    "--no-sandbox",  # needed where the tests run as root, in a container
    "--disable-gpu",
    "--no-first-run",
    # Without these a browser looks up its maker's hosts at each start.
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

MISSING = (
    "no Chromium was found: put one on the PATH (Debian: apt-get install chromium), "
    f"name its executable in {SETTING}, or run: python -m playwright install chromium"
)


def find() -> str | None:
    """The executable that CHROMIUM names, else one on the PATH or in its usual place, else Playwright's own; None without any.

    Raises FileNotFoundError where CHROMIUM names a file that is not there.
    """
    named = os.environ.get(SETTING)
    if named:
        if shutil.which(named) is None:
            raise FileNotFoundError(f"{SETTING} names {named}, which is no executable file")
        return named
    on_path = (shutil.which(name) for name in NAMES)
    installed = (place for place in PLACES if Path(place).exists())
    return next(filter(None, (*on_path, *installed, _of_playwright())), None)


def install() -> str | None:
    """Installs a Chromium, by Debian's package where that can be done, else by Playwright; what `find` then finds."""
    apt = shutil.which("apt-get")
    if apt and hasattr(os, "geteuid") and os.geteuid() == 0:
        _run([apt, "update"])
        if _run([apt, "install", "--yes", "--no-install-recommends", "chromium"]) and find():
            return find()
    _run([sys.executable, "-m", "playwright", "install", "chromium"])
    return find()


def _of_playwright() -> str | None:
    """Playwright's own browser. Asked in another process, since its driver would stay in this one."""
    ask = (
        "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path, end='')"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 and Path(done.stdout).is_file() else None


def _run(command: list[str]) -> bool:
    print("$", " ".join(command), flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False).returncode == 0
