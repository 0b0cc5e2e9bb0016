"""Untrained cells: they begin as chosen, the same for the same seed, and their gradient reaches as far as the theory says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer.models.startup import RECURRENT, reach, untrained

FLOOR = np.finfo(np.float32).tiny


@pytest.mark.parametrize("recurrent", RECURRENT)
def test_the_same_seed_is_the_same_cell(recurrent: str) -> None:
    """Another seed is another one; torch's own generator goes on as if nothing had been drawn."""
    before = torch.random.get_rng_state()
    one, same, other = (untrained("gru", 6, recurrent=recurrent, seed=seed) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.weight_hh, other.weight_hh)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("recurrent", RECURRENT)
def test_the_recurrent_weights_are_as_chosen(recurrent: str) -> None:
    """The radius exactly, the gain as a factor; each block of an LSTM is drawn by itself."""
    W = untrained("rnn", 20, recurrent=recurrent, radius=1.5).weight_hh
    assert np.abs(np.linalg.eigvals(W.double().numpy())).max() == pytest.approx(1.5, rel=1e-5)  # float32
    plain, twice = (untrained("lstm", 20, recurrent=recurrent, gain=gain).weight_hh for gain in (1, 2))
    torch.testing.assert_close(twice, plain * 2)
    if recurrent == "orthogonal":
        for block in plain.chunk(4):
            torch.testing.assert_close(block @ block.T, torch.eye(20), rtol=0, atol=1e-5)  # float32


def test_a_reach_is_that_of_the_jacobian() -> None:
    """By distance: ‖J‖_F / √H and ‖J‖₂, from the last step back."""
    cell = untrained("lstm", 6, forget_bias=1.0)
    found = reach(cell, 12, seed=3)
    x = torch.randn(12, 1, cell.input_size, generator=torch.Generator().manual_seed(3))[:, 0]
    for distance in range(12):
        J = explorer.jacobian(cell, x, to=-1, since=11 - distance)
        assert found.typical[distance] == pytest.approx(np.linalg.norm(J) / 6**0.5, rel=1e-4)  # float32
        assert found.largest[distance] == pytest.approx(np.linalg.norm(J, 2), rel=1e-4)
    assert (found.typical[0], found.radius) == (1, None)


def test_what_the_lab_shows() -> None:
    """A sigmoid network is at the floor within a few dozen steps, an orthogonal linear one nowhere; an LSTM whose forget bias is 0
    vanishes, one with 3 reaches far."""
    sigmoid = reach(untrained("rnn", 64, nonlinearity="sigmoid"))
    assert 24 < int(np.argmax(sigmoid.typical < FLOOR)) < 60
    turning = reach(untrained("rnn", 64, nonlinearity="linear", recurrent="orthogonal"))
    np.testing.assert_allclose(turning.typical, 1, rtol=1e-4)  # 100 roundings of float32
    exploding = reach(untrained("rnn", 64, nonlinearity="linear", radius=2.0))
    assert exploding.typical[99] > 2**95  # as 2^99 does, within float32
    shut, open_ = (reach(untrained("lstm", 64, forget_bias=bias), of="c").typical[99] for bias in (0, 3))
    assert shut < 1e-15
    assert open_ > 1e-4


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: untrained("rnn", 4, recurrent="magic"), "unknown recurrent weights 'magic'"),
        (lambda: untrained("lstm", 4, radius=1.0), "lstm has 4 recurrent matrices"),
        (lambda: untrained("vax", 4), "unknown cell 'vax'"),
        (lambda: reach(untrained("gru", 4), of="c"), "gru has no state 'c'"),
        (lambda: reach(untrained("gru", 4), 0), "steps is 0"),
    ],
)
def test_wrong_use_is_told(ask: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ask()
