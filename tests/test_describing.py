"""What a trace and a ledger say of themselves in a notebook: true, short, and safe whatever was typed."""

from __future__ import annotations

import numpy as np
import torch

import explorer
from explorer.summary import Summary, listed
from tests.helpers import TEXT, network
from tests.test_signals import small


def lines(thing: object) -> list[list[str]]:
    """The words of each line."""
    return [line.split() for line in repr(thing).splitlines()]


def test_a_trace_says_what_it_is() -> None:
    trace = explorer.trace(network(("lstm", {}), (2, True)), TEXT + "Ω")
    said = repr(trace)
    assert said.splitlines()[0] == "Trace of lstm: 12 steps, 2 layers of 4 units, in both directions"
    assert "'a', 'b', 'c', 'd', 'e', 'e', 'd', ' ', 'c', 'a', 'b', 'Ω'\n" in said
    assert "c = f * c_prev + i * g" in said
    assert "i_pre, f_pre, g_pre, o_pre" in said
    assert trace.notices[0] in said
    least, most = trace["f"].min(), trace["f"].max()
    assert ["f", "forget", "gate", "4", "x", "12", "x", "4", f"{least:.3g}", "to", f"{most:.3g}"] in lines(trace)
    assert [words[0] for words in lines(trace)[-7:]] == ["x", "i", "f", "g", "o", "c", "h"]
    assert all(len(line) < 110 for line in said.splitlines())


def test_gradients_and_edits_are_named() -> None:
    model = network(("gru-cho", {"update": "takes"}))
    assert repr(explorer.gradients(model, TEXT)).startswith("Gradients of gru-cho: 11 steps, 1 layer of 4 units\n")
    edited = repr(explorer.trace(model, TEXT, edits=[explorer.edits.set_to("z", 0.0, units=1, steps=(2, 4))]))
    assert "h = (1 - z) * h_prev + z * n" in edited
    count = int(
        explorer.trace(model, TEXT, edits=[explorer.edits.set_to("z", 0.0, units=1, steps=(2, 4))]).edited["z"].sum()
    )
    assert f"z, at {count} places" in edited


def test_numbers_that_are_none_are_counted() -> None:
    assert ["h", "hidden", "1", "x", "2", "x", "2", "0", "to", "0,", "3", "NaN", "or", "infinite"] in lines(
        small(((np.nan, np.inf), (-np.inf, 0.0)))
    )
    assert "no number, 4 NaN or infinite" in repr(small(np.full((2, 2), np.nan)))


def test_what_was_typed_is_shown_and_never_run() -> None:
    """Neither as HTML nor by a terminal; a long text is cut."""
    trace = small(tokens=("<script>", "\x1b[31m\u202e\n"), notices=("a\n<b>bold</b>",))
    assert "<script>" in repr(trace)
    assert "\x1b" not in repr(trace) + trace._repr_html_()
    assert r"a\n<b>bold</b>" in repr(trace)
    html = trace._repr_html_()
    assert "&lt;script&gt;" in html
    assert "<script" not in html and "<b>bold" not in html
    long = small(h=np.zeros((1000, 2)), tokens=("x" * 500,) * 1000)
    assert "and 988 more" in repr(long)
    assert len(repr(long)) < 1000


def test_the_table_has_what_the_lines_have() -> None:
    said = Summary("T", (("a", "1"), ("long", "2")), ("head",), (("cell",), ("other",)))
    assert said.text == "T\n  a     1\n  long  2\n\n  head\n  cell\n  other"
    assert all(f">{word}<" in said.html for word in ("T", "a", "1", "long", "2", "head", "cell", "other"))
    assert Summary("T").text == "T"
    assert listed("abc", 2) == "a, b and 1 more"


def test_a_ledger_is_one_line() -> None:
    trace = explorer.trace(network(("lstm-1997", {}), dtype=torch.float32), TEXT)
    assert repr(explorer.ledger(trace)) == "<Ledger of c = c_prev + i * g: 11 steps, 1 layer of 4 units>"
