"""An edit as a line of text, which a link carries and a person can read and write:

        set f 1 unit 3 steps 5-9            a gate held open, a signal held at a value
        scale c 0.5 units 3,7-9 layer 0
        noise c 0.5 seed 3
        freeze c steps 5-9                  the state keeps its value from before the first step
        erase unit 3                        all states of the unit are held at 0
        patch c,h step 5 from "the boys"    the state after the step becomes that of another text, at the same step or `at` another
        delete step 13
        replace step 13 by "x"

`off` before an edit switches it off, `as "a name"` after it names it. Steps count from 1, units and layers from 0, as elsewhere in the
link. Quoted text is written as in JSON, so that a newline in it does not end the line.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, get_args

Does = Literal["set", "scale", "noise", "freeze", "erase", "patch", "delete", "replace"]
DOES: tuple[Does, ...] = get_args(Does)
OF_TOKENS = ("delete", "replace")
"""Edits of the text rather than of the network."""
WITH_VALUE = ("set", "scale", "noise")

WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
WHOLE = re.compile(r"\d{1,6}")
MOST = 60
"""Maximum number of lines in a link."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One edit, as the user writes it. `steps` (first, last) and `at` count from 0 here.

    signals  the edited signals; several for a patch, none for erase and for tokens
    value    the value to set, the factor, or the size of the noise
    text     the source text of a patch, or the replacement of a token
    at       the step of that source text; None: the same step
    """

    does: Does
    signals: tuple[str, ...] = ()
    value: float = 0.0
    units: tuple[int, ...] | None = None
    layer: int | None = None
    steps: tuple[int, int] | None = None
    seed: int = 0
    text: str = ""
    at: int | None = None
    name: str = ""
    on: bool = True

    @property
    def of_tokens(self) -> bool:
        """True if the edit changes the text and not the network."""
        return self.does in OF_TOKENS

    @property
    def everywhere(self) -> bool:
        """True if the edit applies to any network of the task: it names no unit, whose number would mean another unit there."""
        return self.of_tokens or (self.units is None and self.does != "patch")

    def switched(self) -> Line:
        """Return the edit switched from on to off, or back."""
        return replace(self, on=not self.on)


def written(line: Line) -> str:
    """Return the edit as text; the inverse of `read`."""
    words = [] if line.on else ["off"]
    words += [line.does, *([",".join(line.signals)] if line.signals else [])]
    if line.does in WITH_VALUE:
        words.append(f"{line.value:.9g}")
    if line.units is not None:
        words += ["unit" if len(line.units) == 1 else "units", ",".join(spans(line.units))]
    if line.layer is not None:
        words += ["layer", str(line.layer)]
    if line.steps is not None:
        first, last = (step + 1 for step in line.steps)
        words += ["step", str(first)] if first == last else ["steps", f"{first}-{last}"]
    if line.seed:
        words += ["seed", str(line.seed)]
    if line.does in ("patch", "replace"):
        words += ["from" if line.does == "patch" else "by", quoted(line.text)]
    if line.at is not None:
        words += ["at", str(line.at + 1)]
    if line.name:
        words += ["as", quoted(line.name)]
    return " ".join(words)


def read(text: str) -> Line:
    """Parse one edit. Raises ValueError with the reason if the text is not an edit."""
    if WORD.sub("", text).strip():
        raise ValueError("a quotation mark is not closed")
    words = WORD.findall(text)
    off = words[:1] == ["off"]
    if off:
        words = words[1:]
    if not words or words[0] not in DOES:
        prefix = f"“{words[0]}” is not an edit" if words else "there is no edit"
        raise ValueError(f"{prefix}; it can begin with {', '.join(DOES)}")
    does: Does = words[0]
    rest = iter(words[1:])
    line = Line(does=does, on=not off)
    if does in (*WITH_VALUE, "freeze", "patch"):
        line = replace(line, signals=_signals(_next(rest, f"the signal to {does}"), several=does == "patch"))
    if does in WITH_VALUE:
        line = replace(line, value=_number(_next(rest, "a number")))
    line = _where(line, rest)
    _complete(line)
    return line


def read_all(text: str) -> tuple[list[Line], list[str]]:
    """Parse the lines of a text; return the edits, and messages on invalid lines. Blank lines are skipped."""
    lines, faults = [], []
    edits = [line.strip() for line in text.splitlines() if line.strip()]
    for one in edits[:MOST]:
        try:
            lines.append(read(one))
        except ValueError as error:
            faults.append(f"“{one}” was left out: {error}.")
    if len(edits) > MOST:
        faults.append(f"There are {len(edits)} edits; only the first {MOST} are used.")
    return lines, faults


def all_written(lines: Sequence[Line]) -> str:
    """Return all edits as text, one per line."""
    return "\n".join(map(written, lines))


def spans(numbers: Sequence[int]) -> list[str]:
    """Format numbers as spans: 3, 7, 8, 9 as "3", "7-9"."""
    ordered = sorted(set(numbers))
    breaks = [0, *(k + 1 for k, (a, b) in enumerate(pairwise(ordered)) if b != a + 1), len(ordered)]
    parts = [ordered[start:end] for start, end in pairwise(breaks)]
    return [str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts if part]


def numbers_of(text: str) -> tuple[int, ...]:
    """Parse "3,7-9" to sorted numbers. Raises ValueError for anything else."""
    numbers: set[int] = set()
    for part in text.split(","):
        ends = part.strip().split("-")
        if len(ends) > 2 or not all(WHOLE.fullmatch(end.strip()) for end in ends):
            raise ValueError(f"“{text}” is no list of numbers; write 3 or 3,7-9")
        first, last = int(ends[0]), int(ends[-1])
        if last < first or last - first > 9999:
            raise ValueError(f"“{part}” does not run from a number to a larger one")
        numbers |= set(range(first, last + 1))
    return tuple(sorted(numbers))


def quoted(text: str) -> str:
    """Quote text, on one line."""
    return "".join(
        f"\\u{ord(c):04x}" if c in "\x7f\x85\u2028\u2029" else c for c in json.dumps(text, ensure_ascii=False)
    )


def _where(line: Line, words: Iterator[str]) -> Line:
    keys: set[str] = set()
    for word in words:
        key = word.removesuffix("s") if word in ("units", "steps") else word
        if key not in ("unit", "layer", "step", "seed", "from", "by", "at", "as"):
            raise ValueError(f"“{word}” is not understood after {line.does}")
        if key in keys:
            raise ValueError(f"it says “{key}” twice")
        keys.add(key)
        what = _next(words, f"the value after “{word}”")
        if key == "unit":
            line = replace(line, units=numbers_of(what))
        elif key == "step":
            line = replace(line, steps=_steps(what))
        elif key in ("from", "by"):
            line = replace(line, text=_unquoted(what))
        elif key == "as":
            line = replace(line, name=_unquoted(what))
        elif not WHOLE.fullmatch(what):
            raise ValueError(f"“{what}” is not a number for {key}")
        elif key == "layer":
            line = replace(line, layer=int(what))
        elif key == "seed":
            line = replace(line, seed=int(what))
        else:
            line = replace(line, at=int(what) - 1)
    _fits(line, keys)
    return line


_TAKES: dict[Does, frozenset[str]] = {
    "set": frozenset(("unit", "layer", "step", "as")),
    "scale": frozenset(("unit", "layer", "step", "as")),
    "noise": frozenset(("unit", "layer", "step", "seed", "as")),
    "freeze": frozenset(("unit", "layer", "step", "as")),
    "erase": frozenset(("unit", "layer", "step", "as")),
    "patch": frozenset(("unit", "layer", "step", "from", "at", "as")),
    "delete": frozenset(("step", "as")),
    "replace": frozenset(("step", "by", "as")),
}
_NEEDS: dict[Does, tuple[str, ...]] = {
    "erase": ("unit",), "patch": ("step", "from"), "delete": ("step",), "replace": ("step", "by"),
}  # fmt: skip


def _fits(line: Line, keys: set[str]) -> None:
    for key in sorted(keys - _TAKES[line.does]):
        raise ValueError(f"{line.does} takes no “{key}”")
    for key in _NEEDS.get(line.does, ()):
        if key not in keys:
            raise ValueError(f"{line.does} needs “{key}”")


def _complete(line: Line) -> None:
    """Check conditions that span several words."""
    if line.does in ("patch", "replace") and line.steps and line.steps[0] != line.steps[1]:
        raise ValueError(f"{line.does} takes one step")
    if line.does in ("patch", "replace") and not line.text:
        raise ValueError("the text in quotes is empty")
    if line.does == "noise" and line.value < 0:
        raise ValueError(f"noise of size {line.value:g} is negative")
    if line.at is not None and line.at < 0:
        raise ValueError("steps count from 1")


def _next(words: Iterator[str], expected: str) -> str:
    word = next(words, None)
    if word is None:
        raise ValueError(f"{expected} is missing")
    return word


def _signals(word: str, *, several: bool) -> tuple[str, ...]:
    names = tuple(word.split(","))
    if not all(NAME.fullmatch(name) for name in names) or (len(names) > 1 and not several):
        raise ValueError(f"“{word}” is not the name of a signal")
    return names


def _number(word: str) -> float:
    try:
        value = float(word.replace("−", "-"))
    except ValueError:
        raise ValueError(f"“{word}” is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"“{word}” is NaN or infinite")
    return value


def _steps(word: str) -> tuple[int, int]:
    numbers = numbers_of(word)
    if len(spans(numbers)) != 1:
        raise ValueError(f"“{word}” is not a range of steps; write 5 or 5-9")
    if numbers[0] < 1:
        raise ValueError("steps count from 1")
    return numbers[0] - 1, numbers[-1] - 1


def _unquoted(word: str) -> str:
    try:
        value = json.loads(word)
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, str):
        raise ValueError(f"“{word}” should stand in quotes")
    return value
