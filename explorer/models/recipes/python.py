"""python: the next character of Python source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explorer.backend.training import Budget
from explorer.models.corpus import PypiPackage
from explorer.models.model import Model
from explorer.models.recipes.base import Data, Example, Headline, Property, Recipe, Tokens, streams
from explorer.models.scoring import bits_per_token
from explorer.models.vocabulary import READ_AS, Characters, read_as
from explorer.signals import Array

PACKAGES = (
    PypiPackage(
        name="Django",
        version="5.1.3",
        sha256="8b38a9a12da3ae00cb0ba72da985ec4b14de6345046b1e174b1fd7254398f818",
        licence="BSD-3-Clause",
    ),
    PypiPackage(
        name="httpx",
        version="0.27.2",
        sha256="7bb2708e112d8fdd7829cd4243970f0c223274051cb35ee80c03301ee29a3df0",
        licence="BSD-3-Clause",
    ),
    PypiPackage(
        name="pytest",
        version="8.3.3",
        sha256="a6853c7375b2663155079443d2e45de913a911a11d669df02a50814944db57b2",
        licence="MIT",
    ),
    PypiPackage(
        name="starlette",
        version="0.41.2",
        sha256="fbc189474b4731cf30fcef52f18a8d070e3f3b46c6a04c97579e85e6ffca942d",
        licence="BSD-3-Clause",
    ),
)
HELD_OUT = slice(19, None, 40)
"""Slice of the held-out files: 18 of 719, about 110,000 of 7 million characters."""
CHOSEN_ON = slice(30, None, 60)
"""Slice of the training files on which the seed is chosen."""
BETWEEN = "\n\n\n"
"""Separator of two files."""


def files() -> list[str]:
    """The source files of all packages in the order of package and path, but for tables of locales, templates of files that are not
    code yet, files under 300 characters, and such as hold a character outside ASCII.
    """
    texts = [
        read_as(content.decode("utf-8").replace("\r\n", "\n"), READ_AS).strip()
        for package in PACKAGES
        for content in package.files(_is_code).values()
    ]
    return [text for text in texts if len(text) >= 300 and text.isascii()]


def _is_code(name: str) -> bool:
    return name.endswith(".py") and not name.startswith("django/conf/locale/") and "_template/" not in name


def data() -> Data:
    """Whole files are held out."""
    texts = files()
    held_out = texts[HELD_OUT]
    kept_back = set(range(len(texts))[HELD_OUT])
    train = [text for place, text in enumerate(texts) if place not in kept_back]
    whole = BETWEEN.join(train)
    reader = Characters.of(whole)
    examples = tuple(Example(text) for text in held_out)
    return Data(
        reader=reader,
        batches=streams(reader, whole),
        streaming=True,
        held_out=examples,
        shipped=examples,
        chosen_on=tuple(train[CHOSEN_ON]),
    )


INDENTATION = re.compile(r"^ +(?=[^ \n])", re.MULTILINE)
BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


@dataclass(frozen=True)
class Lexed:
    """Structure of a source text, each [step].

    depth    number of open brackets, without those in strings and comments
    string   1 from the quotes that open a string up to the character before those that close it
    comment  1 from the # up to the last character of the line
    """

    depth: Array
    string: Array
    comment: Array


def lexed(text: Tokens) -> Lexed:
    """Structure of a source text, broken ones included: a bracket too many closes nothing, the line's end closes a
    string that is not triple-quoted."""
    source = "".join(text)
    result = Lexed(*np.zeros((3, len(source))))
    depth, within, step = 0, "", 0  # within: the quotes that will end the string, "#" in a comment, "" in code
    while step < len(source):
        character, width, ends = source[step], 1, False
        if within == "#":
            ends = character == "\n"
        elif within:
            ends = source.startswith(within, step) or (character == "\n" and len(within) == 1)
            width = 2 if character == "\\" else len(within) if ends else 1
        elif character in "#\"'":
            triple = character * 3
            within = triple if character != "#" and source.startswith(triple, step) else character
            width = len(within)
        else:
            depth = max(0, depth + BRACKETS.get(character, 0))
        here = slice(step, step if ends else step + width)
        result.string[here] = within not in ("", "#")
        result.comment[here] = within == "#"
        result.depth[step : step + width] = depth
        within = "" if ends else within
        step += width
    return result


def bracket_depth(text: Tokens) -> Array:
    """Number of open brackets, without those in strings and comments."""
    return lexed(text).depth


def inside_string(text: Tokens) -> Array:
    """1 inside of a string, else 0."""
    return lexed(text).string


def inside_string_or_comment(text: Tokens) -> Array:
    """1 inside of either, else 0."""
    marks = lexed(text)
    return marks.string + marks.comment


def column(text: Tokens) -> Array:
    """Number of characters read in the line; 0 at its end."""
    ends = np.array([character == "\n" for character in text], dtype=bool)
    steps = np.arange(len(ends))
    return np.asarray(steps - np.maximum.accumulate(np.where(ends, steps, -1)), dtype=float)


def indentation(text: Tokens) -> Array:
    """Number of spaces at the line's start; until its first other character, and in an empty line, that of the line
    before."""
    marks, spaces, known, leading = np.zeros(len(text)), 0, 0, True
    for step, character in enumerate(text):
        if character == "\n":
            spaces, leading = 0, True
        elif leading and character == " ":
            spaces += 1
        elif leading:
            known, leading = spaces, False
        marks[step] = known
    return marks


def before_closing_bracket(text: Tokens) -> Array:
    """The steps whose next character closes a bracket."""
    return np.flatnonzero(np.diff(bracket_depth(text)) < 0)


def before_closing_quote(text: Tokens) -> Array:
    """The steps whose next character is the quote, or the first of three, that closes a string."""
    quotes = np.isin(np.array(list(text[1:])), ["'", '"'])
    return np.flatnonzero((np.diff(inside_string(text)) < 0) & quotes)


def before_line_end(text: Tokens) -> Array:
    """The steps whose next character ends a line of 60 or more."""
    return np.flatnonzero((column(text)[:-1] >= 60) & (np.array(list(text[1:])) == "\n"))


def before_indented_text(text: Tokens) -> Array:
    """The steps at which the indentation of a line is read: the next character is the line's first that is no space."""
    return np.array([match.end() - 1 for match in INDENTATION.finditer("".join(text))], dtype=int)


