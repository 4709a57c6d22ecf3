"""States of the steps that were passed last, so that stepping back is as quick as stepping forward.

Keyframes of a long run stand thousands of steps apart, and a step back would replay all of them. The first one does;
on its way it leaves states here at a much smaller spacing, and training does so too. Memory that was touched before
takes a copy forty times faster than a fresh page, so there is one block of rows, used again and again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from bpstudio.maths.operations import Array

ROWS = 64
CLOSEST = 64
"""Steps between two states: fewer would cost training more than they save."""


class Near:
    """The last states of one segment that were passed. ``room()`` says how many bytes they may take."""

    def __init__(self, room: Callable[[], int]) -> None:
        self._room = room
        self._block = np.empty((0, 0))
        self._rows: dict[int, Array] = {}
        self._free: deque[Array] = deque()
        self._owner: object = None

    @property
    def nbytes(self) -> int:
        """The memory of the block."""
        return self._block.nbytes

    def spacing(self, interval: int, memory: Array) -> int:
        """How far apart states like ``memory`` are kept where keyframes stand ``interval`` steps apart, so that they
        cover as many steps; 0 where keyframes are close by themselves.
        """
        rows = self._places(memory)
        if interval <= 2 * CLOSEST or not rows:
            return 0
        spacing = CLOSEST
        while spacing * rows < interval:
            spacing *= 2
        return spacing

    def _places(self, memory: Array) -> int:
        return min(ROWS, self._room() // memory.nbytes)

    def keep(self, owner: object, step: int, memory: Array) -> None:
        """Keep the state of a step of the segment ``owner``, in the place of the oldest one."""
        if owner is not self._owner or memory.size != self._block.shape[1] or memory.dtype != self._block.dtype:
            self._take(owner, memory)
        if step in self._rows or not len(self._block):
            return
        if not self._free:
            self._free.append(self._rows.pop(next(iter(self._rows))))
        row = self._rows[step] = self._free.popleft()
        row[...] = memory

    def before(self, owner: object, step: int) -> tuple[int, Array] | None:
        """The last state at or before a step of the segment, or None."""
        if owner is not self._owner:
            return None
        at = max((each for each in self._rows if each <= step), default=None)
        return None if at is None else (at, self._rows[at])

    def _take(self, owner: object, memory: Array) -> None:
        rows = self._places(memory)
        if (self._block.shape, self._block.dtype) != ((rows, memory.size), memory.dtype):
            self._block = np.empty((rows, memory.size), memory.dtype)
        self._owner = owner
        self._rows.clear()
        self._free = deque(self._block)
