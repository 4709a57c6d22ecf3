"""Where the numbers of several members lie: each member's flat memory, and the memory in which all are stacked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bpstudio.maths.operations import Array


class Unstackable(Exception):  # noqa: N818 - not an error: these members run one by one
    """These operations cannot be carried out for all members at once; says why."""


@dataclass(frozen=True, slots=True)
class Block:
    """An array of a member within its flat memory: where it begins, counted in elements, and its shape.

    ``by_row``: its first axis counts rows, and those of all members stand beside each other.
    """

    offset: int
    shape: tuple[int, ...]
    by_row: bool

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


class Region:
    """A flat memory of each member, and the memory in which all of them are stacked.

    A region that is ``shared`` has the same numbers for every member, and holds them once; with ``ones`` its only
    block, a matrix, has a further column of ones there.
    """

    def __init__(
        self, originals: Sequence[Array], blocks: Sequence[Block], shared: bool = False, ones: bool = False
    ) -> None:
        self.originals = list(originals)
        self.members = len(originals)
        self.shared = shared
        self.scratch = False
        """Whether it is room between operations, whose blocks are those of what it is used with."""
        self.blocks = sorted((block for block in blocks if block.size), key=lambda block: block.offset)
        self.size = originals[0].size
        self.with_ones: Array | None = None
        """(rows, columns + 1), the last column all 1."""
        self.flat: Array = np.zeros(self.size * (1 if shared else self.members), originals[0].dtype)
        if ones:
            rows, columns = self.blocks[0].shape
            self.flat = np.ones(rows * (columns + 1), originals[0].dtype)
            self.with_ones = self.flat.reshape(rows, columns + 1)
        self._map: tuple[Array, Array] | None = None

    def stacked(self, block: Block) -> Array:
        """A block of all members, with the axis of the members before the last one."""
        if self.shared:
            return np.expand_dims(self._once(block), -2)
        start = block.offset * self.members
        part = self.flat[start : start + block.size * self.members]
        if block.by_row:
            return part.reshape(*block.shape[:-1], self.members, block.shape[-1])
        return np.moveaxis(part.reshape(self.members, *block.shape), 0, -2)

    @property
    def once(self) -> Array:
        """The only block of a shared region."""
        return self._once(self.blocks[0])

    def _once(self, block: Block) -> Array:
        if self.with_ones is not None:
            return self.with_ones[:, :-1]
        return self.flat[block.offset : block.offset + block.size].reshape(block.shape)

    def mirror(self, place: Place, beside: Sequence[Place]) -> None:
        """Cut room into blocks as that is cut with which it is used; what has blocks already keeps them."""
        if any(
            block.offset < place.offset + place.length and place.offset < block.offset + block.size
            for block in self.blocks
        ):
            return
        model = next((other for other in beside if other.shape == place.shape and not other.region.scratch), None)
        blocks = [] if model is None else model.region.blocks
        if model is not None and model.region.span(model.offset, model.length) is not None and not model.region.shared:
            stop = model.offset + model.length
            shift = place.offset - model.offset
            self.blocks += [
                Block(block.offset + shift, block.shape, block.by_row)
                for block in blocks
                if model.offset <= block.offset < stop
            ]
        else:
            near = [other.block for other in beside if len(other.shape) == len(place.shape) > 1]
            by_row = any(block is not None and block.by_row for block in near)
            self.blocks.append(Block(place.offset, place.shape or (1,), by_row))
        self.blocks.sort(key=lambda block: block.offset)

    def put(self, number: int, values: Array) -> None:
        """Copy one member's numbers into the stack."""
        values = values.reshape(-1)
        for block in self.blocks:
            target = self._once(block) if self.shared else self.stacked(block)[..., number, :]
            target[...] = values[block.offset : block.offset + block.size].reshape(block.shape)

    def take(self, number: int) -> Array:
        """One member's numbers, in a flat array as its own was."""
        values = np.zeros(self.size, self.flat.dtype)
        for block in self.blocks:
            part = self._once(block) if self.shared else self.stacked(block)[..., number, :]
            values[block.offset : block.offset + block.size].reshape(block.shape)[...] = part
        return values

    def whose(self, start: int, stop: int) -> tuple[Array, Array]:
        """(member, element of it) for each place of the stacked stretch that holds the elements start … stop−1."""
        if self._map is None:
            member = np.zeros(self.size * self.members, np.intp)
            element = np.zeros(self.size * self.members, np.intp)
            names = Region(self.originals, self.blocks)
            for number in range(self.members):
                for target, value in ((member, np.full(self.size, number)), (element, np.arange(self.size))):
                    names.flat = target
                    names.put(number, value)
            self._map = member, element
        return self._map[0][start * self.members : stop * self.members], self._map[1][
            start * self.members : stop * self.members
        ]

    def span(self, offset: int, length: int) -> tuple[int, int] | None:
        """The stacked stretch of a stretch of whole blocks; None where it is not one."""
        if self.shared:
            return None
        stop, at = offset + length, offset
        for block in self.blocks:
            if block.offset == at < stop:
                at += block.size
        return (offset * self.members, stop * self.members) if at == stop else None

    def whole(self, array: Array) -> Array:
        """A block, by the first member's own array: (…, K, last)."""
        offset = self._offset(array)
        return self.stacked(next(block for block in self.blocks if block.offset == offset))

    def stretch(self, array: Array) -> Array:
        """A stretch of whole blocks, by the first member's own array, flat."""
        span = self.span(self._offset(array), array.size)
        if span is None:
            raise Unstackable("a stretch that is not made of whole blocks")
        return self.flat[span[0] : span[1]]

    def _offset(self, array: Array) -> int:
        distance: int = array.__array_interface__["data"][0] - self.originals[0].__array_interface__["data"][0]
        return distance // array.itemsize

    def view(self, place: Place) -> Array | None:
        """A view into one block, with the axis of the members before the last one; None where it leaves the block. A
        single number is (K, 1), so that it meets every other shape.
        """
        block = place.block
        if block is None:
            return None
        stacked = self.stacked(block)
        item = stacked.itemsize
        inner = block.shape[-1]
        row, column = divmod(place.offset - block.offset, inner)
        strides, rows, columns = [], row, column
        for length, stride in zip(place.shape, place.strides, strict=True):
            if length == 1:
                strides.append(0)
            elif inner == 1 or (stride % inner == 0 and stride >= inner):
                step = stride // inner
                rows += step * (length - 1)
                strides.append(step * self._row_bytes(stacked, item, inner))
            elif 0 < stride < inner:
                columns += stride * (length - 1)
                strides.append(stride * item)
            else:
                return None
        if columns >= inner or rows >= block.size // inner:
            return None
        base = stacked.__array_interface__["data"][0] - self.flat.__array_interface__["data"][0]
        start = base // item + row * self._row_bytes(stacked, item, inner) // item + column
        shape, member = list(place.shape), stacked.strides[-2] if not self.shared else 0
        if not shape:
            shape, strides = [1], [0]
        at = len(shape) - 1
        shape.insert(at, 1 if self.shared else self.members)
        strides.insert(at, member)
        return np.lib.stride_tricks.as_strided(self.flat[start:], shape, strides)

    def _row_bytes(self, stacked: Array, item: int, inner: int) -> int:
        """The distance of two rows of a block (a row: its last axis) in bytes."""
        return stacked.strides[-3] if stacked.ndim > 2 else inner * item


