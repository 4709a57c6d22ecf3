"""Members of a race that take the same operations, trained in one computation.

Each member is, digit for digit, the run that it would be by itself: the same batches, the same updates, the same
metrics. The operations come from the members' own cursors and are stacked (``bpstudio.engine.stacking``). A member
whose numbers grow out of bounds leaves: what that means is for a session of its own to say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, repeat

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.regions import Block, Region, Unstackable
from bpstudio.engine.stacking import Stack
from bpstudio.engine.trace import Params, Trace, params_layout
from bpstudio.maths.operations import Array, run
from bpstudio.training.cursor import Cursor
from bpstudio.training.evaluation import evaluate
from bpstudio.training.experiment import Experiment
from bpstudio.training.feed import Feed
from bpstudio.training.metrics import Leg, Series
from bpstudio.training.schedules import Plateau
from bpstudio.training.session import Session
from bpstudio.training.stacked_pass import Pass

COLUMNS = ("loss", "accuracy")
RECORDED_AT_ONCE = 1024


def check_stackable(experiments: Sequence[Experiment], dataset: Dataset) -> None:
    """Raise Unstackable where these experiments cannot be trained in one computation."""
    first = experiments[0]
    for experiment in experiments:
        if not all(isinstance(layer, Dense) for layer in experiment.network.layers):
            raise Unstackable("only dense layers are stacked")
        if experiment.stopping is not None or isinstance(experiment.schedule, Plateau):
            raise Unstackable("what a run does depends on its own validations")
        if _batches_and_loss(experiment) != _batches_and_loss(first):
            raise Unstackable("the members do not take the same batches or the same loss")
        if experiment.network.sizes != first.network.sizes or type(experiment.optimizer) is not type(first.optimizer):
            raise Unstackable("the members differ in shape or rule")


def _batches_and_loss(experiment: Experiment) -> tuple[object, ...]:
    batches = experiment.batch_size, experiment.shuffle, experiment.dtype, experiment.validate_every
    return *batches, experiment.loss, experiment.reduction, experiment.network.layers[-1].activation


@dataclass
class Lane:
    """One member: its experiment, where it starts, and what was recorded of it."""

    experiment: Experiment
    start: Params
    cursor: Cursor
    legs: tuple[Leg, ...] = ()
    """What was recorded of it before another member left."""
    validation: list[tuple[float, float, float]] = field(default_factory=list)


class Together:
    """K members from step 0 on. ``run`` moves all of them; ``left`` names those that cannot go on here.

    Raises Unstackable where they cannot be stacked.
    """

    def __init__(self, experiments: Sequence[Experiment], dataset: Dataset, starts: Sequence[Params]) -> None:
        check_stackable(experiments, dataset)
        self.dataset = dataset
        self.step = 0
        self.lanes = [
            Lane(experiment, start, Session(experiment, dataset, start).cursor)
            for experiment, start in zip(experiments, starts, strict=True)
        ]
        self.one_by_one: tuple[str, ...] = ()
        """The operations that are carried out member by member, because their digits would differ otherwise."""
        self._passes: dict[int, Pass] = {}
        self._build()
        self.restore(0, [lane.cursor.memory for lane in self.lanes])
        self._record()
        self._validate()

    @property
    def members(self) -> int:
        """How many run here."""
        return len(self.lanes)

    @property
    def numbers_in_a_step(self) -> int:
        """About how many numbers a step computes."""
        return self.stacked_memory.flat.size + self.pass_now.arena.flat.size

    def run(self, steps: int) -> list[int]:
        """Train; returns the members, by their places here, whose numbers may no longer be finite. The steps end where
        that happens: those members have to leave before the others can go on.
        """
        target = self.step + steps
        with np.errstate(all="ignore"):
            while self.step < target:
                if not self._stretch(target):
                    return self.out_of_bounds()
        return []

    def without(self, places: Sequence[int]) -> None:
        """Go on without some members."""
        kept = [number for number in range(self.members) if number not in places]
        memories = [self.stacked_memory.take(number) for number in kept]
        for number in kept:
            self.lanes[number].legs = self.legs(number)
        self.lanes = [self.lanes[number] for number in kept]
        if self.lanes:
            self._build()
            self.restore(self.step, memories)

    def params(self, number: int) -> Params:
        """A copy of a member's parameters at the present step."""
        network = self.lanes[number].experiment.network
        return Params(network, self.stacked_memory.take(number)[: params_layout(network).size])

    def memory(self, number: int) -> Array:
        """A copy of a member's parameters and optimiser state, flat: a keyframe of the present step."""
        return self.stacked_memory.take(number)

    def trace(self, number: int) -> Trace:
        """What the present step computed for a member, copied."""
        lane, now = self.lanes[number], self.pass_now
        network = lane.experiment.network
        x = now.x.take(number).reshape(now.rows, -1)
        sequential = lane.experiment.update_order == "sequential"
        penalties = lane.experiment.penalties
        return Trace(network, now.rows, x, now.arena.take(number), self.params(number), sequential, penalties)

    def legs(self, number: int) -> tuple[Leg, ...]:
        """What was recorded of a member."""
        self._drain()
        self._flush()
        lane = self.lanes[number]
        first = lane.legs[-1].stop if lane.legs else 0
        validation = np.array([each for each in lane.validation if each[0] >= first], dtype=np.float64).reshape(-1, 3)
        # The record holds the numbers of all members side by side; a leg finds its own by name.
        columns = ("",) * (number * len(COLUMNS)) + COLUMNS
        numbers = self._numbers.view()
        leg = Leg(first, first + numbers.length, columns, numbers, Series(0, np.uint8).view(), (), validation)
        return (*lane.legs, leg) if numbers.length else lane.legs

    def place(self) -> tuple[int, int]:
        """(epoch, batch in it) of the present step."""
        return divmod(self.step, self.batches.per_epoch)

    # ---- building

    def _build(self) -> None:
        cursors = [lane.cursor for lane in self.lanes]
        first = self.lanes[0].experiment
        seeds = {lane.experiment.seed for lane in self.lanes}
        self.batches = Feed(
            [cursor.batches for cursor in cursors], first, self.dataset, not first.shuffle or len(seeds) == 1
        )
        rules = {(lane.experiment.optimizer, lane.experiment.schedule) for lane in self.lanes}
        self.ticks = any(cursor.clock.ticks for cursor in cursors)
        self.alike = len(rules) == 1
        layout = params_layout(first.network)
        count = 1 + len(first.optimizer.states)
        if cursors[0].memory.size != count * layout.size:
            raise Unstackable("a state that is not one number for each parameter")
        self._parts = (
            [block for part in range(count) for block in _params_blocks(first, part * layout.size)],
            [block for part in range(count - 1) for block in _params_blocks(first, part * layout.size)],
        )
        self.stacked_memory = Region([cursor.memory for cursor in cursors], self._parts[0])
        self.stacked_next = Region([cursor.next for cursor in cursors], self._parts[1])
        self._passes = {}
        self._numbers = Series(len(COLUMNS) * len(self.lanes))
        self._reduced: list[Array] = []
        self._validates = len(self.dataset.validation) > 0

    def _pass(self, rows: int) -> Pass:
        if rows not in self._passes:
            kept = self.stacked_memory.flat.copy(), self.stacked_next.flat.copy()
            self._passes[rows] = self._fitting(rows)
            self.stacked_memory.flat[...], self.stacked_next.flat[...] = kept
            self.one_by_one = tuple(sorted({*self.one_by_one, *self._passes[rows].one_by_one}))
        return self._passes[rows]

    def _fitting(self, rows: int) -> Pass:
        """The pass in which more operations are one. The rows of all members beside each other make one product of
        the first layer where x is shared; sums over rows keep their digits more often where each member's lie alone.
        """
        if not self.batches.shared:
            return self._bound(rows, by_row=False)
        try:
            beside = self._bound(rows, by_row=True)
            if not beside.one_by_one:
                return beside
        except Unstackable:
            return self._bound(rows, by_row=False)
        apart = self._bound(rows, by_row=False)
        return apart if len(apart.one_by_one) < len(beside.one_by_one) else beside

    def _bound(self, rows: int, by_row: bool) -> Pass:
        cursors = [lane.cursor for lane in self.lanes]
        stack = Stack(self.members, self.ticks, self.alike)
        stack.adopt(self.stacked_memory)
        stack.adopt(self.stacked_next)
        experiment = self.lanes[0].experiment
        return Pass(stack, cursors, experiment, self.dataset.task, rows, by_row, self.batches.shared)

    def restore(self, step: int, memories: Sequence[Array]) -> None:
        """Put a keyframe of every member in place, and compute its step."""
        self.step = step
        for number, memory in enumerate(memories):
            self.stacked_memory.put(number, memory)
        epoch, position = self.place()
        self.pass_now = self._pass(self.batches.length(position))
        x, y = self.batches.window(epoch, position)
        self.pass_now.x_all[...], self.pass_now.y_all[...] = x[0], y[0]
        self.pass_now.tick(step)
        with np.errstate(all="ignore"):
            run(self.pass_now.compute)

    # ---- training

    def _stretch(self, target: int) -> bool:
        """Steps of one batch size up to the next event; False where numbers may have left their bounds."""
        epoch, position = divmod(self.step + 1, self.batches.per_epoch)
        now = self._pass(self.batches.length(position))
        if now is not self.pass_now:
            self._drain()
            run(self.pass_now.commit)
        count = min(target - self.step, self.batches.alike(position), now.block - now.filled)
        if self._validates:
            count = min(count, self._until_validation(self.step))
        operations = now.commit_and_compute if now is self.pass_now else now.compute
        x, y = self.batches.window(epoch, position)
        into_x, into_y = now.x_all, now.y_all
        # With all rows in one batch they are there already.
        fed = zip(x, y, strict=True) if self.batches.per_epoch > 1 else repeat((None, None))
        self.pass_now = now
        ring, part, logits, z = now.ring, now.answers, now.logits_ring, now.logits
        checked, square, infinity = now.checked, now.checked.dot, math.inf
        slot, done, good = now.filled, 0, True
        copyto, ticks = np.copyto, self.ticks
        # What can be looked up before this loop, is, as in the loop of a single run.
        for batch_x, batch_y in islice(fed, count):
            if batch_x is not None:
                copyto(into_x, batch_x)
                copyto(into_y, batch_y)
            if ticks:
                now.tick(self.step + 1 + done)
            for function, arguments in operations:
                function(*arguments)
            done += 1
            ring[slot] = part
            if logits is not None:
                logits[slot] = z
            slot += 1
            if not square(checked) < infinity:
                good = False
                break
            operations = now.commit_and_compute
        now.targets.append(y[:done] if self.batches.per_epoch > 1 else np.broadcast_to(y[:1], (done, *y.shape[1:])))
        now.filled = slot
        self.step += done
        if now.filled == now.block:
            self._drain()
        if good and self._validates and self._until_validation(self.step - 1) == 1:
            self._validate()
        return good

    def _until_validation(self, step: int) -> int:
        return self.lanes[0].cursor.until_judged(step)

    def _validate(self) -> None:
        if not self._validates:
            return
        for number, lane in enumerate(self.lanes):
            found = evaluate(lane.experiment, self.params(number), self.dataset, self.dataset.validation)
            lane.validation.append((float(self.step), *found))

    def _record(self) -> None:
        """Record the step at which the race begins."""
        now = self.pass_now
        now.ring[0] = now.answers
        if now.logits_ring is not None:
            now.logits_ring[0] = now.logits
        now.targets.append(self.batches.window(*self.place())[1][:1])
        now.filled = 1
        self._drain()

    def _drain(self) -> None:
        """Reduce what waits in the rings to metrics."""
        if self.pass_now.filled == 0:
            return
        with np.errstate(all="ignore"):
            self._reduced.append(self.pass_now.drain())
        # A record that grows by more steps at a time grows faster.
        if sum(len(rows) for rows in self._reduced) >= RECORDED_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        """Hand what was reduced to the record."""
        if self._reduced:
            self._numbers.append(np.concatenate(self._reduced))
            self._reduced.clear()

    def out_of_bounds(self) -> list[int]:
        """The members whose sum of squares is not finite."""
        found = []
        with np.errstate(all="ignore"):
            for number in range(self.members):
                checked = self.trace(number).checked
                if not checked.dot(checked) < math.inf:
                    found.append(number)
        return found


def _params_blocks(experiment: Experiment, offset: int) -> list[Block]:
    layout = params_layout(experiment.network)
    blocks = [Block(offset + p.start, s, False) for p, s in zip(layout.W, layout.shapes, strict=True)]
    return [*blocks, *(Block(offset + p.start, (p.stop - p.start,), False) for p in layout.b)]
