"""Signal and Trace, the parts of one reading of a network. Everything downstream works on these two; numpy only.

Dims are named and ordered `layer`, `step`, `unit` (docs/design.md: a bidirectional network has two rows a layer, forward then backward,
each at the step of the token that it read).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from os import PathLike
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from explorer.formula import evaluate, names

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["signed", "gate", "gradient"]
Role = Literal["keep", "write", "candidate", "read", "reset", "belt", "hidden", "input"]
Array = np.ndarray[Any, np.dtype[Any]]

PER_UNIT = ("layer", "step", "unit")


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One named quantity of a cell.

    `symbol` is LaTeX. `label` says in plain words what it is. `formula` is its arithmetic in `explorer.formula`'s language, over
    other signals, `<state>_prev` and the pre-activation `<name>_pre`; empty for what comes from outside.
    """

    name: str
    symbol: str
    kind: Kind
    role: Role
    label: str = ""
    formula: str = ""
    dims: tuple[str, ...] = PER_UNIT


@dataclass(frozen=True)
class Belt:
    """A state that is carried on: `state_t = keep ⊙ state_{t-1} + write`. `keep` and `write` are formulas over signals."""

    state: str
    keep: str
    write: str

    def kept(self, values: Mapping[str, Any]) -> Any:
        """The factor by which each step multiplies the state before it, shaped like the signals; `values` has the state, too."""
        return (
            evaluate(self.keep, values) * values[self.state] ** 0
        )  # a constant becomes one for each step and unit; NaN ** 0 is 1

    def written(self, values: Mapping[str, Any]) -> Any:
        """Write of each step, the amount added to the state; shaped like the signals."""
        return evaluate(self.write, values)


@dataclass(frozen=True, eq=False)
class Readout:
    """The linear map from the top layer's h to scores: `scores = weight @ h + bias`; weight [output, unit], bias [output].

    `labels` names the outputs; empty where they are numbers.
    """

    weight: Array
    bias: Array
    labels: tuple[str, ...] = ()

    def column(self, label: str | int) -> int:
        """Number of a label, or a number itself, made non-negative. Raises ValueError for an unknown label."""
        if isinstance(label, str):
            if label not in self.labels:
                choices = ", ".join(map(repr, self.labels[:60])) or "none: name it by its number"
                raise ValueError(f"there is no output {label!r}; there are {choices}")
            return self.labels.index(label)
        if not -len(self.bias) <= label < len(self.bias):
            raise ValueError(f"output {label} is not there; choose from 0 to {len(self.bias) - 1}")
        return label % len(self.bias)