@dataclass(frozen=True, slots=True)
class Place:
    """An array as a view into a region: where it begins and its strides, counted in elements."""

    region: Region
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def length(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    @property
    def block(self) -> Block | None:
        """The block in which it begins."""
        for block in self.region.blocks:
            if block.offset <= self.offset < block.offset + block.size:
                return block
        return None

    def flat(self) -> Array | None:
        """The same numbers of all members as one flat array; None where they are not whole blocks in order."""
        expected, product = [], 1
        for length in reversed(self.shape):
            expected.append(product)
            product *= length
        pairs = zip(self.shape, self.strides, reversed(expected), strict=True)
        if any(length > 1 and stride != dense for length, stride, dense in pairs):
            return None
        span = self.region.span(self.offset, self.length)
        return None if span is None else self.region.flat[span[0] : span[1]]

    def view(self) -> Array | None:
        """The same numbers with the axis of the members before the last one."""
        return self.region.view(self)

    def overlaps(self, other: Place) -> bool:
        """Whether another place may hold some of the same numbers."""
        ends = [
            place.offset + sum((n - 1) * s for n, s in zip(place.shape, place.strides, strict=True))
            for place in (self, other)
        ]
        return self.region is other.region and self.offset <= ends[1] and other.offset <= ends[0]

    def order(self) -> Array:
        """Where in ``everywhere`` the numbers of each member lie, in their own order: (K, length)."""
        member, element = self.region.whose(self.offset, self.offset + self.length)
        places = np.empty((self.region.members, self.length), np.intp)
        places[member, element - self.offset] = np.arange(len(member))
        return places

    def everywhere(self) -> Array:
        """The numbers of all members as one flat array. Raises Unstackable where they are not."""
        found = self.flat()
        if found is None:
            raise Unstackable("an array that is neither within a block nor whole blocks")
        return found

    def of(self, number: int) -> Array:
        """The numbers of one member, as it has them itself."""
        original = self.region.originals[number].reshape(-1)
        item = original.itemsize
        return np.lib.stride_tricks.as_strided(original[self.offset :], self.shape, [s * item for s in self.strides])
