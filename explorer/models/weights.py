"""A network's weights as a file that anything can read: safetensors, by the names of its state dict."""

from __future__ import annotations

from safetensors.torch import save

from explorer.models.model import Model
from explorer.models.zoo import FOLDER, folder, zoo

NAME = "weights.safetensors"
"""Name of the file for a network that is not shipped."""


def packed(model: Model) -> bytes:
    """The file: every tensor of the state dict, on its own, since two that share their numbers could not be written."""
    return save({name: weight.detach().cpu().clone().contiguous() for name, weight in model.state_dict().items()})


def file_of(model: Model) -> str:
    """Path of this network's weights: the shipped file if it holds exactly these, else `NAME`, which has to be saved.

    A shipped file is named from the folder of the project on.
    """
    if any(card.name == model.name for card in zoo()):
        path = folder() / f"{model.name}.safetensors"
        if path.exists() and path.read_bytes() == packed(model):
            project = FOLDER.parents[1]
            return path.relative_to(project).as_posix() if path.is_relative_to(project) else path.name
    return NAME
