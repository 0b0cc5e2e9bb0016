"""Grammar of `agreement`: texts of short sentences, and the agreement of their words.

    text      → sentence | sentence sentence | sentence sentence sentence
    sentence  → the [adjective] noun  phrase …  VERB .                            a verb has the number of its noun
              | name  phrase …  VERB  phrase … .
              | name  phrase …  VERB  phrase …  because PRONOUN VERB .            a pronoun has the gender of its name
    phrase    → preposition the [adjective] noun | preposition name               distractors: nothing agrees with these

    the boys near the old dog with the teacher sing .
    mary sings because she runs . john sleeps because he waits .

The first noun or name of a sentence is its subject, and that of the next sentence replaces it. Every other one follows a preposition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

PLURALS = {
    "boy": "boys", "girl": "girls", "teacher": "teachers", "farmer": "farmers", "doctor": "doctors", "king": "kings",
    "dog": "dogs", "cat": "cats", "horse": "horses", "bird": "birds", "fox": "foxes", "cow": "cows",
}  # fmt: skip
"""Nouns: one of them -> several of them."""
VERBS = {
    "sings": "sing", "runs": "run", "sleeps": "sleep", "waits": "wait", "laughs": "laugh",
    "jumps": "jump", "eats": "eat", "works": "work", "smiles": "smile", "dreams": "dream",
}  # fmt: skip
"""Verb of a singular subject -> verb of a plural one."""
PRONOUNS = dict.fromkeys(("mary", "anna", "sarah", "emma", "lucy", "julia"), "she") | dict.fromkeys(
    ("john", "peter", "paul", "james", "henry", "david"), "he"
)
"""Names -> their pronoun."""
ADJECTIVES = ("old", "young", "big", "small", "happy", "quiet")
PREPOSITIONS = ("near", "with", "behind", "beside", "under", "by")

PLURAL = frozenset(PLURALS.values())
SUBJECTS = frozenset((*PLURALS, *PLURAL, *PRONOUNS))
OTHER_FORM = VERBS | {several: one for one, several in VERBS.items()} | {"she": "he", "he": "she"}
"""The forced choice: each verb and pronoun -> its other form."""
WORDS = (
    "the", *ADJECTIVES, *PLURALS, *PLURALS.values(), *PRONOUNS, *PREPOSITIONS,
    *VERBS, *VERBS.values(), "because", "she", "he", ".",
)  # fmt: skip


@dataclass(frozen=True)
class Distractors:
    """Number of phrases in a sentence, from `fewest` to `most`; with `opposed` all of the other number or gender.

    Training draws number and gender of every distractor by chance. Were they always opposed, a distractor would reveal the subject, and
    nothing would have to be remembered.
    """

    fewest: int
    most: int
    opposed: bool


def text(random: np.random.Generator, distractors: Distractors, sentences: int = 3) -> list[str]:
    """One sentence, or several up to a maximum, as words."""
    return [word for _ in range(random.integers(1, sentences + 1)) for word in sentence(random, distractors)]


def sentence(random: np.random.Generator, distractors: Distractors) -> list[str]:
    """Half of them about a noun, half about a name; three of four about a name give a reason."""
    count = int(random.integers(distractors.fewest, distractors.most + 1))
    verb = _one_of(random, VERBS)
    if random.random() < 0.5:
        plural = bool(random.random() < 0.5)
        phrases = [_phrase(random, plural, None, distractors.opposed) for _ in range(count)]
        return [*_noun(random, plural), *chain(*phrases), VERBS[verb] if plural else verb, "."]
    name = _one_of(random, PRONOUNS)
    phrases = [_phrase(random, False, PRONOUNS[name], distractors.opposed) for _ in range(count)]
    before = int(random.integers(count + 1))
    reason = ["because", PRONOUNS[name], _one_of(random, VERBS)] if random.random() < 0.75 else []
    return [name, *chain(*phrases[:before]), verb, *chain(*phrases[before:]), *reason, "."]


@dataclass(frozen=True)
class Pair:
    """A sentence up to its verb, about one and about several: the same words but for the noun. `noun` is its step; `verb` its two forms,
    the one's first."""

    one: tuple[str, ...]
    several: tuple[str, ...]
    noun: int
    verb: tuple[str, str]


