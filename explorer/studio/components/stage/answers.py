"""What the network answers at each step, as the stage is told: guesses of the next token, labels, or numbers; and what is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.analysis.tokens import short as narrow
from explorer.analysis.tokens import visible
from explorer.models.answers import ANSWERS, CLASS, FORECAST, NEXT_TOKEN
from explorer.signals import Array
from explorer.studio import service
from explorer.studio.components.shared.json_numbers import rounded, short
from explorer.studio.state import Place

GUESSES = 6
"""How many of the likeliest next tokens are shown."""


def in_full(place: Place) -> dict[str, Any]:
    """For the panel of answers: `kind` is "guesses", "labels" or "number"; the rest is what that kind needs, a list entry a step."""
    answer = ANSWERS[place.card.answer]
    values = service.predictions(place.model, place.text)
    if answer is NEXT_TOKEN:
        return _guesses(place, values)
    if answer.numbers:
        return _numbers(place, values)
    return _labels(place, values)


def at_each_step(place: Place) -> dict[str, Any] | None:
    """What stands under the tokens. Labels: what it says at each step, in a few letters, with a colour from -1 to 1, and whether that is
    right. Numbers: the values, and how many steps ahead they are about. None for next tokens, whose guesses would be letters again."""
    card = place.card
    answer = ANSWERS[card.answer]
    if answer is NEXT_TOKEN:
        return None
    values = service.predictions(place.model, place.text)
    if answer.numbers:
        return {"name": _name(place), "values": rounded(values[:, 0]), "ahead": int(answer is FORECAST)}
    real, best = _truth(place), values.argmax(1)
    says = [card.labels[k] for k in best]
    if len(card.labels) == 2:
        share = np.exp(values[:, 1])
        says = [narrow(value) for value in share.tolist()] if answer is CLASS else says
        return {
            "name": f"P({card.labels[1]})" if answer is CLASS else "it says",
            "says": says,
            "colours": rounded(2 * share - 1),
            "right": None if answer is CLASS else _marks(best, place, real),
        }
    return {"name": "it says", "says": says, "colours": None, "right": _marks(best, place, real)}


def _marks(best: Array, place: Place, real: list[Any]) -> list[bool | None]:
    return [None if label is None else place.card.labels[k] == label for k, label in zip(best, real, strict=True)]


def _truth(place: Place) -> list[Any]:
    return service.truth(place.card, service.trace(place.model, place.text).tokens)


def _guesses(place: Place, log_p: Array) -> dict[str, Any]:
    """The likeliest next tokens with their probabilities, and how the real one fared (None at the last step)."""
    model = service.model(place.model)
    ids = model.prepare(place.text).ids
    assert ids is not None
    top = np.argsort(-log_p, axis=1)[:, :GUESSES]
    labels = [visible(label) for label in model.labels]
    shares = np.exp(np.take_along_axis(log_p, top, axis=1))
    real: list[dict[str, float | None] | None] = []
    for row, index in zip(log_p[:-1], ids[1:].tolist(), strict=True):
        rank = int((row > row[index]).sum()) + 1
        real.append({"share": short(np.exp(row[index])), "rank": rank, "bits": short(-row[index] / np.log(2))})
    return {
        "kind": "guesses",
        "title": "What comes next?",
        "top": [[[labels[i], short(p)] for i, p in zip(*pair, strict=True)] for pair in zip(top, shares, strict=True)],
        "real": [*real, None],
    }


def _labels(place: Place, log_p: Array) -> dict[str, Any]:
    """Every label's probability, always in the same order, and which is right."""
    labels = list(place.card.labels)
    real = [None if label is None else labels.index(label) for label in _truth(place)]
    return {
        "kind": "labels",
        "title": "What would it say, if the text ended here?"
        if place.card.answer == CLASS.name
        else "What does it say?",
        "labels": labels,
        "shares": [rounded(row) for row in np.exp(log_p)],
        "real": real,
    }


def _numbers(place: Place, values: Array) -> dict[str, Any]:
    """The number it gives and the right one, where that is known."""
    trace = service.trace(place.model, place.text)
    if place.card.answer == FORECAST.name:
        real = [*rounded(trace["x"][1:, 0]), None]
        title = "What comes next?"
    else:
        real = [None if number is None else short(number) for number in _truth(place)]
        title = "What does it say?"
    return {
        "kind": "number",
        "title": title,
        "name": _name(place),
        "values": rounded(values[:, 0]),
        "real": real,
    }


def _name(place: Place) -> str:
    """What the number is called."""
    return place.card.labels[0] if place.card.labels else "answer"
