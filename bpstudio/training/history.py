"""A stretch of a run's past that can be replayed from its own start, and a path through such stretches.

A segment is a stretch without edits, a pure function of (experiment, data, starting keyframe). Its keyframes and its
record only ever grow, so an older chain that ends earlier in the same segment, as undo and branches need it, is a
reference and a number.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.trace import Params
from bpstudio.maths.operations import Array
from bpstudio.training.arithmetic import metric_columns, saturating_units, switching_units
from bpstudio.training.caption import UNNAMED, Caption
from bpstudio.training.experiment import Experiment
from bpstudio.training.metrics import Leg, Metrics, Series, SeriesView
from bpstudio.training.schedules import Plateau
from bpstudio.training.stopping import NOT_WATCHED, Watch

# A seek replays at most this many steps. A keyframe of a large network costs as much as two of its steps, since its
# memory is fresh, so they stand further apart there; those of a tiny one are cheap to make and to hold.
TINY_INTERVAL, TINY_BYTES = 32, 2**12
KEYFRAME_INTERVAL = 64
LARGE_INTERVAL, LARGE_BYTES = 256, 2**16
OBJECT_BYTES = 256
"""What an array of its own costs besides its numbers."""


class Segment:
    """A stretch of steps without edits: what it started from, its keyframes, and what was recorded of each step.

    ``memory`` is parameters and optimiser state in one flat array. The epoch of step k is ``epoch`` + (``position`` +
    k − ``start``) // batches per epoch: an edit that leaves the batches alone goes on in the middle of an epoch.

    ``number`` tells the segments of one session apart, ``cause`` is the name of the gesture that began it.
    ``begun`` is the step at which the optimiser's state began, from which it counts its updates; ``watched`` what was
    known of the validations before the segment. ``watches`` is the same after each of its own, by step.
    """

    def __init__(
        self,
        experiment: Experiment,
        dataset: Dataset,
        start: int,
        memory: Array,
        epoch: int = 0,
        position: int = 0,
        continued: str = "",
        explicit: Sequence[Array] | None = None,
        begun: int | None = None,
        watched: Watch = NOT_WATCHED,
        number: int = 0,
        cause: str = "",
    ) -> None:
        self.number = number
        self.cause = cause
        self.experiment = experiment
        self.dataset = dataset
        self.start = start
        self.epoch = epoch
        self.position = position
        self.continued = continued
        self.explicit = explicit
        self.columns = metric_columns(experiment)
        self.unit_layers = saturating_units(experiment)
        self.switches = switching_units(experiment)
        self.numbers = Series(len(self.columns))
        self.units = Series(len(self.unit_layers) + len(self.switches), np.uint8)
        self.begun = start if begun is None else begun
        self.watched = watched
        self.validation: list[tuple[float, float, float]] = []
        self.watches: list[tuple[int, Watch]] = []
        self._pinned = start
        self.interval = (
            TINY_INTERVAL
            if memory.nbytes < TINY_BYTES
            else KEYFRAME_INTERVAL
            if memory.nbytes < LARGE_BYTES
            else LARGE_INTERVAL
        )
        self._keyframes: dict[int, Array] = {start: memory.copy()}
        self._steps = [start]

    @property
    def keyframes(self) -> dict[int, Array]:
        """The keyframes by step, in order; what they hold never changes."""
        return {step: self._keyframes[step] for step in self._steps}

    @property
    def pinned(self) -> int:
        """The step whose keyframe is kept whatever the budget says: that of the best validation, or the start."""
        return self._pinned

    def fill(
        self,
        keyframes: Mapping[int, Array],
        interval: int,
        pinned: int,
        numbers: SeriesView,
        units: SeriesView,
        validation: Array,
        watches: Sequence[tuple[int, Watch]],
    ) -> None:
        """Put in place what another session recorded of this stretch; keyframes are taken by reference."""
        self._keyframes.update(keyframes)
        self._steps = sorted(self._keyframes)
        self.interval, self._pinned = interval, pinned
        self.numbers, self.units = Series.of(numbers), Series.of(units)
        self.validation = [(float(step), float(loss), float(share)) for step, loss, share in validation]
        self.watches = list(watches)

    @property
    def recorded(self) -> int:
        """One more than the last step whose numbers are recorded."""
        return self.start + self.numbers.length

    @property
    def nbytes(self) -> int:
        """The memory of the keyframes."""
        return len(self._keyframes) * (self._keyframes[self.start].nbytes + OBJECT_BYTES)

    @property
    def recorded_nbytes(self) -> int:
        """The memory of what was recorded of its steps."""
        return self.numbers.nbytes + self.units.nbytes

    def forget(self, budget: int) -> None:
        """Give up the oldest single steps of what was recorded until the budget holds."""
        smaller, larger = sorted((self.numbers, self.units), key=lambda series: series.nbytes)
        smaller.forget(budget // 2)
        larger.forget(budget - smaller.nbytes)

    def keep(self, step: int, memory: Array) -> None:
        """Keep a keyframe of this step."""
        if step not in self._keyframes:
            self._keyframes[step] = memory.copy()
            insort(self._steps, step)

    def nearest(self, step: int) -> tuple[int, Array]:
        """The last keyframe at or before ``step``."""
        at = self._steps[bisect_right(self._steps, step) - 1]
        return at, self._keyframes[at]

    def watch_at(self, step: int) -> Watch:
        """What was known of the validations when ``step`` was computed: those before it."""
        seen = bisect_left(self.watches, step, key=lambda each: each[0])
        return self.watches[seen - 1][1] if seen else self.watched

    def reductions(self, step: int) -> int:
        """How often the validations before ``step`` had reduced the rate."""
        return self.watch_at(step).schedule.ran_out

    def watch(self, step: int, loss: float, memory: Array, due: bool = True) -> bool:
        """Take note of a validation, and keep the keyframe of the best one; whether training stops here.

        One that is not ``due``, at the start of a segment, is only there to draw the curve from: an edit is no reason
        to lose patience.
        """
        before = self.watches[-1][1] if self.watches else self.watched
        schedule, stopping = before.schedule, before.stopping
        plan, stop = self.experiment.schedule, self.experiment.stopping
        if isinstance(plan, Plateau) and (due or schedule.best_step < 0):
            schedule = schedule.after(step, loss, plan.patience, plan.min_delta)
        if stop is not None and (due or stopping.best_step < 0):
            stopping = stopping.after(step, loss, stop.patience, stop.min_delta)
            if stopping.best_step == step:
                self._pin(step, memory)
        self.watches.append((step, Watch(schedule, stopping)))
        return stopping.ran_out > before.stopping.ran_out

    def _pin(self, step: int, memory: Array) -> None:
        """Keep this keyframe whatever the budget says, and the one before it no longer."""
        old, self._pinned = self._pinned, step
        self.keep(step, memory)
        if (old - self.start) % self.interval:
            self._steps.remove(old)
            del self._keyframes[old]

    @property
    def can_thin(self) -> bool:
        """Whether there is a keyframe that can be given up."""
        return len(self._steps) > len({self.start, self._pinned})

    def thin(self, budget: int) -> None:
        """Give up every second keyframe until the budget holds; the start and the best step are never given up."""
        while self.nbytes > budget and self.can_thin:
            self.interval *= 2
            self._steps = [s for s in self._steps if (s - self.start) % self.interval == 0 or s == self._pinned]
            self._keyframes = {step: self._keyframes[step] for step in self._steps}

    def leg(self, stop: int) -> Leg:
        """What was recorded of the steps before ``stop``."""
        validation = np.array(self.validation, dtype=np.float64).reshape(-1, 3)
        return Leg(
            self.start,
            min(stop, self.recorded),
            self.columns,
            self.numbers.view(),
            self.units.view(),
            self.unit_layers,
            validation,
            self.switches,
        )


@dataclass(frozen=True, slots=True)
class Chain:
    """A path through segments: each counts until the start of the next, the last one without end.

    ``origin`` are the parameters of step 0, to which a reset returns; ``caption`` is what a person calls the run.
    """

    segments: tuple[Segment, ...]
    origin: Params
    caption: Caption = UNNAMED

    def at(self, step: int) -> int:
        """The index of the segment to which ``step`` belongs."""
        return max(bisect_right([segment.start for segment in self.segments], step) - 1, 0)

    def until(self, step: int) -> tuple[Segment, ...]:
        """The segments that begin before ``step``."""
        return tuple(segment for segment in self.segments if segment.start < step)

    def metrics(self) -> Metrics:
        """The curves along the path."""
        stops = [segment.start for segment in self.segments[1:]] + [self.segments[-1].recorded]
        return Metrics(tuple(segment.leg(stop) for segment, stop in zip(self.segments, stops, strict=True)))
