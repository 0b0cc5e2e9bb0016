"""Verify a network with one known pair (input, output), which turns a guess about its wiring into a measurement."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from explorer.models.checkpoints import npy
from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.wording import difference, quoted
from explorer.models.checkpoints.zipped import Archive
from explorer.models.model import Model
from explorer.models.reading import scores
from explorer.signals import Array

CLOSE = 1e-4
"""Largest difference that counts as agreement: outputs are often printed with four digits, and float32 rounds in every layer."""
NEEDED = 'give JSON {"input": …, "output": […]} or an .npz file with the arrays "input" and "output"'


@dataclass(frozen=True)
class Pair:
    """A known input, and the output that the original network gave for it.

    input   text, ids [step], or numbers [step, column]
    output  answer to the whole input [output], or at every step [step, output]
    """

    input: Any
    output: Array


@dataclass(frozen=True)
class Agreement:
    """Difference between our answer to a known input and the known output.

    difference  largest absolute difference over all outputs; NaN if either is NaN or infinite
    form        form in which the outputs were compared: "scores", "probabilities", …
    every_step  whether the answers at all steps were compared, not only the last
    """

    difference: float
    form: str
    every_step: bool

    @property
    def holds(self) -> bool:
        return self.difference <= CLOSE

    def __str__(self) -> str:
        where = "at every step" if self.every_step else "at the last step"
        verdict = "agrees with" if self.holds else "does not agree with"
        return (
            f"The answer {verdict} the one known pair: the largest difference is {difference(self.difference)} "
            f"({self.form}, {where})."
        )


def measure(model: Model, pair: Pair) -> Agreement:
    """Compare the network's answer with the known output, in each form that an output may have.

    Raise Unreadable if this network cannot read the input, or if the number of outputs differs.
    """
    try:
        ours = scores(model, pair.input).astype(np.float64)  # [step, output]
    except ValueError as error:
        raise Unreadable(f"The input of the known pair cannot be read by this network: {error}.") from error
    theirs = np.asarray(pair.output, np.float64)
    every_step = theirs.ndim == 2 and len(theirs) == len(ours) and len(ours) > 1
    ours = ours if every_step else ours[-1:]
    theirs = theirs if every_step else theirs.reshape(1, -1)
    differences = {
        form: float(np.abs(values - theirs).max())
        for form, values in {name: of(ours) for name, of in FORMS.items()}.items()
        if values.shape == theirs.shape
    }
    if not differences:
        raise Unreadable(
            f"The output of the known pair has {theirs.shape[-1]:,} values, but this network answers with {ours.shape[-1]:,}."
        )
    form = min(differences, key=lambda name: differences[name] if np.isfinite(differences[name]) else np.inf)
    if not differences[form] <= CLOSE:  # the closest form would understate the difference: use the likeliest form
        form = next((name for name in _likely_forms(theirs) if name in differences), form)
    return Agreement(differences[form], form, every_step)


def read_pair(path: str | Path) -> Pair:
    """Read a pair from a JSON or NPZ file. Raise Unreadable, or FileNotFoundError."""
    return parse_pair(Path(path).read_bytes())


def parse_pair(data: bytes | str) -> Pair:
    """Read a pair from the bytes of a file, or from a text. Raise Unreadable if it holds no pair."""
    if isinstance(data, bytes) and data.startswith(b"PK"):
        archive = Archive(data)
        parsed: Any = {
            name.removesuffix(".npy"): npy.array(name, archive.read(name))
            for name in archive.names
            if name.endswith(".npy")
        }
    else:
        try:
            parsed = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"The known pair cannot be read ({error}); {NEEDED}.") from error
    return pair_of(parsed)


def typed_pair(read: str, output: str) -> Pair:
    """Return the pair of a typed input and output. The output is JSON, or numbers separated by commas or blanks. Raise Unreadable."""
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        try:
            rows = [
                [float(one) for one in line.replace(",", " ").split()] for line in output.splitlines() if line.strip()
            ]
            answer = np.array(rows)
        except ValueError as error:
            raise Unreadable(f"The output is not a list of numbers ({error}); give it like 0.12, 0.88.") from error
    return pair_of((read, answer))


def pair_of(given: Any) -> Pair:
    """Convert a Pair, (input, output), or a mapping with these keys to a Pair. Raise Unreadable for anything else."""
    if isinstance(given, Pair):
        return given
    if isinstance(given, Mapping) and {"input", "output"} <= set(given):
        return pair_of((given["input"], given["output"]))
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        content = (
            f"it has {', '.join(map(quoted, list(given)[:3]))}"
            if isinstance(given, Mapping) and given
            else "it has not"
        )
        raise Unreadable(f"A known pair has an input and an output, but {content}; {NEEDED}.")
    try:
        output = np.squeeze(np.asarray(given[1], np.float64))
        read = given[0] if isinstance(given[0], str) else np.asarray(given[0])
    except (TypeError, ValueError) as error:
        raise Unreadable(f"The known pair holds values that are not numbers ({error}); {NEEDED}.") from error
    if output.ndim > 2 or output.size == 0 or (not isinstance(read, str) and read.dtype.kind not in "iuf"):
        raise Unreadable(f"The known pair holds an array whose shape or type cannot be an answer; {NEEDED}.")
    if not isinstance(read, str) and read.ndim == 3 and len(read) == 1:
        read = read[0]  # a batch of one
    if not isinstance(read, str) and read.ndim == 2 and len(read) == 1 and read.dtype.kind in "iu":
        read = read[0]
    return Pair(read, np.atleast_1d(output))


def _likely_forms(output: Array) -> list[str]:
    """Return the possible forms of an output [step, output], by its range and sum, likeliest first."""
    shares = bool(((output >= 0) & (output <= 1)).all())
    sums, powers = output.sum(-1), np.exp(np.minimum(output, 0.0)).sum(-1)
    single = output.shape[-1] == 1
    tests = {
        "probabilities": shares and not single and np.allclose(sums, 1, atol=1e-3),
        "log-probabilities": not single and bool((output <= 0).all()) and np.allclose(powers, 1, atol=1e-3),
        "probability of the second class": shares and single,
        "score of the second class": single,
        "scores": True,
    }
    return [form for form, fits in tests.items() if fits]


def _softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return cast(Array, powers / powers.sum(-1, keepdims=True))


FORMS: Mapping[str, Callable[[Array], Array]] = {
    "scores": lambda scores: scores,
    "probabilities": _softmax,
    "log-probabilities": lambda scores: np.log(_softmax(scores)),
    "sigmoid of the scores": lambda scores: 1 / (1 + np.exp(-scores)),
    "probability of the second class": lambda scores: (
        _softmax(scores)[..., 1:2] if scores.shape[-1] == 2 else scores[..., :0]
    ),
    "score of the second class": lambda scores: np.diff(scores) if scores.shape[-1] == 2 else scores[..., :0],
}
"""Possible forms of a known output, each computed from the scores [step, output]."""
