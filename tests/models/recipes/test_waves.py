"""The shapes, their jumps, and the rivals of a forecast."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.models.recipes import waves


def tokens_of(*values: np.ndarray) -> list[str]:
    return waves.chip(*values).split("\n")


@pytest.mark.parametrize("shape", ["sine", "triangle", "sawtooth", "square"])
@pytest.mark.parametrize("size", [0.4, 1.0])
def test_only_sawtooth_and_square_waves_jump(shape: str, size: float) -> None:
    """And their jumps are where the value changes by more than the wave's size."""
    for period in range(8, 25):
        for phase in np.linspace(0, 1, 7, endpoint=False) + 0.01:
            wave = np.round(waves.wave(shape, period, size, phase, 70), 2)
            steps = np.abs(np.diff(wave, prepend=wave[0])) > size
            steps[1] = False  # nobody knows the slope before
            found = waves.jumps(tokens_of(wave))
            assert np.array_equal(found, steps if shape in ("sawtooth", "square") else np.zeros(70)), (period, phase)


def test_how_long_ago_the_last_jump_was() -> None:
    tokens = tokens_of(waves.wave("square", 8, 0.8, 0, 14))
    assert np.flatnonzero(waves.jumps(tokens)).tolist() == [4, 8, 12]
    assert waves.since_jump(tokens).tolist() == [0, 0, 0, 0, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert waves.jumped(tokens).tolist() == [0] * 4 + [1] * 10


def test_the_steps_before_a_fall() -> None:
    """Of a sawtooth that falls at every tenth step; not before there was time to learn of it."""
    tokens = tokens_of(waves.wave("sawtooth", 10, 0.8, 0, 52))
    assert waves.before_fall(tokens).tolist() == [29, 39, 49]
    assert not len(waves.before_fall(tokens_of(waves.wave("sine", 10, 0.8, 0, 52))))


def test_the_next_value() -> None:
    assert waves.next_value(["0.10", "0.20", "-0.30"]).tolist() == [0.2, -0.3, -0.3]


def test_a_batch_asks_for_the_value_after_each() -> None:
    batch = waves.batch(np.random.default_rng(0), 4)
    assert batch.weight is not None
    for column in range(4):
        length = int(batch.weight[:, column].sum()) + waves.UNTIL
        assert batch.targets[: length - 1, column].equal(batch.inputs[1:length, column])
        assert not batch.weight[: waves.UNTIL, column].any()


def test_the_rivals_of_the_held_out_forecasts() -> None:
    """Saying the last value again, and always saying 0; measured where forecasts are scored."""
    values = [waves.values_of(example.text.split("\n")) for example in waves.RECIPE.data().held_out]
    again = np.concatenate([(wave[waves.FIRST : -1] - wave[waves.FIRST + 1 :]) ** 2 for wave in values])
    zero = np.concatenate([wave[waves.FIRST + 1 :] ** 2 for wave in values])
    assert again.mean() == pytest.approx(waves.PERSISTENCE, abs=5e-5)
    # The best from the last value alone: the mean of what follows values near it, on waves drawn with another seed.
    drawn = [waves.values_of(example.text.split("\n"))[waves.FIRST :] for example in waves.fixed(3000, seed=7)]
    bins = np.linspace(-1.01, 1.01, 41)
    place = np.digitize(np.concatenate([wave[:-1] for wave in drawn]), bins)
    total = np.bincount(place, np.concatenate([wave[1:] for wave in drawn]), minlength=42)
    mean = total / np.maximum(1, np.bincount(place, minlength=42))
    best = [(mean[np.digitize(wave[waves.FIRST : -1], bins)] - wave[waves.FIRST + 1 :]) ** 2 for wave in values]
    assert np.concatenate(best).mean() == pytest.approx(waves.LAST_VALUE, abs=3e-4)  # in forty bins
    assert waves.RECIPE.headline.baseline == waves.LAST_VALUE
    assert zero.mean() == pytest.approx(waves.MEAN, abs=5e-5)
