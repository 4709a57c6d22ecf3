"""An operation of a pass taken apart, so that it can be carried out on other arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from bpstudio.engine.regions import Unstackable
from bpstudio.maths.operations import Array, Operation


@dataclass(frozen=True, slots=True)
class Call:
    """An operation taken apart: what it does and with what. ``outputs`` are the positions of the arrays it writes."""

    kind: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: tuple[str, ...]
    outputs: tuple[int, ...]
    name: str
    elementwise: bool = False

    @classmethod
    def of(cls, operation: Operation) -> Call:
        """Take an operation apart. Raises Unstackable where something in it cannot be seen."""
        function, arguments = operation
        names: tuple[str, ...] = ()
        if isinstance(function, partial):
            if function.args:
                raise Unstackable(f"a partial call of {function.func}")
            names = tuple(function.keywords)
            arguments = (*arguments, *function.keywords.values())
            function = function.func
        count = len(arguments) - len(names)
        owner = getattr(function, "__self__", None)
        name = getattr(function, "__name__", str(function))
        written = tuple(count + names.index(each) for each in names if each == "out")
        if isinstance(owner, np.ndarray) and name == "dot" and len(arguments) == 2:
            return cls("product", np.dot, (owner, *arguments), (), (2,), name)
        if function is np.dot and count == 3 and not names:
            return cls("product", np.dot, arguments, (), (2,), name)
        if isinstance(function, np.ufunc) and function.signature is None:
            outputs = written or tuple(range(function.nin, count))
            return cls("map", function, arguments, names, outputs, name, elementwise=True)
        if isinstance(owner, np.ufunc) and name == "reduce" and count == 5 and not names:
            return cls("reduction", owner, arguments, (), (3,), f"{owner.__name__}.reduce")
        if function is np.copyto:
            return cls("map", function, arguments, names, (0,), name, elementwise=True)
        hidden = getattr(function, "__closure__", None) or getattr(function, "__defaults__", None)
        if hasattr(function, "__code__") and not hidden:
            return cls("map", function, arguments, names, written or (count - 1,), name)
        raise Unstackable(f"{name} is no operation on whole arrays")

    def bound(self, arrays: Sequence[Any]) -> Operation:
        """The operation with these arrays in place of its own."""
        if self.kind == "product":
            return _multiply_into, tuple(arrays)
        if self.kind == "reduction":
            return self.function.reduce, tuple(arrays)  # type: ignore[attr-defined]
        count = len(arrays) - len(self.keywords)
        if not self.keywords:
            return self.function, tuple(arrays)
        return partial(self.function, **dict(zip(self.keywords, arrays[count:], strict=True))), tuple(arrays[:count])

    def reduced(self, arrays: Sequence[Any]) -> Operation:
        """A sum over an axis, with the axis of the members before the last one."""
        array, axis, dtype, out, keeps = arrays
        old = array.ndim - 1
        along = axis % old
        moved = old if along == old - 1 else along
        if not keeps:
            # Without the last axis the members come last.
            out = np.moveaxis(out, -2 if out.ndim > 1 else 0, -1) if moved == old else out
        return self.function.reduce, (array, moved, dtype, out, keeps)  # type: ignore[attr-defined]


def _multiply_into(left: Array, right: Array, out: Array) -> None:
    """The product of one member, into an array that need not be contiguous."""
    out[...] = left.dot(right)
