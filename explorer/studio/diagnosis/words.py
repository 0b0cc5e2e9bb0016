"""Text on the Diagnosis page around the findings."""

from __future__ import annotations

from typing import NamedTuple

from explorer.analysis.diagnosis import Diagnosis, Finding, Severity
from explorer.analysis.diagnosis.finding import Page
from explorer.figures.roles import SAYS
from explorer.signals import Role, Trace
from explorer.studio.sentences import plain
from explorer.studio.state import Place


class Badge(NamedTuple):
    """A severity as shown: a word and an icon beside its colour."""

    word: str
    icon: str
    colour: str


BADGES: dict[Severity, Badge] = {
    "wrong": Badge("Wrong", ":material/error:", "red"),
    "look": Badge("Worth a look", ":material/visibility:", "orange"),
    "note": Badge("Note", ":material/info:", "gray"),
}


class Shown(NamedTuple):
    """A page that shows a finding: its file, and its name in the page table."""

    path: str
    name: str


PAGES: dict[Page, Shown] = {
    "watch": Shown("pages/read/watch.py", "Watch"),
    "belt": Shown("pages/read/belt.py", "Conveyor belt"),
    "gates": Shown("pages/read/gates.py", "Gates"),
    "hidden": Shown("pages/read/hidden.py", "Hidden state"),
    "gradients": Shown("pages/learn/gradients.py", "Gradients"),
}
AS_ABOVE = "Why it matters and what people usually try: as above."


def of_reading(here: Place, diagnosis: Diagnosis) -> str:
    """Say which network was examined on which text, and how general the result is; Markdown."""
    more = f", and {here.more:,} more are not read" if here.more else ""
    return (
        f"{plain(diagnosis.network)}. It read {plain(diagnosis.read)}{more}. Every number is for **this** text and these weights; another "
        "text may give another result, and a longer one says more."
    )


def role_of(finding: Finding, trace: Trace) -> Role | None:
    """Return the role of the quantity in a finding's chart, according to its title; None if the chart has no role."""
    title = finding.picture["title"] if finding.picture else ""
    named = [signal for signal in trace.signals.values() if signal.role in SAYS and signal.label in title]
    return max(named, key=lambda signal: len(signal.label)).role if named else None
