"""What runs: vocabulary + embedding + layers + readout; the shipped models; how they were trained."""

from explorer.models.card import Card, Finding
from explorer.models.example import Example
from explorer.models.generation import generate
from explorer.models.model import Model
from explorer.models.reach import Elman, Paths, Spectra, channels, elman, gradient_matrix, jacobian, paths, spectra
from explorer.models.reading import OBJECTIVES, Pushes, arithmetic, gradients, predict, trace
from explorer.models.wrapping import wrap
from explorer.models.zoo import card_of, held_out, load, siblings, zoo

__all__ = [
    "OBJECTIVES",
    "Card",
    "Elman",
    "Example",
    "Finding",
    "Model",
    "Paths",
    "Pushes",
    "Spectra",
    "arithmetic",
    "card_of",
    "channels",
    "elman",
    "generate",
    "gradient_matrix",
    "gradients",
    "held_out",
    "jacobian",
    "load",
    "paths",
    "predict",
    "siblings",
    "spectra",
    "trace",
    "wrap",
    "zoo",
]
