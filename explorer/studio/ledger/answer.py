"""Down to the answer: what each token contributes to a score, and the line that adds it up."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.analysis.ledger import Account, By, Ledger
from explorer.analysis.numbers import share
from explorer.analysis.tokens import visible
from explorer.studio import notation, service
from explorer.studio.components.account import account, of_answer
from explorer.studio.ledger import View, choices, words
from explorer.studio.sentences import glyph, plain


def draw(view: View) -> None:
    """The whole tab."""
    here, trace = view.here, view.trace
    if not trace.belts:
        st.markdown(words.NO_ACCOUNT.format(cell=here.card.cell.upper()))
        return
    left, middle, right = st.columns([2, 3, 2], vertical_alignment="bottom")
    column, against = choices.score(view, left)
    by = choices.by(middle)
    belt = choices.belt(trace, right)
    try:
        found = accounted(view.ledger(belt), column, against, here.step, by)
    except ValueError as error:  # a belt that h does not show, or a network that reads both ways: the library says why
        st.info(plain(f"{str(error)[0].upper()}{str(error)[1:]}."))
        return
    what = named(view, column, against)
    said = words.of_score(trace.tokens, found, here.step, what), words.of_sum(found, own(view, column, against), what)
    st.markdown("  \n".join(said))
    if st.session_state.get("score") == choices.RIGHT and not choices.is_known(view):
        st.caption("What is right at this step is not known: this is what the network says.")
    letter = notation.current().letter(belt.state)
    sent = of_answer(found, trace.tokens, view.reading, letter, what=what, step=here.step, warm=here.warm)
    account(sent, key="answer_account")
    squashed = view.trace.signals["h"].formula not in ("", belt.state) and belt.state != "h"
    st.caption(" ".join(words.about(by, squashed, here.layer == trace.rows - 1, chances(view, column, against))))


def accounted(ledger: Ledger, column: int, against: int | None, at: int, by: By) -> Account:
    """The account of a score; of the difference of two where there is one `against`."""
    found = ledger.logit(column, at, by=by)
    if against is None:
        return found
    other = ledger.logit(against, at, by=by)
    return Account(found.contributions - other.contributions, found.bias - other.bias)


def own(view: View, column: int, against: int | None) -> float:
    """The score as the network itself works it out, in its own precision."""
    readout = view.trace.readout
    assert readout is not None
    h = view.trace["h"][-1, view.here.step]
    scores = readout.weight @ h + readout.bias
    return float(scores[column] - (0 if against is None else scores[against]))


def named(view: View, column: int, against: int | None) -> str:
    """The score in words."""
    labels = service.model(view.here.model).labels
    if view.answer.numbers:
        return view.here.card.labels[0] if view.here.card.labels else "the answer"
    name = f"the score of “{visible(labels[column])}”"
    return name if against is None else f"{name} less that of “{visible(labels[against])}”"


def chances(view: View, column: int, against: int | None) -> str:
    """What all scores together make of these labels; empty where the answer is a number."""
    if view.answer.numbers:
        return ""
    log_p = service.predictions(view.here.model, view.here.text)[view.here.step]
    labels = service.model(view.here.model).labels
    parts = [f"P({glyph(labels[k])}) = {share(float(np.exp(log_p[k])))}" for k in (column, against) if k is not None]
    return f"With the scores of all others that makes {', '.join(parts)}."
