"""Parts of a diagnosis: findings, each with its number; facts, the numbers with which nothing is wrong; checks that
were left out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NotRequired, TypedDict

Severity = Literal["wrong", "look", "note"]
SEVERITIES: tuple[Severity, ...] = ("wrong", "look", "note")
"""The worst first. wrong: the network fails at its purpose. look: unusual, and a person has to judge. note: worth
knowing."""

Page = Literal["watch", "belt", "gates", "hidden", "gradients", ""]
"""The page that shows it; empty where none does."""


class Line(TypedDict):
    """One curve of a chart."""

    name: str
    y: list[float | None]


class Picture(TypedDict):
    """The numbers of a small chart, as plain lists. Whoever draws it decides how; None stands where there is no number.

    kind       "bars": `y`, one for each of `x`; "line": `lines` over `x`
    title      what is shown
    x_title, y_title   the axes
    threshold  where the finding begins, on the axis of values
    marked     which bars the finding is about
    log        whether the axis of values is logarithmic
    low, high  the ends of the axis of values, where they are fixed: 0 and 1 of a gate
    """

    kind: Literal["bars", "line"]
    title: str
    x: list[str] | list[float]
    x_title: str
    y_title: str
    y: NotRequired[list[float | None]]
    lines: NotRequired[list[Line]]
    threshold: NotRequired[float]
    marked: NotRequired[list[int]]
    log: NotRequired[bool]
    low: NotRequired[float]
    high: NotRequired[float]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was found, with its number.

    check      a short key: "forget-bias"
    title      a sentence with the number in it
    value      what was measured, and `threshold` from where on it counts
    layer      the row that it is about, as in a trace; None where it is about the whole network
    units      those that it is about, the most striking first
    explains   why it matters
    tries      what people usually try, with the source where there is one
    see        the page that shows it, and `unit` and `step` to open there, counted from 0
    picture    the numbers of a chart that shows it
    """

    check: str
    severity: Severity
    title: str
    value: float
    threshold: float
    explains: str
    tries: str
    layer: int | None = None
    units: tuple[int, ...] = ()
    see: Page = ""
    unit: int | None = None
    step: int | None = None
    picture: Picture | None = None


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A number that was computed, whatever it says: `label` names it, `text` is it as it is written."""

    check: str
    label: str
    value: float
    text: str
    layer: int | None = None


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Diagnosis of one network on one text.

    network    the network, in a line
    read       the text, in a line
    findings   the worst first
    facts      in the order of the checks
    rows       names of the trace's rows: "layer 0", or "layer 0, forward" and "layer 0, backward"
    left_out   what could not be computed, a sentence each
    notices    of the reading: unknown characters, a fallback to the CPU, …
    """

    network: str
    read: str
    steps: int
    tokens: tuple[str, ...]
    findings: tuple[Finding, ...]
    facts: tuple[Fact, ...]
    rows: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @cached_property
    def wrong(self) -> bool:
        """True if any finding has the severity "wrong"."""
        return any(finding.severity == "wrong" for finding in self.findings)

    def count(self, severity: Severity) -> int:
        """Number of findings of that severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def __repr__(self) -> str:
        from explorer.analysis.diagnosis.telling import as_text  # which tells of the classes in this file

        return as_text(self)

    def _repr_html_(self) -> str:
        from explorer.analysis.diagnosis.telling import as_html

        return as_html(self)
