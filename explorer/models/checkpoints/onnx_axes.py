"""Track the step, batch and feature axes of a value in an ONNX graph through transposes, squeezes and reshapes.

An axis of a value is a tuple of atoms. An atom is an elementary axis: a step, a batch, a feature, a direction. A reshape that joins two
axes gives one axis of two atoms; an axis of size 1 has none.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

Role = Literal["", "step", "batch", "feature"]
NUMBERS = count()


class Refused(ValueError):
    """Raised for an unsupported operation. The message appears in brackets after the node's name: "Add of two computed values"."""


class Atom:
    """An elementary axis. `role` is empty until an operation determines it; `size` is None if it is only known at run time."""

    def __init__(self, size: int | None = None, role: Role = "") -> None:
        self.size, self.role, self.number = size, role, next(NUMBERS)

    @property
    def single(self) -> bool:
        """True if the axis has a single entry, given a batch of one sequence."""
        return self.role != "step" and (self.size == 1 or self.role == "batch")

    def mark(self, role: Role) -> None:
        """Set the role. Raise Refused if the atom already has another."""
        if self.role not in ("", role):
            raise Refused(f"it takes the {self.role} axis for the {role} axis")
        self.role = role


Axis = tuple[Atom, ...]
Axes = tuple[Axis, ...]


@dataclass(frozen=True)
class Size:
    """A size known at run time: factor * product of the atoms' sizes + offset."""

    atoms: tuple[Atom, ...] = ()
    factor: int = 1
    offset: int = 0

    @property
    def number(self) -> int | None:
        """The size if it is constant, otherwise None."""
        return None if self.atoms else self.factor + self.offset


def number(value: int) -> Size:
    """Return a constant size."""
    return Size((), value)


def times(one: Size | None, other: Size | None) -> Size | None:
    """Return the product; None if it cannot be expressed as a Size."""
    if one is None or other is None or one.offset or other.offset or len(one.atoms) + len(other.atoms) > 8:
        return None
    return Size(tuple(sorted(one.atoms + other.atoms, key=lambda atom: atom.number)), one.factor * other.factor)


def plus(one: Size | None, other: Size | None, sign: int = 1) -> Size | None:
    """Return the sum, or the difference; None if it cannot be expressed as a Size."""
    if one is None or other is None:
        return None
    if other.number is not None:
        return (
            Size(one.atoms, one.factor, one.offset + sign * other.number)
            if one.atoms
            else number(one.factor + one.offset + sign * other.number)
        )
    if one.number is not None and sign == 1:
        return plus(other, one)
    return number(0) if one == other and sign == -1 else None


def over(one: Size | None, other: Size | None) -> Size | None:
    """Return the quotient; None unless it is certainly an integer."""
    if one is None or other is None or one.offset or other.offset or not other.factor or one.factor % other.factor:
        return None
    rest = list(one.atoms)
    for atom in other.atoms:
        if atom not in rest:
            return None
        rest.remove(atom)
    return Size(tuple(rest), one.factor // other.factor)


def size_of(axis: Axis) -> Size:
    """Return the size of an axis."""
    constant = math.prod(atom.size for atom in axis if atom.size is not None)
    return Size(tuple(sorted((a for a in axis if a.size is None), key=lambda atom: atom.number)), constant)


def extent(axis: Axis) -> int | None:
    """Return the number of entries of an axis; None if it is only known at run time."""
    sizes = [1 if atom.single else atom.size for atom in axis]
    return None if None in sizes else math.prod(size for size in sizes if size is not None)


def core(axis: Axis) -> Axis:
    """Return the atoms of an axis that have more than one entry."""
    return tuple(atom for atom in axis if not atom.single)


@dataclass
class Reshaped:
    """The axes after a reshape, and the parts of the atoms that it split."""

    axes: Axes
    splits: dict[Atom, Axis]


def reshape_axes(axes: Axes, target: Sequence[Size | None], zero_copies: bool = True) -> Reshaped:
    """Reshape the axes. A size of -1, or an unknown one, takes the remaining atoms. Raise Refused if the shape does not fit."""
    pool = deque(atom for axis in axes for atom in axis)
    splits: dict[Atom, Axis] = {}
    rest = [at for at, size in enumerate(target) if size is None or size.number == -1]
    if len(rest) > 1:
        raise Refused("Reshape to a shape that is known only when the graph runs")
    end = rest[0] if rest else len(target)
    larger = [at for at, size in enumerate(target) if size is None or size.number != 1]
    front, back = [], []
    for at in range(end):
        needed = sum(1 for other in larger if other >= at)
        front.append(_take(pool, target[at], axes, at if zero_copies else None, needed, splits, left=True))
    for at in range(len(target) - 1, end, -1):
        needed = sum(1 for other in larger if end <= other <= at)
        back.append(_take(pool, target[at], axes, at if zero_copies else None, needed, splits, left=False))
    if rest:
        return Reshaped((*front, tuple(pool), *reversed(back)), splits)
    if core(tuple(pool)):
        raise Refused("Reshape that does not fit its input")
    return Reshaped(tuple(front), splits)


def _take(
    pool: deque[Atom],
    size: Size | None,
    axes: Axes,
    copied: int | None,
    needed: int,
    splits: dict[Atom, Axis],
    left: bool,
) -> Axis:
    """Take the atoms of an axis of this size from one end of the pool."""
    if size is None or (size.offset and size.atoms):
        raise Refused("Reshape to a shape that is known only when the graph runs")
    remaining = [atom for atom in size.atoms if not atom.single]
    factor = size.factor if size.atoms else size.factor + size.offset
    if not size.atoms and factor == 0 and copied is not None:
        if copied >= len(axes):
            raise Refused("Reshape that does not fit its input")
        copy = size_of(axes[copied])
        factor, remaining = copy.factor, [atom for atom in copy.atoms if not atom.single]
        if factor == 1 and not remaining and axes[copied] and pool and (pool[0] if left else pool[-1]) in axes[copied]:
            return (pool.popleft() if left else pool.pop(),)
    if factor < 1:
        raise Refused("Reshape that does not fit its input")
    if factor == 1 and not remaining:
        return _take_single(pool, needed, left)
    result: list[Atom] = []
    while factor > 1 or remaining:
        if not pool:
            raise Refused("Reshape that does not fit its input")
        atom = pool.popleft() if left else pool.pop()
        if atom in remaining:
            remaining.remove(atom)
            result.append(atom)
        elif atom.single:
            continue
        elif atom.size is None:
            if result or remaining:
                raise Refused("Reshape that does not fit its input")
            if atom.role == "feature":
                atom.size = factor
            result, factor = [atom], 1
        elif factor % atom.size == 0:
            factor //= atom.size
            result.append(atom)
        elif atom.size % factor == 0 and atom.role != "step" and not remaining:
            parts = [Atom(factor, atom.role), Atom(atom.size // factor, atom.role)]
            parts = parts if left else parts[::-1]
            splits[atom] = tuple(parts)
            result.append(parts[0 if left else 1])
            (pool.appendleft if left else pool.append)(parts[1 if left else 0])
            factor = 1
        else:
            raise Refused("Reshape that does not fit its input")
    return tuple(result if left else reversed(result))


def _take_single(pool: deque[Atom], needed: int, left: bool) -> Axis:
    """Take an axis of size 1 from one end of the pool: an atom with one entry, or no atom."""
    if not pool:
        return ()
    atom = pool[0] if left else pool[-1]
    if atom.single or (atom.role == "" and atom.size is None and len(pool) > needed):
        return (pool.popleft() if left else pool.pop(),)
    return ()
