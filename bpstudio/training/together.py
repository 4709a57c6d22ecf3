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
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import Array, run
from bpstudio.training.arithmetic import accuracy
from bpstudio.training.cursor import Cursor
from bpstudio.training.evaluation import evaluate
from bpstudio.training.experiment import Experiment
from bpstudio.training.feed import Feed
from bpstudio.training.metrics import Leg, Series
from bpstudio.training.schedules import Plateau
from bpstudio.training.session import Session

BLOCK_BYTES = 2**21
CHUNK_BYTES = 2**16
COLUMNS = ("loss", "accuracy")


def check_stackable(experiments: Sequence[Experiment], dataset: Dataset) -> None:
    """Raise Unstackable where these experiments cannot be trained in one computation."""
    first = experiments[0]
    for experiment in experiments:
        if not all(isinstance(layer, Dense) for layer in experiment.network.layers):
            raise Unstackable("only dense layers are stacked")
        if experiment.stopping is not None or isinstance(experiment.schedule, Plateau):
            raise Unstackable("what a run does depends on its own validations")
        same = (experiment.batch_size, experiment.shuffle, experiment.dtype, experiment.validate_every)
        if same != (first.batch_size, first.shuffle, first.dtype, first.validate_every):
            raise Unstackable("the members do not take the same batches")
        if experiment.network.sizes != first.network.sizes or type(experiment.optimizer) is not type(first.optimizer):
            raise Unstackable("the members differ in shape or rule")


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
        return self.stacked_memory.flat.size + self._now.arena.flat.size

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
        lane, now = self.lanes[number], self._now
        network = lane.experiment.network
        x = now.x.take(number).reshape(now.rows, -1)
        sequential = lane.experiment.update_order == "sequential"
        penalties = lane.experiment.penalties
        return Trace(network, now.rows, x, now.arena.take(number), self.params(number), sequential, penalties)

    def legs(self, number: int) -> tuple[Leg, ...]:
        """What was recorded of a member."""
        self._drain()
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
            return Pass(self, rows, by_row=False)
        try:
            beside = Pass(self, rows, by_row=True)
            if not beside.one_by_one:
                return beside
        except Unstackable:
            return Pass(self, rows, by_row=False)
        apart = Pass(self, rows, by_row=False)
        return apart if len(apart.one_by_one) < len(beside.one_by_one) else beside

    def restore(self, step: int, memories: Sequence[Array]) -> None:
        """Put a keyframe of every member in place, and compute its step."""
        self.step = step
        for number, memory in enumerate(memories):
            self.stacked_memory.put(number, memory)
        epoch, position = self.place()
        self._now = self._pass(self.batches.length(position))
        x, y = self.batches.window(epoch, position)
        self._now.x_all[...], self._now.y_all[...] = x[0], y[0]
        self._now.tick(step)
        with np.errstate(all="ignore"):
            run(self._now.compute)

    # ---- training

    def _stretch(self, target: int) -> bool:
        """Steps of one batch size up to the next event; False where numbers may have left their bounds."""
        epoch, position = divmod(self.step + 1, self.batches.per_epoch)
        now = self._pass(self.batches.length(position))
        if now is not self._now:
            self._drain()
            run(self._now.commit)
        count = min(target - self.step, self.batches.alike(position), now.block - now.filled)
        if self._validates:
            count = min(count, self._until_validation(self.step))
        operations = now.commit_and_compute if now is self._now else now.compute
        x, y = self.batches.window(epoch, position)
        into_x, into_y = now.x_all, now.y_all
        # With all rows in one batch they are there already.
        fed = zip(x, y, strict=True) if self.batches.per_epoch > 1 else repeat((None, None))
        self._now = now
        ring, part, logits, z = now.ring, now.answers, now.logits_ring, now.logits
        checked, square, infinity = now.checked, now.checked.dot, math.inf
        slot, done, good = now.filled, 0, True
        copyto = np.copyto
        # What can be looked up before this loop, is, as in the loop of a single run.
        for batch_x, batch_y in islice(fed, count):
            if batch_x is not None:
                copyto(into_x, batch_x)
                copyto(into_y, batch_y)
            if self.ticks:
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
        now = self._now
        now.ring[0] = now.answers
        if now.logits_ring is not None:
            now.logits_ring[0] = now.logits
        now.targets.append(self.batches.window(*self.place())[1][:1])
        now.filled = 1
        self._drain()

    def _drain(self) -> None:
        """Reduce what waits in the rings to metrics."""
        if self._now.filled == 0:
            return
        with np.errstate(all="ignore"):
            numbers = self._now.drain()
        self._numbers.append(numbers)

    def out_of_bounds(self) -> list[int]:
        """The members whose sum of squares is not finite."""
        found = []
        with np.errstate(all="ignore"):
            for number in range(self.members):
                checked = self.trace(number).checked
                if not checked.dot(checked) < math.inf:
                    found.append(number)
        return found


