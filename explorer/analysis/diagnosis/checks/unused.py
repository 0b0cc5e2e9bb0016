"""Tensors of the file that the network leaves out: a front or a head that was not read."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.analysis.diagnosis.finding import Finding
from explorer.analysis.diagnosis.subject import Subject
from explorer.analysis.diagnosis.words import counted

NAMED = 8
"""Tensors that the title names; the notices name them all."""


def check(subject: Subject) -> Iterator[Finding]:
    """A look; a note if one known pair shows that the answer needs none of them."""
    names = subject.unused
    if not names:
        return
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    yield Finding(
        check="unused",
        severity="note" if subject.proven else "look",
        title=f"The file has {counted(len(names), 'tensor')} that this network does not use: {', '.join(names[:NAMED])}{more}",
        value=float(len(names)),
        threshold=1.0,
        explains="The known pair agrees, so this answer needs none of them."
        if subject.proven
        else "They may be layers before or after the recurrent ones. If so, the answer shown is not the file's own.",
        tries="No change is needed."
        if subject.proven
        else "Choose another readout or embedding on the page Your model (embedding= and readout= in Python), or give one known pair "
        "(pair=), which measures how far the answer shown is from the real one.",
        see="",
    )
