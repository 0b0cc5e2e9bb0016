"""Read a pickle without executing it: opcodes are interpreted one by one, and nothing that they name is imported or called.

`torch.load(weights_only=True)` of torch 2.13 runs no foreign code either, but it follows all other opcodes: a file of 353 bytes made it
allocate 4 GB with a call of `bytearray`, and a dict key of a million nested tuples ended the process. Here, every opcode creates one
small object.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from explorer.models.checkpoints.contents import Unreadable

MOST_OPCODES = 1_000_000
"""Maximum number of opcodes. A checkpoint of 100 tensors has about 3,000; a table of 100,000 words adds 300,000."""
LONGEST_NAME = 1000
"""Maximum length of a class name, which every opcode that uses it builds again."""
LARGEST_KEY = 2**31
"""Limit for integer keys; larger ones can be chosen to collide, so that a dict takes hours."""


class Damaged(ValueError):
    """Raised for a damaged file. The message ends a sentence, in our own words, since a library may quote the file at length."""


@dataclass(frozen=True)
class Named:
    """The name of a class or function: "collections.OrderedDict"."""

    name: str


@dataclass(eq=False)
class Thing:
    """A placeholder for an object that a class or function would create; `of` is the name of that class or function."""

    of: str
    state: Any = field(default=None, repr=False)


Calls = Mapping[str, Callable[..., Any]]
Stored = Callable[[Any], Any]


class Pickle:
    """An interpreter for one pickle. It leaves the stream after the end of the pickle.

    calls   our replacements for classes and functions, by name; each takes the pickle's arguments
    stored  returns the object for a persistent id, which refers to data outside the pickle
    """

    def __init__(self, calls: Calls, stored: Stored) -> None:
        self.calls, self.stored = calls, stored
        self.named: dict[str, None] = {}
        """All classes and functions that the pickle names, in order."""
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def read(self, stream: BinaryIO) -> Any:
        """Return the object. Raise Damaged if the pickle is damaged, or has opcodes that no checkpoint needs."""
        count = 0
        try:
            for opcode, argument, _ in pickletools.genops(stream):
                count += 1
                if count > MOST_OPCODES:
                    raise Damaged("the pickle goes on for too long")
                if opcode.name == "STOP":
                    break
                self._do(opcode.name, argument)
            return self._stack.pop()
        except (Damaged, Unreadable):
            raise
        except (ValueError, IndexError, KeyError) as error:
            raise Damaged("the pickle in it breaks off or makes no sense") from error

    def _do(self, name: str, argument: Any) -> None:
        if name in CONSTANTS:
            self._stack.append(argument)
        elif name in MAKERS:
            self._stack.append(MAKERS[name]())
        elif name in DOINGS:
            DOINGS[name](self, argument)
        elif name not in IGNORED:
            raise Damaged(f"the pickle has an opcode that checkpoints do without: {name}")

    def _mark(self, _: Any) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _marked(self) -> list[Any]:
        """Pop the items above the last mark, and the mark."""
        items, self._stack = self._stack, self._below.pop()
        return items

    def _pop(self, _: Any) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._marked()

    def _pop_mark(self, _: Any) -> None:
        self._marked()

    def _duplicate(self, _: Any) -> None:
        self._stack.append(self._stack[-1])

    def _put(self, index: Any) -> None:
        self._memo[int(index)] = self._stack[-1]

    def _memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _get(self, index: Any) -> None:
        self._stack.append(self._memo[int(index)])

    def _tuple(self, size: int) -> None:
        if len(self._stack) < size:
            raise IndexError(size)
        self._stack[-size:] = [tuple(self._stack[-size:])]

    def _marked_tuple(self, _: Any) -> None:
        items = self._marked()
        self._stack.append(tuple(items))

    def _marked_list(self, _: Any) -> None:
        items = self._marked()
        self._stack.append(items)

    def _marked_dict(self, _: Any) -> None:
        items = self._marked()
        self._stack.append({})
        self._set(items)

    def _extend(self, _: Any) -> None:
        items = self._marked()
        self._add(items)

    def _append(self, _: Any) -> None:
        self._add([self._stack.pop()])

    def _add(self, items: list[Any]) -> None:
        if isinstance(self._stack[-1], list):
            self._stack[-1].extend(items)

    def _set_many(self, _: Any) -> None:
        items = self._marked()
        self._set(items)

    def _set_one(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set([key, value])

    def _set(self, items: list[Any]) -> None:
        if isinstance(self._stack[-1], dict):
            for key, value in zip(items[::2], items[1::2], strict=True):
                self._stack[-1][_key(key)] = value

    def _global(self, argument: str) -> None:
        self._name(*argument.split(" ", 1))

    def _stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise Damaged("the pickle names a class by something other than text")
        self._name(module, name)

    def _name(self, module: str, name: str = "") -> None:
        if len(module) + len(name) > LONGEST_NAME:
            raise Damaged("the pickle names a class by a whole text")
        reference = Named(f"{module}.{name}")
        self.named[reference.name] = None
        self._stack.append(reference)

    def _call(self, _: Any) -> None:
        arguments, what = self._stack.pop(), self._stack.pop()
        self._stack.append(self._create(what, arguments))

    def _call_named(self, _: Any) -> None:
        self._stack.pop()
        self._call(None)

    def _call_marked(self, _: Any) -> None:
        what, *arguments = self._marked()
        self._stack.append(self._create(what, tuple(arguments)))

    def _instance(self, argument: str) -> None:
        arguments = self._marked()
        self._global(argument)
        self._stack.append(self._create(self._stack.pop(), tuple(arguments)))

    def _create(self, what: Any, arguments: Any) -> Any:
        if isinstance(what, Thing):
            return Thing(what.of)
        if not isinstance(what, Named) or not isinstance(arguments, tuple):
            raise Damaged("the pickle calls something that is not a function")
        if what.name in CLASS_FIRST and arguments and isinstance(arguments[0], Named):
            return Thing(arguments[0].name)
        if what.name not in self.calls:
            return Thing(what.name)
        try:
            return self.calls[what.name](*arguments)
        except TypeError as error:  # wrong arguments
            raise Damaged(f"the pickle calls {what.name} in another way than PyTorch does") from error

    def _build(self, _: Any) -> None:
        state = self._stack.pop()
        if isinstance(self._stack[-1], Thing):
            self._stack[-1].state = state

    def _persistent(self, argument: Any) -> None:
        self._stack.append(self.stored(argument))

    def _persistent_on_stack(self, _: Any) -> None:
        self._stack.append(self.stored(self._stack.pop()))


class _Nameless:
    """Placeholder for a key that is neither a text nor a small number."""


def _key(key: Any) -> Any:
    small = isinstance(key, int) and -LARGEST_KEY < key < LARGEST_KEY
    return key if isinstance(key, str) or key is None or small else _Nameless()


CLASS_FIRST = ("copyreg._reconstructor", "copy_reg._reconstructor", "copyreg.__newobj__")
"""Functions that create an object of the class in their first argument."""
CONSTANTS = frozenset(
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8 UNICODE "
    "SHORT_BINUNICODE BINUNICODE BINUNICODE8 FLOAT BINFLOAT".split()
)
IGNORED = frozenset({"PROTO", "FRAME"})
MAKERS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
    "EMPTY_SET": list,  # a list, since items need not be hashable here
}
DOINGS: dict[str, Callable[[Pickle, Any], None]] = {
    "MARK": Pickle._mark,
    "POP": Pickle._pop,
    "POP_MARK": Pickle._pop_mark,
    "DUP": Pickle._duplicate,
    "PUT": Pickle._put,
    "BINPUT": Pickle._put,
    "LONG_BINPUT": Pickle._put,
    "MEMOIZE": Pickle._memoize,
    "GET": Pickle._get,
    "BINGET": Pickle._get,
    "LONG_BINGET": Pickle._get,
    "TUPLE1": lambda pickle, _: pickle._tuple(1),
    "TUPLE2": lambda pickle, _: pickle._tuple(2),
    "TUPLE3": lambda pickle, _: pickle._tuple(3),
    "TUPLE": Pickle._marked_tuple,
    "LIST": Pickle._marked_list,
    "FROZENSET": Pickle._marked_list,
    "DICT": Pickle._marked_dict,
    "APPEND": Pickle._append,
    "APPENDS": Pickle._extend,
    "ADDITEMS": Pickle._extend,
    "SETITEM": Pickle._set_one,
    "SETITEMS": Pickle._set_many,
    "GLOBAL": Pickle._global,
    "STACK_GLOBAL": Pickle._stack_global,
    "REDUCE": Pickle._call,
    "NEWOBJ": Pickle._call,
    "NEWOBJ_EX": Pickle._call_named,
    "OBJ": Pickle._call_marked,
    "INST": Pickle._instance,
    "BUILD": Pickle._build,
    "PERSID": Pickle._persistent,
    "BINPERSID": Pickle._persistent_on_stack,
}
