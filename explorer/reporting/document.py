"""The report: the network, the findings, the measurements and the text."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from explorer.analysis.diagnosis.finding import Diagnosis, Finding, Severity
from explorer.analysis.diagnosis.telling import labelled, summary
from explorer.analysis.tokens import visible
from explorer.reporting.charts import chart
from explorer.reporting.style import STYLE

SAYS: dict[Severity, str] = {"wrong": "Wrong", "look": "Worth a look", "note": "Note"}
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Content security policy: the file may fetch nothing. Its style is inline."""
TOKENS = 2000
"""Most tokens of the text that the report repeats."""


def as_html(diagnosis: Diagnosis, *, said: str = "") -> str:
    """One HTML file. `said` is a sentence about the text; empty for none. Everything from a user is escaped."""
    title = f"Diagnosis of {diagnosis.network}"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(_parts(diagnosis, said))
        + "\n</main>\n</body>\n</html>\n"
    )


def _parts(diagnosis: Diagnosis, said: str) -> Iterator[str]:
    yield f"<h1>{escape(summary(diagnosis))}</h1>"
    yield f'<p class="about">{escape(diagnosis.network)}; it read {escape(diagnosis.read)}.</p>'
    for sentence in (said, *diagnosis.notices, *diagnosis.left_out):
        if sentence:
            yield f'<p class="about">{escape(sentence)}</p>'
    yield from map(_finding, diagnosis.findings)
    yield _facts(diagnosis)
    yield _read(diagnosis)
    yield (
        '<p class="about">Every number comes from one reading of this text and from the weights. Gates and units may behave differently on '
        "another text. Units, rows and layers are counted from 0, steps from 1.</p>"
    )


def _finding(finding: Finding) -> str:
    drawn = f'<div class="chart">{chart(finding.picture)}</div>' if finding.picture else ""
    return (
        f'<section class="{finding.severity}">\n<h2><span class="severity">{SAYS[finding.severity]}.</span> {escape(finding.title)}</h2>\n'
        f"<p>{escape(finding.explains)}</p>\n<p><b>Try:</b> {escape(finding.tries)}</p>\n{drawn}\n</section>"
    )


def _facts(diagnosis: Diagnosis) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(labelled(fact, diagnosis))}</th><td>{escape(fact.text)}</td></tr>'
        for fact in diagnosis.facts
    )
    return f"<h2>Measured</h2>\n<table>{rows}</table>" if rows else ""


def _read(diagnosis: Diagnosis) -> str:
    between = "" if all(len(token) == 1 for token in diagnosis.tokens) else " "
    text = between.join(visible(token) for token in diagnosis.tokens[:TOKENS])
    more = "" if diagnosis.steps <= TOKENS else f" … and {diagnosis.steps - TOKENS:,} more"
    return f"<details><summary>What it read</summary><pre>{escape(text)}{more}</pre></details>"
