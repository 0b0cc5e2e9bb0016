"""A diagnosis as plain text, for a terminal and a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from textwrap import wrap

from explorer.analysis.diagnosis.finding import SEVERITIES, Diagnosis, Fact, Finding, Severity
from explorer.analysis.diagnosis.words import counted

WIDTH = 100
SIGNS: dict[Severity, str] = {"wrong": "WRONG", "look": "LOOK", "note": "NOTE"}


def summary(diagnosis: Diagnosis) -> str:
    """ "1 thing is wrong, 2 are worth a look; 1 note"."""
    wrong, look, note = (diagnosis.count(severity) for severity in SEVERITIES)
    nothing = "Nothing of what could be measured is wrong" if diagnosis.left_out else "Nothing is wrong"
    text = f"{counted(wrong, 'thing')} {_are(wrong)} wrong" if wrong else nothing
    text += f", {look if wrong else counted(look, 'thing')} {_are(look)} worth a look" if look else ""
    return text + (f"; {note} note{'' if note == 1 else 's'}" if note else "") + "."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def as_text(diagnosis: Diagnosis, *, facts: bool = True) -> str:
    """The whole diagnosis, in lines of WIDTH characters at most."""
    return "\n".join(_lines(diagnosis, facts))


def _lines(diagnosis: Diagnosis, facts: bool) -> Iterator[str]:
    yield from wrap(diagnosis.network, WIDTH)
    yield from wrap(f"read {diagnosis.read}", WIDTH)
    for notice in (*diagnosis.notices, *diagnosis.left_out):
        yield from wrap(notice, WIDTH, initial_indent="! ", subsequent_indent="  ")
    yield ""
    yield from wrap(summary(diagnosis), WIDTH)
    shown_before: set[str] = set()
    for finding in diagnosis.findings:
        yield ""
        yield from _finding(finding, shown_before)
    if facts and diagnosis.facts:
        yield ""
        yield "Measured"
        for fact in diagnosis.facts:
            yield from wrap(
                f"{labelled(fact, diagnosis)}: {fact.text}", WIDTH, initial_indent="  ", subsequent_indent="      "
            )


def _finding(finding: Finding, told: set[str]) -> Iterator[str]:
    """The title, and the sentences that no other row or gate has shown before."""
    yield from wrap(finding.title, WIDTH, initial_indent=f"{SIGNS[finding.severity]:<6}", subsequent_indent=" " * 6)
    new = [text for text in (finding.explains, f"Try: {finding.tries}") if text not in told]
    told.update(new)
    for text in new:
        yield from wrap(text, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)


def labelled(fact: Fact, diagnosis: Diagnosis) -> str:
    """Label of a fact, with its row where the network has more than one."""
    several = len(diagnosis.rows) > 1 and fact.layer is not None
    return f"{fact.label}, {diagnosis.rows[fact.layer or 0]}" if several else fact.label


def as_html(diagnosis: Diagnosis) -> str:
    """A small table for a notebook."""
    rows = "".join(
        f"<tr><td><b>{SIGNS[one.severity]}</b></td><td style='text-align:left'>{escape(one.title)}</td></tr>"
        for one in diagnosis.findings
    )
    head = f"{escape(diagnosis.network)}; read {escape(diagnosis.read)}. <b>{escape(summary(diagnosis))}</b>"
    return f"<p>{head}</p><table>{rows}</table>" if rows else f"<p>{head}</p>"
