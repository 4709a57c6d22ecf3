"""One step of an experiment, bound to its arrays: commit the pending update, compute the pass, prepare the next update.

*Apply late*: "step k" is the state after k updates. A step begins by adding the pending update, then computes with
the new parameters and leaves the next update pending. At rest, parameters, trace and pending update therefore belong
together, and the trace is a function of the parameters: computing again gives the same digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from bpstudio.engine.passes import backward, forward
from bpstudio.engine.penalizing import averages_size, named_averages, penalizing
from bpstudio.engine.trace import Params, Trace, params_layout
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import Array, Operation, run
from bpstudio.training.behaviour import behaving
from bpstudio.training.clock import Clock
from bpstudio.training.experiment import Experiment
from bpstudio.training.masks import Masks
from bpstudio.training.update import Updating, clock_of, fresh_state

# A step that computes at most this many numbers for the metrics is recorded whole and reduced a block of steps at a
# time, which saves calls; of a longer one only the sums are kept, which saves copies. Either way a network always
# takes the same path.
SHORT = 2048
BLOCK_BYTES = 2**22


def metric_columns(experiment: Experiment) -> tuple[str, ...]:
    """The names of what is recorded of each step (see ``Metrics``)."""
    layers = range(1, len(experiment.network.layers) + 1)
    per_layer = tuple(f"{name}/{number}" for number in layers for name in ("norm", "saturation", "flat", "off"))
    scheduled = () if experiment.schedule.constant else ("rate",)
    penalized = ("penalty", "objective") if experiment.penalties else ()
    return ("loss", "accuracy", "gradient_norm", "flat_share", *per_layer, *penalized, *scheduled)


def saturating_units(experiment: Experiment) -> tuple[tuple[int, int], ...]:
    """(layer, unit) of every unit whose activation has a flat end, layers counted from 1; of images a map is a unit."""
    return tuple((part.number + 1, unit) for part in behaving(experiment.network) for unit in part.saturating)


def switching_units(experiment: Experiment) -> tuple[tuple[int, int], ...]:
    """(layer, unit) of every unit that is on or off, as with ReLU, layers counted from 1."""
    return tuple((part.number + 1, unit) for part in behaving(experiment.network) for unit in part.switching)


class Step:
    """The operations of a step over a given number of rows, and the ring in which what it computed waits to be
    reduced to metrics.
    """

    def __init__(
        self,
        experiment: Experiment,
        task: str,
        params: Params,
        state: list[Array],
        state_next: list[Array],
        rows: int,
        clock: Clock,
        averages: tuple[Array, Array] | None = None,
        training_rows: int | None = None,
        middle: float = 0.5,
    ) -> None:
        network = experiment.network
        sequential = experiment.update_order == "sequential"
        layout = params_layout(network)
        penalties = experiment.penalties
        trace = Trace.allocate(network, rows, params, sequential, penalties)
        self.experiment = experiment
        self.trace = trace
        self.masks = Masks(trace, experiment.seed)
        updating = Updating(experiment, clock, params, trace, state, state_next)
        trainable = slice(0, layout.trainable)
        compute = forward(network, params, trace)
        now, after = averages or (np.zeros(averages_size(network, penalties), trace.arena.dtype) for _ in range(2))
        compute += backward(
            network,
            params,
            trace,
            experiment.loss,
            experiment.reduction,
            updating.layer if sequential else None,
            penalizing(
                params,
                trace,
                penalties,
                training_rows,
                named_averages(network, penalties, now),
                named_averages(network, penalties, after),
                sequential,
            ),
        )
        if not sequential:
            compute += updating.all()
        self.compute: tuple[Operation, ...] = tuple(compute)
        commit: list[Operation] = []
        if layout.trainable:
            commit.append((np.add, (params.flat[trainable], trace.update.flat[trainable], params.flat[trainable])))
        commit += [(np.copyto, pair) for pair in zip(state, state_next, strict=True)]
        if now.size:
            commit.append((np.copyto, (now, after)))
        self.commit: tuple[Operation, ...] = tuple(commit)
        self.commit_and_compute = self.commit + self.compute
        last = trace.layers[-1]
        short = trace.behaviour_and_gradient.size <= SHORT
        self.recorded: tuple[Array, ...] = (trace.answers, trace.behaviour_and_gradient if short else last.a.ravel())
        self._squared = (*layout.W, slice(layout.weights, layout.trainable))
        self.sums: Sums | None = (
            None if short else Sums(experiment, trace, [trace.gradient.flat[p] for p in self._squared])
        )
        row_bytes = sum(part.nbytes for part in self.recorded)
        self.block = int(np.clip(BLOCK_BYTES // row_bytes, 4, 256))
        self.rings = tuple(np.zeros((self.block, part.size), part.dtype) for part in self.recorded)
        self.sums_ring = np.zeros((self.block, 0 if self.sums is None else self.sums.size))
        self.filled = 0
        self._counts = np.array([*(float(layer.train_weights) for layer in network.layers), 1.0])
        self._task = task
        self._middle = middle
        self._scale = loss_named(experiment.loss).scale(experiment.reduction, rows, network.outputs)

    def finite(self) -> bool:
        """Whether every z and δ is certainly finite; a sum of squares that overflows is worth a closer look."""
        checked = self.trace.checked
        return bool(checked.dot(checked) < math.inf)

    def record(self) -> None:
        """Put what this step computed into the rings."""
        for ring, part in zip(self.rings, self.recorded, strict=True):
            ring[self.filled] = part
        if self.sums is not None:
            self.sums_ring[self.filled] = self.sums.take()
        self.filled += 1

    def costs(self) -> tuple[float, Array]:
        """The loss of the pass, without penalties, and each row's own cost (N,)."""
        return costs(self.experiment, self.trace)

    def _row_costs(self, block: Sequence[Array]) -> Array:
        network = self.experiment.network
        last = self.trace.layers[-1]
        z, y, a = self._in(block, 0, last.z), self._in(block, 0, self.trace.y), self._in(block, 1, last.a)
        costs = loss_named(self.experiment.loss).rows(network.layers[-1].activation, z, a, y)
        return costs.astype(np.float64, copy=False)

    def _in(self, block: Sequence[Array], ring: int, part: Array) -> Array:
        """The same array in each recorded step of a block: (steps, *part.shape)."""
        start = _offset(part, self.recorded[ring])
        return block[ring][:, start : start + part.size].reshape(-1, *part.shape)

    def drain(self) -> tuple[Array, Array]:
        """(numbers, units) of the steps in the rings, which are empty afterwards: see ``metric_columns``; a column for
        each of ``saturating_units`` (255 flat), then one for each of ``switching_units`` (255 off in every row).
        """
        block = [ring[: self.filled] for ring in self.rings]
        sums = self.sums_ring[: self.filled]
        self.filled = 0
        with np.errstate(all="ignore"):
            return self._reduce(block, sums)

    def _sums_of(self, block: Sequence[Array]) -> tuple[Array, list[Array], list[Array]]:
        """What ``Sums`` keeps, from steps that were recorded whole."""
        gradient = self._in(block, 1, self.trace.gradient.flat)
        parts = [gradient[:, place] for place in self._squared]
        # A product of each row with itself takes the very path of ``dot``, so a block of any length gives the same
        # digits.
        squares = np.stack([np.matmul(part[:, None, :], part[:, :, None])[:, 0, 0] for part in parts], axis=1)
        flat: list[Array] = []
        slopes: list[Array] = []
        share, dtype = self.experiment.flat_threshold, self.trace.arena.dtype
        for part in behaving(self.experiment.network):
            sizes = part.by_unit(self._in(block, 1, self.trace.slopes[part.number]))
            # One axis after the other: only then the order of the sum does not depend on how many steps the block has.
            slopes.append(np.add.reduce(np.add.reduce(sizes, axis=3), axis=1))
            low = sizes < part.limits(share, dtype)
            flat.append(np.count_nonzero(low.reshape(len(low), -1), axis=1))
        return squares, slopes, flat

    def _reduce(self, block: Sequence[Array], sums: Array) -> tuple[Array, Array]:
        network = self.experiment.network
        steps = len(sums)
        per_layer = slice(4, 4 + 4 * len(network.layers), 4)
        numbers = np.full((steps, per_layer.stop + (2 if self.experiment.penalties else 0)), np.nan)
        numbers[:, 0] = np.add.reduce(self._row_costs(block), axis=-1) * self._scale
        last = self.trace.layers[-1]
        numbers[:, 1] = accuracy(
            self._task,
            self._in(block, 1, last.a),
            self._in(block, 0, self.trace.y),
            self._middle,
        )
        squares, slopes, flats = self._sums_of(block) if self.sums is None else self.sums.split(sums)
        numbers[:, 2] = np.sqrt(np.add.reduce(squares * self._counts, axis=1))
        numbers[:, per_layer] = np.sqrt(squares[:, :-1])
        if self.experiment.penalties:
            numbers[:, -2] = np.add.reduce(self._in(block, 0, self.trace.penalties), axis=-1)
            numbers[:, -1] = numbers[:, 0] + numbers[:, -2]
        flat_pairs = np.zeros(steps)
        pairs = 0
        maps, switches = [], []
        rows = self.trace.rows
        for part, sums_of_slopes, flat in zip(behaving(network), slopes, flats, strict=True):
            column = 4 + 4 * part.number
            if part.saturating:
                by_unit = part.saturation(sums_of_slopes, rows)
                numbers[:, column + 1] = np.add.reduce(by_unit, axis=1) / len(part.saturating)
                here = rows * part.places * len(part.saturating)
                numbers[:, column + 2] = flat / here
                flat_pairs += flat
                pairs += here
                maps.append(np.nan_to_num(np.rint(by_unit * 255), nan=0.0).clip(0, 255).astype(np.uint8))
            if part.switching:
                off = part.off(sums_of_slopes, rows)
                # Rounded down: 255 is off in all.
                switches.append((255.0 * off).astype(np.uint8))
                numbers[:, column + 3] = np.add.reduce(off, axis=1) / len(part.switching)
        if pairs:
            numbers[:, 3] = flat_pairs / pairs
        maps += switches
        return numbers, np.concatenate(maps, axis=1) if maps else np.empty((steps, 0), np.uint8)


