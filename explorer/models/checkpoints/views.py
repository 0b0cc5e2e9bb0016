"""Tensors as claimed by a PyTorch pickle: views of stored numbers, converted to tensors only if the claims hold."""

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
"""Dtype of each storage class. Tensors of the last three are refused as quantised."""
DTYPES = {str(dtype): dtype for dtype in vars(torch).values() if isinstance(dtype, torch.dtype)}
Sizes = tuple[int, ...]
Bytes = bytes | memoryview


@dataclass(frozen=True)
class Store:
    """A storage: its `key` in the file, and the `dtype` and `count` of numbers that it claims."""

    key: str
    dtype: torch.dtype
    count: int

    @property
    def bytes(self) -> int:
        return self.count * self.dtype.itemsize


@dataclass(frozen=True)
class View:
    """A tensor as a strided view of a store, starting at `offset`."""

    store: Store
    dtype: torch.dtype
    offset: int
    shape: Sizes
    strides: Sizes

    def claim(self, name: str) -> tuple[str, Sizes, int]:
        """Return the arguments for `check_claims`."""
        return name, self.shape, self.dtype.itemsize

    @property
    def within(self) -> bool:
        """True if the view is inside the store."""
        if min(self.offset, *self.shape, *self.strides, 0) < 0 or len(self.shape) != len(self.strides):
            return False
        if 0 in self.shape:
            return True
        last = self.offset + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        return (last + 1) * self.dtype.itemsize <= self.store.bytes


@dataclass(frozen=True)
class Strange:
    """A tensor that is not a plain block of numbers: "sparse"."""

    kind: str


def store(mark: Any) -> Store:
    """Return the store for a persistent id ("storage", type, key, location, count). Raise Damaged for any other id."""
    if not isinstance(mark, tuple) or len(mark) < 5 or mark[0] != "storage" or not isinstance(mark[1], Named):
        raise Damaged("the pickle refers to something that is not a storage")
    key, count = mark[2], mark[4]
    dtype = STORAGES.get(mark[1].name.rpartition(".")[2])
    if dtype is None or not isinstance(count, int) or count < 0 or not isinstance(key, str):
        raise Damaged("the pickle refers to a storage in a different way than PyTorch")
    return Store(key, dtype, count)


def _view(stored: Any, offset: Any, shape: Any, strides: Any, *_: Any, dtype: torch.dtype | None = None) -> View:
    whole = all(
        isinstance(sizes, tuple) and len(sizes) <= 8 and all(type(size) is int for size in sizes)
        for sizes in (shape, strides, (offset,))
    )
    if not whole or not isinstance(stored, Store):
        raise Damaged("the pickle has a tensor whose sizes are not numbers")
    return View(stored, dtype or stored.dtype, offset, shape, strides)


def _view_of(stored: Any, offset: Any, shape: Any, strides: Any, grad: Any, hooks: Any, dtype: Any, *_: Any) -> View:
    torch_dtype = DTYPES.get(dtype.name) if isinstance(dtype, Named) else None
    if torch_dtype is None:
        raise Damaged("the pickle has a tensor of an unknown kind of number")
    return _view(stored, offset, shape, strides, dtype=torch_dtype)


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
"""Our replacements for PyTorch's functions that rebuild a tensor."""


def tensors(claims: Mapping[str, View | Strange], stored: Callable[[Store], Bytes]) -> dict[str, Tensor]:
    """Return the tensors by name, each with its own memory. Raise Unreadable, before creating any, for a claim that does not hold."""
    views: dict[str, View] = {}
    for name, view in claims.items():
        if isinstance(view, Strange):
            raise Unreadable(f"{quoted(name)} is a {view.kind} tensor; save it as a plain one of float32.")
        views[name] = view
    check_claims(view.claim(name) for name, view in views.items())
    for name, view in views.items():
        if not view.within:
            raise Unreadable(
                f"{quoted(name)} claims numbers that the file does not have; it is damaged. Save it again."
            )
    results: dict[str, Tensor] = {}
    for shared in _by_store(views).values():  # only one store at a time is in memory
        results |= _of_store(shared, stored)
    return {name: results[name] for name in views}


def _by_store(views: Mapping[str, View]) -> dict[str, dict[str, View]]:
    by_key: dict[str, dict[str, View]] = {}
    for name, view in views.items():
        by_key.setdefault(view.store.key, {})[name] = view
    return by_key


def _of_store(views: Mapping[str, View], stored: Callable[[Store], Bytes]) -> dict[str, Tensor]:
    """Return the tensors of one store. Loading its largest claim covers all others."""
    numbers = bytearray(stored(max((view.store for view in views.values()), key=lambda store: store.bytes)))
    return {name: _tensor(view, numbers, alone=len(views) == 1) for name, view in views.items()}


def _tensor(view: View, numbers: bytearray, alone: bool) -> Tensor:
    """Return a tensor with its own memory: the store's if this view is the only one and covers it, otherwise a copy."""
    if 0 in view.shape:
        return torch.empty(0, dtype=view.dtype)  # regardless of the other sizes
    flat = torch.frombuffer(numbers, dtype=view.dtype, count=len(numbers) // view.dtype.itemsize)
    seen = flat.as_strided(view.shape, view.strides, view.offset)
    if alone and seen.numel() == flat.numel():
        return seen.contiguous()
    return seen.clone(memory_format=torch.contiguous_format)
