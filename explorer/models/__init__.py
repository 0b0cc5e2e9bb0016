"""What runs: vocabulary + embedding + layers + readout; the shipped models; how they were trained."""

from explorer.models.card import Card, Show
from explorer.models.model import Model
from explorer.models.reading import OBJECTIVES, Pushes, arithmetic, gradients, predict, trace
from explorer.models.wrapping import wrap
from explorer.models.zoo import card_of, excerpt, load, siblings, zoo

__all__ = [
    "OBJECTIVES",
    "Card",
    "Model",
    "Pushes",
    "Show",
    "arithmetic",
    "card_of",
    "excerpt",
    "gradients",
    "load",
    "predict",
    "siblings",
    "trace",
    "wrap",
    "zoo",
]
