"""Looks out for the steps in which conditions become true.

What is recorded of every step anyway is looked at a block of steps at a time. What a condition needs besides (a weight
and its update, the greatest slope of a unit, the answer for a row) is written down while the steps are computed, and
only then. A run in which nothing is looked out for does none of this.

A condition *becomes* true in a step in which it is true and in the one before it was not. Where looking begins, at the
step from which somebody trains on or at the start of a stretch that an edit began, things are taken as they are: what
is true there already is no news until it was false. In which pieces a run is made therefore changes nothing. A weight
crosses zero in the step whose update carries it there, and each crossing is news.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.maths.operations import Array, Operation
from bpstudio.training.arithmetic import Step
from bpstudio.training.breakpoints import Hit
from bpstudio.training.conditions import Condition
from bpstudio.training.experiment import Experiment
from bpstudio.training.expression import ExpressionError
from bpstudio.training.watchers import Block, MisfitError, Sample, Truth, Watcher, watcher

if TYPE_CHECKING:
    from bpstudio.training.cursor import Cursor


def misfit(condition: Condition, experiment: Experiment, dataset: Dataset) -> MisfitError | ExpressionError | None:
    """Why a condition has no meaning for what is trained, such as a unit that the network does not have; or None."""
    try:
        watcher(condition, experiment, dataset)
    except (MisfitError, ExpressionError) as error:
        return error
    return None


class Lookout:
    """Looks out for conditions while one cursor moves; those that have no meaning for its segment are passed over."""

    def __init__(self, cursor: Cursor, conditions: Iterable[Condition]) -> None:
        self.cursor = cursor
        self.conditions = tuple(conditions)
        self.hits: tuple[Hit, ...] = ()
        """What became true in the step in which looking ended, in the order of the conditions."""
        self.at = -1
        """The last step that was looked at."""
        segment = cursor.segment
        self._watchers: list[Watcher] = []
        for each in self.conditions:
            if misfit(each, segment.experiment, segment.dataset) is None:
                self._watchers.append(watcher(each, segment.experiment, segment.dataset))
        self._last: list[tuple[Array, Truth]] = []
        self._notes: dict[int, _Notes] = {}
        self._start = (cursor.step, np.empty_like(cursor.memory))
        self._rows: tuple[int, Array, Array, _Notes] | None = None

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to look out for."""
        return bool(self._watchers)

    def begin(self) -> None:
        """Look at the present step, unless that was the last one, and take things as they are."""
        self.hits = ()
        cursor = self.cursor
        if self.at == cursor.step:
            return
        notes = self._notes_of(cursor.now)
        notes.used = 0
        notes.take()
        numbers, units = cursor.present()
        self._last = [each.read(self._block(each, cursor.step, numbers, units, 0, notes)) for each in self._watchers]
        self.at = cursor.step

    def already(self) -> tuple[Condition, ...]:
        """What is true at the present step, and so no news before it was false."""
        self.begin()
        return tuple(each.condition for each, (_, true) in zip(self._watchers, self._last, strict=True) if true.any())

    def writing(self, step: Step) -> tuple[Operation, ...]:
        """What is to be done in each step, after it was computed."""
        notes = self._notes_of(step)
        notes.used = 0
        return ((notes.take, ()),) if notes.parts else ()

    def leave(self) -> None:
        """Remember the present state of the cursor, to which it may have to come back."""
        self._start[1][...] = self.cursor.memory
        self._start = (self.cursor.step, self._start[1])

    @property
    def left(self) -> tuple[int, Array]:
        """The step and the state that were remembered last."""
        return self._start

    def receive(self, step: Step, first: int, numbers: Array, units: Array) -> None:
        """What was recorded of ``first`` and the steps that follow, to be looked at."""
        self._rows = first, numbers, units, self._notes_of(step)

    def look(self, start: int, stop: int) -> bool:
        """Look at the received rows from ``start`` to before ``stop``, in order; whether something became true.

        Then ``at`` is the first step in which it did, and ``hits`` says what; what comes after it was not looked at.
        """
        if self._rows is None or start >= stop:
            return False
        first, numbers, units, notes = self._rows
        found: list[tuple[Watcher, Block, Array, Truth, Array, Truth]] = []
        row = stop - start - 1
        for each, (last, was) in zip(self._watchers, self._last, strict=True):
            block = self._block(each, first + start, numbers[start:stop], units[start:stop], start, notes)
            values, true = each.read(block)
            before = np.concatenate([last[-1:], values[:-1]])
            news = each.news(values, true, before, np.concatenate([was[-1:], true[:-1]]))
            rows = np.flatnonzero(news.any(axis=1))
            row = min(row, int(rows[0])) if len(rows) else row
            found.append((each, block, values, true, before, news))
        self.at = first + start + row
        self._last = [(values[row : row + 1], true[row : row + 1]) for _, _, values, true, _, _ in found]
        self.hits = tuple(
            _hit(each, block, row, values, before, news)
            for each, block, values, _, before, news in found
            if news[row].any()
        )
        return bool(self.hits)

    def _block(self, each: Watcher, first: int, numbers: Array, units: Array, start: int, notes: _Notes) -> Block:
        # A copy, because what is read of the last step is kept, and the ring is written again.
        sample = notes.of(each)[start : start + len(numbers)].copy()
        return Block(self.cursor.segment, self.cursor.batches.per_epoch, first, numbers, units, sample)

    def _notes_of(self, step: Step) -> _Notes:
        rows = step.trace.rows
        if rows not in self._notes:
            self._notes[rows] = _Notes(self.cursor, step, self._watchers)
        return self._notes[rows]


class _Notes:
    """What is written down of each step of one batch size, in a ring as long as that of the metrics."""

    def __init__(self, cursor: Cursor, step: Step, watchers: Iterable[Watcher]) -> None:
        self.used = 0
        self.parts: list[tuple[Array, Sample]] = []
        self._none = np.empty((step.block, 0))
        self._of: dict[int, Array] = {}
        for each in watchers:
            if each.sampling is not None:
                ring = self._of[id(each)] = np.zeros((step.block, each.width))
                self.parts.append((ring, each.sampling(cursor, step)))

    def take(self) -> None:
        """Write down what there is of the present step."""
        used = self.used
        for ring, sample in self.parts:
            ring[used] = sample()
        self.used = used + 1

    def of(self, watcher: Watcher) -> Array:
        """The ring of a watcher, (steps, width)."""
        return self._of.get(id(watcher), self._none)


def _hit(watcher: Watcher, block: Block, row: int, values: Array, before: Array, news: Truth) -> Hit:
    things = np.flatnonzero(news[row])
    thing = int(things[0])
    layer, index = watcher.things[thing]
    if watcher.before is not None:
        before = watcher.before(block)
    return Hit(
        watcher.condition,
        block.first + row,
        float(values[row, thing]),
        float(before[row, thing]),
        layer,
        index,
        len(things) - 1,
    )
