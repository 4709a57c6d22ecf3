"""A whole run, frozen: what a project file holds, and what another thread may write while training goes on.

Keyframes and closed blocks of metrics never change, so they are taken by reference; freezing a run of any length costs
next to nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.trace import Params
from bpstudio.maths.operations import Array
from bpstudio.training.breakpoints import Breakpoint
from bpstudio.training.caption import Caption
from bpstudio.training.carry import check_fit, memory_size
from bpstudio.training.cursor import Cursor
from bpstudio.training.experiment import Experiment
from bpstudio.training.history import Chain, Segment
from bpstudio.training.metrics import SeriesView
from bpstudio.training.past import Bookmark, Branch, Event, Past
from bpstudio.training.stopping import Watch


@dataclass(frozen=True, eq=False, slots=True)
class KeptSegment:
    """A segment as it stood: fields are those of ``Segment``. ``keyframes`` are by step, the start always among them;
    ``pinned`` is the step of the best validation, whose keyframe is never given up. ``numbers`` and ``units`` are what
    was recorded of its steps, ``validation`` (points, 3) and ``watches`` what was measured and known after it.
    """

    number: int
    cause: str
    experiment: Experiment
    dataset: Dataset
    start: int
    epoch: int
    position: int
    continued: str
    explicit: tuple[Array, ...] | None
    begun: int
    watched: Watch
    interval: int
    pinned: int
    keyframes: Mapping[int, Array]
    numbers: SeriesView
    units: SeriesView
    validation: Array
    watches: tuple[tuple[int, Watch], ...]

    @classmethod
    def of(cls, segment: Segment, keyframes: Mapping[int, Array]) -> KeptSegment:
        """A segment as it stands, with these of its keyframes."""
        explicit = segment.explicit
        return cls(
            segment.number,
            segment.cause,
            segment.experiment,
            segment.dataset,
            segment.start,
            segment.epoch,
            segment.position,
            segment.continued,
            None if explicit is None else tuple(explicit),
            segment.begun,
            segment.watched,
            segment.interval,
            segment.pinned,
            MappingProxyType(dict(keyframes)),
            segment.numbers.view(),
            segment.units.view(),
            np.array(segment.validation, dtype=np.float64).reshape(-1, 3),
            tuple(segment.watches),
        )


@dataclass(frozen=True, eq=False, slots=True)
class KeptBranch:
    """A branch, with the numbers of its segments in the place of them. ``origin`` are the parameters of its step 0."""

    number: int
    name: str
    parent: int | None
    fork: int
    cause: str
    step: int
    segments: tuple[int, ...]
    origin: Params
    caption: Caption


@dataclass(frozen=True, eq=False, slots=True)
class Archive:
    """A run: its segments by number, its branches, the ``current`` one of which is at its ``step``, and the marks.

    ``made`` is the greatest number that a segment has had, so that none is given twice.
    """

    segments: Mapping[int, KeptSegment]
    branches: tuple[KeptBranch, ...]
    current: int
    bookmarks: tuple[Bookmark, ...] = ()
    breakpoints: tuple[Breakpoint, ...] = ()
    events: tuple[Event, ...] = ()
    made: int = 0

    @property
    def branch(self) -> KeptBranch:
        """The one on which the run is."""
        return next(branch for branch in self.branches if branch.number == self.current)


def archived(
    past: Past, here: Cursor, events: tuple[Event, ...], made: int, keyframe_bytes: int | None = None
) -> Archive:
    """A run that stands where ``here`` is, whose metrics are drained; of its keyframes about so many bytes, evenly
    spread, or all of them.
    """
    past = past.left_at(here.step)
    segments = {segment.number: segment for branch in past.branches for segment in branch.chain.segments}
    keyframes = {number: segment.keyframes for number, segment in segments.items()}
    if keyframe_bytes is not None:
        spacing = -(-sum(segment.nbytes for segment in segments.values()) // max(1, keyframe_bytes))
        for number, segment in segments.items():
            kept = {segment.start, segment.pinned, *list(keyframes[number])[::spacing]}
            keyframes[number] = {step: each for step, each in keyframes[number].items() if step in kept}
    # On a machine with other arithmetic a replay would not end in the last bit of what is on the screen now.
    keyframes[here.segment.number].setdefault(here.step, here.memory.copy())
    return Archive(
        MappingProxyType({number: KeptSegment.of(segment, keyframes[number]) for number, segment in segments.items()}),
        tuple(
            KeptBranch(
                each.number,
                each.name,
                each.parent,
                each.fork,
                each.cause,
                each.step,
                tuple(segment.number for segment in each.chain.segments),
                each.chain.origin,
                each.chain.caption,
            )
            for each in past.branches
        ),
        past.current,
        past.bookmarks,
        past.breakpoints,
        events,
        made,
    )


def thawed(archive: Archive) -> tuple[Past, list[Segment]]:
    """The past of a run, living again, and its segments. Raises ValueError where its parts do not fit each other."""
    segments = {number: _segment(number, kept) for number, kept in archive.segments.items()}
    branches = []
    for each in archive.branches:
        path = tuple(segments[number] for number in each.segments)
        if not path or any(one.start >= other.start for one, other in pairwise(path)):
            raise ValueError(f"branch {each.number}: expected stretches one after the other")
        chain = Chain(path, each.origin, each.caption)
        branch = Branch(each.number, chain, each.step, each.name, each.parent, each.fork, each.cause)
        # What was recorded may end before the step at which one stood: a stranger's file says what it likes.
        step = min(max(branch.step, branch.first), branch.last)
        branches.append(branch if step == branch.step else dataclasses.replace(branch, step=step))
    past = Past(tuple(branches), archive.current, archive.bookmarks, archive.breakpoints)
    return past, list(segments.values())


def _segment(number: int, kept: KeptSegment) -> Segment:
    memory = kept.keyframes[kept.start]
    for step, each in kept.keyframes.items():
        if each.shape != (memory_size(kept.experiment),) or each.dtype != kept.experiment.dtype:
            raise ValueError(f"segment {number}: its keyframe of step {step} does not fit its experiment")
    check_fit(kept.experiment, kept.dataset)
    segment = Segment(
        kept.experiment,
        kept.dataset,
        kept.start,
        memory,
        kept.epoch,
        kept.position,
        kept.continued,
        kept.explicit,
        kept.begun,
        kept.watched,
        number,
        kept.cause,
    )
    if (kept.numbers.columns, kept.units.columns) != (segment.numbers.columns, segment.units.columns):
        raise ValueError(f"segment {number}: what was recorded does not fit its experiment")
    segment.fill(kept.keyframes, kept.interval, kept.pinned, kept.numbers, kept.units, kept.validation, kept.watches)
    return segment
