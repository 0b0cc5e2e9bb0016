"""The right answer at each step, from the text or a rule, and each network's error."""

from __future__ import annotations

import numpy as np

from explorer.analysis.comparing import bits
from explorer.models.answers import FORECAST, NEXT_TOKEN
from explorer.signals import Array
from explorer.studio import service
from explorer.studio.compare import Network, View

Due = int | float | None


def due(view: View) -> list[Due]:
    """Return the column of the right label, or the right number, at each step; None where it is unknown."""
    here = view.here
    if view.answer is NEXT_TOKEN:
        ids = service.model(here.model).prepare(here.text).ids
        assert ids is not None
        return [*map(int, ids[1:].tolist()), None]
    if view.answer is FORECAST:
        return [*map(float, service.trace(here.model, here.text)["x"][1:, 0].tolist()), None]
    truth = service.truth(here.card, view.tokens)
    if view.answer.numbers:
        return [None if number is None else float(number) for number in truth]
    return [None if label is None else here.card.labels.index(label) for label in truth]


def losses(view: View, network: Network) -> Array:
    """Return a network's error at each step, [step]: surprise in bits, or squared error; NaN where the right answer is unknown."""
    values, dues = service.predictions(network.name, view.here.text), due(view)
    if view.answer.numbers:
        targets = np.array([np.nan if number is None else number for number in dues], dtype=np.float64)
        return np.asarray((values[:, 0] - targets) ** 2)
    return bits(values, [None if column is None else int(column) for column in dues])