class Sums:
    """Of one step: squares of the gradient by layer, flat (unit, row) pairs by layer and slopes summed over the rows by
    unit where units can be flat or off.
    """

    def __init__(self, experiment: Experiment, trace: Trace, gradients: list[Array]) -> None:
        parts = behaving(experiment.network)
        self._squares = [(number, piece.dot, piece) for number, piece in enumerate(gradients)]
        self._bounds = np.cumsum([len(gradients) + len(parts), *(part.width for part in parts)])
        self._first = len(gradients)
        self.size = int(self._bounds[-1])
        self._row = np.zeros(self.size, trace.arena.dtype)
        self._operations: list[Operation] = []
        self._flat: list[tuple[int, Array]] = []
        for number, (part, (start, stop)) in enumerate(zip(parts, pairwise(self._bounds), strict=True)):
            operations, low = part.operations(
                trace.slopes[part.number], experiment.flat_threshold, self._row[start:stop]
            )
            self._operations += operations
            if low.size:
                self._flat.append((self._first + number, low))

    def take(self) -> Array:
        """The sums of the present step; the array is written anew by the next call."""
        row, count_nonzero = self._row, np.count_nonzero
        for function, arguments in self._operations:
            function(*arguments)
        for place, dot, piece in self._squares:
            row[place] = dot(piece)
        for place, low in self._flat:
            row[place] = count_nonzero(low)
        return row

    def split(self, sums: Array) -> tuple[Array, list[Array], list[Array]]:
        """(squares (steps, …), slopes of each layer (steps, units), flat pairs of each layer (steps,)) from rows of
        sums.
        """
        bounds = self._bounds
        flats = [sums[:, number] for number in range(self._first, int(bounds[0]))]
        return sums[:, : self._first], [sums[:, a:b] for a, b in pairwise(bounds)], flats