@dataclass(frozen=True, eq=False)
class Trace:
    """Every number of one reading: named, read-only arrays, and the facts needed to understand them. Equal to itself
    only.

    arrays      name -> [layer, step, unit] (`x`: [step, input]); float32, or float64 where the model is
    signals     name -> Signal, in the order of computation
    tokens      one string a step
    cell        the registered name of the cell ("lstm")
    belts       the cell's declared belts; empty for an Elman network
    initial     state name -> [layer, unit], the state before the first step
    readout     of the model, if it has one
    notices     what a person should know about this reading (unknown characters, a fallback to the CPU, …)
    bidirectional  whether odd rows read from the last token to the first
    edited      name -> whether it was changed by hand there, [layer, step, unit]; "<state>_prev" where a state was as it entered the
                step. Only what was edited is in it: empty for a reading that was left alone
    nonfinite   name -> number of NaN or infinite values, only where there are any
    """

    arrays: Mapping[str, Array]
    signals: Mapping[str, Signal]
    tokens: tuple[str, ...]
    cell: str = ""
    belts: tuple[Belt, ...] = ()
    initial: Mapping[str, Array] = field(default_factory=dict)
    readout: Readout | None = None
    notices: tuple[str, ...] = ()
    bidirectional: bool = False
    edited: Mapping[str, Array] = field(default_factory=dict)
    nonfinite: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        if set(self.arrays) != set(self.signals):
            raise ValueError(
                f"arrays {sorted(self.arrays)} and signals {sorted(self.signals)} name different quantities"
            )
        rows: dict[str, tuple[int, ...]] = {}
        for name, signal in self.signals.items():
            array = self.arrays[name]
            if array.ndim != len(signal.dims) or array.shape[signal.dims.index("step")] != len(self.tokens):
                raise ValueError(
                    f"{name} is {array.shape}, but its dims are {signal.dims} over {len(self.tokens)} tokens"
                )
            if signal.dims == PER_UNIT and rows.setdefault("shape", array.shape) != array.shape:
                raise ValueError(f"{name} is {array.shape}, where the signals before it are {rows['shape']}")
        freeze = object.__setattr__  # the one place that may fill a frozen dataclass
        freeze(self, "arrays", MappingProxyType({name: _read_only(self.arrays[name]) for name in self.signals}))
        freeze(self, "signals", MappingProxyType(dict(self.signals)))
        for name in ("initial", "edited"):
            values = {key: _read_only(array) for key, array in getattr(self, name).items()}
            freeze(self, name, MappingProxyType(values))
        if self.readout is not None:
            weight, bias = _read_only(self.readout.weight), _read_only(self.readout.bias)
            freeze(self, "readout", Readout(weight, bias, tuple(self.readout.labels)))
        counts = {name: int(array.size - np.count_nonzero(np.isfinite(array))) for name, array in self.arrays.items()}
        freeze(self, "nonfinite", MappingProxyType({name: count for name, count in counts.items() if count}))

    def __getitem__(self, name: str) -> Array:
        if name not in self.arrays:
            raise KeyError(f"no signal {name!r} in this trace; there are {', '.join(self.arrays)}")
        return self.arrays[name]

    def __contains__(self, name: object) -> bool:
        return name in self.arrays

    def __reduce__(self) -> tuple[Any, ...]:
        plain = [dict(value) if isinstance(value, Mapping) else value for value in map(self.__getattribute__, _INIT)]
        return Trace, tuple(plain)

    @property
    def steps(self) -> int:
        return len(self.tokens)

    @property
    def rows(self) -> int:
        """Layers times directions."""
        return (
            int(self["h"].shape[0])
            if "h" in self
            else int(next(a for a in self.arrays.values() if a.ndim == 3).shape[0])
        )

    @property
    def units(self) -> int:
        return int(next(a for a in self.arrays.values() if a.ndim == 3).shape[2])

    @property
    def belt(self) -> Belt | None:
        """The belt that a page shows: the first that the cell declares; None where the cell has none."""
        return self.belts[0] if self.belts else None

    @property
    def memory(self) -> str:
        """Name of the state that carries the memory: the belt's if there is one, else `h`."""
        return self.belt.state if self.belt else "h"

    @property
    def carried(self) -> tuple[str, ...]:
        """The states that a step hands to the next one: h and c of an LSTM, h of a GRU, y of a Jordan network; no clock."""
        return carried(tuple(self.initial), tuple(self.signals.values()))

    def steps_read(self, at: int = -1, layer: int = -1) -> range:
        """The steps that a row had read when it came to step `at`, in its own order of reading; `at` is the last of them."""
        at = range(self.steps)[at]
        return range(self.steps - 1, at - 1, -1) if self.reads_backward(layer) else range(at + 1)

    def reads_backward(self, layer: int = -1) -> bool:
        """True if a row reads from the last token to the first."""
        return self.bidirectional and range(self.rows)[layer] % 2 == 1

    def per_unit(self, *, pre: bool = False) -> tuple[Signal, ...]:
        """The signals of [layer, step, unit], in the order of computation; the pre-activations among them if `pre`."""
        return tuple(s for s in self.signals.values() if s.dims == PER_UNIT and (pre or not s.name.endswith("_pre")))

    def of_kind(self, kind: Kind) -> tuple[Signal, ...]:
        """The per-unit signals of one kind, pre-activations left out."""
        return tuple(s for s in self.per_unit() if s.kind == kind)

    def previous(self, state: str) -> Array:
        """`state` one step before, in the order in which each row reads: [layer, step, unit], the initial state first.

        A backward row reads from the last token to the first. What was edited as it entered a step is here as it had left the one before.
        """
        now, first = self[state], self.initial[state][:, None]
        forward = np.concatenate([first, now[:, :-1]], axis=1)
        if not self.bidirectional:
            return forward
        backward = np.concatenate([now[:, 1:], first], axis=1)
        return np.where((np.arange(self.rows) % 2 == 1)[:, None, None], backward, forward)

    def __repr__(self) -> str:
        """A few lines for people; they cannot be parsed back."""
        from explorer import describing  # here, since that stands on this

        return describing.summary(self).text

    def _repr_html_(self) -> str:
        """The same in a notebook."""
        from explorer import describing

        return describing.summary(self).html

    def to_pandas(self) -> pd.DataFrame:
        """One row for each (layer, step, unit) with a column a per-unit signal; `step` counts from 0, `token` beside it."""
        from explorer.saving import table

        return table.frame(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the file that the ending of `path` names: .npz, the whole trace, for `read`; .csv or .parquet, the
        table of `to_pandas`.

        Raises ValueError for another ending.
        """
        from explorer import saving

        saving.save(self, path)

    @staticmethod
    def read(path: str | PathLike[str]) -> Trace:
        """The trace that `save` wrote as .npz. Raises ValueError for a file that is not one."""
        from explorer.saving import npz

        return npz.read(path)


def carried(states: tuple[str, ...], signals: tuple[Signal, ...]) -> tuple[str, ...]:
    """States of a cell that some formula reads one step later. A clock, which counts whatever is read, is left out."""
    read = {name for signal in signals if signal.formula for name in names(signal.formula)}
    clocks = {signal.name for signal in signals if signal.role == "input"}
    return tuple(state for state in states if f"{state}_prev" in read and state not in clocks)


_INIT = tuple(f.name for f in fields(Trace) if f.init)


def _read_only(array: Array) -> Array:
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view
