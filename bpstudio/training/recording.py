"""Every step of a stretch, to be looked at as frames afterwards.

A trace is a function of the parameters that it was made with, so keeping a step is one copy of parameters and optimiser
state; the frame is computed when somebody asks for it, by the very operations of the run, and has the same digits.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import overload

import numpy as np
from typing_extensions import override

from bpstudio.engine.memory import gibibytes, memory_limit
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame, FramePool
from bpstudio.training.history import Segment

# Of a large network only every few steps are kept, and those between are replayed: a copy of its parameters that leaves
# the processor's cache costs a good part of a step.
SMALL_BYTES, SPACING = 2**15, 16


@dataclass(frozen=True, slots=True)
class Kept:
    """A step of a segment, and parameters and state of the step ``at``, at or a little before it."""

    segment: Segment
    step: int
    at: int
    memory: Array


class Tape:
    """The rows into which a cursor writes while it moves: one for every ``spacing`` steps of a stretch. ``steps`` is
    how many there will be.
    """

    def __init__(self, steps: int, pool: FramePool) -> None:
        self.spacing = 1
        self.stretches: list[tuple[Segment, int, int, int, Array]] = []
        """Segment, first step, how many, spacing and rows of each."""
        self._steps = steps
        self._pool = pool
        self._block = np.empty((0, 0))

    def rows(self, count: int, memory: Array) -> Array:
        """Rows for ``count`` steps. Raises ValueError where all steps together would not fit into the machine."""
        self.spacing = 1 if memory.nbytes <= SMALL_BYTES else SPACING
        needed = -(-count // self.spacing)
        if len(self._block) < needed or self._block.shape[1:] != memory.shape or self._block.dtype != memory.dtype:
            size = memory.nbytes * self._steps // self.spacing
            if size > memory_limit():
                raise ValueError(
                    f"steps: {self._steps:,} recorded steps of this network take {gibibytes(size)} GiB, "
                    f"this machine has {gibibytes(memory_limit())} GiB. Record fewer steps."
                )
            # One block for all: memory that was touched before takes a copy many times faster.
            rows = max(self._steps * 5 // (4 * self.spacing) + 1, needed)  # each stretch rounds up
            self._block = self._pool.block((rows, memory.size), memory.dtype)
        return self._block[:needed]

    def keep(self, segment: Segment, first: int, count: int, rows: Array) -> None:
        """The rows hold ``count`` steps from ``first`` on."""
        if count:
            used = -(-count // self.spacing)
            self._block = self._block[used:]
            self.stretches.append((segment, first, count, self.spacing, rows[:used]))


class Recording(Sequence[Frame]):
    """The frames of the steps up to ``last``, in order; each is computed when it is asked for."""

    def __init__(self, tape: Tape, last: int, picture: Callable[[Kept], Frame]) -> None:
        self._stretches = [part for part in tape.stretches if part[1] <= last]
        self._starts = [0, *accumulate(min(count, last + 1 - first) for _, first, count, *_ in self._stretches)]
        self._picture = picture

    @override
    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice) -> list[Frame]: ...
    @override
    def __getitem__(self, index: int | slice) -> Frame | list[Frame]:
        places = range(len(self))[index]
        return [self._frame(place) for place in places] if isinstance(places, range) else self._frame(places)

    def _frame(self, place: int) -> Frame:
        number = bisect_right(self._starts, place) - 1
        segment, first, _, spacing, rows = self._stretches[number]
        row, further = divmod(place - self._starts[number], spacing)
        at = first + row * spacing
        return self._picture(Kept(segment, at + further, at, rows[row]))
