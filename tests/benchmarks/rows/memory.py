"""What the server's process holds after every page was opened and every network read, and what one more session adds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from explorer.models import zoo
from tests.benchmarks.measure import Row
from tests.benchmarks.running import PAGES, app, visit

SESSIONS = 10


def rows() -> Iterator[Row]:
    with app() as (server, browser):
        for path in PAGES.values():
            page, _ = visit(browser, f"{server.url}/{path}")
            page.context.close()
        yield within("server's memory after every page was opened once", resident(server.process.pid), 600)
        for card in zoo():
            page, _ = visit(browser, f"{server.url}/?model={card.name}")
            page.context.close()
        held = resident(server.process.pid)
        yield within(f"server's memory after all {len(zoo())} networks have read", held, 600)
        pages = [visit(browser, server.url)[0] for _ in range(SESSIONS)]
        yield within("a further session", (resident(server.process.pid) - held) / SESSIONS, 5)
        for page in pages:
            page.context.close()


def resident(pid: int) -> float:
    """Megabytes of memory that a process holds (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return float(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def within(what: str, megabytes: float, budget: float) -> Row:
    return Row(what=what, value=f"{megabytes:.1f} MB", budget=f"≤ {budget:g} MB", met=megabytes <= budget)
