"""The sentences are computed from the numbers of this very reading."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import explorer
from explorer.analysis import numbers
from explorer.analysis.reach import FLOOR
from explorer.models import Card, card_of
from explorer.models.card import Headline
from explorer.studio import sentences
from tests.analysis.made import made
from tests.app.driving import HOSTILE, NAMES
from tests.helpers import FEW, TEXT, network
from tests.models.tiny import finding

UNIT = 1
CARD = card_of(NAMES[0])
READING = explorer.trace(network(("lstm", {})), TEXT)


def latch() -> dict[str, np.ndarray]:
    """Unit 1 writes +0.8 at step 2 and -0.3 at step 5; it keeps all, and half from step 4 to 5."""
    f, i, g = np.ones((8, 2)), np.zeros((8, 2)), np.zeros((8, 2))
    i[[2, 5], UNIT], g[[2, 5], UNIT], f[5, UNIT] = 1, [0.8, -0.3], 0.5
    c = np.zeros((8, 2))
    for step in range(8):
        c[step] = f[step] * (c[step - 1] if step else 0) + i[step] * g[step]
    return {"f": f, "i": i, "g": g, "c": c}


@pytest.mark.parametrize(
    ("step", "parts"),
    [
        (2, ["+0.80", "step 3", "just now"]),
        (3, ["+0.80", "step 3", "1 step ago", "100 %"]),
        (4, ["2 steps ago", "100 %", "now carries **+0.80**"]),
        (5, ["step 3", "3 steps ago", "50 %", "now carries **+0.10**"]),
    ],
)
def test_of_belt(step: int, parts: list[str]) -> None:
    said = sentences.of_belt(made(**latch()), 0, UNIT, step)
    assert [part for part in parts if part not in said] == [], said


def test_a_gradient_of_nothing_has_no_reach() -> None:
    said = sentences.of_reach({"lstm": np.zeros(3), "rnn": np.array([1, 0.5, 0.25])}, 2)
    assert (
        "**LSTM**: the gradient is already 0 at the target step; **RNN** first falls below half after 2 steps" in said
    )


def test_a_negative_number_has_a_minus_sign() -> None:
    values = latch()
    values["g"] = -values["g"]
    assert "**−0.80**" in sentences.of_belt(made(**values), 0, UNIT, 3)


@FEW
@given(
    st.sampled_from(["lstm", "gru", "lstm-peephole", "grid"]),
    st.integers(0, 3),
    st.integers(0, len(TEXT) - 1),
    st.integers(0, 3),
)
def test_of_belt_of_a_network(cell: str, unit: int, step: int, row: int) -> None:
    """It names the largest write that the row had read, and what the ledger says is left of it; in a backward row it stands later."""
    trace = explorer.trace(network((cell, {}), (2, True)), TEXT)
    found = explorer.ledger(trace)
    written, left = found.written(step, row)[:, unit], found.share(step, row)[1:, unit]
    place = int(np.abs(written).argmax())
    writer = list(found.steps(step, row))[place]
    said = sentences.of_belt(trace, row, unit, step)
    assert f"at step {writer + 1} " in said and (writer >= step if row % 2 else writer <= step)
    assert f"{written[place]:+.2f}".replace("-", "−") in said
    if writer != step:
        assert f"{sentences.counted(abs(step - writer))} ago; **{numbers.share(left[place])}** of it is left" in said


def test_an_elman_network_has_none() -> None:
    assert sentences.of_belt(explorer.trace(network(("rnn", {})), TEXT), 0, 0, 0) == sentences.NO_BELT


def test_of_memory() -> None:
    differences = {name: np.array([0, 1.0, 0.5]) for name in ("lstm", "gru", "rnn")} | {"mut": np.zeros(3)}
    said = sentences.of_memory(differences, 1, {"lstm": None, "gru": 1, "rnn": 2, "mut": 0}, floor=1e-6)
    for part in ("LSTM not within this text", "GRU 1 step;", "RNN 2 steps", "MUT sees no difference"):
        assert part in said
    assert "after the last step: LSTM 0.5; GRU 0.5; RNN 0.5; MUT nothing above rounding." in said


def test_what_is_left_of_a_gradient_is_a_share_or_a_number_of_times() -> None:
    for first, left in (
        (1.0, "with 100 % of its size"),
        (0.01, "with 1 % of its size"),
        (0.004, "with 0.004 of its size"),
    ):
        assert f"arrives {left}" in sentences.of_reach({"gru": np.array([1.0, first])}, 1)
    assert "arrives 3.8 times as large" in sentences.of_reach({"gru": np.array([1.0, 3.8])}, 1)


def test_of_reach() -> None:
    behind = {"lstm": np.array([1.0, 0.8, 0.7, 0.6]), "rnn": np.array([1.0, 0.4, FLOOR / 2, 0])}
    said = sentences.of_reach(behind, 3, "of c")
    assert "A tiny change of c, going back from step 4" in said, "steps are counted from 1 on the screen"
    assert "**LSTM** never falls below half and arrives with 60 % of its size" in said
    assert "**RNN** first falls below half after 1 step and is too small for float32 after 2 steps" in said


@pytest.mark.parametrize("token", [*"a *_$<&", "\n", "\N{COMBINING ACUTE ACCENT}"])
def test_a_glyph_is_a_code_span(token: str) -> None:
    said = sentences.glyph(token)
    assert said[0] == said[-1] == "`" and "`" not in said[1:-1]


def test_a_backtick_is_quoted_by_two() -> None:
    assert sentences.glyph("`") == "`` ` ``"


def test_articles() -> None:
    assert [sentences.an(name) for name in ("LSTM", "GRU", "RNN", "Grid LSTM", "Echo state network")] == [
        "an LSTM",
        "a GRU",
        "an RNN",
        "a Grid LSTM",
        "an Echo state network",
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"cell": "lstm"}, "An LSTM reads your text, one character at a time"),
        ({"cell": "gru", "tokens": "words"}, "A GRU reads your text, one word at a time"),
        ({"cell": "rnn", "tokens": "numbers"}, "An RNN reads your numbers, one row at a time"),
    ],
)
def test_of_watching(changed: dict[str, Any], said: str) -> None:
    assert sentences.of_watching(replace(CARD, **changed)) == said


def test_a_message_may_quote_anything() -> None:
    """Every mark of ASCII is escaped, so that Markdown shows it as it is."""
    said = sentences.plain(HOSTILE)
    assert said.replace("\\", "") == HOSTILE.replace("\\", "")
    for mark in "<>&*[]()`$:#|~_":
        assert said.count(mark) == said.count(f"\\{mark}") == HOSTILE.count(mark)


SHARE = Headline(key="right", says="of the verbs right", better="higher", percent=True, baseline=0.5)
ERROR = Headline(key="error", says="mean squared error", better="lower", baseline=1 / 6)


def card_with(headline: Headline, score: float, **changed: Any) -> Card:
    return replace(CARD, headline=headline, scores={headline.key: score}, **changed)


@pytest.mark.parametrize(
    ("headline", "score", "changed", "said"),
    [
        (SHARE, 0.9971, {}, "99.7 % of the verbs right (without a memory 50 %), on sequences it never saw."),
        (SHARE, 1.0, {}, "100 % of the verbs right (without a memory 50 %), on sequences it never saw."),
        (ERROR, 0.00123, {}, "0.0012 mean squared error (without a memory 0.17), on sequences it never saw."),
        (replace(ERROR, baseline=None), 2.1241, {}, "2.12 mean squared error, on sequences it never saw."),
        (SHARE, 1.0, {"budget": {}}, "Wired by hand: 100 % of the verbs right."),
    ],
)
def test_of_score(headline: Headline, score: float, changed: dict[str, Any], said: str) -> None:
    """Never rounded up to all of them; with what one gets without a memory, where that is known."""
    assert sentences.of_score(card_with(headline, score, **changed)) == said


def test_of_siblings() -> None:
    """The LSTM first; on how many seeds that rests, none of them in silence."""
    cards = [card_with(SHARE, score, cell=cell) for cell, score in (("rnn", 0.512), ("gru", 0.99999), ("lstm", 0.997))]
    said = sentences.of_siblings(cards)
    assert said == (
        "**LSTM** 99.7 % · **GRU** 99.9 % · **RNN** 51 % of the verbs right; without a memory 50 %; one seed each."
    )
    several = [replace(card, seeds=({"seed": 1}, {"seed": 2}, {"seed": 3})) for card in cards]
    assert sentences.of_siblings(several).endswith("; best of 3 seeds each, all on the card.")
    wired = [replace(card, budget={}) for card in cards]
    assert sentences.of_siblings(wired).endswith("of the verbs right; wired by hand.")


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        (
            {"forced": 6.0, "erased": -3.0},
            ["multiplies P(c) by 64 (log₂ +6)", "erasing it divides that by 8.0 (log₂ −3)"],
        ),
        (
            {"forced": -0.5, "erased": 0.0},
            ["divides P(c) by 1.4", "erasing it does not change that by more than chance (log₂ +0)"],
        ),
        ({"forced": -5000.0}, ["divides P(c) by more than a million (", ", against what it should do"]),
        (
            {"measured": "value", "forced": -0.25, "erased": 0.125},
            ["moves c by −0.25", "erasing it moves it by +0.125"],
        ),
        ({"places": 0}, ["its effect was not measured"]),
        (
            {"forced": -1.6, "forced_deviation": 2.2, "erased": 0.3, "erased_deviation": 2.2, "places": 24},
            [
                "divides P(c) by 3.0 (log₂ −1.6 ± 2.2), against what it should do",
                "erasing it does not change that by more than chance (log₂ +0.3 ± 2.2)",
                "(mean ± standard deviation over 24 places)",
            ],
        ),
        ({"correlation": -0.61, "null": 0.2}, ["correlates 0.61", "(chance 0.20)"]),
    ],
)
def test_of_finding(changed: dict[str, Any], parts: list[str]) -> None:
    """Correlation, chance, effect and rank together."""
    said = sentences.of_finding(finding(**changed), 128)
    for part in parts:
        assert part in said
    assert ("rank 1 of 128" in said) == (changed.get("places") != 0)
    assert said.endswith(".") and "correlates" in said and "chance" in said


def table(**means: dict[str, float]) -> pd.DataFrame:
    """Quantity -> kind -> mean, of 5 tokens each."""
    rows = [(quantity, kind, mean, 5) for quantity, kinds in means.items() for kind, mean in kinds.items()]
    return pd.DataFrame(rows, columns=["quantity", "kind", "mean", "tokens"])


def test_of_kinds() -> None:
    """Where most and least is kept and written, and on how many tokens that rests; a symbol that is a kind is quoted."""
    means = {"letter": 0.5, ")": 0.25, "space": 0.875}
    said = sentences.of_kinds(
        table(f=means, i={"letter": 0.9}, written=dict.fromkeys(means, 0.1) | {")": 2.0}), READING
    )
    assert "It keeps most at **space** (0.88), least at **`)`** (0.25). " in said
    assert "It writes most at **`)`** (2.00), least at" in said
    assert said.endswith("Means over all units and 15 tokens; a kind with few tokens says little.")


def test_kinds_that_are_alike_have_no_order() -> None:
    """One hundredth more would say nothing of a network; nor does it where all is 0."""
    said = sentences.of_kinds(
        table(f={"praise": 0.56, "blame": 0.55}, written={"praise": 0.02, "blame": 0.01}), READING
    )
    assert "It keeps much the same at every kind (0.55 to 0.56). It writes most at **praise** (0.02)" in said
    assert "most" not in sentences.of_kinds(table(f={"a": 0.0, "b": 0.0}), READING)


def test_of_one_kind_there_is_no_most_and_least() -> None:
    said = sentences.of_kinds(table(f={"letter": 0.5}, written={"letter": 0.1}), READING)
    assert said == "Means over all units and 5 tokens; a kind with few tokens says little."
