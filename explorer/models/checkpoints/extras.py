"""Optional packages that only some formats need."""

from __future__ import annotations

from importlib import metadata, util

from explorer.models.checkpoints.contents import Unreadable


def installed(package: str) -> bool:
    """Return whether the package can be imported, without importing it."""
    try:
        return util.find_spec(package) is not None
    except ValueError:  # sys.modules holds an entry without a spec
        return False


def require(package: str, what: str) -> None:
    """Raise Unreadable with an install command if the package is missing. `what` names the file: "an ONNX file"."""
    if not installed(package):
        raise Unreadable(
            f"This is {what}. To read one, the package {package} must be installed here: pip install {package}"
        )


def version(package: str) -> str:
    """Return the version of an installed package; empty if its distribution has another name."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
