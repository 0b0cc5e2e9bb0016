"""Other people's networks: files of weights, read with nothing in them executed, and made into a Model."""

from explorer.models.checkpoints.contents import Contents, Kernel, Linear, Recurrent, Unreadable
from explorer.models.checkpoints.reading import read, read_bytes

__all__ = ["Contents", "Kernel", "Linear", "Recurrent", "Unreadable", "read", "read_bytes"]
