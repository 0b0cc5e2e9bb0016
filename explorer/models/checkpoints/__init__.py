"""Other people's networks: files of weights, read with nothing in them executed, and made into a Model."""

from explorer.models.checkpoints.choosing import Choice, likely
from explorer.models.checkpoints.contents import Contents, Kernel, Linear, Recurrent, Unreadable
from explorer.models.checkpoints.own import load, own
from explorer.models.checkpoints.parity import Parity, parity
from explorer.models.checkpoints.reading import read, read_bytes
from explorer.models.checkpoints.vocabularies import vocabulary

__all__ = [
    "Choice",
    "Contents",
    "Kernel",
    "Linear",
    "Parity",
    "Recurrent",
    "Unreadable",
    "likely",
    "load",
    "own",
    "parity",
    "read",
    "read_bytes",
    "vocabulary",
]
