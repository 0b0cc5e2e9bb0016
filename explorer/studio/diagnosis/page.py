"""The parts of the Diagnosis page in order: the verdict, examples with known answers, the findings (worst first), other measurements,
and the text."""

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
"""Number of findings that are expanded; later ones and notes are folded."""


def page() -> None:
    """Draw the page for the workbench's network and text."""
    here = place()
    entered = examples.entered_examples(here.card)
    trace, diagnosis = service.trace(here.model, here.text), service.diagnosis(here.model, here.text, entered)
    st.title(sentences.plain(summary(diagnosis)), anchor=False)
    st.markdown(words.of_reading(here, diagnosis))
    if diagnosis.left_out:
        st.info("\n".join(f"- {sentences.plain(said)}" for said in diagnosis.left_out), icon=":material/rule:")
    examples.box(here)
    explained: set[tuple[str, str]] = set()
    for number, one in enumerate(diagnosis.findings):
        if one.severity == "note" or number >= OPEN:
            finding.draw_folded(here, trace, one, number)
        else:
            finding.draw_open(here, trace, one, number, told=(one.explains, one.tries) in explained)
            explained.add((one.explains, one.tries))
    _facts(diagnosis)
    st.subheader("What it read", anchor=False)
    strip(here, "diagnosis")
    taking.section(here)


def _facts(diagnosis: Diagnosis) -> None:
    """List the numbers, also if nothing is wrong."""
    with st.expander(f"All {len(diagnosis.facts)} numbers that were measured", icon=":material/straighten:") as facts:
        table = {
            "what": [labelled(fact, diagnosis) for fact in diagnosis.facts],
            "value": [fact.text for fact in diagnosis.facts],
        }
        facts.dataframe(pd.DataFrame(table), hide_index=True, width="stretch")
