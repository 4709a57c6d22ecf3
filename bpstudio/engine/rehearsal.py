"""Trying an operation on both sides, each member's own arrays and the stacked ones, with the same random numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bpstudio.engine.regions import Place
from bpstudio.maths.operations import Array

TRIED = 2048
"""About how many numbers of each operation are compared."""
MOST_DRAWS = 8


class Trial:
    """The arrays of one operation on both sides, filled with the same random numbers."""

    def __init__(self, places: Sequence[Place], outputs: Sequence[Place]) -> None:
        unique = {(id(place.region), place.offset, place.shape, place.strides): place for place in places}
        self._pairs = [(place, *_sides(place)) for place in unique.values()]
        self._compared = [pair for pair in self._pairs if any(pair[0] is output for output in outputs)]
        numbers = outputs[0].length * outputs[0].region.members
        self.draws = int(np.clip(TRIED // numbers, 2, MOST_DRAWS))
        self._random = np.random.default_rng(1)

    def fill(self, draw: int) -> None:
        """New numbers: of both signs in the first draw, above 0 in every second one."""
        for place, sources, _ in self._pairs:
            kind = place.region.flat.dtype
            for source in sources:
                if place.region.shared and source is not sources[0]:
                    source[...] = sources[0]
                elif kind.kind == "b":
                    source[...] = self._random.random(place.shape) < 0.5
                elif draw % 2 == 0:
                    source[...] = self._random.standard_normal(place.shape)
                else:
                    source[...] = self._random.uniform(0.1, 2.0, place.shape)
        for place, sources, targets in self._pairs:
            if place.view() is None:
                targets[0][...] = _in_order(place, sources)
            else:
                for source, target in zip(sources, targets, strict=False):
                    target[...] = source

    def agrees(self) -> bool:
        """Whether the stack holds, bit for bit, what every member has itself."""
        for place, sources, targets in self._compared:
            if place.view() is None:
                if not same_bits(targets[0], _in_order(place, sources)):
                    return False
            elif not all(
                same_bits(target.reshape(source.shape), source)
                for source, target in zip(sources, targets, strict=False)
            ):
                return False
        return True


def _sides(place: Place) -> tuple[list[Array], list[Array]]:
    """(each member's own array, the same in the stack); the stack's is one array where it is a stretch of blocks."""
    sources = [place.of(number) for number in range(place.region.members)]
    view = place.view()
    if view is None:
        return sources, [place.everywhere()]
    return sources, [view[..., number, :] for number in range(1 if place.region.shared else len(sources))]


def _in_order(place: Place, sources: Sequence[Array]) -> Array:
    """The members' own numbers in the order of a stacked stretch."""
    member, element = place.region.whose(place.offset, place.offset + place.length)
    table: Array = np.stack([source.reshape(-1) for source in sources])
    ordered: Array = table[member, element - place.offset]
    return ordered


def same_bits(one: Array, other: Array) -> bool:
    """Whether two arrays have the same shape and bits; one NaN is as good as another."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.tobytes() == other.tobytes():
        return True
    if one.dtype.kind != "f":
        return False
    alike = (one == other) & (np.signbit(one) == np.signbit(other))
    return bool((alike | (np.isnan(one) & np.isnan(other))).all())
