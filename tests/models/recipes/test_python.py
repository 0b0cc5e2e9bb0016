"""What stands where in Python source: brackets, strings, comments, columns, indentation; and which files are held out."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.models.corpus import PypiPackage
from explorer.models.recipes import python


def digits(marks: np.ndarray) -> str:
    """One digit a step."""
    return "".join(str(int(mark)) for mark in marks)


@pytest.mark.parametrize(
    ("text", "depth", "string", "comment"),
    [
        ("f(a[1])", "0112210", "0000000", "0000000"),
        ("x)(", "001", "000", "000"),  # nothing was open
        ("a = '('", "0000000", "0000110", "0000000"),
        ("'\"'\"'\"", "000000", "110110", "000000"),  # the other quote is a character as any
        (r"'\'' (", "000001", "111000", "000000"),
        ('"""a"b\n"""(', "00000000001", "11111110000", "00000000000"),
        ('("" ', "1111", "0100", "0000"),
        ("'a\n(", "0001", "1100", "0000"),  # the line's end closes what was left open
        ("# '(\n'", "000000", "000001", "111100"),
        ("'#'", "000", "110", "000"),
    ],
)
def test_brackets_strings_comments(text: str, depth: str, string: str, comment: str) -> None:
    found = python.lexed(text)
    assert (digits(found.depth), digits(found.string), digits(found.comment)) == (depth, string, comment)
    assert digits(python.inside_string_or_comment(list(text))) == digits(found.string + found.comment)


def test_columns_and_indentation() -> None:
    text = "if a:\n  b\n\n  c\nd"
    assert digits(python.column(text)) == "12345012300123" + "01"
    assert digits(python.indentation(text)) == "000000" + "0022" + "2" + "2222" + "0"


def test_where_a_property_should_matter() -> None:
    text = 'f(\')\', """a""")\n    g(\n'
    assert [text[step + 1] for step in python.before_closing_bracket(text)] == [")"]
    assert [text[: step + 1] for step in python.before_closing_quote(text)] == ["f(')", 'f(\')\', """a']
    assert [text[: step + 1] for step in python.before_indented_text(text)] == [text[:-3]]
    line = "x" * 60 + "\n"
    assert list(python.before_line_end(line + "x\n")) == [59]


def test_the_python_split(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole files: each is on one side, none is lost; tabs and line ends are made plain; tables and odd files are left out."""
    names = [f"{number:03}.py" for number in range(40)]
    files = {name: f"x = '{name}'\r\n\tpass\n{'#' * 300}".encode() for name in names}
    files |= {"short.py": b"x", "note.txt": b"#" * 400, "odd.py": "é".encode() * 400}
    files |= {"django/conf/locale/de/formats.py": b"#" * 400}
    monkeypatch.setattr(
        PypiPackage, "files", lambda self, wanted: {name: text for name, text in files.items() if wanted(name)}
    )
    monkeypatch.setattr(python, "streams", lambda reader, text: text)
    data = python.data()
    train, held_out = data.batches.split(python.BETWEEN), [example.text for example in data.held_out]
    assert len(held_out) == 4
    assert len(train) == 156
    assert sorted({*train, *held_out}) == [f"x = '{name}'\n pass\n{'#' * 300}" for name in names]
    assert set(data.chosen_on) <= set(train)
