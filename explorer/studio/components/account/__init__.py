"""The account of a memory on canvases: who wrote the belt, which follows the stage's playhead, and what makes a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from explorer.analysis.ledger import Account
from explorer.analysis.tokens import visible
from explorer.figures.theme import THEMES
from explorer.models.vocabulary import named
from explorer.signals import Belt, Trace
from explorer.studio.components import shared
from explorer.studio.components.shared.json_numbers import short
from explorer.studio.components.shared.packing import pack

HERE = Path(__file__).parent
Whose = Literal["one", "all"]

KEY_TO_ONE = (
    "Above the text what adds to the memory, below it what takes away; an arc is as thick as what is left of what its token wrote. "
    "In the bars the outline is what was written, filled as far as it is left."
)
KEY_TO_ALL = (
    "An arc is as thick as what is left of what its token wrote, sizes added up over all units (Σ|contribution|). "
    "In the bars the outline is what was written, filled as far as it is left."
)
KEY_TO_ANSWER = (
    "Bars: orange adds to the score, purple takes away. The line is their sum so far, from left to right; dashed at its end the bias, "
    "and the dot is the score."
)

_ACCOUNT = st.components.v2.component(
    "carousel_account",
    html='<div class="account" data-testid="account"></div>',
    css=(HERE / "account.css").read_text(encoding="utf-8"),
    js=shared.joined(*shared.SCRIPTS, *(HERE / "js" / f"{n}.js" for n in ("axis", "table", "belt", "answer", "main"))),
)


def account(data: bytes, key: str) -> None:
    """Mount data packed by `of_belt` or `of_answer`."""
    _ACCOUNT(key=key, data=data)


def of_belt(trace: Trace, belt: Belt, layer: int, reading: str, letter: str, *, whose: Whose, warm: int = 0) -> bytes:
    """Pack what every step of a row wrote and kept, for all units: the browser computes the account of any step from it.

    The data does not depend on the playhead, so it is sent once. `reading` is the stage's name for the reading (`identity`).
    """
    header = _header(trace.tokens, reading, f"{letter}₀", warm) | {
        "kind": "belt",
        "key": f"{KEY_TO_ONE if whose == 'one' else KEY_TO_ALL} {letter}₀ is the memory before the text.",
        "says": "The text, each token in the colour of what it contributes to the memory now",
        "units": trace.units,
        "steps": trace.steps,
        "reversed": trace.reads_backward(layer),
        "letter": letter,
        "whose": whose,
    }
    values = {signal.name: trace[signal.name][layer] for signal in trace.per_unit()}
    arrays = [trace.initial[belt.state][layer], belt.kept(values), belt.written(values), trace[belt.state][layer]]
    return pack(header, arrays)


def of_answer(
    account: Account, tokens: Sequence[str], reading: str, letter: str, *, what: str, step: int, warm: int = 0
) -> bytes:
    """Pack the contribution of each token up to `step` to `what`, and the bias."""
    header = _header(tokens, reading, f"{letter}₀", warm) | {
        "kind": "answer",
        "key": f"{KEY_TO_ANSWER} {letter}₀ is the memory before the text.",
        "says": f"The text, each token in the colour of what it contributes to {what}",
        "reversed": False,
        "what": what,
        "bias": short(account.bias),
        "step": step,
    }
    return pack(header, [account.contributions])


def _header(tokens: Sequence[str], reading: str, first: str, warm: int) -> dict[str, Any]:
    """Return the header fields of both kinds: `first` labels the state before the text, `warm` is the number of warm-up tokens."""
    return {
        "id": reading,
        "shown": [visible(token) for token in tokens],
        "names": [named(token) for token in tokens],
        "first": first,
        "warm": warm,
        "themes": {mode: asdict(theme) for mode, theme in THEMES.items()},
    }
