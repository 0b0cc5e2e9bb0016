"""Shares and numbers as they stand in sentences. The expected texts are written by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from explorer.analysis.numbers import number, share, signed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.27, "27 %"),
        (0.003, "0.3 %"),
        (0.0003, "< 0.1 %"),
        (1e-300, "< 0.1 %"),
        (0.0099, "1.0 %"),
        (0.0149, "1 %"),
        (0.0996, "10 %"),
        (0.985, "98 %"),
        (0.9899, "99 %"),
        (0.991, "99.1 %"),
        (0.995, "99.5 %"),
        (0.9996, "99.9 %"),
        (1 - 1e-12, "99.9 %"),
        (1.004, "100.4 %"),
        (1.00009, "> 100 %"),
        (1.5, "150 %"),
        (-0.25, "−25 %"),
        (float("nan"), "NaN"),
        (float("inf"), "infinite"),
        (np.float32(0.5), "50 %"),
    ],
)
def test_a_share(value: float, text: str) -> None:
    assert share(value) == text


def test_a_share_with_a_decimal() -> None:
    assert [share(value, 1) for value in (0.25, 0.9996, 0.9951, 0.0004, 1, 0)] == [
        "25.0 %", "99.9 %", "99.5 %", "< 0.1 %", "100 %", "0 %",
    ]  # fmt: skip
    assert share(0.99996, 2) == "99.99 %"


def test_only_all_and_nothing_read_as_all_and_nothing() -> None:
    """Of n of 1,000: no share but the exact ones reads 0 or 100, and what is read is within half a per cent."""
    for count in range(1001):
        for decimals in (0, 1):
            text = share(count / 1000, decimals)
            read = Fraction(text.removesuffix(" %"))
            assert (read == 100) == (count == 1000), text
            assert (read == 0) == (count == 0), text
            assert abs(read - Fraction(count, 10)) <= Fraction(1, 2) / 10**decimals


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0, 3, "0"),
        (0.25, 2, "0.25"),
        (9.3e-8, 2, "9.3 × 10⁻⁸"),
        (3e-5, 2, "3 × 10⁻⁵"),
        (-3e-7, 3, "−3 × 10⁻⁷"),
        (1.2345, 3, "1.23"),
        (123.4, 2, "123"),
        (999, 2, "999"),
        (9999.4, 3, "9999"),
        (9999.4, 2, "9999"),
        (9999.6, 2, "1 × 10⁴"),
        (12345.6, 3, "1.23 × 10⁴"),
        (0.00099996, 3, "0.00100"),
        (1.0035, 3, "1.00"),
        (99.96, 3, "100"),
        (1, 3, "1"),
        (2.5e65, 3, "2.5 × 10⁶⁵"),
        (-0.5, 3, "−0.5"),
        (float("nan"), 3, "NaN"),
        (float("-inf"), 3, "−infinite"),
    ],
)
def test_a_number(value: float, digits: int, text: str) -> None:
    assert number(value, digits) == text


def test_a_number_with_its_sign() -> None:
    assert [signed(value) for value in (0.25, -0.25, 0, float("nan"), float("inf"))] == [
        "+0.25", "−0.25", "+0", "NaN", "+infinite",
    ]  # fmt: skip
