"""Tensors as a pickle of PyTorch claims them: views of stored numbers, made into tensors only when the claims hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.limits import check_claims
from explorer.models.checkpoints.pickled import Damaged, Named
from explorer.models.checkpoints.wording import quoted

STORAGES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
    "UntypedStorage": torch.uint8,
    "QInt8Storage": torch.int8,
    "QUInt8Storage": torch.uint8,
    "QInt32Storage": torch.int32,
}
"""What numbers a storage has. Tensors of the last three are refused, as quantised."""
DTYPES = {str(found): found for found in vars(torch).values() if isinstance(found, torch.dtype)}
Sizes = tuple[int, ...]
Bytes = bytes | memoryview


@dataclass(frozen=True)
class Store:
    """Stored numbers: `key` says where in the file, `count` of `dtype` they claim to be."""

    key: str
    dtype: torch.dtype
    count: int

    @property
    def bytes(self) -> int:
        return self.count * self.dtype.itemsize


@dataclass(frozen=True)
class View:
    """A tensor: numbers of a store, beginning at `offset`, one `stride` apart in each dimension."""

    store: Store
    dtype: torch.dtype
    offset: int
    shape: Sizes
    strides: Sizes

    def claimed(self, name: str) -> tuple[str, Sizes, int]:
        """For `check_claims`."""
        return name, self.shape, self.dtype.itemsize

    @property
    def within(self) -> bool:
        """Whether all of it lies in the store."""
        if min(self.offset, *self.shape, *self.strides, 0) < 0 or len(self.shape) != len(self.strides):
            return False
        if 0 in self.shape:
            return True
        last = self.offset + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        return (last + 1) * self.dtype.itemsize <= self.store.bytes


@dataclass(frozen=True)
class Strange:
    """A tensor of a kind that is no plain block of numbers: "sparse"."""

    kind: str


def store(mark: Any) -> Store:
    """What a pickle's mark ("storage", type, key, place, count) says. Raises Damaged for another mark."""
    if not isinstance(mark, tuple) or len(mark) < 5 or mark[0] != "storage" or not isinstance(mark[1], Named):
        raise Damaged("the pickle points at something that is no storage")
    key, count = mark[2], mark[4]
    dtype = STORAGES.get(mark[1].name.rpartition(".")[2])
    if dtype is None or not isinstance(count, int) or count < 0 or not isinstance(key, str):
        raise Damaged("the pickle points at a storage in another way than PyTorch does")
    return Store(key, dtype, count)


def _view(stored: Any, offset: Any, shape: Any, strides: Any, *_: Any, dtype: torch.dtype | None = None) -> View:
    whole = all(
        isinstance(sizes, tuple) and len(sizes) <= 8 and all(type(size) is int for size in sizes)
        for sizes in (shape, strides, (offset,))
    )
    if not whole or not isinstance(stored, Store):
        raise Damaged("the pickle has a tensor whose sizes are no numbers")
    return View(stored, dtype or stored.dtype, offset, shape, strides)


def _view_of(stored: Any, offset: Any, shape: Any, strides: Any, grad: Any, hooks: Any, dtype: Any, *_: Any) -> View:
    known = DTYPES.get(dtype.name) if isinstance(dtype, Named) else None
    if known is None:
        raise Damaged("the pickle has a tensor of an unknown kind of number")
    return _view(stored, offset, shape, strides, dtype=known)


def _parameter(data: Any, *_: Any) -> Any:
    return data


def _from_type(what: Any, _kind: Any, arguments: Any, *_: Any) -> Any:
    if isinstance(what, Named) and what.name in REBUILT and isinstance(arguments, tuple):
        return REBUILT[what.name](*arguments)
    return Strange("foreign")


def _strange(kind: str) -> Callable[..., Strange]:
    return lambda *_: Strange(kind)


REBUILT: Mapping[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor": _view,
    "torch._utils._rebuild_tensor_v2": _view,
    "torch._utils._rebuild_tensor_v3": _view_of,
}
TENSORS: Mapping[str, Callable[..., Any]] = {
    **REBUILT,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch._utils._rebuild_sparse_tensor": _strange("sparse"),
    "torch._utils._rebuild_sparse_csr_tensor": _strange("sparse"),
    "torch._utils._rebuild_qtensor": _strange("quantised"),
    "torch._utils._rebuild_meta_tensor_no_storage": _strange("meta"),
    "torch._utils._rebuild_nested_tensor": _strange("nested"),
    "torch._utils._rebuild_wrapper_subclass": _strange("foreign"),
    "torch._utils._rebuild_device_tensor_from_numpy": _strange("foreign"),
}
"""What PyTorch's functions that make a tensor are here."""


def tensors(claims: Mapping[str, View | Strange], stored: Callable[[Store], Bytes]) -> dict[str, Tensor]:
    """The tensors by name, each with numbers of its own. Raises Unreadable before any is made where one claims what is not there."""
    views: dict[str, View] = {}
    for name, view in claims.items():
        if isinstance(view, Strange):
            raise Unreadable(f"{quoted(name)} is a {view.kind} tensor; save it as a plain one of float32.")
        views[name] = view
    check_claims(view.claimed(name) for name, view in views.items())
    for name, view in views.items():
        if not view.within:
            raise Unreadable(
                f"{quoted(name)} claims numbers that the file does not have; it is damaged. Save it again."
            )
    made: dict[str, Tensor] = {}
    for shared in _by_store(views).values():  # one store at a time is in the memory
        made |= _of_store(shared, stored)
    return {name: made[name] for name in views}


def _by_store(views: Mapping[str, View]) -> dict[str, dict[str, View]]:
    found: dict[str, dict[str, View]] = {}
    for name, view in views.items():
        found.setdefault(view.store.key, {})[name] = view
    return found


def _of_store(views: Mapping[str, View], stored: Callable[[Store], Bytes]) -> dict[str, Tensor]:
    """The tensors of one store. The widest claim upon it is asked for, so that all others are within."""
    numbers = bytearray(stored(max((view.store for view in views.values()), key=lambda store: store.bytes)))
    return {name: _tensor(view, numbers, alone=len(views) == 1) for name, view in views.items()}


def _tensor(view: View, numbers: bytearray, alone: bool) -> Tensor:
    """With numbers of its own: the store's, where no other view has a part in them and this one has all, or else copied."""
    if 0 in view.shape:
        return torch.empty(0, dtype=view.dtype)  # whatever the other sizes claim
    flat = torch.frombuffer(numbers, dtype=view.dtype, count=len(numbers) // view.dtype.itemsize)
    seen = flat.as_strided(view.shape, view.strides, view.offset)
    if alone and seen.numel() == flat.numel():
        return seen.contiguous()
    return seen.clone(memory_format=torch.contiguous_format)
