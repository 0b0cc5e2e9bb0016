"""The language of formulas: arithmetic on anything that adds and multiplies, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer import formula
from tests.helpers import FEW

VALUES = {"f": 0.5, "c_prev": 3.0, "i": 0.25, "g": -2.0}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("f * c_prev + i * g", 1.0),
        ("(1 - f) * g", -1.0),
        ("1 - f * g", 2.0),
        ("2.5", 2.5),
        ("double(double(i)) - f", 0.5),
        ("f - g - g", 4.5),
    ],
)
def test_values(text: str, value: float) -> None:
    assert formula.evaluate(text, VALUES, {"double": lambda a: 2 * a}) == value


def test_arrays_and_tensors() -> None:
    """The same text on numpy arrays and torch tensors, element by element."""
    f, c = np.array([0.5, 1.0]), np.array([2.0, 3.0])
    assert formula.evaluate("f * c", {"f": f, "c": c}).tolist() == [1.0, 3.0]
    found = formula.evaluate("tanh(f) * c", {"f": torch.from_numpy(f), "c": torch.from_numpy(c)}, {"tanh": torch.tanh})
    np.testing.assert_array_equal(found, torch.tanh(torch.from_numpy(f)).numpy() * c)


def test_a_matrix_times_vectors() -> None:
    """`W @ x` is the matrix times each vector along the last axis; a function may take several values."""
    W, x = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.0]]), np.array([[1.0, 1.0], [2.0, 0.5]])
    assert formula.evaluate("W @ x", {"W": W, "x": x}).tolist() == [[3.0, -1.0, 3.0], [3.0, -0.5, 6.0]]
    found = formula.evaluate("W @ x", {"W": torch.from_numpy(W), "x": torch.from_numpy(x)})
    assert found.tolist() == (x @ W.T).tolist()
    assert formula.evaluate("least(2, 1)", {}, {"least": min}) == 1


def test_names() -> None:
    """Of values, not of functions; a name may be both."""
    assert formula.names("o * tanh(c)") == {"o", "c"}
    assert formula.names("z * h_prev + (1 - z) * n") == {"z", "h_prev", "n"}
    assert formula.names("f(f)") == {"f"}
    assert formula.names("1 + 2") == set()


def test_functions() -> None:
    assert formula.functions("o * tanh(c) + f(tanh(f))") == {"tanh", "f"}
    assert formula.functions("o * c") == set()


def test_a_missing_value_is_named() -> None:
    with pytest.raises(KeyError, match="o"):
        formula.evaluate("o * f", VALUES)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "f *", "f g", "f = 1", "f; g", "f\ng",  # no expression
        "f.real", "f.__class__", "().__class__.__bases__", "f[0]", "[f]", "(f, g)", "{f}", "{'a': f}",
        "__import__('os')", "open('x')", "eval('f')", "double()", "double(a=f)", "double(*f)", "f(g)", "double.real(f)",
        "lambda: f", "f if g else i", "f and g", "not f", "f < g", "f := 1", "(f := 1)", "[f for f in g]", "await f", "yield f",
        "f / g", "f // g", "f ** 2", "f % g", "f << g", "f | g", "-f", "~f",
        "'f'", "b'f'", "f'{f}'", "None", "True", "...", "1j", "\0", "f\0",
        "(" * 500 + "f" + ")" * 500, "+".join(["f"] * 100_000), "double(" * 5000 + "f" + ")" * 5000, "\ud800",
    ],
    ids=lambda text: ascii(text)[:24],
)  # fmt: skip
def test_refused(text: str) -> None:
    """Whatever is not arithmetic is a ValueError, before anything is looked up or called."""
    called = []
    with pytest.raises(ValueError, match="not a formula"):
        formula.evaluate(text, VALUES, {"double": called.append})
    assert not called


@FEW
@given(st.text(st.sampled_from("fgi10.*+-() _[]'\"#\\\n:="), max_size=12))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        found = formula.evaluate(text, VALUES)
    except (ValueError, KeyError):
        return
    assert isinstance(found, int | float)


numbers = st.floats(0, 10).map(lambda value: abs(round(value, 3)))
trees = st.recursive(
    st.sampled_from(sorted(VALUES)) | numbers.map(str),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    max_leaves=12,
)


@FEW
@given(trees)
def test_it_is_pythons_arithmetic(text: str) -> None:
    """Precedence and association are Python's."""
    assert formula.evaluate(text, VALUES) == eval(text, {"__builtins__": {}}, dict(VALUES))
