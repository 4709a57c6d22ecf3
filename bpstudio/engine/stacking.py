"""Several passes of one shape as one: what K operations do on K arrays, one operation does on an array of all.

A small network spends its time on calling NumPy, not on computing. K networks of one shape need the same calls, so
they can share them. The arrays of a member are cut into *blocks* (z of layer 2, W of layer 1), and the K blocks of a
name lie together: row by row, so that (N, units) becomes (N, K, units), and parameter by parameter, so that (units,
inputs) becomes (K, units, inputs). Blocks keep their order, so that a stretch of several blocks is one stretch here
too.

The operations are not written a second time: the members' own lists are read and bound to the arrays of all. Whether
that gives the very digits of the single passes is not believed but tried, operation by operation, with random numbers
(*rehearsal*), and what does not is carried out member by member.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpstudio.engine.calls import Call
from bpstudio.engine.products import products
from bpstudio.engine.regions import Block, Place, Region, Unstackable
from bpstudio.engine.rehearsal import Trial
from bpstudio.engine.slimming import filled, slim
from bpstudio.engine.spreading import Gathered, Spread
from bpstudio.maths.operations import Array, Operation, run


@dataclass(frozen=True, slots=True)
class Live:
    """A number of each member that changes from step to step, and where all of them stand together."""

    sources: tuple[Array, ...]
    target: Array
    whose: Array | None

    def refresh(self) -> None:
        """Write the numbers of the present step."""
        values = np.array([source[()] for source in self.sources], self.target.dtype)
        self.target[...] = values.reshape(self.target.shape) if self.whose is None else values[self.whose]


Values = tuple[Array, ...]
Operand = Place | Values


class Stack:
    """Binds the operation lists of K members to their stacked arrays.

    ``alike`` says that all members' changing numbers (a scheduled rate) are the same; ``ticks`` that they change.
    """

    def __init__(self, members: int, ticks: bool = False, alike: bool = False) -> None:
        self.members = members
        self.live: list[Live] = []
        self.one_by_one: list[str] = []
        """The operations that are carried out member by member, because their digits would differ otherwise."""
        self._ticks = ticks
        self.alike = alike
        self._regions: list[Region] = []
        self._written: list[Place] = []
        self._spreads: dict[int, Spread] = {}

    def region(
        self, originals: Sequence[Array], blocks: Sequence[Block], shared: bool = False, ones: bool = False
    ) -> Region:
        """Make a flat memory of each member known, and stack it."""
        return self.adopt(Region(originals, blocks, shared, ones))

    def adopt(self, region: Region) -> Region:
        """Make a memory known that is stacked already."""
        self._regions.append(region)
        return region

    def bind(self, lists: Sequence[Sequence[Operation]]) -> list[Operation]:
        """The operations of all members as one list.

        What lies in the members' own arrays and in the stack is overwritten: every operation is tried with random
        numbers on both sides. Raises Unstackable.
        """
        if len({len(operations) for operations in lists}) != 1:
            raise Unstackable("the members do not take the same operations")
        bound: list[Operation] = []
        self._written, self._spreads = [], {}
        with np.errstate(all="ignore"):
            steps = list(zip(*lists, strict=True))
            while steps:
                first, *steps = steps
                pair = self._with_bias(first, steps[0]) if steps else None
                if pair is not None:
                    bound += pair
                    steps = steps[1:]
                else:
                    bound += self._bound([Call.of(operation) for operation in first], first)
        return [gather for spread in self._spreads.values() for gather in spread.gather()] + bound

    # ---- one operation

    def _operands(self, calls: list[Call]) -> list[Any]:
        """What the members' calls work on, by position."""
        first = calls[0]
        if any(call.function is not first.function or call.kind != first.kind for call in calls):
            raise Unstackable(f"the members take different operations: {first.name}")
        columns = list(zip(*(call.arguments for call in calls), strict=True))
        known = [self._locate(values) for values in columns if isinstance(values[0], np.ndarray)]
        beside = [place for place in known if place is not None]
        return [self._operand(values, number in first.outputs, beside) for number, values in enumerate(columns)]

    def _with_bias(self, first: Sequence[Operation], second: Sequence[Operation]) -> list[Operation] | None:
        """A product of the shared rows and the addition of biases that follows it, as one product with a further
        column of ones: what is added last to a sum is added to it in either case.
        """
        calls = [Call.of(operation) for operation in first]
        if calls[0].kind != "product" or second[0][0] is not np.add:
            return None
        rows, matrix, out = self._operands(calls)
        plus = self._operands([Call.of(operation) for operation in second])
        if not all(isinstance(operand, Place) for operand in (rows, matrix, out, *plus)):
            return None
        block, ones, bias = out.block, rows.region.with_ones, plus[1]
        if block is None or not block.by_row or ones is None or (plus[0], plus[2]) != (out, out):
            return None
        if bias.region is not matrix.region or any(part.overlaps(w) for part in (matrix, bias) for w in self._written):
            return None
        spread = self._spreads.setdefault(id(matrix.region), Spread(matrix.region))
        gathered = spread.with_bias(matrix, bias)
        if gathered is None:
            return None
        way: list[Operation] = [(ones.dot, (gathered.values, out.everywhere().reshape(out.shape[0], -1)))]
        if not self._agrees([gathered.alone, *way], [*first, *second], Trial([rows, matrix, out, bias], [out])):
            return None
        spread.keep(gathered)
        self._written.append(out)
        return way

    def _bound(self, calls: list[Call], operations: Sequence[Operation]) -> list[Operation]:
        first = calls[0]
        operands = self._operands(calls)
        places = [operand for operand in operands if isinstance(operand, Place)]
        outputs = [operands[position] for position in first.outputs]
        if not outputs or not all(isinstance(output, Place) for output in outputs):
            raise Unstackable(f"{first.name} writes where nothing is known")
        trial = Trial(places, outputs)
        spread = self._spread(first, operands, operations, trial)
        self._written += outputs
        if spread is not None:
            return spread
        for candidate in self._candidates(first, operands):
            if self._agrees(candidate, operations, trial):
                return candidate
        raise Unstackable(f"{first.name} gives other digits for all members at once")

    def _agrees(self, candidate: list[Operation], operations: Sequence[Operation], trial: Trial) -> bool:
        """Whether the candidate writes what the members' own operations write, for many random numbers."""
        for draw in range(trial.draws):
            trial.fill(draw)
            run(operations)
            try:
                run(candidate)
            except (ValueError, TypeError):
                return False
            if not trial.agrees():
                return False
        return True

    def _spread(
        self, call: Call, operands: list[Any], operations: Sequence[Operation], trial: Trial
    ) -> list[Operation] | None:
        """The operation with what it takes of the parameters gathered when the pass begins, where that is faster."""
        if len(operands) != 3 or not all(isinstance(operand, Place) for operand in operands):
            return None
        left, values, out = operands
        if values.region.shared or values.region.scratch or any(values.overlaps(other) for other in self._written):
            return None
        spread = self._spreads.setdefault(id(values.region), Spread(values.region))
        ways: list[list[Operation]] = []
        gathered: Gathered | None = None
        if call.function in (np.add, np.subtract) and left.shape == out.shape and out.flat() is not None:
            gathered = spread.over_rows(values, left)
            if gathered is not None:
                ways = [[(call.function, (left.flat(), gathered.values, out.flat()))]]
        elif call.kind == "product" and not left.region.shared:
            gathered = spread.turned(values)
            if gathered is not None:
                ways = products(self._matrices(left), (gathered.values, False), self._matrices(out))
        for way in ways:
            if gathered is not None and self._agrees([gathered.alone, *way], operations, trial):
                spread.keep(gathered)
                return way
        return None

    def _candidates(self, call: Call, operands: list[Any]) -> Iterator[list[Operation]]:
        """Ways to carry out a call for all members, the fastest first."""
        if call.kind == "product" and all(np.ndim(part) == 1 for part in call.arguments[:2]):
            yield from self._inner(operands)
        elif call.kind == "product":
            yield from products(*[self._matrices(operand) for operand in operands])
        else:
            yield from self._together(call, operands)
        alone = self._alone(call, operands)
        if alone:
            self.one_by_one.append(call.name)
            yield alone

    def _inner(self, operands: list[Any]) -> Iterator[list[Operation]]:
        """The sum of products of two rows of numbers for each member, which are first brought together."""
        left, right, out = operands
        if not all(isinstance(operand, Place) and not operand.region.shared for operand in operands):
            return
        operations: list[Operation] = []
        rows: list[Array] = []
        for place in (left, right):
            row = place.view()
            if row is None:
                row = np.zeros((self.members, place.length), place.region.flat.dtype)
                operations.append((place.everywhere().take, (place.order(), None, row, "clip")))
            rows.append(row)
        into = out.view()
        if into is not None:
            yield [*operations, (np.matmul, (rows[0][:, None, :], rows[1][:, :, None], into[:, :, None]))]

    def _together(self, call: Call, operands: list[Any]) -> Iterator[list[Operation]]:
        places = [operand for operand in operands if isinstance(operand, Place)]
        views = [place.view() for place in places]
        if any(view is None for view in views):
            yield from self._along(call, operands, places)
            return
        arrays: list[Any] = []
        for operand in operands:
            if isinstance(operand, Place):
                arrays.append(operand.view())
            else:
                arrays.append(self._constant(operand) if _is_values(operand) else operand)
        if call.kind == "reduction":
            yield [call.reduced(arrays)]
        else:
            yield [call.bound(filled(slim(arrays)) if call.elementwise else arrays)]

    def _along(self, call: Call, operands: list[Any], places: list[Place]) -> Iterator[list[Operation]]:
        """The same over stretches of several blocks."""
        stretches = [place for place in places if place.shape]
        if call.kind != "map" or any(place.flat() is None for place in stretches):
            return
        where = stretches[-1]
        operations: list[Operation] = []
        arrays: list[Any] = []
        for operand in operands:
            if isinstance(operand, Place) and operand.shape:
                arrays.append(operand.flat())
            elif isinstance(operand, Place):
                # A number of each member meets that member's part of the stretch.
                number, whose = operand.view(), where.region.whose(where.offset, where.offset + where.length)[0]
                if number is None:
                    return
                spread = np.zeros(whose.shape, number.dtype)
                operations.append((number[:, 0].take, (whose, None, spread, "clip")))
                arrays.append(spread)
            else:
                arrays.append(self._constant(operand, where) if _is_values(operand) else operand)
        yield [*operations, call.bound(filled(arrays) if call.elementwise else arrays)]

    def _alone(self, call: Call, operands: list[Any]) -> list[Operation]:
        """The same member by member, on the stacked arrays."""
        views: list[Any] = [operand.view() if isinstance(operand, Place) else operand for operand in operands]
        if any(isinstance(o, Place) and v is None for o, v in zip(operands, views, strict=True)):
            return []
        operations: list[Operation] = []
        for number in range(self.members):
            own: list[Any] = []
            for view, operand in zip(views, operands, strict=True):
                if isinstance(operand, Place):
                    own.append(view[..., 0 if operand.region.shared else number, :] if view.ndim > 1 else view[number])
                else:
                    own.append(view[number] if _is_values(view) else view)
            operations.append(call.bound(own))
        return operations

    # ---- operands

    def _operand(self, values: tuple[Any, ...], writes: bool, beside: list[Place]) -> Any:
        if not isinstance(values[0], np.ndarray):
            if any(value is not values[0] and value != values[0] for value in values):
                raise Unstackable(f"the members differ in {values[0]!r}")
            return values[0]
        if len({(value.shape, value.dtype) for value in values}) > 1:
            raise Unstackable("the members' arrays differ in shape")
        place = self._locate(values)
        if place is not None and place.region.scratch:
            place.region.mirror(place, beside)
        if place is not None:
            return place
        if writes:
            return self._scratch(values, beside)
        if any(value.flags.writeable for value in values) and values[0].ndim > 0:
            raise Unstackable("an array that something else may write")
        return values

    def _locate(self, values: tuple[Any, ...]) -> Place | None:
        found: Place | None = None
        for region in self._regions:
            places = {self._within(region, number, value) for number, value in enumerate(values)}
            if None not in places and len(places) == 1:
                found = places.pop()
        return found

    def _within(self, region: Region, number: int, value: Array) -> Place | None:
        original = region.originals[number]
        if original.dtype != value.dtype:
            return None
        start, low = original.__array_interface__["data"][0], value.__array_interface__["data"][0]
        item = value.itemsize
        high = low + sum((length - 1) * stride for length, stride in zip(value.shape, value.strides, strict=True))
        if value.size == 0 or not start <= low <= high < start + original.nbytes:
            return None
        strides = tuple(0 if length == 1 else s // item for length, s in zip(value.shape, value.strides, strict=True))
        return Place(region, (low - start) // item, value.shape, strides)

    def _scratch(self, values: tuple[Any, ...], beside: list[Place]) -> Place:
        """Room that an operation writes before anybody reads it gets its own place in the stack."""
        owners = [_owner(value) for value in values]
        if any(owner.shape != owners[0].shape for owner in owners):
            raise Unstackable("room of different shapes")
        region = self.region(owners, [])
        region.scratch = True
        place = self._locate(values)
        if place is None:
            raise Unstackable("room that cannot be stacked")
        region.mirror(place, beside)
        return place

    def _constant(self, values: Values, where: Place | None = None) -> Array:
        """Values that differ from member to member, in the shape in which they meet the stacked arrays.

        ``where`` is the stretch of several blocks that they meet.
        """
        first = values[0]
        equal = all(value.tobytes() == first.tobytes() for value in values)
        if first.ndim == 0:
            moves = self._ticks and any(value.flags.writeable for value in values)
            if equal and (self.alike or not moves):
                return first
            whose = None if where is None else where.region.whose(where.offset, where.offset + where.length)[0]
            shape = (self.members, 1) if whose is None else whose.shape
            target = np.empty(shape, first.dtype)
            live = Live(values, target, whose)
            live.refresh()
            if moves:
                self.live.append(live)
            return target
        if where is None:
            return np.expand_dims(first, -2) if equal else np.stack(values, axis=-2)
        member, element = where.region.whose(where.offset, where.offset + where.length)
        table: Array = np.stack([value.reshape(-1) for value in values])
        spread: Array = table[member, element - where.offset]
        return spread

    def _matrices(self, operand: Any) -> tuple[Array, bool]:
        """((K, …) or without the first axis where all members share it, whether they do)."""
        if isinstance(operand, Place):
            view = operand.view()
            if view is None:
                raise Unstackable("a product across several blocks")
            stacked = np.moveaxis(view, max(view.ndim - 2, 0), 0)
            return (stacked[0], True) if operand.region.shared else (stacked, False)
        if not _is_values(operand) or any(value.tobytes() != operand[0].tobytes() for value in operand):
            raise Unstackable("a product with constants that differ")
        return operand[0], True


def _is_values(operand: object) -> bool:
    return isinstance(operand, tuple) and bool(operand) and isinstance(operand[0], np.ndarray)


def _owner(value: Array) -> Array:
    """The array that owns the memory of a view."""
    while isinstance(value.base, np.ndarray):
        value = value.base
    return value
