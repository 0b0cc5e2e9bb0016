"""The scripts write shares and numbers as `explorer.analysis.numbers` does, and no digit that was not sent."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence

import numpy as np
from playwright._impl._driver import compute_driver_executable

from explorer.analysis.numbers import number, share
from explorer.studio.components.lanes import LEVELS, largest, whole
from explorer.studio.components.shared import HERE

CEILINGS = [digit * 10.0**power for power in range(-8, 1) for digit in range(1, 10)]
RANDOM = np.random.default_rng(0)


def on_the_client(function: str, arguments: Sequence[Sequence[float]]) -> list[str]:
    """What a function of draw.js makes of each list of arguments, by the Node that Playwright brings along."""
    program = (
        "globalThis.window = { matchMedia: () => ({ matches: false }) };\n"
        + (HERE / "js" / "draw.js").read_text(encoding="utf-8")
        + f"\nconsole.log(JSON.stringify({json.dumps(list(map(list, arguments)))}.map((given) => {function}(...given))));"
    )
    node = str(compute_driver_executable()[0])
    done = subprocess.run([node, "-e", program], capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def test_shares_are_written_as_in_the_sentences() -> None:
    values = [
        0,
        1,
        0.27,
        0.003,
        3e-4,
        0.995,
        0.9996,
        1.004,
        1.5,
        -0.25,
        *RANDOM.random(200),
        *(RANDOM.random(200) ** 8),
    ]
    assert on_the_client("percent", [[value] for value in values]) == [share(value) for value in values]


def test_numbers_are_written_as_in_the_sentences() -> None:
    values = [0, 0.25, 9.3e-8, 3e-5, -3e-7, 123.4, 999, 9994, 12345.6, 0.00099996, *np.exp(RANDOM.normal(0, 9, 300))]
    for digits in (2, 3):
        told = on_the_client("readable", [[value, digits] for value in values])
        assert told == [number(value, digits) for value in values]


def with_zeros(value: float, digits: int) -> str:
    """As `number` writes it, also the zeros of an exact one: 3.7 is 3.70."""
    short = number(value, digits)
    return (
        short
        if "×" in short or abs(value) >= 10 ** (digits - 1) or not value
        else f"{value:#.{digits}g}".rstrip(".").replace("-", "−")
    )


def test_no_digit_is_told_that_was_not_sent() -> None:
    """Of numbers sent as whole ones of a lane's scale: what is told is the true number, rounded to as many digits."""
    true = np.concatenate([RANDOM.normal(size=300), RANDOM.normal(size=300) * 1e-2, [3.7, 0.0, 1e-5]])
    grain = largest(true) / LEVELS
    told = on_the_client("certain", [[float(sent) * grain, grain / 2] for sent in whole(true)])
    digits = 0
    for value, text in zip(true, told, strict=True):
        if text.startswith("below"):
            most = text.removeprefix("below ").removesuffix(" in size")
            assert abs(value) < 200 * grain
            assert abs(value) <= min(ceiling for ceiling in CEILINGS if number(ceiling, 1) == most)
            continue
        assert text in {with_zeros(float(value), count) for count in (3, 2, 1)}, (value, text)
        digits += len(text.lstrip("−").replace(".", "").lstrip("0"))
    assert digits / len(true) > 1.5  # nearly always two or three of those near the largest
