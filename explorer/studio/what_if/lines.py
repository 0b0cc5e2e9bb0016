"""An edit as a line of text, which a link carries and a person can read and write:

    set f 1 unit 3 steps 5-9            a gate held open, a signal held at a value
    scale c 0.5 units 3,7-9 layer 0
    noise c 0.5 seed 3
    freeze c steps 5-9                  the state keeps what it had before the step
    erase unit 3                        all states of the unit are held at 0
    patch c,h step 5 from "the boys"    the state after the step becomes that of another text, at the same step or `at` another
    delete step 13
    replace step 13 by "x"

`off` before it switches a line off, `as "a name"` after it names it. Steps count from 1, units and layers from 0, as in the rest of the
link. What stands in quotes is written as in JSON, so that a line end in it does not end the line.
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
"""What is done to the text and not to the network."""
WITH_VALUE = ("set", "scale", "noise")

WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
WHOLE = re.compile(r"\d{1,6}")
MOST = 60
"""A link carries so many lines at most."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One edit, as a person asks for it. `steps`, from .. to, and `at` count from 0 here.

    signals  what is edited; several of a patch, none of what is erased and of tokens
    value    what it is set to, the factor, or the size of the noise
    text     where a patch is from, or what a token is replaced by
    at       the step of that other text; None: the same step
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
        """Whether it changes the text, and not the network."""
        return self.does in OF_TOKENS

    @property
    def everywhere(self) -> bool:
        """Whether it can be done to any network of the task: it names no unit, which would be another one there."""
        return self.of_tokens or (self.units is None and self.does != "patch")

    def switched(self) -> Line:
        """On where it was off, off where it was on."""
        return replace(self, on=not self.on)


def written(line: Line) -> str:
    """The line as text; `read` makes the same of it again."""
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
    """The line that a text stands for. Raises ValueError with the reason where it stands for none."""
    if WORD.sub("", text).strip():
        raise ValueError("a quotation mark is not closed")
    words = WORD.findall(text)
    off = words[:1] == ["off"]
    if off:
        words = words[1:]
    if not words or words[0] not in DOES:
        said = f"“{words[0]}” is no edit" if words else "there is no edit"
        raise ValueError(f"{said}; it can begin with {', '.join(DOES)}")
    does: Does = words[0]
    rest = iter(words[1:])
    line = Line(does=does, on=not off)
    if does in (*WITH_VALUE, "freeze", "patch"):
        line = replace(line, signals=_signals(_next(rest, f"what to {does}"), several=does == "patch"))
    if does in WITH_VALUE:
        line = replace(line, value=_number(_next(rest, "a number")))
    line = _where(line, rest)
    _complete(line)
    return line


def read_all(text: str) -> tuple[list[Line], list[str]]:
    """The lines of a text, and why each of the others stands for none; blank ones are passed over."""
    lines, faults = [], []
    given = [line.strip() for line in text.splitlines() if line.strip()]
    for one in given[:MOST]:
        try:
            lines.append(read(one))
        except ValueError as error:
            faults.append(f"“{one}” was left out: {error}.")
    if len(given) > MOST:
        faults.append(f"There are {len(given)} edits; the first {MOST} are taken.")
    return lines, faults


def all_written(lines: Sequence[Line]) -> str:
    """One a line."""
    return "\n".join(map(written, lines))


def spans(numbers: Sequence[int]) -> list[str]:
    """3, 7, 8, 9 as "3", "7-9"."""
    ordered = sorted(set(numbers))
    breaks = [0, *(k + 1 for k, (a, b) in enumerate(pairwise(ordered)) if b != a + 1), len(ordered)]
    parts = [ordered[start:end] for start, end in pairwise(breaks)]
    return [str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts if part]


