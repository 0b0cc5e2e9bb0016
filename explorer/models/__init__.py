"""What runs: vocabulary + embedding + layers + readout; the shipped models; how they were trained."""

from explorer.models.bptt import Itemised, TrainingStep, Truncated, itemised, training_step
from explorer.models.card import Card, Finding
from explorer.models.deleting import deletions
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
    "Itemised",
    "Model",
    "Paths",
    "Pushes",
    "Spectra",
    "TrainingStep",
    "Truncated",
    "arithmetic",
    "card_of",
    "channels",
    "deletions",
    "elman",
    "generate",
    "gradient_matrix",
    "gradients",
    "held_out",
    "itemised",
    "jacobian",
    "load",
    "paths",
    "predict",
    "siblings",
    "spectra",
    "trace",
    "training_step",
    "wrap",
    "zoo",
]