def _offset(part: Array, whole: Array) -> int:
    """Where a view begins in the flat array that it is part of, in elements."""
    distance: int = part.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    return distance // whole.itemsize


def costs(experiment: Experiment, trace: Trace) -> tuple[float, Array]:
    """The loss of a pass, without penalties, and each row's own cost (N,)."""
    network, last, rule = experiment.network, trace.layers[-1], loss_named(experiment.loss)
    with np.errstate(all="ignore"):
        rows = rule.rows(network.layers[-1].activation, last.z, last.a, trace.y).astype(np.float64, copy=False)
        loss = np.add.reduce(rows) * rule.scale(experiment.reduction, trace.rows, network.outputs)
    return float(loss), rows


def accuracy(task: str, a: Array, y: Array, middle: float = 0.5) -> Array:
    """The share of rows answered rightly, (…,) from a, y (…, N, K): the greatest output for classes; for a yes or no
    the side of ``middle``, one half or, where the targets are −1 and +1, 0. NaN for a regression.
    """
    if task == "regression":
        return np.full(a.shape[:-2], np.nan)
    right = (
        (a > middle) == (y > middle)
        if a.shape[-1] == 1
        else np.argmax(a, axis=-1)[..., None] == np.argmax(y, axis=-1)[..., None]
    )
    # Not a number is no answer.
    right &= np.isfinite(a).all(axis=-1, keepdims=True)
    share: Array = np.count_nonzero(right, axis=(-2, -1)) / a.shape[-2]
    return share


def compute_step(
    experiment: Experiment,
    params: Params,
    x: Array,
    y: Array,
    dropped: Trace | None = None,
    training_rows: int | None = None,
) -> tuple[Trace, float, Array]:
    """One pass over rows x (N, inputs), y (N, outputs) at the given parameters: (trace, loss without penalties, each
    row's own cost). ``training_rows`` is n of the penalties that divide by it; a running mean begins at 0.

    A pure function: nothing is updated, and the update in the trace is that of a fresh optimiser. A dropout drops what
    it did in the trace ``dropped``, of as many rows, and nothing where none is given.
    """
    flat = params.flat.astype(experiment.dtype)
    own = Params(experiment.network, flat)
    states = [fresh_state(experiment, name) for name in experiment.optimizer.states]
    clock = clock_of(experiment)
    step = Step(
        experiment,
        "regression",
        own,
        states,
        [s.copy() for s in states],
        len(x),
        clock,
        training_rows=training_rows,
    )
    step.trace.x[...] = x
    step.trace.y[...] = y
    if dropped is not None:
        step.masks.repeat(dropped)
    with np.errstate(all="ignore"):
        clock.at(0)
        run(step.compute)
        loss, rows = step.costs()
    return step.trace, loss, rows
