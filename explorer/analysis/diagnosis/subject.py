"""Subject of a diagnosis: a trace, the weights, and measurements of the way back. Numbers only, so that checks need
nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from explorer import formula
from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.answers import Prediction, Score
from explorer.signals import Array, Belt, Trace


@dataclass(frozen=True, eq=False)
class Row:
    """One layer in one direction: its weights by the names that its formulas use, and those formulas.

    weights   W_ii [unit, input], b_ii [unit], W_hi, …
    sums      "i_pre" -> "W_ii @ x + b_ii + W_hi @ h_prev + b_hi"
    blocks    the signals that such sums make
    """

    number: int
    layer: int
    direction: int
    weights: Mapping[str, Array]
    sums: Mapping[str, str]
    blocks: tuple[str, ...]

    @cached_property
    def finite(self) -> bool:
        """True if all of its weights are finite."""
        return all(np.isfinite(weight).all() for weight in self.weights.values())

    def incoming(self, block: str) -> tuple[Array, ...]:
        """Weights and biases of a block's sums, a row a unit: [unit, …] each."""
        used = formula.names(self.sums[f"{block}_pre"]) if f"{block}_pre" in self.sums else ()
        return tuple(
            self.weights[name].reshape(len(self.weights[name]), -1) for name in sorted(used) if name in self.weights
        )

    def matrices_of(self, source: str) -> Iterator[tuple[str, str, Array]]:
        """(target, name, matrix) for each matrix that is multiplied by `source`, or by an expression of it."""
        for made, text in self.sums.items():
            for node in ast.walk(formula.parse(text)):
                if not (
                    isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult) and isinstance(node.left, ast.Name)
                ):
                    continue
                read = {name.id for name in ast.walk(node.right) if isinstance(name, ast.Name)}
                if source in read and node.left.id in self.weights:
                    yield made.removesuffix("_pre"), node.left.id, self.weights[node.left.id]

    def bias(self, block: str) -> Array | None:
        """The sum of a block's biases, [unit]; None where it has none. Both of torch's add up to one number."""
        used = formula.names(self.sums[f"{block}_pre"]) if f"{block}_pre" in self.sums else ()
        biases = [self.weights[name] for name in used if name in self.weights and name.startswith("b_")]
        return np.sum(biases, 0) if biases else None


@dataclass(frozen=True, eq=False)
class Reach:
    """Gradients of some targets, by the whole state (an LSTM's h and c together) at each distance before the target's step.

    Together, since what the belt carries need not pass h, and a belt that has run to the end of tanh passes nothing.

    of         what was differentiated, in words
    targets    the steps of the targets
    relative   [row, target, distance]: the gradient's length at the distance, as a share of that at the target's own step; NaN past the
               text's end
    """

    of: str
    targets: tuple[int, ...]
    relative: Array

    def median(self, row: int) -> Array:
        """Over the targets, [distance]; NaN where no target reaches so far back. What overflowed counts as infinite."""
        return self._quantile(row, 0.5)

    def tenth(self, row: int) -> Array:
        """Value that one target in ten reaches or exceeds, [distance]."""
        return self._quantile(row, 0.9)

    def _quantile(self, row: int, share: float) -> Array:
        values = self.relative[row]
        some = ~np.isnan(values).all(0)
        quantiles = np.full(values.shape[1], np.nan)
        # One of the values themselves, since nothing lies between infinite ones.
        quantiles[some] = np.nanquantile(values[:, some], share, axis=0, method="higher")
        return quantiles


