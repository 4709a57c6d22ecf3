"""Every step of a stretch, to be looked at as frames afterwards.

A trace is a function of the parameters that it was made with, so keeping a step is one copy of parameters and optimiser
state; the frame is computed when somebody asks for it, by the very operations of the run, and has the same digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from typing_extensions import override

from bpstudio.engine.memory import gibibytes, memory_limit
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame, FramePool
from bpstudio.training.history import Segment


@dataclass(frozen=True, slots=True)
class Kept:
    """A step of a segment, and its parameters and state in one flat array."""

    segment: Segment
    step: int
    memory: Array


class Tape:
    """The rows into which a cursor writes while it moves. ``steps`` is how many there will be."""

    def __init__(self, steps: int, pool: FramePool) -> None:
        self.kept: list[Kept] = []
        self._steps = steps
        self._pool = pool

    def rows(self, count: int, memory: Array) -> Array:
        """Rows for ``count`` steps. Raises ValueError where all steps together would not fit into the machine."""
        need = memory.nbytes * self._steps
        if need > memory_limit():
            raise ValueError(
                f"steps: {self._steps:,} recorded steps of this network take {gibibytes(need)} GiB, "
                f"this machine has {gibibytes(memory_limit())} GiB. Record fewer steps."
            )
        return self._pool.block((count, memory.size), memory.dtype)

    def keep(self, segment: Segment, first: int, rows: Array) -> None:
        """The rows hold the steps from ``first`` on."""
        rows.flags.writeable = False
        self.kept += [Kept(segment, first + at, row) for at, row in enumerate(rows)]


class Recording(Sequence[Frame]):
    """The frames of steps that were kept, in order; each is computed when it is asked for."""

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
