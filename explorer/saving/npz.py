"""A trace as one NPZ file: the arrays, and a JSON header. Everything comes back from it; it holds no pickled object."""

from __future__ import annotations

import json
from dataclasses import asdict
from os import PathLike
from typing import IO, Any

import numpy as np

from explorer.signals import Array, Belt, Readout, Signal, Trace

FORMAT = "carousel-trace-1"


def write(trace: Trace, file: IO[bytes]) -> None:
    """Write the whole trace."""
    header = {
        "format": FORMAT,
        "signals": [asdict(signal) for signal in trace.signals.values()],
        "belts": [asdict(belt) for belt in trace.belts],
        "tokens": trace.tokens,
        "cell": trace.cell,
        "notices": trace.notices,
        "bidirectional": trace.bidirectional,
        "labels": trace.readout.labels if trace.readout else (),
    }
    arrays = {f"signal/{name}": array for name, array in trace.arrays.items()}
    arrays |= {f"initial/{name}": array for name, array in trace.initial.items()}
    arrays |= {f"edited/{name}": array for name, array in trace.edited.items()}
    if trace.readout is not None:
        arrays |= {"readout/weight": trace.readout.weight, "readout/bias": trace.readout.bias}
    np.savez_compressed(file, allow_pickle=False, header=np.array(json.dumps(header)), **arrays)


def read(path: str | PathLike[str]) -> Trace:
    """The trace that `write` wrote. Raises ValueError for a file that is not one."""
    with open(path, "rb") as raw:  # not by np.load, which leaves a broken archive open
        try:
            with np.load(raw, allow_pickle=False) as file:
                header = json.loads(str(file["header"]))
                stored = {name: file[name] for name in file.files if name != "header"}
            if header["format"] != FORMAT:
                raise ValueError(f"its format is {header['format']!r}, not {FORMAT!r}")
            return _restored(header, stored)
        except Exception as error:  # a zip, npz or JSON error, a field that is missing: all mean the same to the caller
            raise ValueError(f"{path} is not a saved trace; Trace.save writes one ({error})") from error


def _restored(header: dict[str, Any], stored: dict[str, Array]) -> Trace:
    def group(prefix: str) -> dict[str, Array]:
        return {name.removeprefix(prefix): array for name, array in stored.items() if name.startswith(prefix)}

    signals = [Signal(**{**signal, "dims": tuple(signal["dims"])}) for signal in header["signals"]]
    readout = group("readout/")
    return Trace(
        arrays=group("signal/"),
        signals={signal.name: signal for signal in signals},
        tokens=tuple(header["tokens"]),
        cell=header["cell"],
        belts=tuple(Belt(**belt) for belt in header["belts"]),
        initial=group("initial/"),
        readout=Readout(**readout, labels=tuple(header.get("labels", ()))) if readout else None,
        notices=tuple(header["notices"]),
        bidirectional=header["bidirectional"],
        edited=group("edited/"),
    )