def score(model: Model, examples: Sequence[Example]) -> dict[str, float]:
    """Bits a character."""
    return {"held_out_bits_per_character": bits_per_token(model, examples)}


BRACKETS_IN_BRACKETS = "total = round(sum(price[i] * (1 + tax[i]) for i in range(len(price))), 2)\n"
TWO_STRINGS = """name = 'it' if a else "b"\nreturn {'name': name, 'kind': "a (b"}\n"""
A_FUNCTION = """def read(self, path):
    if path is None:
        raise ValueError("no path")
    for line in open(path):
        if line.strip():
            self.lines.append(line)
    return self.lines
"""
A_DOCSTRING = '''def depth(text):
    """How many brackets (of any kind) are open."""
    open = 0  # those in strings, such as "(", are none
    return open
'''

RECIPE = Recipe(
    task="python",
    title="Python",
    sentence="Reads Python source one character at a time and guesses the next.",
    group="Text",
    corpus={
        "text": "source files of " + ", ".join(package.name for package in PACKAGES),
        **{f"PyPI {one.name} {one.version} ({one.licence})": f"sha256 {one.sha256}" for one in PACKAGES},
        "held out": "every 40th file, from the 20th on",
        "chosen by held-out scores": "the share of the LSTM's units with chrono initialisation, 1/8, as in english",
    },
    licence="text: BSD-3-Clause (Django: Django Software Foundation; HTTPX and Starlette: Encode OSS Ltd.), "
    "MIT (pytest: Holger Krekel and others); weights: Apache-2.0",
    answer="next token",
    data=data,
    score=score,
    headline=Headline(key="held_out_bits_per_character", says="bits a character", better="lower"),
    properties=(
        Property(
            name="bracket depth",
            of=bracket_depth,
            foretells="the closing bracket",
            foretold=before_closing_bracket,
            show_text=BRACKETS_IN_BRACKETS,
        ),
        Property(
            name="inside a string or comment",
            of=inside_string_or_comment,
            foretells="the closing quote",
            foretold=before_closing_quote,
            show_text=TWO_STRINGS,
        ),
        Property(
            name="indentation",
            of=indentation,
            foretells="where the indentation ends",
            expected=-1,
            foretold=before_indented_text,
            show_text=A_FUNCTION,
        ),
        Property(
            name="column",
            of=column,
            foretells="the line end",
            foretold=before_line_end,
            show_text=BRACKETS_IN_BRACKETS,
        ),
    ),
    budget=Budget(steps=8000, batch=64, length=160, learning_rate=4e-3),
    # As in english, an eighth of the LSTM's units start prepared for long lags.
    cells={"rnn": {}, "gru": {}, "lstm": {"chrono": 200, "chrono_share": 0.125}},
    input_size=32,
    hidden_size=128,
    examples={
        "Brackets in brackets": BRACKETS_IN_BRACKETS,
        "Two kinds of quotes": TWO_STRINGS,
        "A function": A_FUNCTION,
        "A docstring and a comment": A_DOCSTRING,
        "A bracket never closed": "print(value, file=sys.stderr\nfor line in lines:\n    if line",
        "A quote never closed": "name = 'it\nreturn name\n",
        "Not Python": "Call me Ishmael. Some years ago, never mind how long (precisely), I thought I would sail about a little.",
    },
)
