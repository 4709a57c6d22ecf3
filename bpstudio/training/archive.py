"""A whole run, frozen: what a project file holds, and what another thread may write while training goes on.

Keyframes and closed blocks of metrics never change, so they are taken by reference; freezing a run of any length costs
next to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.trace import Params
from bpstudio.maths.operations import Array
from bpstudio.training.breakpoints import Breakpoint
from bpstudio.training.caption import Caption
from bpstudio.training.experiment import Experiment
from bpstudio.training.history import Segment
from bpstudio.training.metrics import SeriesView
from bpstudio.training.past import Bookmark, Event
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
