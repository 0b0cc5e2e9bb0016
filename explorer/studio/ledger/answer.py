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
    """Draw the whole tab."""
    here, trace = view.here, view.trace
    if not trace.belts:
        st.markdown(words.NO_ACCOUNT.format(cell=here.card.cell.upper()))
        return
    left, middle, right = st.columns([2, 3, 2], vertical_alignment="bottom")
    column, against = choices.score(view, left)
    by = choices.by(middle)
    belt = choices.belt(trace, right)
    try:
        result = accounted(view.ledger(belt), column, against, here.step, by)
    except ValueError as error:  # h does not show this belt, or the network is bidirectional: the library says which
        st.info(plain(f"{str(error)[0].upper()}{str(error)[1:]}."))
        return
    what = named(view, column, against)
    sentences = (
        words.of_score(trace.tokens, result, here.step, what),
        words.of_sum(result, own(view, column, against), what),
    )
    st.markdown("  \n".join(sentences))
    if st.session_state.get("score") == choices.RIGHT and not choices.is_known(view):
        st.caption("The right answer at this step is unknown, so the account is of the network's own answer.")
    letter = notation.current().letter(belt.state)
    sent = of_answer(result, trace.tokens, view.reading, letter, what=what, step=here.step, warm=here.warm)
    account(sent, key="answer_account")
    squashed = view.trace.signals["h"].formula not in ("", belt.state) and belt.state != "h"
    st.caption(" ".join(words.about(by, squashed, here.layer == trace.rows - 1, chances(view, column, against))))


def accounted(ledger: Ledger, column: int, against: int | None, at: int, by: By) -> Account:
    """Return the account of a score, or of its difference from the score `against`."""
    whole = ledger.logit(column, at, by=by)
    if against is None:
        return whole
    other = ledger.logit(against, at, by=by)
    return Account(whole.contributions - other.contributions, whole.bias - other.bias)


def own(view: View, column: int, against: int | None) -> float:
    """Return the score as computed by the network, in its own precision."""
    readout = view.trace.readout
    assert readout is not None
    h = view.trace["h"][-1, view.here.step]
    scores = readout.weight @ h + readout.bias
    return float(scores[column] - (0 if against is None else scores[against]))


def named(view: View, column: int, against: int | None) -> str:
    """Name the score in words."""
    labels = service.model(view.here.model).labels
    if view.answer.numbers:
        return view.here.card.labels[0] if view.here.card.labels else "the answer"
    name = f"the score of “{visible(labels[column])}”"
    return name if against is None else f"{name} less that of “{visible(labels[against])}”"


def chances(view: View, column: int, against: int | None) -> str:
    """Say what probabilities these scores give; empty for a number."""
    if view.answer.numbers:
        return ""
    log_p = service.predictions(view.here.model, view.here.text)[view.here.step]
    labels = service.model(view.here.model).labels
    parts = [f"P({glyph(labels[k])}) = {share(float(np.exp(log_p[k])))}" for k in (column, against) if k is not None]
    return f"Together with all other scores this gives {', '.join(parts)}."
