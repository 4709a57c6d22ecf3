"""One step of several members over so many rows, bound to their stacked arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bpstudio.engine.regions import Block
from bpstudio.engine.stacking import Stack
from bpstudio.engine.trace import Trace
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import Array
from bpstudio.training.arithmetic import accuracy
from bpstudio.training.cursor import Cursor
from bpstudio.training.experiment import Experiment

BLOCK_BYTES = 2**21
CHUNK_BYTES = 120_000
FEW_INPUTS = 64
"""Up to so many inputs a column of ones beside them costs less than adding the biases afterwards."""


class Pass:
    """One step of all members over so many rows, bound to the stacked arrays, and the ring of what it computed."""

    def __init__(
        self,
        stack: Stack,
        cursors: Sequence[Cursor],
        experiment: Experiment,
        task: str,
        rows: int,
        by_row: bool,
        shared: bool,
    ) -> None:
        network = experiment.network
        steps = [cursor.step_for(rows) for cursor in cursors]
        traces = [step.trace for step in steps]
        first = traces[0]
        members = len(cursors)
        self.rows = rows
        self.arena = stack.region([trace.arena for trace in traces], _arena_blocks(first, by_row))
        shape = first.x.shape
        ones = shared and by_row and shape[1] <= FEW_INPUTS
        self.x = stack.region([trace.x for trace in traces], [Block(0, shape, False)], shared, ones)
        self.commit = stack.bind([step.commit for step in steps])
        self.compute = stack.bind([step.compute for step in steps])
        self.commit_and_compute = [*self.commit, *self.compute]
        self.one_by_one = tuple(stack.one_by_one)
        self._live = stack.live
        clocks = [cursor.clock for cursor in cursors]
        self._clocks = clocks[:1] if stack.alike else clocks
        self.x_all = self.x.once if shared else self.x.flat.reshape(members, rows, -1)
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
        self._task = task

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
