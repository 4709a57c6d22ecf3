"""Student's rounding: the step worked out again with every line rounded, and how far each line drifts.

Who works with four decimals writes down each product, each sum and each slope with four decimals, and goes on with what
is written. The numbers drift, and at the end 0.0823 stands where 0.082167041 is exact: that is right work. Here the
same is done, line by line in the order of the walk: products, z, a, the error, the slope, δ, what comes back, the
gradient, the new value. What is given (weights, inputs, targets, η) is taken as it is.

Rounding is the one of school: a 5 goes up, away from zero, and what counts is the decimal number that was written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
from typing_extensions import override

from bpstudio.insight.altered import Asked, Pass, Place, Quantity
from bpstudio.insight.elements import Edge, Element, Example, Unit
from bpstudio.insight.notation import Letters, Notation, letters
from bpstudio.insight.recorded import is_dense
from bpstudio.insight.suspects import Case
from bpstudio.insight.symbols import SIGNED, beat_of, symbol_of
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame

Mode = Literal["decimals", "figures"]
MODES: tuple[Mode, ...] = ("decimals", "figures")
#: More digits than these a double does not hold for certain.
MOST = 13
#: So many lines are listed; beyond it only what the asked number needs most directly.
LINES = 200
#: Above so many products over all rows a sum is rounded, but not each of its products.
_PRODUCTS = 300_000
#: Up to so many products and layers, as a hand can do, it is worked out again and again with other digits.
_BY_HAND, _DEEP = 1_000, 5
_WHOLE, _PLACES = 2.0**45, 290


@dataclass(frozen=True, slots=True)
class RoundedLine:
    """One line of the walk: the exact number, and the one that stands there when every line is rounded."""

    address: str
    element: Element
    quantity: Quantity
    symbol: str
    exact: float
    rounded: float

    @property
    def drift(self) -> float:
        """How far the rounded number is from the exact one."""
        return self.rounded - self.exact


@dataclass(frozen=True)
class Rounding:
    """The lines that lead to the asked number, in the order of the walk; the last one is the number itself.

    `complete` is False where lines were left out because there are too many.
    """

    mode: Mode
    count: int
    lines: tuple[RoundedLine, ...]
    complete: bool

    @property
    def exact(self) -> float:
        """The asked number without rounding."""
        return self.lines[-1].exact

    @property
    def rounded(self) -> float:
        """The asked number with every line rounded."""
        return self.lines[-1].rounded


def student_rounding(
    frame: Frame,
    example: Example,
    target: Element,
    quantity: Quantity,
    mode: Mode = "decimals",
    count: int = 4,
    notation: str | Notation = "mazur",
) -> Rounding:
    """Work the asked number out with every line rounded to `count` decimals or significant figures.

    Raises:
        ValueError: for a mode or a count that is none, for a target without such a quantity, and for a network in which
            not all layers are dense.
    """
    check(mode, count)
    if not is_dense(frame.experiment.network):
        raise ValueError("rounding: expected a network of dense layers only")
    names = letters(notation, frame.experiment.network)
    case = Case(frame, example, Asked(target, quantity))
    with np.errstate(all="ignore"):
        work = _Work(case, mode, count)
        lines, complete = work.lines(names)
    return Rounding(mode, count, lines, complete)


def check(mode: str, count: int) -> None:
    """Raise ValueError for a mode or a number of digits that is none."""
    if mode not in MODES:
        raise ValueError(f"mode: expected one of {', '.join(MODES)}, came {mode!r}")
    lowest = 0 if mode == "decimals" else 1
    if isinstance(count, bool) or not isinstance(count, int) or not lowest <= count <= MOST:
        raise ValueError(f"count: expected a whole number from {lowest} to {MOST}, came {count!r}")


def rounded_value(case: Case, mode: Mode, count: int) -> float | None:
    """The asked number with every line rounded; None where the batch is too large to work every product out."""
    work = _Work(case, mode, count)
    return None if work.is_large else work.value(case.asked)[1]


def rounded_before(case: Case, mode: Mode, counts: Iterable[int]) -> Iterator[tuple[int, tuple[float, ...]]]:
    """(count, the asked number) with every line before it rounded, but not the number itself; a gradient also as one
    product, in which δ is no line. Nothing of a network that nobody works out by hand.
    """
    for count in counts:
        work = _Work(case, mode, count)
        if work.products > _BY_HAND or case.numbers.depth > _DEEP:
            return
        places = [{(case.asked.quantity, case.asked.layer)}]
        if case.asked.quantity in ("gradient", "new"):
            places.append({("delta", case.asked.layer)})
        yield count, tuple(work.last(place) for place in places)


def rounded(values: Array, mode: Mode, count: int) -> Array:
    """Numbers rounded to so many decimals or significant figures, halves away from zero."""
    values = np.asarray(values, dtype=np.float64)
    with np.errstate(all="ignore"):
        places = np.full(values.shape, float(count))
        if mode == "figures":
            size = np.floor(np.log10(np.abs(values)))
            places = np.where(np.isfinite(size), count - 1 - size, 0.0)
        power = 10.0 ** np.abs(places)
        scaled = np.where(places >= 0, np.abs(values) * power, np.abs(values) / power)
        # A written 0.285 is a double just below it; it is rounded as it is written.
        whole = np.floor(scaled + 0.5 + 4 * np.spacing(scaled))
        back = np.copysign(np.where(places >= 0, whole / power, whole * power), values)
        # From some size on there is nothing behind the last place that a double holds.
        kept: Array = np.where((scaled < _WHOLE) & (np.abs(places) < _PLACES), back, values)
    return kept


class _RoundedPass(Pass):
    """A pass of some rows in which every line is rounded."""

    def __init__(self, case: Case, rows: Array, mode: Mode, count: int, is_large: bool) -> None:
        super().__init__(case.numbers)
        self._rows, self._mode, self._count, self._is_large = rows, mode, count, is_large
        self._is_last = False

    def _round(self, values: Array) -> Array:
        return values if self._is_last else rounded(values, self._mode, self._count)

    def given(self, values: Array) -> Array:
        """Those rows of given numbers that are worked out."""
        return np.asarray(values, dtype=np.float64)[self._rows]

    def _sum(self, first: Array, second: Array) -> Array:
        """Σ over the last axis of rounded products of (rows, n) and (m, n): (rows, m)."""
        if self._is_large:
            plain: Array = first @ second.T
            return plain
        total: Array = self._round(first[:, None, :] * second).sum(axis=-1)
        return total

    @override
    def _usual_z(self, layer: int) -> Array:
        return self._round(self._sum(self.a(layer - 1), self.W(layer)) + self.b(layer))

    @override
    def _usual_a(self, layer: int) -> Array:
        if layer == 0:
            return self.given(self.numbers.trace.x)
        return self._round(self.function(layer).f(self.z(layer)))

    @override
    def _usual_slope(self, layer: int) -> Array:
        if not self.function(layer).elementwise:
            return self._round(self.a(layer) * (1 - self.a(layer)))
        return self._round(self.function(layer).df(self.z(layer), self.a(layer)))

    @override
    def _usual_error(self, layer: int) -> Array:
        if layer < self.depth:
            back = self._sum(self.delta(layer + 1), self.back(layer + 1).T)
            return self._round(back + self.numbers.sparsity(layer))
        n = self.numbers
        return self._round(n.loss.da(self.a(layer), self.given(n.trace.y)) * n.own_scale)

    @override
    def _usual_delta(self, layer: int) -> Array:
        n = self.numbers
        if layer == self.depth and n.paired:
            return self._round((self.a(layer) - self.given(n.trace.y)) * n.own_scale)
        if not self.function(layer).elementwise:
            a, error = self.a(layer), self.error(layer)
            return self._round(a * (error - self._round((a * error).sum(axis=1, keepdims=True))))
        return self._round(self.error(layer) * self.slope(layer))

    @override
    def elements(self) -> Array:
        n = self.numbers
        y = self.given(n.trace.y)
        # With a as it is written: nobody goes back to z for the logarithm.
        return self._round(n.loss.value(self.a(self.depth), y) * n.own_scale)

    @override
    def value(self, asked: Asked) -> Array:
        return self._round(super().value(asked))

    def last(self, asked: Asked, places: Collection[Place]) -> Array:
        """The number in each row out of rounded lines, without rounding these places and the number itself."""
        self.value(asked)  # what stands before it is known now
        free = copy(self)
        free._is_last = True
        free._known = {place: known for place, known in self._known.items() if place not in places}
        return free.value(asked)


class _Work:
    """The rows that count for an asked number, worked out with rounding."""

    def __init__(self, case: Case, mode: Mode, count: int) -> None:
        self.case, self.mode, self.count = case, mode, count
        self.view = case.views[0]
        rows = np.flatnonzero(self.view.weights)
        sizes = case.numbers.network.sizes
        self.products = len(rows) * sum(inputs * units for inputs, units in pairwise(sizes))
        self.is_large = self.products > _PRODUCTS
        self.weights = self.view.weights[rows]
        self.rows = rows
        self.passed = _RoundedPass(case, rows, mode, count, self.is_large)

    def value(self, asked: Asked) -> tuple[float, float]:
        """(exact, rounded) of a line."""
        usual, numbers = self.case.usual, self.passed.value(asked)
        if asked.quantity == "new":
            return self.view.truth, self._new(float(self._gathered(numbers)))
        if asked == self.case.asked:
            return self.view.truth, float(self._gathered(numbers))
        share = np.full(len(self.rows), 1.0 / len(self.rows))
        is_gathered = asked.quantity == "gradient"
        weights = self.weights if is_gathered else share
        added = self.case.added(asked) if is_gathered and self.view.of_batch else 0.0
        exact = float(usual.value(asked)[self.rows] @ weights) + added
        return exact, float(self._rounded_once(numbers @ weights + added))

    def last(self, places: Collection[Place]) -> float:
        """The asked number out of rounded lines, without rounding these places and the number itself."""
        asked = self.case.asked
        if asked.quantity == "new":
            numbers = rounded(self.passed.last(asked, places), self.mode, self.count)
            return float(self._moved(float(self._gathered(numbers))))
        # The mean of several rows is the last line, else what the row's own lines give.
        numbers = self.passed.last(asked, places)
        if len(self.rows) > 1:
            numbers = rounded(numbers, self.mode, self.count)
        return float(numbers @ self.weights + self._added)

    @property
    def _added(self) -> float:
        """What penalties add to the batch's number."""
        return self.case.added(self.case.asked) if self.view.of_batch else 0.0

    def _gathered(self, numbers: Array) -> Array:
        return self._rounded_once(numbers @ self.weights + self._added)

    def _rounded_once(self, value: Array) -> Array:
        return rounded(value, self.mode, self.count)

    def _new(self, gradient: float) -> float:
        return float(self._rounded_once(self._moved(gradient)))

    def _moved(self, gradient: float) -> Array:
        """The new value out of a rounded gradient; with momentum the velocity is a line of its own."""
        total = self.case.velocity(np.array(gradient), {})
        return self.case.moved(self._rounded_once(total), {})

    # ---- lines

    def lines(self, names: Letters) -> tuple[tuple[RoundedLine, ...], bool]:
        """The lines, and whether they are all there are."""
        for level in range(4):
            if level < 2 and self._too_many(level):
                continue
            wanted = list(self._wanted(level))
            if len(wanted) <= LINES or level == 3:
                found = tuple(self._line(asked, names) for asked in wanted)
                return found, level == 0
        raise AssertionError("the last level answers")

    def _line(self, asked: Asked, names: Letters) -> RoundedLine:
        exact, value = self.value(asked)
        sign = names.notation.delta_sign if asked.quantity in SIGNED else 1
        symbol, address = symbol_of(asked, names), beat_of(asked, names)
        return RoundedLine(address, asked.target, asked.quantity, symbol, sign * exact, sign * value)

    @cached_property
    def _sizes(self) -> tuple[int, ...]:
        return self.case.numbers.network.sizes

    def _wanted(self, level: int) -> Iterator[Asked]:
        """What is written down on the way, in the order of the walk; fewer lines at a higher level.

        0: everything; 1: of other units no products and no arrivals; 2: nothing of other units but what the loss is
        made of; 3: no products and no arrivals at all.
        """
        asked = self.case.asked
        own, depth = asked.layer or self.case.numbers.depth, self.case.numbers.depth
        is_forward = asked.quantity in ("z", "a", "product")
        top = own if is_forward else depth
        for layer in range(1, top + 1):
            for index in range(self._sizes[layer]):
                is_own = layer == asked.layer and index == asked.unit
                if layer == own and not is_own and (is_forward or self._stands_alone):
                    continue
                yield from self._forward(layer, index, level, is_own)
        if asked.quantity in ("loss", "element"):
            if asked.quantity == "loss" and level < 3:
                yield from (Asked(Unit(depth, index), "element") for index in range(self._sizes[depth]))
            yield asked
            return
        if is_forward:
            if asked.quantity == "product":
                yield asked
            return
        yield from self._backward(own, level)

    @property
    def _stands_alone(self) -> bool:
        """Whether the asked unit is an output that needs no other output."""
        asked, depth = self.case.asked, self.case.numbers.depth
        return asked.layer == depth and self.case.numbers.function(depth).elementwise

    def _too_many(self, level: int) -> bool:
        """Whether a level has more lines than may be listed, without writing them down."""
        count = 0
        if level < 2:
            count += sum(self._sizes[1:])
        if level == 0:
            count += sum(inputs * units for inputs, units in pairwise(self._sizes))
        return count > LINES

    def _forward(self, layer: int, index: int, level: int, is_own: bool) -> Iterator[Asked]:
        asked = self.case.asked
        if level >= 2 and not is_own:
            edge = asked.target
            sends = isinstance(edge, Edge) and (layer, index) == (edge.layer - 1, edge.source)
            costs = asked.quantity == "loss" and layer == self.case.numbers.depth and level == 2
            if sends or costs:
                yield Asked(Unit(layer, index), "a")
            return
        if level == 0 or (is_own and level < 3):
            for source in range(self._sizes[layer - 1]):
                product = Asked(Edge(layer, index, source), "product")
                if product != asked:
                    yield product
        if is_own and asked.quantity == "product":
            return
        yield Asked(Unit(layer, index), "z")
        if not (is_own and asked.quantity == "z"):
            yield Asked(Unit(layer, index), "a")

    def _backward(self, own: int, level: int) -> Iterator[Asked]:
        asked, depth = self.case.asked, self.case.numbers.depth
        lowest = own + 1 if asked.quantity == "arrival" and isinstance(asked.target, Edge) else own
        for layer in range(depth, lowest - 1, -1):
            for index in range(self._sizes[layer]):
                is_own = layer == asked.layer and index == asked.unit
                if is_own or (layer > own and level < 2):
                    yield from self._deltas(layer, index, level, is_own)
        if asked.quantity == "arrival":
            yield Asked(Unit(asked.layer, asked.unit), "delta")
            yield asked
        if asked.quantity == "new":
            yield Asked(asked.target, "gradient")
        if asked.quantity in ("gradient", "new"):
            yield asked

    def _deltas(self, layer: int, index: int, level: int, is_own: bool) -> Iterator[Asked]:
        asked, n, unit = self.case.asked, self.case.numbers, Unit(layer, index)
        if layer < n.depth and (level == 0 or (is_own and level < 3)):
            for above in range(self._sizes[layer + 1]):
                yield Asked(Edge(layer + 1, above, index), "arrival")
        is_direct = layer == n.depth and n.paired
        if is_own and asked.quantity == "slope":
            yield asked
            return
        if not is_direct:
            yield Asked(unit, "error")
            if is_own and asked.quantity == "error":
                return
            if n.function(layer).elementwise:
                yield Asked(unit, "slope")
        elif is_own and asked.quantity == "error":
            yield asked
            return
        yield Asked(unit, "delta")
