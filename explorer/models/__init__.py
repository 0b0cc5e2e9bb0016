"""What runs: vocabulary + embedding + layers + readout; the shipped models; how they were trained."""

from explorer.models.card import Card, Finding
from explorer.models.example import Example
from explorer.models.generation import generate
from explorer.models.model import Model
from explorer.models.reading import OBJECTIVES, Pushes, arithmetic, gradients, predict, trace
from explorer.models.wrapping import wrap
from explorer.models.zoo import card_of, held_out, load, siblings, zoo

__all__ = [
    "OBJECTIVES",
    "Card",
    "Example",
    "Finding",
    "Model",
    "Pushes",
    "arithmetic",
    "card_of",
    "generate",
    "gradients",
    "held_out",
    "load",
    "predict",
    "siblings",
    "trace",
    "wrap",
    "zoo",
]
