"""Value and derivative of a formula together, by dual numbers (Clifford 1873; forward differentiation, Wengert 1964).

Every quantity is a pair (v, v′). An operation on pairs follows its rule of differentiation: (u, u′)(v, v′) =
(u v, u′ v + u v′). Starting from (z, 1), the end of the formula is (f(z), f′(z)), exact to rounding: no step size, no
symbolic algebra.

The rules are written over bound arrays: going through the tree once gives the list of operations; what the asked
result does not need is left out, and equal parts of the formula are computed once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from bpstudio.maths.error_function import erf
from bpstudio.maths.formula import CONSTANTS, Node
from bpstudio.maths.operations import Array, Operation, constant


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where an operation will write: an array that does not exist yet."""

    dtype: np.dtype[Any]


Number = Array | Place | float
"""z, the result of an operation, or a number that is the same for every z."""


@dataclass(frozen=True, slots=True)
class Dual:
    """A value and its derivative with respect to z; None is a derivative that is 0 by rule."""

    value: Number
    slope: Number | None


def value_operations(node: Node, z: Array, out: Array) -> list[Operation]:
    """The operations that write f(z)."""
    tape = _Tape(z)
    return tape.ending_in(tape.dual(node).value, out)


def slope_operations(node: Node, z: Array, out: Array) -> list[Operation]:
    """The operations that write f′(z)."""
    tape = _Tape(z)
    slope = tape.dual(node).slope
    return tape.ending_in(0.0 if slope is None else slope, out)


def _operation(function: Callable[..., Any], read: tuple[Array, ...], out: Array) -> Operation:
    # np.maximum takes its output by name only (NumPy 2.4 deprecates the position).
    if function in (np.maximum, np.minimum):
        return partial(function, out=out), read
    return function, (*read, out)


def _erf_into(x: Array, out: Array) -> None:
    np.copyto(out, erf(x))


@dataclass(frozen=True, slots=True)
class _Step:
    """An operation that is not bound yet: what it reads, and the place that it writes."""

    function: Callable[..., Any]
    read: tuple[Number, ...]
    written: Place


