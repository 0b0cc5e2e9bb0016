"""Zip archives of which nothing is unpacked before it is known how much that is."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.limits import MOST_TENSORS, check_bytes
from explorer.models.checkpoints.wording import quoted

MOST_ENTRIES = 2 * MOST_TENSORS
ENTRY = b"PK\x01\x02"
"""What each entry of an archive's directory begins with."""
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Those that Python unpacks piece by piece, so that an entry which claims less than it holds is cut off; the others it unpacks whole."""
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OverflowError, ValueError, RuntimeError, OSError)
"""What `zipfile` raises for an archive that is damaged, encrypted or packed in a way that it does not know."""


class Archive:
    """The entries of a zip archive, each read when it is asked for. Raises Unreadable for one that is damaged or would be too large."""

    def __init__(self, data: bytes) -> None:
        if data.count(ENTRY) > MOST_ENTRIES:  # counted before the directory is read: each entry would be a large object
            raise Unreadable(
                f"The archive holds more than {MOST_ENTRIES:,} files; those of networks that are read have far fewer."
            )
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except DAMAGED as error:
            raise Unreadable(
                "The zip archive is damaged: its directory cannot be read. Fetch or save it again."
            ) from error
        check_bytes(sum(entry.file_size for entry in self._zip.infolist()), "What it unpacks to")

    @property
    def names(self) -> list[str]:
        """In the archive's order."""
        return self._zip.namelist()

    def size(self, name: str) -> int:
        """Of an entry when it is unpacked, in bytes, as the archive claims; `read` returns no more than that."""
        return self._zip.getinfo(name).file_size

    def read(self, name: str) -> bytes:
        """An entry, unpacked."""
        entry = self._zip.getinfo(name)
        if entry.compress_type not in PACKINGS:
            raise Unreadable(
                f"{quoted(name)} in the archive is packed in an unusual way; save the file without compression."
            )
        try:
            with self._zip.open(entry) as packed:
                data = packed.read(entry.file_size)
        except DAMAGED as error:
            raise Unreadable(f"{quoted(name)} in the archive is damaged. Fetch or save the file again.") from error
        if len(data) != entry.file_size:
            raise Unreadable(f"{quoted(name)} in the archive breaks off. Fetch or save the file again.")
        return data


def names_in(data: bytes) -> list[str]:
    """The names of a zip archive's entries; none where the bytes are no such archive, or one of too many."""
    if not data.startswith(b"PK") or data.count(ENTRY) > MOST_ENTRIES:
        return []
    try:
        return zipfile.ZipFile(io.BytesIO(data)).namelist()
    except DAMAGED:
        return []
