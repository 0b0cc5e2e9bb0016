"""Networks: vocabulary, embedding, layers and readout; the shipped models; how they were trained."""

from explorer.models.answering import parse_examples
from explorer.models.bptt import Itemised, TrainingStep, Truncated, itemised, no_training_step, training_step
from explorer.models.card import Card, Finding
from explorer.models.deleting import deletions
from explorer.models.diagnosing import diagnose
from explorer.models.example import Example
from explorer.models.generation import generate
from explorer.models.model import Model
from explorer.models.reach import Elman, Paths, Spectra, channels, elman, gradient_matrix, jacobian, paths, spectra
from explorer.models.reading import OBJECTIVES, Overruled, Pushes, arithmetic, gradients, overruled, predict, trace
from explorer.models.shelf import (
    by_cell,
    card_of,
    is_guest,
    is_shipped,
    load,
    opened,
    relatives,
    shipped,
    siblings,
    welcome,
)
from explorer.models.snippets import snippet
from explorer.models.surgery import Transplants, sweep, transplants
from explorer.models.wrapping import wrap
from explorer.models.zoo import held_out, zoo

__all__ = [
    "OBJECTIVES",
    "Card",
    "Elman",
    "Example",
    "Finding",
    "Itemised",
    "Model",
    "Overruled",
    "Paths",
    "Pushes",
    "Spectra",
    "TrainingStep",
    "Transplants",
    "Truncated",
    "arithmetic",
    "by_cell",
    "card_of",
    "channels",
    "deletions",
    "diagnose",
    "elman",
    "generate",
    "gradient_matrix",
    "gradients",
    "held_out",
    "is_guest",
    "is_shipped",
    "itemised",
    "jacobian",
    "load",
    "no_training_step",
    "opened",
    "overruled",
    "parse_examples",
    "paths",
    "predict",
    "relatives",
    "shipped",
    "siblings",
    "snippet",
    "spectra",
    "sweep",
    "trace",
    "training_step",
    "transplants",
    "welcome",
    "wrap",
    "zoo",
]
