"""One step of an experiment, bound to its arrays: commit the pending update, compute the pass, prepare the next update.

*Apply late*: "step k" is the state after k updates. A step begins by adding the pending update, then computes with the new
parameters and leaves the next update pending. At rest, parameters, trace and pending update therefore belong together, and the trace
is a function of the parameters: computing again gives the same digits.
"""

from __future__ import annotations

import numpy as np

from bpstudio.engine.passes import backward, forward
from bpstudio.engine.trace import Params, Trace, params_layout
from bpstudio.maths.activations import activation
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.losses import scale
from bpstudio.maths.operations import Array, Operation, run
from bpstudio.training.experiment import Experiment

# Rows of this many numbers are recorded whole and reduced a block at a time; of longer ones the gradient is reduced in every step.
SHORT_GRADIENT = 4096
BLOCK_BYTES = 2**20


def metric_columns(experiment: Experiment) -> tuple[str, ...]:
    """The names of what is recorded of each step (see ``Metrics``)."""
    layers = range(1, len(experiment.network.layers) + 1)
    per_layer = tuple(f"{name}/{number}" for number in layers for name in ("norm", "saturation", "flat", "off"))
    return ("loss", "accuracy", "gradient_norm", "flat_share", *per_layer)


def saturating_units(experiment: Experiment) -> tuple[tuple[int, int], ...]:
    """(layer, unit) of every unit whose activation has a flat end, layers counted from 1."""
    return tuple(
        (number, unit)
        for number, layer in enumerate(experiment.network.layers, 1)
        if activation(layer.activation).saturates
        for unit in range(layer.units)
    )


