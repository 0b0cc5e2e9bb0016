"""One known pair (input, output) of a network: it turns a guess of how the file's parts are wired into a measured statement."""

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
"""Largest difference of an answer that counts as the same: outputs are often printed with four digits, and float32 rounds anew on the
way through every layer."""
NEEDED = 'give JSON {"input": …, "output": […]} or an .npz file with the arrays "input" and "output"'


@dataclass(frozen=True)
class Pair:
    """What was read, and what the network answered elsewhere.

    input   a text, ids [step], or numbers [step, column]
    output  the answer to the whole input [output], or the answers at every step [step, output]
    """

    input: Any
    output: Array


@dataclass(frozen=True)
class Agreement:
    """How far our answer to a known input is from the known output.

    difference  the largest over all outputs, NaN if one of the two is not finite
    form        what the known output was compared as: "scores", "probabilities", …
    every_step  whether answers at all steps were compared, and not the last alone
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
    """Compare the network's answer with the known one, in each form that an output may have.

    Raises Unreadable if the input cannot be read by this network, or if the output has another number of values.
    """
    try:
        ours = scores(model, pair.input).astype(np.float64)  # [step, output]
    except ValueError as error:
        raise Unreadable(f"The input of the known pair cannot be read by this network: {error}.") from error
    theirs = np.asarray(pair.output, np.float64)
    every_step = theirs.ndim == 2 and len(theirs) == len(ours) and len(ours) > 1
    ours = ours if every_step else ours[-1:]
    theirs = theirs if every_step else theirs.reshape(1, -1)
    found = {
        form: float(np.abs(values - theirs).max())
        for form, values in {name: of(ours) for name, of in FORMS.items()}.items()
        if values.shape == theirs.shape
    }
    if not found:
        raise Unreadable(
            f"The output of the known pair has {theirs.shape[-1]:,} values, but this network answers with {ours.shape[-1]:,}."
        )
    form = min(found, key=lambda name: found[name] if np.isfinite(found[name]) else np.inf)
    if not found[form] <= CLOSE:  # the closest form would belittle the difference: take what the output looks like
        form = next((name for name in _likely_forms(theirs) if name in found), form)
    return Agreement(found[form], form, every_step)


def read_pair(path: str | Path) -> Pair:
    """The pair in a JSON or NPZ file. Raises Unreadable, or FileNotFoundError."""
    return parse_pair(Path(path).read_bytes())


def parse_pair(data: bytes | str) -> Pair:
    """The pair in the bytes of a file, or in a text. Raises Unreadable."""
    if isinstance(data, bytes) and data.startswith(b"PK"):
        archive = Archive(data)
        given: Any = {
            name.removesuffix(".npy"): npy.array(name, archive.read(name))
            for name in archive.names
            if name.endswith(".npy")
        }
    else:
        try:
            given = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"The known pair cannot be read ({error}); {NEEDED}.") from error
    return pair_of(given)


def typed_pair(read: str, output: str) -> Pair:
    """The pair of a typed input and output; the output as JSON, or as numbers separated by commas or blanks. Raises Unreadable."""
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
    """A Pair, (input, output), or a mapping with these names, as a Pair. Raises Unreadable."""
    if isinstance(given, Pair):
        return given
    if isinstance(given, Mapping) and {"input", "output"} <= set(given):
        given = (given["input"], given["output"])
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        found = (
            f"it has {', '.join(map(quoted, list(given)[:3]))}"
            if isinstance(given, Mapping) and given
            else "it has not"
        )
        raise Unreadable(f"A known pair has an input and an output, but {found}; {NEEDED}.")
    try:
        output = np.squeeze(np.asarray(given[1], np.float64))
        read = given[0] if isinstance(given[0], str) else np.asarray(given[0])
    except (TypeError, ValueError) as error:
        raise Unreadable(f"The known pair holds values that are not numbers ({error}); {NEEDED}.") from error
    if output.ndim > 2 or output.size == 0 or (not isinstance(read, str) and read.dtype.kind not in "iuf"):
        raise Unreadable(f"The known pair holds an array of a shape or type that is no answer; {NEEDED}.")
    if not isinstance(read, str) and read.ndim == 3 and len(read) == 1:
        read = read[0]  # a batch of one
    if not isinstance(read, str) and read.ndim == 2 and len(read) == 1 and read.dtype.kind in "iu":
        read = read[0]
    return Pair(read, np.atleast_1d(output))


def _likely_forms(output: Array) -> list[str]:
    """What an output [step, output] looks like, by its range and its sum; the likely form first."""
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
"""What a known output may be, computed from the scores [step, output]."""
