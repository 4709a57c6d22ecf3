"""A cursor stands at one step of a segment, with the arrays of that step, and can move along the segment.

Moving forward either records what was not recorded yet or replays what was; both take the same code path, so the
digits are the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice

import numpy as np

from bpstudio.engine.penalizing import averages_size
from bpstudio.engine.trace import Params, params_layout
from bpstudio.maths.operations import Array, run
from bpstudio.training.arithmetic import Step
from bpstudio.training.batches import Batches
from bpstudio.training.divergence import NonFinite
from bpstudio.training.evaluation import evaluate
from bpstudio.training.history import Segment
from bpstudio.training.lookout import Lookout
from bpstudio.training.near import Near
from bpstudio.training.recording import Tape
from bpstudio.training.schedules import Plateau
from bpstudio.training.stopping import Stopped
from bpstudio.training.update import clock_of

VALIDATION_SPACING = 8  # steps; an epoch may be a single step


class Cursor:
    """Stands at a step of a segment, at first where it was put: ``memory`` is a keyframe of ``step``.

    ``kept(segment)`` is called whenever the segment has grown (a keyframe, a block of metrics), so that the owner can
    hold a budget. ``near`` takes states on the way, for those who step back.
    """

    def __init__(
        self, segment: Segment, step: int, memory: Array, kept: Callable[[Segment], None], near: Near | None = None
    ) -> None:
        experiment = segment.experiment
        size = params_layout(experiment.network).size
        count = len(experiment.optimizer.states)
        self.segment = segment
        averages = averages_size(experiment.network, experiment.penalties)
        self.memory: Array = np.zeros(size * (1 + count) + averages, experiment.dtype)
        self.next: Array = np.zeros(size * count + averages, experiment.dtype)
        self.params = Params(experiment.network, self.memory[:size])
        self.nonfinite: NonFinite | None = None
        self.step = step
        self._kept = kept
        self._near = near
        self._states = [self.memory[size * (1 + i) : size * (2 + i)] for i in range(count)]
        self._states_next = [self.next[size * i : size * (i + 1)] for i in range(count)]
        self._averages = self.memory[size * (1 + count) :], self.next[size * count :]
        self._steps: dict[int, Step] = {}
        self.clock = clock_of(experiment, segment.begun, segment.reductions)
        self.stopped: Stopped | None = None
        self.batches = Batches(
            segment.dataset,
            experiment.batch_size,
            experiment.seed,
            experiment.shuffle,
            experiment.dtype,
            segment.explicit,
        )
        self._validates = len(segment.dataset.validation) > 0
        self._scheduled = not experiment.schedule.constant
        self._judges = self._validates or experiment.stopping is not None or isinstance(experiment.schedule, Plateau)
        self.now = self.step_for(self.batches.length(self.place(step)[1]))
        self.restore(step, memory)

    @property
    def reached(self) -> int:
        """One more than the last step of the segment that has been computed."""
        return self.segment.recorded + self.now.filled

    def place(self, step: int) -> tuple[int, int]:
        """(epoch, batch in it) of a step of the present segment."""
        segment = self.segment
        epochs, position = divmod(segment.position + step - segment.start, self.batches.per_epoch)
        return segment.epoch + epochs, position

    def advance(self, target: int, tape: Tape | None = None, lookout: Lookout | None = None) -> None:
        """Move forward to a step, or to where the run became non-finite, or where it stops by itself, or to the first
        step that the lookout has to tell of.
        """
        with np.errstate(all="ignore"):
            if lookout is not None:
                lookout.begin()
            while self.step < target and self.nonfinite is None and self.stopped is None:
                self._stretch(target, tape, lookout)
                if lookout is not None and lookout.hits:
                    return

    def seek(self, step: int) -> None:
        """Move to a step of the segment, from the nearest state that is kept where that is shorter."""
        self.drain()
        at, memory = self.segment.nearest(step)
        near = None if self._near is None else self._near.before(self.segment, step)
        if near is not None and near[0] > at:
            at, memory = near
        if step < self.step or at > self.step or self.nonfinite is not None:
            self.restore(at, memory)
        self.advance(step)

    def restore(self, step: int, memory: Array) -> None:
        """Put a keyframe in place and compute its step."""
        self.memory[...] = memory
        self.step = step
        self.nonfinite = None
        epoch, position = self.place(step)
        self.now = self.step_for(self.batches.length(position))
        self.now.filled = 0
        next(self.batches.feed(epoch, position, self.now.trace.x, self.now.trace.y))
        if self.now.masks.needed:
            self.now.masks.write(step, self._rows(step))
        with np.errstate(all="ignore"):
            if self.clock.ticks:
                self.clock.at(step)
            run(self.now.compute)
            if not self.now.finite():
                self._is_nonfinite(step)
            segment = self.segment
            if step == segment.recorded:
                self.now.record()
                if self._judges and not segment.watches:
                    self._judge(self.until_judged(step - 1) == 1)
                    self.stopped = None  # an edit comes to rest here anyway
                self.drain()

    def _stretch(self, target: int, tape: Tape | None, lookout: Lookout | None) -> None:
        """Steps of one batch size up to the next event: the end of a window of data, a full ring, a keyframe, a
        validation.
        """
        segment, batches = self.segment, self.batches
        epoch, position = self.place(self.step + 1)
        step = self.step_for(batches.length(position))
        if lookout is not None:
            self.drain()
            lookout.leave()
        if step is not self.now:
            self.drain()
            run(self.now.commit)
        until_keyframe = segment.interval - (self.step - segment.start) % segment.interval
        count = min(target - self.step, until_keyframe, batches.alike(position))
        spacing = 0 if self._near is None else self._near.spacing(segment.interval, self.memory)
        if spacing:
            count = min(count, spacing - (self.step - segment.start) % spacing)
        unrecorded = segment.recorded + self.now.filled - (self.step + 1)
        is_new = unrecorded <= 0
        record = is_new or lookout is not None
        count = min(count, step.block - step.filled if record else count, count if is_new else unrecorded)
        if self._judges:
            count = min(count, self.until_judged(self.step))
        trace, checked = step.trace, step.trace.checked
        following = step.commit_and_compute
        operations = following if step is self.now else step.compute
        if lookout is not None:
            following, operations = (each + lookout.writing(step) for each in (following, operations))
        feed = batches.feed(epoch, position, trace.x, trace.y)
        if self.clock.ticks:
            feed = self.clock.ticking(feed, self.step + 1)
        if step.masks.needed:
            feed = step.masks.writing(feed, self.step + 1, self._rows)
        (ring, second_ring), (part, second_part) = step.rings, step.recorded
        sums, sums_ring = step.sums, step.sums_ring
        square, infinity = checked.dot, math.inf
        slot, done = step.filled, 0
        kept, memory = None if tape is None else tape.rows(count, self.memory), self.memory
        every = 1 if tape is None else tape.spacing
        self.now = step
        # This loop is the product's pulse: what can be looked up before it, is.
        for _ in islice(feed, count):
            for function, arguments in operations:
                function(*arguments)
            if kept is not None and not done % every:
                kept[done // every] = memory
            done += 1
            if record:
                ring[slot] = part
                second_ring[slot] = second_part
                if sums is not None:
                    sums_ring[slot] = sums.take()
                slot += 1
            if not square(checked) < infinity and self._is_nonfinite(self.step + done):
                break
            operations = following
        step.filled = slot
        if tape is not None and kept is not None:
            tape.keep(segment, self.step + 1, done, kept)
        self.step += done
        overflowed = self.nonfinite is not None and not np.isfinite(self.params.flat).all()
        step.filled -= overflowed and record
        looked = step.filled
        if lookout is not None and self._hit_on_the_way(lookout, self.step - done + 1, is_new, overflowed):
            return
        if overflowed:
            self._step_before_overflow()
            return
        if is_new:
            self._after_recording(segment, step)
        if self._near is not None and spacing and (self.step - segment.start) % spacing == 0 and not self.nonfinite:
            self._near.keep(segment, self.step, self.memory)
        if lookout is not None and self.nonfinite is None:
            lookout.look(looked - 1, looked)  # after the validation that may have been due

    def _hit_on_the_way(self, lookout: Lookout, first: int, is_new: bool, overflowed: bool) -> bool:
        """Look at the steps in the ring, ``first`` and those that follow, before the one at which the stretch ended.
        If there is something to tell of, go back to the first such step: what comes after it never was.
        """
        if not self.now.filled:
            return False  # the first of them overflowed
        numbers, units = self._reduced(first)
        lookout.receive(self.now, first, numbers, units)
        is_hit = lookout.look(0, len(numbers) if overflowed else len(numbers) - 1)
        if is_new:
            known = lookout.at + 1 - first if is_hit else len(numbers)
            self._append(numbers[:known], units[:known])
        if is_hit:
            self.restore(*lookout.left)
            self.advance(lookout.at)
        return is_hit

    def _after_recording(self, segment: Segment, step: Step) -> None:
        if self._judges and self.nonfinite is None and self.until_judged(self.step - 1) == 1:
            self.drain()
            self._judge()
        if step.filled == step.block or self.nonfinite is not None:
            self.drain()
        if self.nonfinite is None and (self.step - segment.start) % segment.interval == 0:
            segment.keep(self.step, self.memory)
            self._kept(segment)

    def drain(self) -> None:
        """Reduce what waits in the ring to metrics."""
        if self.now.filled:
            self._append(*self._reduced(self.segment.recorded))

    def present(self) -> tuple[Array, Array]:
        """(numbers, units) of the present step, (1, …) each, as they are recorded."""
        self.drain()
        self.now.record()
        return self._reduced(self.step)

    def _reduced(self, first: int) -> tuple[Array, Array]:
        """(numbers, units) of the steps in the ring, of which this is the first; it is empty afterwards."""
        rates = [self.clock.rate_at(first + each) for each in range(self.now.filled)] if self._scheduled else []
        numbers, units = self.now.drain()
        return np.column_stack([numbers, rates]) if self._scheduled else numbers, units

    def _append(self, numbers: Array, units: Array) -> None:
        self.segment.numbers.append(numbers)
        self.segment.units.append(units)
        self._kept(self.segment)

    def _is_nonfinite(self, step: int) -> bool:
        """Look for the first NaN or infinity in the order of the walk; squares may have overflowed while all is
        finite.
        """
        trace = self.now.trace
        last = len(trace.layers)
        places: list[tuple[int, str, Array]] = []
        for number, layer in enumerate(trace.layers, 1):
            places += [(number, "z", layer.z), (number, "a", layer.a)]
        # A loss may overflow while every z and a is finite; its squares are in the sum that brought us here.
        places.append((last, "loss", np.asarray(self.now.costs()[0])))
        for number in range(last, 0, -1):
            layer = trace.layers[number - 1]
            places += [(number, "delta", layer.delta), (number, "dW", layer.dW), (number, "db", layer.db)]
        self.nonfinite = _first_nonfinite(step, places)
        return self.nonfinite is not None

    def _step_before_overflow(self) -> None:
        """An update overflowed a parameter, which shows in the next z: the last step with finite parameters is where
        it happened.
        """
        self.drain()
        at = self.step - 1
        self.restore(*self.segment.nearest(at))
        self.advance(at)
        places: list[tuple[int, str, Array]] = []
        for number, layer in enumerate(self.now.trace.layers, 1):
            W, b = self.params.W[number - 1], self.params.b[number - 1]
            places += [(number, "update_W", W + layer.update_W), (number, "update_b", b + layer.update_b)]
        self.nonfinite = _first_nonfinite(at, places)

    def until_judged(self, step: int) -> int:
        """How many steps after ``step`` the network is judged next: on the validation rows, or on those for training
        where there are none and somebody waits for it.

        At the ends of epochs, at least VALIDATION_SPACING steps apart; where the experiment asks for every n-th step,
        there, and at the ends of epochs that are longer.
        """
        per_epoch, every = self.batches.per_epoch, self.segment.experiment.validate_every
        done = self.segment.position + step - self.segment.start
        if every == 0:
            spacing = per_epoch * -(-VALIDATION_SPACING // per_epoch)
            return spacing - done % spacing
        until = every - step % every
        return min(until, per_epoch - done % per_epoch) if per_epoch > every else until

    def _judge(self, due: bool = True) -> None:
        segment, experiment, dataset = self.segment, self.segment.experiment, self.segment.dataset
        if segment.watches and segment.watches[-1][0] >= self.step:
            return
        rows = dataset.validation if self._validates else dataset.train
        loss, share = evaluate(experiment, self.params, dataset, rows)
        if self._validates:
            segment.validation.append((float(self.step), loss, share))
        if segment.watch(self.step, loss, self.memory, due):
            watched = segment.watches[-1][1].stopping
            assert experiment.stopping is not None
            self.stopped = Stopped(self.step, watched.best_step, experiment.stopping.patience, self._validates)
            self._kept(segment)

    def _rows(self, step: int) -> Array:
        """The data set's rows in the batch of a step."""
        return self.batches.rows(*self.place(step))

    def step_for(self, rows: int) -> Step:
        """The operations over so many rows, bound to this cursor's arrays."""
        if rows not in self._steps:
            self._steps[rows] = Step(
                self.segment.experiment,
                self.segment.dataset.task,
                self.params,
                self._states,
                self._states_next,
                rows,
                self.clock,
                self._averages,
                len(self.segment.dataset.train),
                self.segment.dataset.middle,
            )
        return self._steps[rows]


def _first_nonfinite(step: int, places: list[tuple[int, str, Array]]) -> NonFinite | None:
    for number, name, values in places:
        finite = np.isfinite(values)
        if not finite.all():
            index = tuple(int(i) for i in np.argwhere(~finite)[0])
            return NonFinite(step, number, name, index, float(values[index]))
    return None