class _Tape:
    """Operations in the order in which they were asked for; each writes a place of its own, once."""

    def __init__(self, z: Array) -> None:
        self._z = z
        self._steps: list[_Step] = []
        self._duals: dict[Node, Dual] = {}

    def ending_in(self, result: Number, out: Array) -> list[Operation]:
        """What is needed for one result, bound to arrays; the last operation writes it to where it belongs.

        A place gets its array when it is written, and gives it back when it has been read for the last time: a long
        formula over a large batch needs a handful of arrays, not one for each operation.
        """
        kept: list[_Step] = []
        needed, last_read = {id(result)}, dict[int, int]()
        for step in reversed(self._steps):
            if id(step.written) in needed:
                needed.update(id(each) for each in step.read)
                for each in step.read:
                    last_read.setdefault(id(each), id(step))
                kept.append(step)
        arrays: dict[int, Array] = {id(result): out} if isinstance(result, Place) else {}
        free: dict[np.dtype[Any], list[Array]] = {}
        operations: list[Operation] = []
        for step in reversed(kept):
            dtype = step.written.dtype
            if id(step.written) not in arrays:
                spare = free.get(dtype)
                arrays[id(step.written)] = spare.pop() if spare else np.empty(self._z.shape, dtype)
            read = tuple(self._bound(each, arrays) for each in step.read)
            operations.append(_operation(step.function, read, arrays[id(step.written)]))
            for each in {id(each): each for each in step.read}.values():
                if isinstance(each, Place) and last_read[id(each)] == id(step):
                    free.setdefault(each.dtype, []).append(arrays[id(each)])
        return operations if isinstance(result, Place) else [(np.copyto, (out, self._bound(result, arrays)))]

    def _bound(self, number: Number, arrays: dict[int, Array]) -> Array:
        if isinstance(number, Place):
            return arrays[id(number)]
        return constant(number, self._z.dtype) if isinstance(number, float) else number

    def apply(self, function: Callable[..., Any], *numbers: Number, dtype: Any = None) -> Number:
        """function(numbers…), as a number where all of them are, else as an operation with a place of its own."""
        if (
            dtype is None
            and (known := [each for each in numbers if isinstance(each, float)])
            and len(known) == len(numbers)
        ):
            with np.errstate(all="ignore"):
                scratch = np.zeros(())
                function(*(np.array(each) for each in known), out=scratch)
                return float(scratch)
        place = Place(np.dtype(dtype or self._z.dtype))
        self._steps.append(_Step(function, numbers, place))
        return place

    # ---- arithmetic in which 0 by rule and 1 cost nothing

    def times(self, left: Number | None, right: Number | None) -> Number | None:
        if left is None or right is None:
            return None
        for one, other in ((left, right), (right, left)):
            if isinstance(one, float) and one == 1.0:
                return other
        return self.apply(np.multiply, left, right)

    def plus(self, left: Number | None, right: Number | None) -> Number | None:
        if left is None or right is None:
            return right if left is None else left
        return self.apply(np.add, left, right)

    def minus(self, number: Number | None) -> Number | None:
        return None if number is None else self.apply(np.negative, number)

    def over(self, number: Number | None, divisor: Number) -> Number | None:
        return None if number is None else self.apply(np.divide, number, divisor)

    def present(self, number: Number | None) -> Number:
        return 0.0 if number is None else number

    # ---- the rules

    def dual(self, node: Node) -> Dual:
        """The pair of a node; the same part of a formula is computed once."""
        if node not in self._duals:
            self._duals[node] = self._rule(node)
        return self._duals[node]

    def _rule(self, node: Node) -> Dual:
        if node.kind == "z":
            return Dual(self._z, 1.0)
        if node.kind == "number":
            return Dual(float(node.text), None)
        if node.kind in CONSTANTS:
            return Dual(CONSTANTS[node.kind], None)
        if node.kind == "where":
            return self._where(*node.arguments)
        pairs = [self.dual(argument) for argument in node.arguments]
        if len(pairs) == 1:
            value, outer = self._of_one(node.kind, pairs[0].value, pairs[0].slope is not None)
            return Dual(value, self.times(outer, pairs[0].slope))
        return self._of_two(node.kind, *pairs)

    def _of_two(self, kind: str, left: Dual, right: Dual) -> Dual:
        u, v = left.value, right.value
        if kind == "+":
            return Dual(self.apply(np.add, u, v), self.plus(left.slope, right.slope))
        if kind == "-":
            return Dual(self.apply(np.subtract, u, v), self.plus(left.slope, self.minus(right.slope)))
        if kind == "*":
            slope = self.plus(self.times(left.slope, v), self.times(u, right.slope))
            return Dual(self.apply(np.multiply, u, v), slope)
        if kind == "/":
            quotient = self.apply(np.divide, u, v)
            change = self.plus(left.slope, self.minus(self.times(quotient, right.slope)))
            return Dual(quotient, self.over(change, v))
        if kind == "^":
            return self._power(left, right)
        return self._extreme(kind, left, right)

    def _power(self, base: Dual, exponent: Dual) -> Dual:
        u, n = base.value, exponent.value
        if isinstance(n, float) and exponent.slope is None:
            if n == 0:
                return Dual(1.0, None)
            if n == 1:
                return base
            if n == 2:
                return Dual(self.apply(np.multiply, u, u), self.times(self.apply(np.multiply, u, 2.0), base.slope))
            lower = self.apply(np.power, u, n - 1.0)
            return Dual(self.apply(np.power, u, n), self.times(self.apply(np.multiply, lower, n), base.slope))
        value = self.apply(np.power, u, n)
        # (u^n)′ = u^n (n′ ln u + n u′ / u)
        logarithm = self.times(exponent.slope, self.apply(np.log, u))
        return Dual(value, self.times(value, self.plus(logarithm, self.over(self.times(n, base.slope), u))))

    def _extreme(self, kind: str, left: Dual, right: Dual) -> Dual:
        """min and max. Where both are equal the slope is the flatter one, so that max(0, z) has ReLU's at 0."""
        function, beyond = (np.maximum, np.greater) if kind == "max" else (np.minimum, np.less)
        value = self.apply(function, left.value, right.value)
        if left.slope is None and right.slope is None:
            return Dual(value, None)
        first, second = self.present(left.slope), self.present(right.slope)
        flatter = self.apply(
            np.less_equal, self.apply(np.absolute, first), self.apply(np.absolute, second), dtype=np.dtype(bool)
        )
        tie = self.apply(np.equal, left.value, right.value, dtype=np.dtype(bool))
        ahead = self.apply(beyond, left.value, right.value, dtype=np.dtype(bool))
        chosen = self.apply(
            np.logical_or, ahead, self.apply(np.logical_and, tie, flatter, dtype=np.dtype(bool)), dtype=np.dtype(bool)
        )
        return Dual(value, self.apply(_choose, chosen, first, second))

    def _where(self, condition: Node, yes: Node, no: Node) -> Dual:
        compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}[condition.kind]
        left, right = (self.dual(argument).value for argument in condition.arguments)
        chosen = self.apply(compare, left, right, dtype=np.dtype(bool))
        one, other = self.dual(yes), self.dual(no)
        value = self.apply(_choose, chosen, one.value, other.value)
        if one.slope is None and other.slope is None:
            return Dual(value, None)
        return Dual(value, self.apply(_choose, chosen, self.present(one.slope), self.present(other.slope)))

    def _of_one(self, kind: str, u: Number, varies: bool) -> tuple[Number, Number | None]:
        """f(u) and the outer derivative f′(u)."""
        apply = self.apply
        if kind == "neg":
            return apply(np.negative, u), -1.0
        if kind == "exp":
            value = apply(np.exp, u)
            return value, value
        if kind == "log":
            return apply(np.log, u), apply(np.divide, 1.0, u)
        if kind == "sqrt":
            value = apply(np.sqrt, u)
            return value, apply(np.divide, 0.5, value)
        if kind == "abs":
            return apply(np.absolute, u), apply(np.sign, u)
        if kind == "sign":
            return apply(np.sign, u), None
        if kind == "sin":
            return apply(np.sin, u), apply(np.cos, u)
        if kind == "cos":
            return apply(np.cos, u), apply(np.negative, apply(np.sin, u))
        if kind == "tan":
            value = apply(np.tan, u)
            return value, apply(np.add, apply(np.multiply, value, value), 1.0)
        if kind == "atan":
            return apply(np.arctan, u), apply(np.divide, 1.0, apply(np.add, apply(np.multiply, u, u), 1.0))
        if kind == "sinh":
            return apply(np.sinh, u), apply(np.cosh, u)
        if kind == "cosh":
            return apply(np.cosh, u), apply(np.sinh, u)
        if kind == "tanh":
            value = apply(np.tanh, u)
            return value, apply(np.subtract, 1.0, apply(np.multiply, value, value))
        if kind == "sigmoid":
            value = self._logistic(u)
            return value, apply(np.multiply, value, apply(np.subtract, 1.0, value))
        if kind == "relu":
            return apply(np.maximum, u, 0.0), apply(np.greater, u, 0.0)
        if kind == "softplus":
            return apply(np.logaddexp, u, 0.0), self._logistic(u)
        assert kind == "erf", kind
        bell = apply(np.exp, apply(np.negative, apply(np.multiply, u, u)))
        return apply(_erf_into, u), apply(np.multiply, bell, 2.0 / math.sqrt(math.pi))

    def _logistic(self, u: Number) -> Number:
        power = self.apply(np.exp, self.apply(np.negative, u))
        return self.apply(np.divide, 1.0, self.apply(np.add, power, 1.0))


def _choose(chosen: Array, one: Array, other: Array, out: Array) -> None:
    """out = one where chosen, else other."""
    np.copyto(out, other)
    np.copyto(out, one, where=chosen)
