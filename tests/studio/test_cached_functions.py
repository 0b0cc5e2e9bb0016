"""Every cached function, called with one argument changed at a time, gives what the uncached library call gives.

What is left out of a cache's key shows as the answer to another question: so each argument is changed alone, on a network on which that
changes the answer, and the first question is asked again at the end.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from explorer import models
from explorer.analysis import kinds
from explorer.analysis.orderings import by_contribution, by_half_life
from explorer.backend.edits import Edit
from explorer.models import starts
from explorer.models.model import Model
from explorer.models.recipes import grammar
from explorer.models.starts import Start
from explorer.models.weights import NAME as WEIGHTS
from explorer.signals import Trace
from explorer.studio import service
from tests.app.conftest import Shelve, ShelveTask
from tests.models.tiny import CLASSES, NUMBERS

UNITS = 12
"""Enough for their orders to differ from text to text."""
HALVED = (Edit("h", "scale", 0.5, name="half"),)
ZEROED = (Edit("h", "set", 0.0, (1,), name="zero"),)
NOISY = (Edit("h", "noise", 0.5, seed=1, name="noise"),)
OTHER_NOISE = (Edit("h", "noise", 0.5, seed=7, name="noise"),)


@dataclass(frozen=True)
class Case:
    """A function, the network it is asked of, its arguments, another value for each of them, and the library's own call."""

    function: str
    network: str
    given: Mapping[str, Any]
    others: Mapping[str, Any]
    library: Callable[..., Any]


def of_text(call: Callable[..., Any]) -> Callable[..., Any]:
    """A library function that takes the network and the text first, all else by name."""
    return lambda model, text, **given: call(model, text, **given)


def swept(model: Model, text: str, of: str, at: int, column: int, layer: int, held: str) -> Any:
    return models.sweep(model, text, of=of, at=at, token=column, layer=layer, value="mean" if held == "mean" else 0.0)


def itemised(model: Model, text: str, **given: Any) -> Any:
    return models.itemised(model, text, service.lengths(len(models.trace(model, text).tokens)), **given)


def seeds(model: Model, text: str, edits: tuple[Edit, ...], at: int, seeds: int) -> Any:
    (edit,) = edits
    again = [Edit(edit.signal, "noise", edit.value, seed=edit.seed + k, name=edit.name) for k in range(seeds)]
    return np.stack([models.predict(model, text, edits=[one])[at] for one in again])


def gradient(model: Model, text: str, **given: Any) -> Any:
    return models.training_step(model, text, learning_rate=0, **given).gradient


def census(model: Model, text: str, layer: int) -> Any:
    return kinds.census([models.trace(model, text)], service.kind_of(model.card), layer)


def diagnosed(model: Model, text: str, examples: str) -> Any:
    return models.diagnose(model, text, examples=[tuple(line.split("\t")) for line in examples.splitlines()])


TEXT, OTHER = "cadebcd", "beddaab"
LETTERS = {"text": (TEXT, OTHER)}
AT_A_STEP = {"of": ("log_prob", "logit"), "at": (3, 5), "layer": (1, 0)}
OF_A_UNIT = {"text": (TEXT, OTHER), "of": ("h", "c"), "at": (5, 3), "unit": (0, 1), "layer": (1, 0)}
BY = ("state", "c")
WORDS = {"text": ("good film", "bad film")}


def case(function: str, network: str, library: Callable[..., Any], **arguments: tuple[Any, Any]) -> Case:
    """Each argument as (its value, another)."""
    return Case(
        function,
        network,
        {name: given for name, (given, _) in arguments.items()},
        {name: other for name, (given, other) in arguments.items() if given != other},
        library,
    )