class Step:
    """The operations of a step over a given number of rows, and the ring in which what it computed waits to be reduced to metrics."""

    def __init__(
        self, experiment: Experiment, task: str, params: Params, state: list[Array], state_next: list[Array], rows: int
    ) -> None:
        network = experiment.network
        sequential = experiment.update_order == "sequential"
        layout = params_layout(network)
        trace = Trace.allocate(network, rows, params, sequential)
        self.experiment = experiment
        self.trace = trace
        rule = experiment.optimizer

        def update(place: slice) -> list[Operation]:
            return rule.operations(
                trace.gradient.flat[place],
                trace.update.flat[place],
                tuple(s[place] for s in state),
                tuple(s[place] for s in state_next),
            )

        def update_layer(number: int) -> list[Operation]:
            places = (layout.W[number], layout.b[number])
            return [op for place in places if place.stop <= layout.trainable for op in update(place)]

        trainable = slice(0, layout.trainable)
        compute = forward(network, params, trace)
        compute += backward(
            network, params, trace, experiment.loss, experiment.reduction, update_layer if sequential else None
        )
        if not sequential and layout.trainable:
            compute += update(trainable)
        self.compute: tuple[Operation, ...] = tuple(compute)
        commit: list[Operation] = []
        if layout.trainable:
            commit.append((np.add, (params.flat[trainable], trace.update.flat[trainable], params.flat[trainable])))
        commit += [(np.copyto, (now, after)) for now, after in zip(state, state_next, strict=True)]
        self.commit: tuple[Operation, ...] = tuple(commit)
        self.commit_and_compute = self.commit + self.compute
        self.check = trace.arena.dot
        self.checked = (trace.arena,)

        short = trace.recorded_with_gradient - trace.recorded <= SHORT_GRADIENT
        self.recorded = trace.arena[: trace.recorded_with_gradient if short else trace.recorded]
        self.block = int(np.clip(BLOCK_BYTES // self.recorded.nbytes, 4, 256))
        self.ring = np.zeros((self.block, self.recorded.size), trace.arena.dtype)
        self.filled = 0
        pieces = [trace.gradient.flat[place] for place in layout.W]
        pieces.append(trace.gradient.flat[trainable])
        self._gradient_places = [*layout.W, trainable]
        self.gradients = None if short else pieces
        self.squares = np.zeros((self.block, len(pieces)))
        self._task = task
        self._scale = scale(experiment.reduction, rows, network.outputs)

    def record(self) -> None:
        """Put what this step computed into the ring."""
        self.ring[self.filled] = self.recorded
        if self.gradients is not None:
            self.squares[self.filled] = [piece.dot(piece) for piece in self.gradients]
        self.filled += 1

    def costs(self) -> tuple[float, Array]:
        """The objective of the pass, and each row's own cost (N,)."""
        rows = self._row_costs(self.trace.arena[None])
        return float(np.add.reduce(rows, axis=-1)[0] * self._scale), rows[0]

    def _row_costs(self, block: Array) -> Array:
        network = self.experiment.network
        last = self.trace.layers[-1]
        z, a, y = (self._in(block, part) for part in (last.z, last.a, self.trace.y))
        return loss_named(self.experiment.loss).rows(network.layers[-1].activation, z, a, y).astype(np.float64)

    def _in(self, block: Array, part: Array) -> Array:
        """The same array in each recorded arena of a block: (steps, *part.shape)."""
        arena = self.trace.arena
        start = (part.__array_interface__["data"][0] - arena.__array_interface__["data"][0]) // arena.itemsize
        return block[:, start : start + part.size].reshape(len(block), *part.shape)

    def drain(self) -> tuple[Array, Array]:
        """(numbers, units) of the steps in the ring, which is empty afterwards: see ``metric_columns``, ``saturating_units``."""
        block = self.ring[: self.filled]
        squares = self.squares[: self.filled]
        self.filled = 0
        with np.errstate(all="ignore"):
            return self._reduce(block, squares)

    def _reduce(self, block: Array, squares: Array) -> tuple[Array, Array]:
        network = self.experiment.network
        columns = metric_columns(self.experiment)
        numbers = np.full((len(block), len(columns)), np.nan)
        numbers[:, 0] = np.add.reduce(self._row_costs(block), axis=-1) * self._scale
        last = self.trace.layers[-1]
        numbers[:, 1] = accuracy(self._task, self._in(block, last.a), self._in(block, self.trace.y))
        if self.gradients is None:
            gradient = self._in(block, self.trace.gradient.flat)
            parts = [gradient[:, place] for place in self._gradient_places]
            # A product of each row with itself takes the very path of ``dot``, so a block of any length gives the same digits.
            squares = np.stack([np.matmul(part[:, None, :], part[:, :, None])[:, 0, 0] for part in parts], axis=1)
        norms = np.sqrt(squares)
        numbers[:, 2] = norms[:, -1]
        flat_pairs = np.zeros(len(block))
        pairs = 0
        maps = []
        for number, layer in enumerate(network.layers):
            rule = activation(layer.activation)
            place = 4 + 4 * number
            numbers[:, place] = norms[:, number]
            if rule.saturates and rule.max_slope is not None:
                steep = np.abs(self._in(block, self.trace.slopes[number])) / rule.max_slope
                by_unit = 1.0 - np.add.reduce(steep, axis=1) / steep.shape[1]
                flat = np.count_nonzero(steep < self.experiment.flat_threshold, axis=(1, 2))
                numbers[:, place + 1] = np.add.reduce(by_unit, axis=1) / layer.units
                numbers[:, place + 2] = flat / steep[0].size
                flat_pairs += flat
                pairs += steep[0].size
                maps.append(np.nan_to_num(np.rint(by_unit * 255), nan=0.0).clip(0, 255).astype(np.uint8))
            elif layer.activation == "relu":
                off = self._in(block, self.trace.slopes[number]) == 0
                numbers[:, place + 3] = np.count_nonzero(off, axis=(1, 2)) / off[0].size
        if pairs:
            numbers[:, 3] = flat_pairs / pairs
        return numbers, np.concatenate(maps, axis=1) if maps else np.empty((len(block), 0), np.uint8)


def accuracy(task: str, a: Array, y: Array) -> Array:
    """The share of rows answered rightly, (…,) from a, y (…, N, K): the greatest output for classes, above one half for a yes or no;
    NaN for a regression."""
    if task == "regression":
        return np.full(a.shape[:-2], np.nan)
    right = (
        (a > 0.5) == (y > 0.5)
        if a.shape[-1] == 1
        else np.argmax(a, axis=-1)[..., None] == np.argmax(y, axis=-1)[..., None]
    )
    # Not a number is no answer.
    right &= np.isfinite(a).all(axis=-1, keepdims=True)
    return np.count_nonzero(right, axis=(-2, -1)) / a.shape[-2]


def compute_step(experiment: Experiment, params: Params, x: Array, y: Array) -> tuple[Trace, float, Array]:
    """One pass over rows x (N, inputs), y (N, outputs) at the given parameters: (trace, objective, each row's own cost).

    A pure function: nothing is updated, and the update in the trace is that of a fresh optimiser.
    """
    flat = params.flat.astype(experiment.dtype)
    own = Params(experiment.network, flat)
    states = [np.zeros_like(flat) for _ in experiment.optimizer.states]
    step = Step(experiment, "regression", own, states, [s.copy() for s in states], len(x))
    step.trace.x[...] = x
    step.trace.y[...] = y
    with np.errstate(all="ignore"):
        run(step.compute)
        objective, rows = step.costs()
    return step.trace, objective, rows
