"""The sentences are computed from the numbers of this very reading."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import explorer
from explorer.analysis.reach import FLOOR
from explorer.studio import sentences
from tests.analysis.made import made
from tests.helpers import FEW, TEXT, network

UNIT = 1


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
        (3, ["+0.80", "step 3", "1 step ago", "100%"]),
        (4, ["2 steps ago", "100%", "now carries **+0.80**"]),
        (5, ["step 3", "3 steps ago", "50%", "now carries **+0.10**"]),
    ],
)
def test_of_belt(step: int, parts: list[str]) -> None:
    said = sentences.of_belt(made(**latch()), 0, UNIT, step)
    assert [part for part in parts if part not in said] == [], said


def test_a_negative_number_has_a_minus_sign() -> None:
    values = latch()
    values["g"] = -values["g"]
    assert "**−0.80**" in sentences.of_belt(made(**values), 0, UNIT, 3)


@FEW
@given(st.sampled_from(["lstm", "gru"]), st.integers(0, 3), st.integers(0, len(TEXT) - 1))
def test_of_belt_of_a_network(cell: str, unit: int, step: int) -> None:
    """It names the largest write up to the step, whatever network and place."""
    trace = explorer.trace(network((cell, {})), TEXT)
    assert trace.belt is not None
    written = trace.belt.written({signal.name: trace[signal.name][0, :, unit] for signal in trace.per_unit()})
    writer = int(np.abs(written[: step + 1]).argmax())
    said = sentences.of_belt(trace, 0, unit, step)
    assert f"at step {writer + 1} " in said
    assert f"{written[writer]:+.2f}".replace("-", "−") in said


def test_an_elman_network_has_none() -> None:
    assert sentences.of_belt(explorer.trace(network(("rnn", {})), TEXT), 0, 0, 0) == sentences.NO_BELT


def test_of_memory() -> None:
    differences = {name: np.array([0, 1.0, 0.5]) for name in ("lstm", "gru", "rnn")} | {"mut": np.zeros(3)}
    said = sentences.of_memory(differences, 1, {"lstm": None, "gru": 1, "rnn": 2, "mut": 0}, floor=1e-6)
    for part in ("LSTM to the end of the text", "GRU 1 step;", "RNN 2 steps", "MUT sees no difference"):
        assert part in said
    assert "after the last step: LSTM 0.5; GRU 0.5; RNN 0.5; MUT nothing above rounding." in said


def test_of_reach() -> None:
    curves = {"lstm": np.array([0.6, 0.7, 0.8, 1.0]), "rnn": np.array([0, FLOOR / 2, 0.4, 1.0])}
    said = sentences.of_reach(curves, 3)
    assert "**LSTM** never falls below half and arrives at the first step with 6e-01" in said
    assert "**RNN** falls below half after 1 step and reaches the smallest float32 after 2 steps" in said
    assert "step 4" in said, "steps are counted from 1 on the screen"


@pytest.mark.parametrize("token", [*"a *_$<&", "\n", "\N{COMBINING ACUTE ACCENT}"])
def test_a_glyph_is_a_code_span(token: str) -> None:
    said = sentences.glyph(token)
    assert said[0] == said[-1] == "`" and "`" not in said[1:-1]


def test_a_backtick_is_quoted_by_two() -> None:
    assert sentences.glyph("`") == "`` ` ``"


def test_articles() -> None:
    assert [sentences.an(name) for name in ("lstm", "gru", "rnn")] == ["an LSTM", "a GRU", "an RNN"]