CASES = [
    case("model", "letters", lambda model: model),
    case("trace", "letters", of_text(models.trace), **LETTERS),
    case("exact", "letters", lambda model, text: models.trace(model.double(), text), **LETTERS),
    case("order", "letters", lambda m, text, layer: by_half_life(models.trace(m, text), layer), **LETTERS, layer=(1, 0)),
    case(
        "most_influential_units", "letters", lambda m, text, layer: by_contribution(models.trace(m, text), layer),
        **LETTERS, layer=(1, 0),
    ),
    case("predictions", "letters", of_text(models.predict), **LETTERS),
    case("edited", "letters", of_text(models.trace), **LETTERS, edits=(HALVED, ZEROED)),
    case("edited_predictions", "letters", of_text(models.predict), **LETTERS, edits=(HALVED, ZEROED)),
    case("over_seeds", "letters", seeds, **LETTERS, edits=(NOISY, OTHER_NOISE), at=(3, 5), seeds=(3, 2)),
    case("overruled", "letters", of_text(models.overruled), **LETTERS, edits=(HALVED, ZEROED)),
    case("diagnosis", "letters", lambda m, text, examples: models.diagnose(m, text), text=(TEXT * 3, OTHER * 3), examples=("", "")),
    case("diagnosis", "classes", diagnosed, **WORDS, examples=("good film\tpositive\nbad film\tnegative", "good film\tnegative")),
    case(
        "snippet", "letters", lambda m, text, signal, **at: models.snippet(m, text, signal, weights=WEIGHTS, **at),
        **LETTERS, signal=("h", "c"), layer=(1, 0), step=(4, 3), unit=(0, 1),
    ),
    case("sweep", "letters", swept, **LETTERS, **AT_A_STEP, column=(1, 2), held=("zero", "mean")),
    case(
        "pushes", "letters", of_text(models.arithmetic), **LETTERS, layer=(1, 0), unit=(0, 1), edits=((), HALVED),
    ),
    case("gradients", "letters", of_text(models.gradients), **OF_A_UNIT, by=BY),
    case(
        "gradients", "classes", of_text(models.gradients), **WORDS, by=(BY[0], BY[0]),
        of=("loss", "loss"), at=(1, 0), label=("positive", "negative"),
    ),
    case("deletions", "letters", of_text(models.deletions), **OF_A_UNIT),
    case("deletions", "classes", of_text(models.deletions), **WORDS, of=("loss", "loss"), at=(1, 0), label=("positive", "negative")),
    case("gradient_matrix", "letters", of_text(models.gradient_matrix), **{k: v for k, v in OF_A_UNIT.items() if k != "at"}, by=BY),
    case(
        "gradient_matrix", "classes", of_text(models.gradient_matrix), **WORDS, by=(BY[0], BY[0]),
        of=("loss", "loss"), label=("positive", "negative"),
    ),
    case("paths", "letters", of_text(models.paths), **LETTERS, to=(5, 3), layer=(1, 0)),
    case("spectra", "letters", of_text(models.spectra), **LETTERS, to=(5, 3), layer=(1, 0)),
    case("elman", "elman", of_text(models.elman), **LETTERS, to=(5, 3), layer=(1, 0)),
    case("channels", "letters", of_text(models.channels), **LETTERS, to=(5, 4), since=(1, 2), layer=(1, 0)),
    case("itemised", "letters", itemised, **LETTERS),
    case("itemised", "classes", itemised, **WORDS, label=("positive", "negative")),
    case("itemised", "numbers", itemised, text=("0.5 0; 0.25 1", "0.5 0; 0.75 1"), target=(0.2, 0.7)),
    case("whole_gradient", "letters", gradient, **LETTERS),
    case("whole_gradient", "classes", gradient, **WORDS, label=("positive", "negative")),
    case("whole_gradient", "numbers", gradient, text=("0.5 0; 0.25 1", "0.5 0; 0.75 1"), target=(0.2, 0.7)),
    case("census", "letters", census, **LETTERS, layer=(1, 0)),
]  # fmt: skip
ELSEWHERE = {"held_out_census", "held_out", "warm_up", "transplants", "at_start", "_place"}
"""Cached functions that the tests further below ask."""
UNVARIED = {"name", "progress"}
"""The network is changed for all alike; progress changes no answer."""


def cached_functions() -> dict[str, Any]:
    """All of `service` that keep what they make."""
    found = {}
    for name, value in vars(service).items():
        if not callable(value) or getattr(value, "__module__", None) != service.__name__:
            continue
        if hasattr(value, "kept_in") or hasattr(value, "clear") or "_once(" in inspect.getsource(value):
            found[name] = value
    found.pop("_once")
    return found


Networks = Callable[[str], tuple[str, str | None]]


