"""Uploaded checkpoints: read weight files without executing anything in them, and build a Model from each."""

from explorer.models.checkpoints.choosing import Choice, likely
from explorer.models.checkpoints.contents import Contents, Kernel, Linear, Recurrent, Unreadable
from explorer.models.checkpoints.own import confirmed, load, own
from explorer.models.checkpoints.pairs import Agreement, Pair, measure, pair_of, parse_pair, typed_pair
from explorer.models.checkpoints.parity import Parity, parity
from explorer.models.checkpoints.reading import read, read_bytes
from explorer.models.checkpoints.vocabularies import vocabulary

__all__ = [
    "Agreement",
    "Choice",
    "Contents",
    "Kernel",
    "Linear",
    "Pair",
    "Parity",
    "Recurrent",
    "Unreadable",
    "confirmed",
    "likely",
    "load",
    "measure",
    "own",
    "pair_of",
    "parity",
    "parse_pair",
    "read",
    "read_bytes",
    "typed_pair",
    "vocabulary",
]