def pairs(count: int = 300, seed: int = 1, distractors: Distractors = Distractors(1, 4, opposed=False)) -> list[Pair]:
    """Fixed pairs, with a distractor at least: right after the noun is then not right before the verb."""
    random = np.random.default_rng([30, seed])
    return [_pair(random, distractors) for _ in range(count)]


def _pair(random: np.random.Generator, distractors: Distractors) -> Pair:
    subject, verb = _noun(random, False), _one_of(random, VERBS)
    phrases = [
        _phrase(random, False, None, distractors.opposed)
        for _ in range(int(random.integers(distractors.fewest, distractors.most + 1)))
    ]
    after = tuple(chain(*phrases))
    *before, noun = subject
    return Pair((*subject, *after), (*before, PLURALS[noun], *after), len(before), (verb, VERBS[verb]))


def _phrase(random: np.random.Generator, plural: bool, pronoun: str | None, opposed: bool) -> list[str]:
    """A distractor for a subject of that number and, if it is a name, that pronoun."""
    preposition = _one_of(random, PREPOSITIONS)
    by_name = random.random() < 0.3
    if not opposed:
        return [preposition, *([_one_of(random, PRONOUNS)] if by_name else _noun(random, bool(random.random() < 0.5)))]
    if by_name and (plural or pronoun):  # a name is opposed to several by its number, to another name by its gender
        return [preposition, _one_of(random, [name for name in PRONOUNS if PRONOUNS[name] != pronoun])]
    return [preposition, *_noun(random, not plural)]


def _noun(random: np.random.Generator, plural: bool) -> list[str]:
    noun = _one_of(random, PLURALS)
    adjective = [_one_of(random, ADJECTIVES)] if random.random() < 0.3 else []
    return ["the", *adjective, PLURALS[noun] if plural else noun]


def _one_of(random: np.random.Generator, words: Sequence[str] | dict[str, str]) -> str:
    words = tuple(words)
    return words[int(random.integers(len(words)))]


@dataclass(frozen=True)
class Place:
    """State of the sentence after a word.

    subject      that of the sentence, None before it
    verb_seen    True after the subject's verb
    distractors  number of phrases that have begun
    """

    subject: str | None = None
    verb_seen: bool = False
    distractors: int = 0


def places(tokens: Sequence[str]) -> Iterator[Place]:
    """One a token, for any words in any order."""
    place = Place()
    for word in map(str.lower, tokens):
        if word == ".":
            place = Place()
        elif word in SUBJECTS:
            place = Place(place.subject or word, place.verb_seen, place.distractors)
        elif word in PREPOSITIONS:
            place = Place(place.subject, place.verb_seen, place.distractors + 1)
        elif word in OTHER_FORM and place.subject:
            place = Place(place.subject, True, place.distractors)
        yield place


@dataclass(frozen=True)
class Choice:
    """A word that must agree: the one after `step`, its `right` and `wrong` form, and how many distractors lie before it."""

    step: int
    right: str
    wrong: str
    distractors: int

    @property
    def pronoun(self) -> bool:
        return self.right in ("she", "he")


def choices(tokens: Sequence[str]) -> list[Choice]:
    """The verb of each subject and each pronoun. The verb after a pronoun is left out: the word before it decides
    it."""
    choices = []
    for step, (place, after) in enumerate(zip(places(tokens), map(str.lower, tokens[1:]), strict=False)):
        if after in OTHER_FORM and place.subject and (after in ("she", "he") or not place.verb_seen):
            choices.append(Choice(step, after, OTHER_FORM[after], place.distractors))
    return choices
