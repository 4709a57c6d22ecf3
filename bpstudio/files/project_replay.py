"""Whether a run comes out of this machine with the digits with which it was saved.

Another processor or another NumPy may add the same numbers in another order. A stretch between two keyframes is a
function of the first one, so each can be replayed alone, and compared with what was saved.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bpstudio.maths.operations import Array
from bpstudio.training.archive import thawed
from bpstudio.training.cursor import Cursor
from bpstudio.training.history import Segment

if TYPE_CHECKING:
    from bpstudio.files.project import Project

Progress = Callable[[float], None]

STEPS = 20_000
"""So many steps are replayed; of a longer run, stretches that are evenly spread over it."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Where a replay differs: in the stretch (``Segment.number``) ``segment``, somewhere after ``step`` and not
    after ``until``, at which the states are not the same; ``largest`` is the greatest difference of two numbers then.
    """

    segment: int
    step: int
    until: int
    largest: float


Stretch = tuple[Segment, Mapping[int, Array], int, int]
"""A segment with its keyframes, and the steps of two that follow each other."""


def check_replay(project: Project, progress: Progress | None = None, steps: int = STEPS) -> Discrepancy | None:
    """Replay the run from keyframe to keyframe, about so many ``steps`` of it; None where every digit is the same, else
    the first stretch of the run in which one is not. Nothing of the project is changed.
    """
    # Segments of our own: a cursor may write into the one on which it stands.
    _, segments = thawed(project.archive)
    stretches = [
        (segment, project.archive.segments[segment.number].keyframes, at, until)
        for segment in sorted(segments, key=lambda each: each.number)
        for at, until in itertools.pairwise(sorted(project.archive.segments[segment.number].keyframes))
    ]
    chosen = _spread(stretches, steps)
    for done, place in enumerate(chosen):
        if progress is not None:
            progress(done / len(chosen))
        found = _replayed(stretches[place])
        if found is not None:
            # Those between the last one that is the same and this one were passed over.
            before = chosen[done - 1] + 1 if done else 0
            for number in range(before, place):
                if progress is not None:
                    progress(done / len(chosen))
                earlier = _replayed(stretches[number])
                if earlier is not None:
                    return earlier
            return found
    return None


def _spread(stretches: list[Stretch], steps: int) -> list[int]:
    """Which stretches are replayed: all of them, or some that are evenly spread, the first one among them."""
    total = sum(until - at for *_, at, until in stretches)
    every = max(1, -(-total // max(1, steps)))
    return list(range(0, len(stretches), every))


def _replayed(stretch: Stretch) -> Discrepancy | None:
    segment, keyframes, at, until = stretch
    cursor = Cursor(segment, at, keyframes[at], lambda _: None)
    cursor.advance(until)
    expected = keyframes[until]
    if cursor.step == until and cursor.memory.tobytes() == expected.tobytes():
        return None
    with np.errstate(all="ignore"):
        largest = float(np.nanmax(np.abs(cursor.memory - expected), initial=0.0))
    return Discrepancy(segment.number, at, until, largest)
