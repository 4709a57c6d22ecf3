"""The living run: parameters, optimiser state and the present step, and a past to which it can return.

A session is touched by one thread. It gives out frames, which are frozen, and takes whole new values, which it checks
before anything changes: a refused edit leaves everything as it was.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.network import MEMORY_LIMIT
from bpstudio.engine.passes import weighted_inputs
from bpstudio.engine.trace import Params, Trace, draw_params, params_layout
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.losses import scale
from bpstudio.maths.operations import Array, run
from bpstudio.training.arithmetic import Step, accuracy, compute_step, metric_columns, saturating_units
from bpstudio.training.batches import Batches
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame, FramePool, NonFinite
from bpstudio.training.history import Chain, Moment, Segment, Undo

DEFAULT_BUDGET = 256 * 2**20
KEYFRAME_SHARE = 0.8
VALIDATION_SPACING = 8  # steps; an epoch may be a single step


class Session:
    """A run of an experiment over a data set.

    ``start`` gives typed start values (otherwise they are drawn from the seed), ``batches`` an explicit list of row
    numbers for each step, repeated in turn. ``resume`` (step, parameters, {state name: values}) continues a run that
    was saved at that step, whose batch was the one at ``place`` (epoch, number in it).

    Raises ValueError where experiment and data do not fit.
    """

    def __init__(
        self,
        experiment: Experiment,
        dataset: Dataset,
        start: Params | None = None,
        batches: Sequence[Array] | None = None,
        resume: tuple[int, Params, dict[str, Params]] | None = None,
        place: tuple[int, int] = (0, 0),
        budget: int = DEFAULT_BUDGET,
    ) -> None:
        check_fit(experiment, dataset)
        self.budget = budget
        self._pool = FramePool()
        self._undo = Undo()
        self._nonfinite: NonFinite | None = None
        self._all_segments: weakref.WeakSet[Segment] = weakref.WeakSet()
        origin = start if start is not None else draw_params(experiment.network, experiment.seed)
        at, params, state = (0, origin, {}) if resume is None else resume
        memory = _memory(experiment, params, state)
        segment = self._segment(experiment, dataset, at, memory, *place, explicit=batches)
        self._chain = Chain((segment,), origin.copy())
        self._enter(segment)
        self._now: Step
        self._restore(at, memory)

    # ---- what it is

    @property
    def experiment(self) -> Experiment:
        """What is trained at the present step."""
        return self._segment_now.experiment

    @property
    def dataset(self) -> Dataset:
        """The data of the present step."""
        return self._segment_now.dataset

    @property
    def step_number(self) -> int:
        """k: how many updates the present parameters have had."""
        return self._step

    @property
    def last_step(self) -> int:
        """The furthest step that was reached on the present path."""
        return max(self._chain.segments[-1].recorded + self._now.filled - 1, self._step)

    @property
    def params(self) -> Params:
        """A copy of the present parameters."""
        return self._params.copy()

    @property
    def trace(self) -> Trace:
        """The living trace of the present step: read it at rest, it is written in place by the next step."""
        return self._now.trace

    @property
    def loss(self) -> float:
        """The objective on the present step's batch, at the present parameters."""
        return self._now.costs()[0]

    @property
    def nonfinite(self) -> NonFinite | None:
        """Where the present step became NaN or infinite, or None."""
        return self._nonfinite

    # ---- moving

    def step(self) -> None:
        """One update: the pending one is added, the next step computed. Raises ValueError in a diverged step."""
        self.run(1)

    def run(self, steps: int) -> int:
        """Train; returns the number of steps done, fewer than asked where the run became non-finite."""
        if self._nonfinite is not None:
            raise ValueError(
                f"step {self._step} is not finite (layer {self._nonfinite.layer}, {self._nonfinite.quantity}): "
                "step back, then use a smaller learning rate"
            )
        before = self._step
        self._advance(before + steps)
        return self._step - before

    def seek(self, step: int) -> None:
        """Go to a step of the present path, bitwise as it was. Raises ValueError outside ``first`` … ``last_step``."""
        first = self._chain.segments[0].start
        if not first <= step <= self.last_step:
            raise ValueError(f"step: expected {first} to {self.last_step}, got {step}")
        self._drain()
        segment = self._chain.segments[self._chain.at(step)]
        changed = segment is not self._segment_now
        if changed:
            self._enter(segment)
        at, memory = segment.nearest(step)
        if changed or step < self._step or at > self._step or self._nonfinite is not None:
            self._restore(at, memory)
        self._advance(step)

    # ---- changing

    def gesture(self, name: str) -> None:
        """Remember the present moment, so that undo can come back to it (one entry for a whole stretch of training)."""
        self._undo.remember(self._moment(name))

    def apply(
        self,
        experiment: Experiment | None = None,
        dataset: Dataset | None = None,
        params: Params | None = None,
        name: str = "edit",
    ) -> bool:
        """Change what is trained, on what, or the parameters; returns False when everything is as it was.

        What keeps the shapes continues from the present parameters. Layers whose shape or initialiser changed are
        drawn anew, the others keep theirs; when all are drawn anew (or the data's width or the seed changed) the run
        restarts at step 0.
        """
        new = self.experiment if experiment is None else experiment
        data = self.dataset if dataset is None else dataset
        if params is not None and params.network.sizes != new.network.sizes:
            raise ValueError(f"parameters: expected layers of {new.network.sizes}, got {params.network.sizes}")
        same_params = params is None or _same(params, self._params)
        if new == self.experiment and data.hash == self.dataset.hash and same_params:
            return False
        check_fit(new, data)
        self._drain()
        kept, restarts = _kept_layers(self.experiment, new)
        state = self._state_params()
        old_params = self._params
        carried = draw_params(new.network, new.seed)
        if not restarts:
            for to, source in kept:
                carried.W[to][...] = old_params.W[source]
                carried.b[to][...] = old_params.b[source]
        if params is not None:
            for to in range(len(new.network.layers)):
                carried.W[to][...] = params.W[to]
                carried.b[to][...] = params.b[to]
        carried_state: dict[str, Params] = {}
        if not restarts and new.optimizer.name == self.experiment.optimizer.name:
            for key, values in state.items():
                into = Params(new.network, np.zeros_like(carried.flat))
                for to, source in kept:
                    into.W[to][...] = values.W[source]
                    into.b[to][...] = values.b[source]
                carried_state[key] = into
        step = 0 if restarts else self._step
        memory = _memory(new, carried, carried_state)
        epoch, position = (0, 0) if restarts else self._place_after(new, data)
        moment = self._moment(name)
        explicit = self._segment_now.explicit if data is self.dataset else None
        segment = self._segment(
            new, data, step, memory, epoch, position, "restarted" if restarts else "continued", explicit
        )
        before = () if restarts else self._chain.until(step)
        self._chain = Chain((*before, segment), self._chain.origin if before else carried)
        self._undo.remember(moment)
        self._enter(segment)
        self._restore(step, memory)
        return True

    def reset(self) -> None:
        """Back to step 0 and the same start weights, with the present experiment; when nothing was edited the digits
        are the same.
        """
        self._drain()
        moment = self._moment("reset")
        experiment, dataset, origin = self.experiment, self.dataset, self._chain.origin
        if origin.network.sizes != experiment.network.sizes:
            origin = draw_params(experiment.network, experiment.seed)
        explicit = self._segment_now.explicit
        first = self._segment(experiment, dataset, 0, _memory(experiment, origin, {}), explicit=explicit)
        self._undo.remember(moment)
        self._chain = Chain((first,), origin)
        self._enter(first)
        self._restore(*first.nearest(0))

    def reseed(self) -> None:
        """Draw new start weights, from the next seed, and begin at step 0."""
        self.apply(self.experiment.replace(seed=self.experiment.seed + 1), name="new start")

    def undo(self) -> str | None:
        """Take back the last gesture; returns its name, or None when there is none."""
        return self._return_to(self._undo.undo(self._moment("")))

    def redo(self) -> str | None:
        """Repeat the gesture that was taken back last; returns its name, or None."""
        return self._return_to(self._undo.redo(self._moment("")))

    # ---- looking

    def frame(self) -> Frame:
        """The present step, frozen."""
        self._drain()
        segment = self._segment_now
        experiment = segment.experiment
        network = experiment.network
        memory = self._pool.copy(self._memory_now)
        size = params_layout(network).size
        params = Params(network, memory[:size])
        following = self._pool.copy(self._next)
        rows = self._now.trace.rows
        trace = Trace(
            network,
            rows,
            self._pool.copy(self._now.trace.x.ravel()).reshape(rows, -1),
            self._pool.copy(self._now.trace.arena),
            params,
            experiment.update_order == "sequential",
        )
        loss, row_loss = self._now.costs()
        epoch, position = self._place(self._step)
        return Frame(
            experiment=experiment,
            dataset=segment.dataset,
            step=self._step,
            epoch=epoch,
            position=position,
            batch=self._batches.rows(epoch, position),
            params=params,
            trace=trace,
            state=_named_states(experiment, memory[size:]),
            state_next=_named_states(experiment, following),
            loss=loss,
            row_loss=row_loss,
            metrics=self._chain.metrics(),
            segment=self._chain.segments.index(segment),
            segment_start=segment.start,
            last_step=self.last_step,
            start=self._chain.origin,
            continued=segment.continued,
            undo=self._undo.undo_name,
            redo=self._undo.redo_name,
            nonfinite=self._nonfinite,
            run="diverged" if self._nonfinite is not None else "ready",
        )

    def probe(self, row: int) -> Trace:
        """Forward and backward for one row of the data set at the present parameters; it contributes nothing to the
        update.
        """
        return probe(self.experiment, self._params, self.dataset, row)

    def predict(self, x: Array) -> Array:
        """The network's answers (N, outputs) for rows x (N, inputs)."""
        return weighted_inputs(self.experiment.network, self._params, x)[1][-1]

    # ---- the run itself

    def _advance(self, target: int) -> None:
        with np.errstate(all="ignore"):
            while self._step < target and self._nonfinite is None:
                following = self._following_start()
                if self._step + 1 == following:
                    # The path goes on in a segment with a start of its own; replay never computes across it.
                    self._drain()
                    segment = self._chain.segments[self._chain.at(following)]
                    self._enter(segment)
                    self._restore(*segment.nearest(following))
                else:
                    self._stretch(target if following is None else min(target, following - 1))

    def _following_start(self) -> int | None:
        """The step at which the next segment of the path begins, or None in the last one."""
        segments = self._chain.segments
        number = segments.index(self._segment_now)
        return segments[number + 1].start if number + 1 < len(segments) else None

    def _stretch(self, target: int) -> None:
        """Steps of one batch size up to the next event: the end of a window of data, a full ring, a keyframe, a
        validation.
        """
        segment, batches = self._segment_now, self._batches
        epoch, position = self._place(self._step + 1)
        step = self._step_for(batches.length(position))
        if step is not self._now:
            self._drain()
            run(self._now.commit)
        until_keyframe = segment.interval - (self._step - segment.start) % segment.interval
        count = min(target - self._step, until_keyframe, batches.alike(position))
        unrecorded = segment.recorded + self._now.filled - (self._step + 1)
        record = unrecorded <= 0
        count = min(count, step.block - step.filled if record else unrecorded)
        if self._validates:
            count = min(count, self._until_validation(self._step))
        trace, checked = step.trace, step.trace.checked
        operations = step.commit_and_compute if step is self._now else step.compute
        feed = batches.feed(epoch, position, trace.x, trace.y)
        (ring, second_ring), (part, second_part) = step.rings, step.recorded
        sums, sums_ring = step.sums, step.sums_ring
        square, infinity = checked.dot, math.inf
        slot, done = step.filled, 0
        self._now = step
        # This loop is the product's pulse: what can be looked up before it, is.
        for _ in islice(feed, count):
            for function, arguments in operations:
                function(*arguments)
            done += 1
            if record:
                ring[slot] = part
                second_ring[slot] = second_part
                if sums is not None:
                    sums_ring[slot] = sums.take()
                slot += 1
            if not square(checked) < infinity and self._is_nonfinite(self._step + done):
                break
            operations = step.commit_and_compute
        step.filled = slot
        self._step += done
        if self._nonfinite is not None and not np.isfinite(self._params.flat).all():
            step.filled -= record
            self._step_before_overflow()
        elif record:
            self._after_recording(segment, step)

    def _after_recording(self, segment: Segment, step: Step) -> None:
        if self._validates and self._until_validation(self._step - 1) == 1:
            self._drain()
            self._validate()
        if step.filled == step.block or self._nonfinite is not None:
            self._drain()
        if self._nonfinite is None and (self._step - segment.start) % segment.interval == 0:
            segment.keep(self._step, self._memory_now)
            budget = int(self.budget * KEYFRAME_SHARE)
            if sum(s.nbytes for s in self._all_segments) > budget:
                largest = max(self._all_segments, key=lambda s: s.nbytes)
                largest.thin(budget - sum(s.nbytes for s in self._all_segments if s is not largest))

    def _drain(self) -> None:
        """Reduce what waits in the ring to metrics."""
        step, segment = self._now, self._segment_now
        if step.filled == 0:
            return
        numbers, units = step.drain()
        segment.numbers.append(numbers)
        segment.units.append(units)
        room = int(self.budget * (1 - KEYFRAME_SHARE))
        segment.numbers.forget(room // 2)
        segment.units.forget(room // 2)

    def _is_nonfinite(self, step: int) -> bool:
        """Look for the first NaN or infinity in the order of the walk; squares may have overflowed while all is
        finite.
        """
        trace = self._now.trace
        last = len(trace.layers)
        places: list[tuple[int, str, Array]] = []
        for number, layer in enumerate(trace.layers, 1):
            places += [(number, "z", layer.z), (number, "a", layer.a)]
        # A loss may overflow while every z and a is finite; its squares are in the sum that brought us here.
        places.append((last, "loss", np.asarray(self._now.costs()[0])))
        for number in range(last, 0, -1):
            layer = trace.layers[number - 1]
            places += [(number, "delta", layer.delta), (number, "dW", layer.dW), (number, "db", layer.db)]
        self._nonfinite = _first_nonfinite(step, places)
        return self._nonfinite is not None

    def _step_before_overflow(self) -> None:
        """An update overflowed a parameter, which shows in the next z: the last step with finite parameters is where
        it happened.
        """
        self._drain()
        at = self._step - 1
        self._restore(*self._segment_now.nearest(at))
        self._advance(at)
        places: list[tuple[int, str, Array]] = []
        for number, layer in enumerate(self._now.trace.layers, 1):
            W, b = self._params.W[number - 1], self._params.b[number - 1]
            places += [(number, "update_W", W + layer.update_W), (number, "update_b", b + layer.update_b)]
        self._nonfinite = _first_nonfinite(at, places)

    # ---- validation

    @property
    def _validates(self) -> bool:
        return len(self._segment_now.dataset.validation) > 0

    def _until_validation(self, step: int) -> int:
        """How many steps after ``step`` the next validation is due: at the ends of epochs, at least
        VALIDATION_SPACING steps apart.
        """
        per_epoch = self._batches.per_epoch
        spacing = per_epoch * -(-VALIDATION_SPACING // per_epoch)
        done = self._segment_now.position + step - self._segment_now.start
        return spacing - done % spacing

    def _validate(self) -> None:
        segment = self._segment_now
        if segment.validation and segment.validation[-1][0] >= self._step:
            return
        loss, share = evaluate(segment.experiment, self._params, segment.dataset, segment.dataset.validation)
        segment.validation.append((float(self._step), loss, share))

    # ---- places

    def _place(self, step: int) -> tuple[int, int]:
        """(epoch, batch in it) of a step of the present segment."""
        segment = self._segment_now
        epochs, position = divmod(segment.position + step - segment.start, self._batches.per_epoch)
        return segment.epoch + epochs, position

    def _place_after(self, new: Experiment, data: Dataset) -> tuple[int, int]:
        """Where in the epochs a continued run goes on: in the middle of one if the batches are the same, else at the
        next.
        """
        epoch, position = self._place(self._step)
        old = self.experiment
        unchanged = (old.batch_size, old.seed, old.shuffle) == (new.batch_size, new.seed, new.shuffle)
        if unchanged and np.array_equal(data.train, self.dataset.train):
            return epoch, position
        return (epoch, 0) if position == 0 else (epoch + 1, 0)

    def _moment(self, name: str) -> Moment:
        return Moment(self._chain, self._step, name)

    def _return_to(self, moment: Moment | None) -> str | None:
        if moment is None:
            return None
        self._drain()
        self._chain = moment.chain
        segment = moment.chain.segments[moment.chain.at(moment.step)]
        self._enter(segment)
        self._restore(*segment.nearest(moment.step))
        self._advance(moment.step)
        return moment.name

    # ---- memory

    def _segment(
        self,
        experiment: Experiment,
        dataset: Dataset,
        start: int,
        memory: Array,
        epoch: int = 0,
        position: int = 0,
        continued: str = "",
        explicit: Sequence[Array] | None = None,
    ) -> Segment:
        columns, units = metric_columns(experiment), saturating_units(experiment)
        segment = Segment(experiment, dataset, start, memory, columns, units, epoch, position, continued, explicit)
        self._all_segments.add(segment)
        return segment

    def _enter(self, segment: Segment) -> None:
        """Make a segment the present one: its arrays, its batches."""
        experiment = segment.experiment
        size = params_layout(experiment.network).size
        count = len(experiment.optimizer.states)
        self._segment_now = segment
        self._memory_now: Array = np.zeros(size * (1 + count), experiment.dtype)
        self._next: Array = np.zeros(size * count, experiment.dtype)
        self._params = Params(experiment.network, self._memory_now[:size])
        self._states = [self._memory_now[size * (1 + i) : size * (2 + i)] for i in range(count)]
        self._states_next = [self._next[size * i : size * (i + 1)] for i in range(count)]
        self._steps: dict[int, Step] = {}
        self._batches = Batches(
            segment.dataset,
            experiment.batch_size,
            experiment.seed,
            experiment.shuffle,
            experiment.dtype,
            segment.explicit,
        )

    def _step_for(self, rows: int) -> Step:
        if rows not in self._steps:
            self._steps[rows] = Step(
                self.experiment, self.dataset.task, self._params, self._states, self._states_next, rows
            )
        return self._steps[rows]

    def _restore(self, step: int, memory: Array) -> None:
        """Put a keyframe in place and compute its step."""
        self._memory_now[...] = memory
        self._step = step
        self._nonfinite = None
        epoch, position = self._place(step)
        self._now = self._step_for(self._batches.length(position))
        self._now.filled = 0
        next(self._batches.feed(epoch, position, self._now.trace.x, self._now.trace.y))
        with np.errstate(all="ignore"):
            run(self._now.compute)
            if not self._now.finite():
                self._is_nonfinite(step)
            segment = self._segment_now
            if step == segment.recorded:
                self._now.record()
                if self._validates and not segment.validation:
                    self._validate()
                self._drain()

    def _state_params(self) -> dict[str, Params]:
        size = params_layout(self.experiment.network).size
        return _named_states(self.experiment, self._memory_now[size:])


def _first_nonfinite(step: int, places: list[tuple[int, str, Array]]) -> NonFinite | None:
    for number, name, values in places:
        finite = np.isfinite(values)
        if not finite.all():
            index = tuple(int(i) for i in np.argwhere(~finite)[0])
            return NonFinite(step, number, name, index, float(values[index]))
    return None


def probe(experiment: Experiment, params: Params, dataset: Dataset, row: int) -> Trace:
    """Forward and backward for one row at the given parameters: a trace of a batch of one."""
    if not 0 <= row < len(dataset.x):
        raise ValueError(f"row: expected 0 to {len(dataset.x) - 1}, got {row}")
    return compute_step(experiment, params, dataset.x[row : row + 1], dataset.y[row : row + 1])[0]


def evaluate(experiment: Experiment, params: Params, dataset: Dataset, rows: Array) -> tuple[float, float]:
    """(objective, accuracy) over the given rows of a data set; accuracy is NaN for a regression."""
    y = dataset.y[rows].astype(experiment.dtype)
    z, a = weighted_inputs(experiment.network, params, dataset.x[rows])
    output = experiment.network.layers[-1].activation
    with np.errstate(all="ignore"):
        costs = loss_named(experiment.loss).rows(output, z[-1], a[-1], y)
    total = float(costs.sum()) * scale(experiment.reduction, len(y), experiment.network.outputs)
    return total, float(accuracy(dataset.task, a[-1], y))


def _memory(experiment: Experiment, params: Params, state: dict[str, Params]) -> Array:
    """Parameters and optimiser state in one flat array, in the layout of the experiment's network."""
    network = experiment.network
    size = params_layout(network).size
    memory = np.zeros(size * (1 + len(experiment.optimizer.states)), experiment.dtype)
    for number, name in enumerate(("", *experiment.optimizer.states)):
        source = params if not name else state.get(name)
        if source is not None:
            target = Params(network, memory[size * number : size * (number + 1)])
            for (W, b), (from_W, from_b) in zip(target, source, strict=True):
                W[...] = from_W
                b[...] = from_b
    return memory


def _named_states(experiment: Experiment, flat: Array) -> dict[str, Params]:
    size = params_layout(experiment.network).size
    return {
        name: Params(experiment.network, flat[size * i : size * (i + 1)])
        for i, name in enumerate(experiment.optimizer.states)
    }


def _same(first: Params, second: Params) -> bool:
    """Bitwise the same values, layer by layer."""
    pairs = zip([*first.W, *first.b], [*second.W, *second.b], strict=True)
    return all(np.array_equal(np.asarray(p, q.dtype), q) for p, q in pairs)


def _kept_layers(old: Experiment, new: Experiment) -> tuple[list[tuple[int, int]], bool]:
    """((new layer, old layer) of those that keep their parameters, whether the run restarts)."""
    ends = (old.network.inputs, old.network.outputs), (new.network.inputs, new.network.outputs)
    if old.seed != new.seed or ends[0] != ends[1]:
        return [], True

    def signature(experiment: Experiment, number: int) -> tuple[Any, ...]:
        layer = experiment.network.layers[number]
        return (experiment.network.sizes[number], layer.units, layer.initializer)

    count_old, count_new = len(old.network.layers), len(new.network.layers)
    shorter = min(count_old, count_new)
    front = 0
    while front < shorter and signature(old, front) == signature(new, front):
        front += 1
    back = 0
    while back < shorter - front and signature(old, count_old - 1 - back) == signature(new, count_new - 1 - back):
        back += 1
    # A layer in the middle that only changed its width leaves those around it touched, but not the others.
    inner = []
    if count_old == count_new:
        inner = [(n, n) for n in range(front, count_new - back) if signature(old, n) == signature(new, n)]
    kept = [(n, n) for n in range(front)] + inner
    kept += [(count_new - 1 - n, count_old - 1 - n) for n in range(back)]
    return kept, not kept


def check_fit(experiment: Experiment, dataset: Dataset) -> None:
    """Refuse data that the network or the loss cannot take. Raises ValueError that names what was expected."""
    network = experiment.network
    if dataset.x.shape[1] != network.inputs:
        raise ValueError(f"network.inputs: the data has {dataset.x.shape[1]} input columns, got {network.inputs}")
    if dataset.y.shape[1] != network.outputs:
        last = len(network.layers) - 1
        raise ValueError(
            f"network.layers[{last}].units: the data has {dataset.y.shape[1]} target columns, got {network.outputs}"
        )
    if len(dataset.train) == 0:
        raise ValueError("data: expected at least one training row, got none")
    rows = len(dataset.train) if experiment.batch_size == 0 else min(experiment.batch_size, len(dataset.train))
    need = network.memory_bytes(rows, 8 if experiment.dtype == "float64" else 4)
    if need > MEMORY_LIMIT:
        raise ValueError(
            f"batch_size: {rows:,} rows of this network need about {need / 2**30:,.1f} GiB of memory; "
            f"the limit is {MEMORY_LIMIT / 2**30:.0f} GiB. Use a smaller batch or fewer units."
        )
    problem = loss_named(experiment.loss).check_targets(dataset.y, network.layers[-1].activation)
    if problem is not None:
        raise ValueError(f"data: {problem}")
