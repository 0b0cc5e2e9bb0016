"""Zip archives whose unpacked size is checked before anything is unpacked."""

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
"""Leading bytes of each entry in an archive's directory."""
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Compression methods that Python unpacks incrementally, so that an entry larger than it claims is cut off."""
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OverflowError, ValueError, RuntimeError, OSError)
"""Exceptions of `zipfile` for an archive that is damaged, encrypted, or compressed in an unknown way."""


class Archive:
    """A zip archive, whose entries are read on demand. Raise Unreadable if it is damaged or would be too large."""

    def __init__(self, data: bytes) -> None:
        if (
            data.count(ENTRY) > MOST_ENTRIES
        ):  # counted before reading the directory, in which each entry becomes a large object
            raise Unreadable(
                f"The archive holds more than {MOST_ENTRIES:,} files; those of networks that are read have far fewer."
            )
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except DAMAGED as error:
            raise Unreadable(
                "The zip archive is damaged: its directory cannot be read. Fetch or save it again."
            ) from error
        check_bytes(sum(entry.file_size for entry in self._zip.infolist()), "The unpacked file")

    @property
    def names(self) -> list[str]:
        """Names of the entries, in the archive's order."""
        return self._zip.namelist()

    def size(self, name: str) -> int:
        """Return the unpacked size of an entry in bytes, as the archive claims; `read` returns no more than that."""
        return self._zip.getinfo(name).file_size

    def read(self, name: str) -> bytes:
        """Return the unpacked bytes of an entry."""
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
    """Return the entry names of a zip archive; empty if the bytes are not one, or if it has too many."""
    if not data.startswith(b"PK") or data.count(ENTRY) > MOST_ENTRIES:
        return []
    try:
        return zipfile.ZipFile(io.BytesIO(data)).namelist()
    except DAMAGED:
        return []
