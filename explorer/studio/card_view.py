"""A model's card on a page: facts, scores, findings, and every weight of a network that was wired by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from explorer.models import Card
from explorer.models.card import DISTINCT, FOLLOWS
from explorer.signals import Array
from explorer.studio import sentences, service, state
from explorer.studio.page import switch

FEW, FEW_SYMBOLS = 4, 100
"""Maximum numbers of units and of symbols for which a single-row network's weights are listed one by one."""


def show(card: Card) -> None:
    """Draw the whole card."""
    st.markdown(f"{sentences.plain(card.sentence)} {sentences.of_score(card)}")
    st.subheader("What to look for", anchor=False)
    if card.measured:
        _findings(card)
    else:
        st.markdown(sentences.of_nothing_found(card))
    if card.hidden_size <= FEW and card.rows == 1 and len(card.reader) <= FEW_SYMBOLS:
        st.subheader("Every weight", anchor=False)
        how = service.recipe(card.task)
        if how and how.explained:
            st.markdown(how.explained.replace("*", "\\*").replace("_", "\\_"))
        _weights(card)
    if card.seeds:
        st.subheader("Every seed that was trained", anchor=False)
        st.markdown(f"The best by a selection on other sequences is shipped: seed {card.seed}.")
        st.dataframe(pd.DataFrame(card.seeds), hide_index=True, width="stretch")
    st.subheader("What it is", anchor=False)
    st.dataframe(_facts(card), hide_index=True, width="stretch")
    if card.command:
        st.markdown("Make it again:")
        st.code(card.command, language="shell")


def _findings(card: Card) -> None:
    """Draw one line per property: the claim with its evidence, and a button that shows it."""
    for finding in card.findings:
        left, right = st.columns([4, 1], vertical_alignment="center")
        where = f"unit {finding.unit} {sentences.of_finding(finding, card.hidden_size)}"
        left.markdown(
            f"**{finding.follows}**: {where}"
            if finding.holds
            else f"**{finding.follows}**: {sentences.why_not_named(finding)}. The nearest: {where}"
        )
        if right.button("Watch it", key=f"watch {finding.follows}", on_click=state.look_at, args=(finding,)):
            switch("pages/read/watch.py")
    st.caption(
        "A unit's number and sign are arbitrary. The unit was chosen on training sequences and everything else measured on held-out "
        "ones; chance is what the best of all units reaches when the property is shifted along the text (95th percentile of 100). "
        f"A unit is named after a property if |r| is at least {FOLLOWS} and twice chance, and forcing it changes the answer in the "
        f"expected direction by more than {DISTINCT:g} standard errors (standard deviation / √places)."
    )


def _weights(card: Card) -> None:
    """Draw the weights as tables: one row per unit of each gate, one column per input, unit of h and bias."""
    model = service.model(card.name)
    weights = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    units = card.hidden_size
    rows = [f"{gate} of unit {unit}" for gate in model.cell.blocks for unit in range(units)]
    inputs = [f"x{k}" for k in range(card.input_size)]
    symbols = list(card.reader.labels)
    if card.reader.unknown is not None:
        symbols[card.reader.unknown] = "unknown"
    if model.embedding is not None and _is_one_hot(weights["embedding.weight"]):
        rows_of = weights["embedding.weight"].argmax(0).tolist()
        used = weights["embedding.weight"].any(0)
        inputs = [f"‘{symbols[row]}’" if there else "unknown" for row, there in zip(rows_of, used, strict=True)]
        st.caption("Each symbol is its own input: 1 where it is read, else 0. A symbol that is unknown is all zeros.")
    elif model.embedding is not None:
        st.dataframe(pd.DataFrame(weights["embedding.weight"], index=symbols, columns=inputs))
    if len(rows) == len(weights["stack.weight_ih_l0"]):
        table = pd.DataFrame(weights["stack.weight_ih_l0"], index=rows, columns=_told_apart(inputs))
        for unit in range(units):
            table[f"from h of unit {unit}"] = weights["stack.weight_hh_l0"][:, unit]
        inner = weights["stack.bias_hh_l0"]
        if card.cell == "gru":  # the candidate's second bias is behind the reset gate and cannot be added to the first
            behind = np.where(np.arange(len(rows)) >= 2 * units, inner, 0)
            table["bias"] = weights["stack.bias_ih_l0"] + inner - behind
            table["bias behind the reset gate"] = behind
        else:
            table["bias"] = weights["stack.bias_ih_l0"] + inner
        st.dataframe(table, width="stretch")
    labels = card.labels or card.reader.labels
    readout = pd.DataFrame(
        weights["readout.weight"],
        index=[f"score of {label}" for label in labels],
        columns=[f"from h of unit {u}" for u in range(units)],
    )
    readout["bias"] = weights["readout.bias"]
    st.dataframe(readout, width="stretch")


def _is_one_hot(embedding: Array) -> bool:
    """Return whether each symbol is 1 in a column of its own and 0 elsewhere. An unknown symbol may be all zeros."""
    symbols = embedding[embedding.any(1)]
    return bool(((symbols == 0) | (symbols == 1)).all() and (symbols.sum(1) == 1).all() and (symbols.sum(0) <= 1).all())


def _told_apart(inputs: list[str]) -> list[str]:
    """Return column names; a symbol that occurs twice gets its index the second time."""
    return [f"from {name}" if name not in inputs[:k] else f"from {name} ({k})" for k, name in enumerate(inputs)]


def _facts(card: Card) -> pd.DataFrame:
    facts = {
        "cell": f"{card.cell.upper()}{f' with {dict(card.options)}' if card.options else ''}",
        "units": f"{card.hidden_size} in {card.num_layers} layer{'s' if card.num_layers > 1 else ''}",
        "parameters": f"{card.parameters:,}",
        "reads": f"{card.tokens}: {len(card.vocabulary):,}",
        "answers with": card.answer + (f": {', '.join(card.labels)}" if card.labels else ""),
        **card.corpus,
        **{name.replace("_", " "): f"{score:.4f}" for name, score in card.scores.items()},
        **_making(card),
    }
    return pd.DataFrame({"what": list(facts), "value": list(facts.values())})


def _making(card: Card) -> dict[str, str]:
    """Return the origin of the weights, as far as it is known; empty for an uploaded model."""
    if card.own:
        return {}
    if card.untrained:
        return {"seed": str(card.seed), "trained for": "nothing: its weights are as they were drawn"}
    budget = ", ".join(f"{name} {value}" for name, value in card.budget.items() if value is not None)
    return {
        "seed": str(card.seed),
        "trained for": budget or "wired by hand",
        "licence": card.licence,
        "weights, sha256": card.sha256,
    }
