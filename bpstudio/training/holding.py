"""All stretches that a run can still reach, and the bytes that its past may take.

When they are used up, what can be had again by replay goes first: keyframes thin out, and of old metrics only summaries
stay. What then still does not fit are starts of stretches, which nothing replays; of those to which only undo leads the
oldest are forgotten.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable

from bpstudio.training.history import Segment
from bpstudio.training.near import Near
from bpstudio.training.past import Undo

KEYFRAME_SHARE = 0.8
UNCHECKED_SHARE = 1 / 256
"""Of the budget, by which a segment may grow before all of them are counted again."""
NEAR_SHARE = 0.15
"""Of the budget, for states close to the present step; it is part of the share of the keyframes."""


class Holding:
    """The segments of one session. ``budget`` is in bytes, ``made`` the greatest number that a segment has had."""

    def __init__(self, budget: int, undo: Undo) -> None:
        self.budget = budget
        self.made = 0
        self.near = Near(lambda: int(self.budget * NEAR_SHARE))
        self._undo = undo
        self._segments: weakref.WeakSet[Segment] = weakref.WeakSet()
        self._counted: tuple[weakref.ref[Segment] | None, int] = (None, 0)

    @property
    def nbytes(self) -> int:
        """The memory of all keyframes."""
        return sum(segment.nbytes for segment in list(self._segments))

    def number(self) -> int:
        """A number that no segment has had."""
        self.made += 1
        return self.made

    def own(self, segment: Segment) -> Segment:
        """Count this one too."""
        self._segments.add(segment)
        return segment

    def take(self, segments: Iterable[Segment], made: int) -> None:
        """Count those of a run that is restored."""
        self._segments.update(segments)
        self.made = made

    def allow(self, budget: int) -> None:
        """Keep the past within so many bytes from now on."""
        self.budget, self._counted = budget, (None, 0)
        for segment in list(self._segments):
            self.hold(segment)

    def hold(self, segment: Segment) -> None:
        """Give up what the budget has no room for; asked when a segment has grown."""
        last, size = self._counted
        if last is not None and last() is segment and _size(segment) - size < self.budget * UNCHECKED_SHARE:
            return
        everything = list(self._segments)
        over = sum(each.recorded_nbytes for each in everything) - int(self.budget * (1 - KEYFRAME_SHARE))
        if over > 0:
            largest = max(everything, key=lambda each: each.recorded_nbytes)
            largest.forget(largest.recorded_nbytes - over)
        while sum(each.nbytes for each in everything) + self.near.nbytes > self.budget * KEYFRAME_SHARE:
            thick = max((each for each in everything if each.can_thin), key=lambda each: each.nbytes, default=None)
            if thick is not None:
                thick.thin(thick.nbytes - 1)
                continue
            everything.clear()  # what is held here cannot be forgotten
            if not self._undo.forget_oldest():
                break
            everything += self._segments
        self._counted = weakref.ref(segment), _size(segment)


def _size(segment: Segment) -> int:
    return segment.nbytes + segment.recorded_nbytes