@pytest.fixture
def networks(shelve: Shelve, shelve_task: ShelveTask) -> Networks:
    """Of a kind: a network, and another one where there is one; the letters' have two layers."""

    def put(kind: str) -> tuple[str, str | None]:
        if kind == "letters":
            return shelve("lstm", (2, False), units=UNITS), shelve("gru", (2, False), units=UNITS)
        if kind == "elman":
            return shelve("rnn", (2, False)), None
        recipe = CLASSES if kind == "classes" else NUMBERS
        return shelve_task(replace(recipe, properties=recipe.properties[:1])).name, None

    return put


@pytest.mark.parametrize("of", CASES, ids=lambda of: f"{of.function}-{of.network}")
def test_one_argument_at_a_time(of: Case, networks: Networks) -> None:
    function = getattr(service, of.function)
    name, another = networks(of.network)
    asked: list[tuple[str, Mapping[str, Any]]] = [(name, of.given)]
    asked += [(name, {**of.given, changed: other}) for changed, other in of.others.items()]
    if another is not None and of.given.get("signal", of.given.get("of")) != "c":
        asked.append((another, of.given))
    first = expected = None
    for network, given in [*asked, asked[0]]:
        expected = of.library(models.load(network), **given)
        assert same(function(network, **given), expected), (network, given)
        if first is None:
            first = expected
        elif (network, given) != asked[0]:
            assert not same(first, expected), f"{given} changes nothing: it says nothing of the key"


def test_no_cached_function_and_no_argument_is_left_out() -> None:
    functions = cached_functions()
    assert {of.function for of in CASES} | ELSEWHERE == set(functions)
    for name, function in functions.items():
        if name in ELSEWHERE:
            continue
        varied = {argument for of in CASES if of.function == name for argument in of.others}
        assert set(inspect.signature(function).parameters) - UNVARIED == varied, name


def test_what_is_kept_by_task(shelve: Shelve, shelve_task: ShelveTask) -> None:
    """Held-out sequences, and gate means over them."""
    name, card = shelve("lstm", (2, False)), shelve_task(CLASSES)
    for task in ("tiny", card.task, "tiny"):
        assert service.held_out(task) == models.held_out(task)
    model = models.load(name)
    (example,) = models.held_out("tiny")
    pieces = [example.text[k : k + 1000] for k in range(0, min(len(example.text), service.CENSUS), 1000)]
    for layer in (0, 1, 0):
        traces = (models.trace(model, piece) for piece in pieces)
        expected = kinds.census(traces, service.kind_of(model.card), layer)
        assert same(service.held_out_census(name, layer), expected)


def test_transplants_and_warm_ups_of_what_ships() -> None:
    for name in ("agreement-rnn", "agreement-gru", "agreement-rnn"):
        assert same(service.transplants(name), models.transplants(models.load(name), grammar.pairs()))
    for task in ("english", "python", "english"):
        text = models.held_out(task)[0].text[: service.WARM_UP]
        assert service.warm_up(task) == text[: max(text.rfind(" "), text.rfind("\n")) + 1]


def test_the_start_up_lab() -> None:
    given = {"start": Start("lstm", keep=0.0), "units": 4, "steps": 6, "draws": 2, "seed": 0, "of": "memory"}
    others = {"start": Start("lstm", keep=2.0), "units": 5, "steps": 7, "draws": 3, "seed": 1, "of": "h"}
    assert set(given) == set(others) == set(inspect.signature(starts.at_start).parameters)
    first = starts.at_start(**given)
    for changed in (None, *others, None):
        asked = given if changed is None else {**given, changed: others[changed]}
        expected = starts.at_start(**asked)
        assert same(service.at_start(**asked), expected)
        assert same(first, expected) == (changed is None)


def same(one: Any, other: Any) -> bool:
    """Whether two answers hold the same numbers and words, whatever they are made of."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Model):
        return one.title == other.title and same(dict(one.state_dict()), dict(other.state_dict()))
    if isinstance(one, torch.Tensor):
        return same(one.numpy(), other.numpy())
    if isinstance(one, pd.DataFrame):
        return bool(one.equals(other))
    if isinstance(one, np.ndarray):
        return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
    if isinstance(one, Trace):
        return one.tokens == other.tokens and same(dict(one.arrays), dict(other.arrays))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if is_dataclass(one):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    return bool(one == other or (one != one and other != other))
