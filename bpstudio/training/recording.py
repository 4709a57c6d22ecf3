"""Every step of a stretch, kept whole: what was in the arrays of each, to be looked at as frames afterwards.

A step leaves its parameters, its trace and the optimiser's next state in three flat arrays, so that keeping it is three
copies into rows that were laid out before; a frame is made of a row when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from typing_extensions import override

from bpstudio.engine.memory import gibibytes, memory_limit
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame
from bpstudio.training.history import Segment


@dataclass(frozen=True, slots=True)
class Kept:
    """What one step left: parameters and state, the next state, and the arena of its trace."""

    segment: Segment
    step: int
    memory: Array
    following: Array
    arena: Array


class Tape:
    """The rows into which a cursor writes while it moves. ``steps`` is how many there will be."""

    def __init__(self, steps: int) -> None:
        self.kept: list[Kept] = []
        self._steps = steps
        self._checked = 0

    def rows(self, count: int, *arrays: Array) -> tuple[Array, ...]:
        """Fresh rows for ``count`` steps, a block for each of the flat arrays. Raises ValueError where all steps
        together would not fit into the machine.
        """
        row = sum(array.nbytes for array in arrays)
        if row > self._checked:
            self._checked = row
            if row * self._steps > memory_limit():
                raise ValueError(
                    f"steps: {self._steps:,} recorded steps of this network take {gibibytes(row * self._steps)} GiB, "
                    f"this machine has {gibibytes(memory_limit())} GiB. Record fewer steps."
                )
        return tuple(np.empty((count, array.size), array.dtype) for array in arrays)

    def keep(self, segment: Segment, first: int, count: int, blocks: Sequence[Array]) -> None:
        """The first ``count`` rows hold the steps from ``first`` on."""
        for block in blocks:
            block.flags.writeable = False
        memory, following, arena = blocks
        self.kept += [Kept(segment, first + at, memory[at], following[at], arena[at]) for at in range(count)]


class Recording(Sequence[Frame]):
    """The frames of steps that were kept, in order; each is made when it is asked for."""

    def __init__(self, kept: Sequence[Kept], picture: Callable[[Kept], Frame]) -> None:
        self._kept = kept
        self._picture = picture

    @override
    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice) -> Recording: ...
    @override
    def __getitem__(self, index: int | slice) -> Frame | Recording:
        if isinstance(index, slice):
            return Recording(self._kept[index], self._picture)
        return self._picture(self._kept[index])

    @override
    def __iter__(self) -> Iterator[Frame]:
        return map(self._picture, self._kept)