@dataclass(frozen=True, eq=False)
class Leaning:
    """Change of the answer at a step when the token `distance` steps before it is left out: the mean over some steps.

    measure   what `moved` [distance] is, in words
    """

    measure: str
    distances: tuple[int, ...]
    moved: Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Subject:
    """A network that has read something.

    parameters   every weight by its name in the state dict; `rows` has those of the recurrent layers by the names of the formulas
    trained      whether training changes the recurrent weights; a reservoir's stay as they were drawn
    upward       the state that the layer above reads
    looks_below  whether a layer looks at states of the layer below beside what that hands up
    controls     h [reading, layer, step, unit] of other readings of as many steps, to tell what depends on this text: the text from its
                 end, and the mean of the input at each step; None where nothing could be computed with it
    prediction   how well the next token of this text is predicted; `unseen`: that of texts that the network was not trained on. Each
                 None if it was not measured
    score        how right classes, labels or numbers are on examples with known answers; None if it was not measured
    unused       tensors of the network's file that it does not use, by name; `proven` if a known pair shows that it needs none of them
    """

    trace: Trace
    rows: tuple[Row, ...]
    network: str
    read: str
    parameters: Mapping[str, Array]
    trained: bool = True
    upward: str = "h"
    looks_below: bool = False
    controls: Array | None = None
    reach: Reach | None = None
    leaning: Leaning | None = None
    prediction: Prediction | None = None
    unseen: Prediction | None = None
    score: Score | None = None
    unused: tuple[str, ...] = ()
    proven: bool = False
    left_out: tuple[str, ...] = field(default=())

    @cached_property
    def finite(self) -> bool:
        """True if all weights, and all numbers computed with them, are finite."""
        weights = (values for values in self.parameters.values() if values.dtype.kind == "f")
        return not self.trace.nonfinite and all(np.isfinite(values).all() for values in weights)

    @cached_property
    def sound(self) -> tuple[Row, ...]:
        """The rows whose weights and signals are all numbers."""
        per_unit = [signal.name for signal in self.trace.per_unit(pre=True)]
        return tuple(
            row
            for row in self.rows
            if row.finite and all(np.isfinite(self.trace[name][row.number]).all() for name in per_unit)
        )

    @cached_property
    def answers_well(self) -> bool:
        """True if its answers were measured, and are much better than a guess without the input."""
        measured = self.unseen or self.prediction
        if measured is not None:
            return measured.share < at.POOR and not measured.is_blind
        return self.score is not None and self.score.skill >= at.SKILL_LOOK

    def name(self, row: Row) -> str:
        """ "layer 1", "layer 1, backward"."""
        reads = ", backward" if row.direction else ", forward" if self.trace.bidirectional else ""
        return f"layer {row.layer}{reads}"

    def where(self, row: Row) -> str:
        """The row's name, to append to a title; empty if there is only one row."""
        return f", {self.name(row)}" if len(self.rows) > 1 else ""

    def gates(self, row: Row) -> tuple[str, ...]:
        """The gates with sums of their own: not one that is another's rest, nor a clock's."""
        return tuple(signal.name for signal in self.trace.of_kind("gate") if signal.name in row.blocks)

    def keepers(self, row: Row) -> tuple[tuple[Belt, str, int], ...]:
        """(belt, gate, sign) for each of the row's gates that decides what a belt keeps: sign 1 if an open gate keeps,
        -1 if an open gate replaces."""
        keepers = []
        for belt in self.trace.belts:
            for name in self.gates(row):
                if formula.names(belt.keep) == {name}:
                    shut, opened = (float(formula.evaluate(belt.keep, {name: value})) for value in (0.0, 1.0))
                    keepers.append((belt, name, 1 if opened > shut else -1))
        return tuple(keepers)

    def in_reading_order(self, row: Row, values: Array) -> Array:
        """[step, …] as the row read them: a backward row from the last token on."""
        return values[::-1] if row.direction else values

    def step_of(self, row: Row, place: int) -> int:
        """The token's step of a place in the row's own order."""
        return self.trace.steps - 1 - place if row.direction else place

    def outgoing(self, row: Row) -> Array | None:
        """How long the weights are by which others hear of each unit's h, [unit]; None where others look at its states otherwise, too."""
        top = row.layer == self.rows[-1].layer
        if not top and self.looks_below:
            return None
        units = self.trace.units
        squares = np.zeros(units)
        for source in ("h", "h_prev"):
            squares += sum((squared(W) for _, _, W in row.matrices_of(source) if W.shape[1] == units), np.zeros(units))
        part = slice(row.direction * units, (row.direction + 1) * units)
        if not top and self.upward == "h":
            for above in self.rows:
                if above.layer == row.layer + 1:
                    squares += sum((squared(W[:, part]) for _, _, W in above.matrices_of("x")), np.zeros(units))
        readout = self.trace.readout
        if top and readout is None:
            return None  # whoever reads h stands outside
        if top and readout is not None:
            squares += squared(readout.weight[:, part])
        return np.sqrt(squares)

    @cached_property
    def input_varies(self) -> bool:
        """True if the input varies at all: with a constant input no layer can be called dead."""
        x = self.trace["x"]
        return bool(np.isfinite(x).all() and len(x) > 1 and np.ptp(x, axis=0).max() > 0)


def squared(W: Array) -> Array:
    """The squared length of each column, in float64."""
    return np.asarray((W.astype(np.float64) ** 2).sum(0))
