"""Packages that only some formats need; the app does without."""

from __future__ import annotations

from importlib import metadata, util

from explorer.models.checkpoints.contents import Unreadable


def installed(package: str) -> bool:
    """Whether it can be imported; it is not imported for that."""
    try:
        return util.find_spec(package) is not None
    except ValueError:  # it was taken out of what can be imported
        return False


def require(package: str, what: str) -> None:
    """Raises Unreadable, with what to install, where the package is not there. `what` is the file: "an ONNX file"."""
    if not installed(package):
        raise Unreadable(
            f"This is {what}. To read one, the package {package} must be installed here: pip install {package}"
        )


def version(package: str) -> str:
    """Of a package that is installed; empty where its distribution has another name."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
