"""What is right at each step, as far as the text or a rule knows it, and how wrong each network is."""

from __future__ import annotations

import numpy as np

from explorer.analysis.comparing import bits
from explorer.models.answers import FORECAST, NEXT_TOKEN
from explorer.signals import Array
from explorer.studio import service
from explorer.studio.compare import Network, View

Due = int | float | None


def due(view: View) -> list[Due]:
    """The column of the right label, or the right number, at each step; None where none is known."""
    here = view.here
    if view.answer is NEXT_TOKEN:
        ids = service.model(here.model).prepare(here.text).ids
        assert ids is not None
        return [*map(int, ids[1:].tolist()), None]
    if view.answer is FORECAST:
        return [*map(float, service.trace(here.model, here.text)["x"][1:, 0].tolist()), None]
    found = service.truth(here.card, view.tokens)
    if view.answer.numbers:
        return [None if number is None else float(number) for number in found]
    return [None if label is None else here.card.labels.index(label) for label in found]


def losses(view: View, network: Network) -> Array:
    """How wrong a network is at each step, [step]: its surprise in bits, or the squared error; NaN where nothing is known to be right."""
    values, known = service.predictions(network.name, view.here.text), due(view)
    if view.answer.numbers:
        wanted = np.array([np.nan if number is None else number for number in known], dtype=np.float64)
        return np.asarray((values[:, 0] - wanted) ** 2)
    return bits(values, [None if column is None else int(column) for column in known])
