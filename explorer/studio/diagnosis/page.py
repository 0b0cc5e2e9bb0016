"""The parts of the page in their order: the verdict, examples with known answers, the findings with the worst first, what else was
measured, what was read."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from explorer.analysis.diagnosis import Diagnosis
from explorer.analysis.diagnosis.telling import labelled, summary
from explorer.studio import sentences, service, taking
from explorer.studio.diagnosis import examples, finding, words
from explorer.studio.page import strip
from explorer.studio.workbench import place

OPEN = 6
"""How many findings stand open; those after them are folded, as notes are."""


def page() -> None:
    """All of it, about what the workbench has at hand."""
    here = place()
    known = examples.given(here.card)
    trace, found = service.trace(here.model, here.text), service.diagnosis(here.model, here.text, known)
    st.title(sentences.plain(summary(found)), anchor=False)
    st.markdown(words.of_reading(here, found))
    if found.left_out:
        st.info("\n".join(f"- {sentences.plain(said)}" for said in found.left_out), icon=":material/rule:")
    examples.box(here)
    told: set[tuple[str, str]] = set()
    for number, one in enumerate(found.findings):
        if one.severity == "note" or number >= OPEN:
            finding.draw_folded(here, trace, one, number)
        else:
            finding.draw_open(here, trace, one, number, told=(one.explains, one.tries) in told)
            told.add((one.explains, one.tries))
    _facts(found)
    st.subheader("What it read", anchor=False)
    strip(here, "diagnosis")
    taking.section(here)


def _facts(found: Diagnosis) -> None:
    """Also where nothing is wrong the numbers are there to be looked up."""
    with st.expander(f"All {len(found.facts)} numbers that were measured", icon=":material/straighten:") as facts:
        table = {"what": [labelled(fact, found) for fact in found.facts], "value": [fact.text for fact in found.facts]}
        facts.dataframe(pd.DataFrame(table), hide_index=True, width="stretch")