def numbers_of(text: str) -> tuple[int, ...]:
    """The numbers of "3,7-9", in order. Raises ValueError for anything else."""
    found: set[int] = set()
    for part in text.split(","):
        ends = part.strip().split("-")
        if len(ends) > 2 or not all(WHOLE.fullmatch(end.strip()) for end in ends):
            raise ValueError(f"“{text}” is no list of numbers; write 3 or 3,7-9")
        first, last = int(ends[0]), int(ends[-1])
        if last < first or last - first > 9999:
            raise ValueError(f"“{part}” does not run from a number to a larger one")
        found |= set(range(first, last + 1))
    return tuple(sorted(found))


def quoted(text: str) -> str:
    """In quotes, on one line."""
    return "".join(
        f"\\u{ord(c):04x}" if c in "\x7f\x85\u2028\u2029" else c for c in json.dumps(text, ensure_ascii=False)
    )


def _where(line: Line, words: Iterator[str]) -> Line:
    given: set[str] = set()
    for word in words:
        key = word.removesuffix("s") if word in ("units", "steps") else word
        if key not in ("unit", "layer", "step", "seed", "from", "by", "at", "as"):
            raise ValueError(f"“{word}” is not understood after {line.does}")
        if key in given:
            raise ValueError(f"it says “{key}” twice")
        given.add(key)
        what = _next(words, f"what stands after “{word}”")
        if key == "unit":
            line = replace(line, units=numbers_of(what))
        elif key == "step":
            line = replace(line, steps=_steps(what))
        elif key in ("from", "by"):
            line = replace(line, text=_unquoted(what))
        elif key == "as":
            line = replace(line, name=_unquoted(what))
        elif not WHOLE.fullmatch(what):
            raise ValueError(f"“{what}” is no {key}")
        elif key == "layer":
            line = replace(line, layer=int(what))
        elif key == "seed":
            line = replace(line, seed=int(what))
        else:
            line = replace(line, at=int(what) - 1)
    _fits(line, given)
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


def _fits(line: Line, given: set[str]) -> None:
    for key in sorted(given - _TAKES[line.does]):
        raise ValueError(f"{line.does} takes no “{key}”")
    for key in _NEEDS.get(line.does, ()):
        if key not in given:
            raise ValueError(f"{line.does} needs “{key}”")


def _complete(line: Line) -> None:
    """What goes beyond single words."""
    if line.does in ("patch", "replace") and line.steps and line.steps[0] != line.steps[1]:
        raise ValueError(f"{line.does} takes one step")
    if line.does in ("patch", "replace") and not line.text:
        raise ValueError("the text in quotes is empty")
    if line.does == "noise" and line.value < 0:
        raise ValueError(f"noise of size {line.value:g} is less than none")
    if line.at is not None and line.at < 0:
        raise ValueError("steps count from 1")


def _next(words: Iterator[str], wanted: str) -> str:
    word = next(words, None)
    if word is None:
        raise ValueError(f"it ends before it says {wanted}")
    return word


def _signals(word: str, *, several: bool) -> tuple[str, ...]:
    names = tuple(word.split(","))
    if not all(NAME.fullmatch(name) for name in names) or (len(names) > 1 and not several):
        raise ValueError(f"“{word}” is no signal's name")
    return names


def _number(word: str) -> float:
    try:
        value = float(word.replace("−", "-"))
    except ValueError:
        raise ValueError(f"“{word}” is no number") from None
    if not math.isfinite(value):
        raise ValueError(f"“{word}” is no finite number")
    return value


def _steps(word: str) -> tuple[int, int]:
    numbers = numbers_of(word)
    if len(spans(numbers)) != 1:
        raise ValueError(f"“{word}” is no run of steps; write 5 or 5-9")
    if numbers[0] < 1:
        raise ValueError("steps count from 1")
    return numbers[0] - 1, numbers[-1] - 1


def _unquoted(word: str) -> str:
    try:
        found = json.loads(word)
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, str):
        raise ValueError(f"“{word}” should stand in quotes")
    return found
