"""Edits as lines of text: what is written is read back, and what is no edit is refused with the reason."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as any_

from explorer.studio.what_if.lines import (
    DOES,
    MOST,
    OF_TOKENS,
    WITH_VALUE,
    Does,
    Line,
    all_written,
    numbers_of,
    read,
    read_all,
    spans,
    written,
)

NAMES = any_.sampled_from(["f", "f_pre", "c", "h_prev", "depth_1"])
TEXTS = any_.text(any_.characters(codec="utf-8"), min_size=1, max_size=12)
NUMBERS = any_.integers(0, 300)
STEPS = any_.tuples(NUMBERS, NUMBERS).map(lambda ends: (min(ends), max(ends)))


@any_.composite
def lines(draw: any_.DrawFn) -> Line:
    """Any edit that can be asked for."""
    does: Does = draw(any_.sampled_from(DOES))
    line = Line(does=does, on=draw(any_.booleans()), name=draw(any_.just("") | TEXTS))
    if does in (*WITH_VALUE, "freeze", "patch"):
        line = replace(line, signals=tuple(draw(any_.lists(NAMES, min_size=1, max_size=3 if does == "patch" else 1))))
    if does in WITH_VALUE:
        line = replace(line, value=float(f"{draw(any_.floats(0, 50)):.9g}"))
    if does not in OF_TOKENS:
        units = any_.sets(NUMBERS, min_size=1, max_size=5).map(lambda found: tuple(sorted(found)))
        line = replace(line, units=draw(units if does == "erase" else any_.none() | units))
        line = replace(line, layer=draw(any_.none() | any_.integers(0, 3)))
    line = replace(line, steps=draw(STEPS if does == "delete" else any_.none() | STEPS))
    if does in ("patch", "replace"):
        step = draw(NUMBERS)
        line = replace(line, steps=(step, step), text=draw(TEXTS))
    if does == "patch":
        line = replace(line, at=draw(any_.none() | NUMBERS))
    return replace(line, seed=draw(NUMBERS)) if does == "noise" else line


@given(lines())
def test_what_is_written_is_read_back(line: Line) -> None:
    """On one line, whatever its texts hold."""
    text = written(line)
    assert len(text.splitlines()) == 1
    assert read(text) == line


@given(any_.lists(lines(), max_size=6))
def test_a_list_is_read_back(found: list[Line]) -> None:
    assert read_all(all_written(found)) == (found, [])


@given(any_.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Each line is an edit, or it is said why it is none."""
    found, faults = read_all(text)
    assert len(found) + len(faults) <= len(text.splitlines())
    assert all(isinstance(line, Line) for line in found)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("set f 1 unit 3 steps 5-9", Line(does="set", signals=("f",), value=1, units=(3,), steps=(4, 8))),
        ("off scale c 0.5", Line(does="scale", signals=("c",), value=0.5, on=False)),
        ("set c −2 units 9,3,4", Line(does="set", signals=("c",), value=-2, units=(3, 4, 9))),
        ('replace step 2 by "\\n"', Line(does="replace", steps=(1, 1), text="\n")),
        ('erase units 1-3 as "the three"', Line(does="erase", units=(1, 2, 3), name="the three")),
        (
            'patch c,h step 5 from "a b" at 2',
            Line(does="patch", signals=("c", "h"), steps=(4, 4), text="a b", at=1),
        ),
    ],
)
def test_lines_that_a_person_writes(text: str, line: Line) -> None:
    assert read(text) == line


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("open f", "“open” is not an edit; it can begin with set"),
        ("off", "there is no edit"),
        ("set", "the signal to set is missing"),
        ("set f", "a number is missing"),
        ("set f one", "“one” is not a number"),
        ("set f nan", "“nan” is NaN or infinite"),
        ("set f 1e999", "“1e999” is NaN or infinite"),
        ("set c,h 1", "“c,h” is not the name of a signal"),
        ("set f 1 unit x", "is not a list of numbers"),
        ("set f 1 unit 9-3", "does not run from a number to a larger one"),
        ("set f 1 unit 0-99999", "does not run"),
        ("set f 1 step 0", "steps count from 1"),
        ("set f 1 steps 1,5", "is not a range of steps"),
        ("set f 1 layer -1", "“-1” is not a number for layer"),
        ("set f 1 unit 3 unit 4", "says “unit” twice"),
        ("set f 1 somewhere", "“somewhere” is not understood"),
        ("set f 1 seed 3", "set takes no “seed”"),
        ("noise c -1", "is negative"),
        ("erase", "erase needs “unit”"),
        ("delete", "delete needs “step”"),
        ("replace step 3", "replace needs “by”"),
        ('replace steps 3-4 by "x"', "takes one step"),
        ('replace step 3 by ""', "is empty"),
        ("replace step 3 by x", "should stand in quotes"),
        ('replace step 3 by "x', "a quotation mark is not closed"),
        ('patch c step 3 from "x" at 0', "steps count from 1"),
        ("patch c step 3", "patch needs “from”"),
    ],
)
def test_what_is_no_edit_is_refused_with_the_reason(text: str, reason: str) -> None:
    """And those beside it are kept."""
    with pytest.raises(ValueError, match=re.escape(reason)):
        read(text)
    found, (fault,) = read_all(f"erase unit 1\n{text}\nfreeze c")
    assert [line.does for line in found] == ["erase", "freeze"]
    assert text in fault and reason in fault


def test_a_link_has_room_for_so_many() -> None:
    found, (fault,) = read_all("freeze c\n" * (MOST + 1))
    assert len(found) == MOST and str(MOST) in fault


def test_runs_of_numbers() -> None:
    assert spans([9, 1, 2, 3, 5]) == ["1-3", "5", "9"]
    assert numbers_of("1-3, 5,9") == (1, 2, 3, 5, 9)


def test_what_names_a_unit_is_another_one_in_another_network() -> None:
    assert read("delete step 3").everywhere and read("set h_prev 0").everywhere
    assert not read("set h 0 unit 3").everywhere and not read('patch h step 1 from "x"').everywhere
