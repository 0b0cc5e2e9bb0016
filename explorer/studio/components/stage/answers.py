"""The network's answer at each step for the stage: guesses of the next token, labels, or numbers; and the right answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.analysis.tokens import short as narrow
from explorer.analysis.tokens import visible
from explorer.models.answers import ANSWERS, CLASS, FORECAST, NEXT_TOKEN
from explorer.models.vocabulary.encoded import shortened
from explorer.signals import Array
from explorer.studio import service
from explorer.studio.components.shared.json_numbers import rounded, short
from explorer.studio.components.stage.reading import Reading

GUESSES = 6
"""Number of likeliest next tokens to show."""


def in_full(reading: Reading) -> dict[str, Any]:
    """Return the data of the answer panel: `kind` is "guesses", "labels" or "number"; the rest depends on it, one list entry per step."""
    answer = ANSWERS[reading.place.card.answer]
    if answer is NEXT_TOKEN:
        return _guesses(reading)
    if answer.numbers:
        return _numbers(reading)
    return _labels(reading)


def at_each_step(reading: Reading) -> dict[str, Any] | None:
    """Return the line below the tokens. Labels: the answer at each step, shortened, with a colour from -1 to 1 and whether it is right.
    Numbers: the values, and how many steps ahead they refer to. None for next tokens, whose guesses would only repeat letters."""
    card = reading.place.card
    answer = ANSWERS[card.answer]
    if answer is NEXT_TOKEN:
        return None
    values = reading.predictions
    if answer.numbers:
        return {"name": _name(reading), "values": rounded(values[:, 0]), "ahead": int(answer is FORECAST)}
    real, best = _truth(reading), values.argmax(1)
    says = [shortened(card.labels[k]) for k in best]
    if len(card.labels) == 2:
        share = np.exp(values[:, 1])
        says = [narrow(value) for value in share.tolist()] if answer is CLASS else says
        return {
            "name": f"P({shortened(card.labels[1])})" if answer is CLASS else "it says",
            "says": says,
            "colours": rounded(2 * share - 1),
            "right": None if answer is CLASS else _marks(best, reading, real),
        }
    return {"name": "it says", "says": says, "colours": None, "right": _marks(best, reading, real)}


def _marks(best: Array, reading: Reading, real: list[Any]) -> list[bool | None] | None:
    """Return whether each step's answer is right: None at a step without a question, or for all if no right answer is known."""
    labels = reading.place.card.labels
    if all(label is None for label in real):
        return None
    return [None if label is None else labels[k] == label for k, label in zip(best, real, strict=True)]


def _truth(reading: Reading) -> list[Any]:
    return service.truth(reading.place.card, reading.trace.tokens)


def _guesses(reading: Reading) -> dict[str, Any]:
    """Return the likeliest next tokens with their probabilities, and share, rank and surprise of the real one (None at the last step)."""
    model, log_p = service.model(reading.place.model), reading.predictions
    ids = model.prepare(reading.text).ids
    assert ids is not None
    offered = service.guesses(reading.place.card, log_p.shape[1])
    top = offered[np.argsort(-log_p[:, offered], axis=1)[:, :GUESSES]]
    labels = [visible(label) for label in model.labels]
    shares = np.exp(np.take_along_axis(log_p, top, axis=1))
    real: list[dict[str, float | None] | None] = []
    for row, index in zip(log_p[:-1], ids[1:].tolist(), strict=True):
        guessed = np.isfinite(row).any() and index in offered  # the unknown token has no place among the guesses
        rank = int((row[offered] > row[index]).sum()) + 1 if guessed else None
        real.append({"share": short(np.exp(row[index])), "rank": rank, "bits": short(-row[index] / np.log(2))})
    return {
        "kind": "guesses",
        "title": "What comes next?",
        "top": [[[labels[i], short(p)] for i, p in zip(*pair, strict=True)] for pair in zip(top, shares, strict=True)],
        "real": [*real, None],
    }


def _labels(reading: Reading) -> dict[str, Any]:
    """Return every label's probability, in a fixed order, and the right label."""
    card = reading.place.card
    labels = list(card.labels)
    real = [None if label is None else labels.index(label) for label in _truth(reading)]
    return {
        "kind": "labels",
        "title": _asked(reading),
        "labels": [shortened(label) for label in labels],
        "shares": [rounded(row) for row in np.exp(reading.predictions)],
        "real": real,
    }


def _asked(reading: Reading) -> str:
    """Return the panel's question. A bidirectional network has read the whole text, unless it rereads the text up to each step."""
    card = reading.place.card
    if card.answer != CLASS.name:
        return "What does it say?"
    if card.bidirectional and not service.model(card.name).rereads:
        return "What does it say here, having read the whole text?"
    return "What would it say, if the text ended here?"


def _numbers(reading: Reading) -> dict[str, Any]:
    """Return the network's number at each step, and the right one where it is known."""
    if reading.place.card.answer == FORECAST.name:
        real = [*rounded(reading.trace["x"][1:, 0]), None]
        title = "What comes next?"
    else:
        real = [None if number is None else short(number) for number in _truth(reading)]
        title = "What does it say?"
    return {
        "kind": "number",
        "title": title,
        "name": _name(reading),
        "values": rounded(reading.predictions[:, 0]),
        "real": real,
    }


def _name(reading: Reading) -> str:
    """Return the name of the answered number."""
    labels = reading.place.card.labels
    return shortened(labels[0]) if labels else "answer"