class Pass:
    """One step of all members over so many rows, bound to the stacked arrays, and the ring of what it computed."""

    def __init__(self, group: Together, rows: int, by_row: bool) -> None:
        experiment = group.lanes[0].experiment
        network = experiment.network
        cursors = [lane.cursor for lane in group.lanes]
        steps = [cursor.step_for(rows) for cursor in cursors]
        traces = [step.trace for step in steps]
        first = traces[0]
        members = len(cursors)
        stack = Stack(members, ticks=group.ticks, alike=group.alike)
        stack.adopt(group.stacked_memory)
        stack.adopt(group.stacked_next)
        self.rows = rows
        self.arena = stack.region([trace.arena for trace in traces], _arena_blocks(first, by_row))
        shape = first.x.shape
        self.x = stack.region([trace.x for trace in traces], [Block(0, shape, False)], shared=group.batches.shared)
        self.commit = stack.bind([step.commit for step in steps])
        self.compute = stack.bind([step.compute for step in steps])
        self.commit_and_compute = [*self.commit, *self.compute]
        self.one_by_one = tuple(stack.one_by_one)
        self._live = stack.live
        clocks = [cursor.clock for cursor in cursors]
        self._clocks = clocks[:1] if group.alike else clocks
        self.x_all = self.x.flat.reshape((rows, -1) if group.batches.shared else (members, rows, -1))
        y = self.arena.whole(first.y)
        self.y_all = np.moveaxis(y, -2, 0)
        self.checked = self.arena.stretch(first.checked)
        last = first.layers[-1]
        self._loss, self._output = loss_named(experiment.loss), network.layers[-1].activation
        paired = self._loss.paired_value is not None and self._output == self._loss.paired_with
        self.answers = self.arena.stretch(last.a)
        self.logits = self.arena.stretch(last.z)
        self.block = int(np.clip(BLOCK_BYTES // self.answers.nbytes, 4, 256))
        self.ring = np.zeros((self.block, self.answers.size), self.answers.dtype)
        self.logits_ring = np.zeros_like(self.ring) if paired else None
        self.targets: list[Array] = []
        self.filled = 0
        self._by_row = by_row and len(first.layers) == 1
        self._shape = (rows, members, network.outputs) if self._by_row else (members, rows, network.outputs)
        self._scale = self._loss.scale(experiment.reduction, rows, network.outputs)
        self._task = group.dataset.task

    def tick(self, step: int) -> None:
        """Make the changing numbers ready for a step."""
        for clock in self._clocks:
            if clock.ticks:
                clock.at(step)
        for live in self._live:
            live.refresh()

    def drain(self) -> Array:
        """(steps, K · columns): what waits in the rings, reduced to metrics; they are empty afterwards."""
        steps, self.filled = self.filled, 0
        y = np.concatenate(self.targets)
        self.targets.clear()
        if y.ndim == 3:
            y = y[:, None]
        # A loss that is not taken from the logits does not look at them.
        rings = self.ring, self.ring if self.logits_ring is None else self.logits_ring
        a, z = (ring[:steps].reshape(steps, *self._shape) for ring in rings)
        if self._by_row:
            # By member first, so that every sum runs over the same neighbours as in a run by itself.
            a, z = (np.ascontiguousarray(part.swapaxes(1, 2)) for part in (a, z))
        # In stretches that stay in the cache: fresh memory for all of them at once would cost more than the sums.
        chunk = max(1, CHUNK_BYTES // max(a[0].nbytes, 1))
        starts = range(0, steps, chunk)
        return np.concatenate([self._reduced(*(part[n : n + chunk] for part in (z, a, y))) for n in starts])

    def _reduced(self, z: Array, a: Array, y: Array) -> Array:
        """(steps, K · columns) from z and a (steps, K, rows, outputs) and targets that meet them."""
        elements = self._loss.elements(self._output, z, a, y)
        # A sum of one is that one; taking it so saves most of the time that a small network needs here.
        costs = elements[..., 0] if elements.shape[-1] == 1 else np.add.reduce(elements, axis=-1)
        costs = costs.astype(np.float64, copy=False)
        losses = np.add.reduce(costs, axis=-1) * self._scale
        return np.stack([losses, accuracy(self._task, a, y)], axis=2).reshape(len(a), -1)


def _params_blocks(experiment: Experiment, offset: int) -> list[Block]:
    layout = params_layout(experiment.network)
    blocks = [Block(offset + p.start, s, False) for p, s in zip(layout.W, layout.shapes, strict=True)]
    return [*blocks, *(Block(offset + p.start, (p.stop - p.start,), False) for p in layout.b)]


def _arena_blocks(trace: Trace, by_row: bool) -> list[Block]:
    """Every array of a pass, once; ``by_row`` says how those of the first layer's units are stacked."""
    found: dict[int, Block] = {}

    def add(array: Array | None, by_row: bool = False) -> None:
        if array is None or array.size == 0:
            return
        offset = (array.__array_interface__["data"][0] - trace.arena.__array_interface__["data"][0]) // array.itemsize
        if 0 <= offset < trace.arena.size:
            found[offset] = Block(offset, array.shape, by_row)

    for number, layer in enumerate(trace.layers):
        first = by_row and number == 0
        for array in (layer.z, layer.a, layer.delta, trace.slopes[number]):
            add(array, first)
        add(layer.dx, by_row and number == 1)
        add(layer.mean)
        add(layer.term)
    for array in (trace.y, trace.dC_da):
        add(array, by_row and len(trace.layers) == 1)
    add(trace.penalties)
    for params in (trace.gradient, trace.update, trace.used):
        for array in (*params.W, *params.b):
            add(array)
    return list(found.values())
