"""Packing of a JSON header and arrays into bytes, which a browser reads faster than JSON numbers (unpacked by packing.js)."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from typing import Any

import numpy as np

from explorer.signals import Array


def pack(header: dict[str, Any], arrays: Iterable[Array], dtype: str = "<f4") -> bytes:
    """Pack the header length (uint32), header, padding to four bytes, then the arrays one after another."""
    head = json.dumps(header, separators=(",", ":")).encode()
    blocks = [np.ascontiguousarray(array, dtype=dtype).tobytes() for array in arrays]
    return b"".join([struct.pack("<I", len(head)), head, b"\0" * (-(4 + len(head)) % 4), *blocks])
