"""Whose numbers? The z, a and δ of one row of the batch, of the whole batch on average, or of a probe.

δ of a row is that of *its own cost*: the objective of a batch of one, without the 1/N. The trace holds δ with the 1/N,
as the engine and the reference cases have it; multiplied by N it is the row's own. A probe is a row outside the batch,
run through the present parameters by itself; it contributes nothing to the update.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from bpstudio.engine.layers import Conv2D, Dropout
from bpstudio.engine.network import Network
from bpstudio.engine.trace import LayerTrace, Trace
from bpstudio.insight.elements import Edge, Example, Probe, Row, Unit, WholeBatch
from bpstudio.insight.windows import kernel_gradients, matrix
from bpstudio.maths.activations import Activation, activation
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import Array
from bpstudio.training.arithmetic import compute_step
from bpstudio.training.frame import Frame


def probe(frame: Frame, row: int) -> Trace:
    """A pass of one dataset row at the parameters of the frame, which stay as they are, whatever the update order.

    Penalties are left out: they belong to the network or to a whole batch, not to a row.
    """
    if not 0 <= row < len(frame.dataset.x):
        raise ValueError(f"probe: expected a row 0 … {len(frame.dataset.x) - 1} of the dataset, came {row}")
    experiment = frame.experiment.replace(update_order="simultaneous", penalties=())
    rows = slice(row, row + 1)
    return compute_step(experiment, frame.params, frame.dataset.x[rows], frame.dataset.y[rows])[0]


def neighbour(frame: Frame, example: Example, by: int) -> Example:
    """The row `by` places further on in the batch, round the end. From a probe to the neighbouring rows of the data."""
    match example:
        case Probe(row):
            return Probe((row + by) % frame.dataset.rows)
        case Row(position):
            return Row((position + by) % len(frame.batch))
    return Row(0 if by > 0 else len(frame.batch) - 1)


def present(frame: Frame, example: Example) -> Example:
    """The example itself, or the first row where this batch, or the data, are too short for it."""
    match example:
        case Row(position) if position >= len(frame.batch):
            return Row(0)
        case Probe(row) if row >= frame.dataset.rows:
            return Row(0)
    return example


def switched(example: Example) -> Example:
    """From a row to the whole batch, and back."""
    return Row(0) if isinstance(example, WholeBatch) else WholeBatch()


def _silent() -> np.errstate:
    """A diverged step is looked at too: NaN and infinity are shown, not warned about."""
    return np.errstate(all="ignore")


class Numbers:
    """The numbers of one example in one frame. Layers count from 1, layer 0 is the inputs; arrays are (units,)."""

    def __init__(self, frame: Frame, example: Example) -> None:
        self.frame = frame
        self.example = example
        self.experiment = frame.experiment
        self.network: Network = frame.experiment.network
        self.depth = len(self.network.layers)
        self.rows = len(frame.batch)
        self.trace = frame.trace
        self._pick: int | None = None
        if isinstance(example, Row):
            if not 0 <= example.position < self.rows:
                raise ValueError(f"row: expected a position 0 … {self.rows - 1} in the batch, came {example.position}")
            self._pick = example.position
        elif isinstance(example, Probe):
            self.trace = probe(frame, example.row)
            self._pick = 0
        elif self.rows == 1:
            self._pick = 0
        self.loss = loss_named(self.experiment.loss)

    @property
    def is_mean(self) -> bool:
        """Whether these are means over the batch rather than one row's numbers."""
        return self._pick is None

    @property
    def position(self) -> int | None:
        """Which row of the trace is looked at; None for the whole batch."""
        return self._pick

    @property
    def paired(self) -> bool:
        """Whether δ of the outputs is a − y directly: loss and output activation are a pair."""
        return self.loss.paired_with == self.network.layers[-1].activation

    @property
    def own_scale(self) -> float:
        """The factor in front of Σℓ in a row's own cost: that of a batch of one."""
        return loss_named(self.experiment.loss).scale(self.experiment.reduction, 1, self.network.outputs)

    @cached_property
    def share(self) -> float:
        """How a row's own δ is weighed in the trace: 1/N for a mean."""
        return (
            loss_named(self.experiment.loss).scale(self.experiment.reduction, self.trace.rows, self.network.outputs)
            / self.own_scale
        )

    def function(self, layer: int) -> Activation:
        """The activation function of a layer."""
        return activation(self.network.layers[layer - 1].activation)

    def function_of(self, unit: Unit) -> Activation:
        """The activation function of one unit; it has its own where units differ."""
        return self.function(unit.layer).of(unit.index)

    def layer(self, layer: int) -> LayerTrace:
        """The recorded arrays of a layer, all rows."""
        return self.trace.layers[layer - 1]

    def _of(self, values: Array) -> Array:
        """This example's part of an array (N, …), flat: (units,)."""
        rows = values.reshape(len(values), -1)
        with _silent():
            part: Array = rows.mean(axis=0) if self._pick is None else rows[self._pick]
        return part

    def a(self, layer: int) -> Array:
        """Activations; of layer 0 the inputs."""
        return self._of(self.trace.x if layer == 0 else self.layer(layer).a)

    def z(self, layer: int) -> Array:
        """Weighted inputs."""
        return self._of(self.layer(layer).z)

    def y(self) -> Array:
        """Targets."""
        return self._of(self.trace.y)

    def true_class(self) -> int | None:
        """The number of the row's class; None of the whole batch, and for a regression."""
        classes = self.frame.dataset.class_index
        if classes is None or self._pick is None:
            return None
        row = self.example.row if isinstance(self.example, Probe) else self.frame.batch[self._pick]
        return int(classes[row])

    def slope(self, layer: int) -> Array | None:
        """f′(z); None for softmax."""
        slope = self.layer(layer).slope
        return None if slope is None else self._of(slope)

    def delta(self, layer: int) -> Array:
        """δ = ∂C_r/∂z of the row's own cost."""
        return self._of(self.layer(layer).delta) / self.share

    def batch_delta(self, layer: int) -> Array:
        """δ with the factor of the reduction in it, as in the trace; of the whole batch the sum over the rows."""
        delta = self.layer(layer).delta
        delta = delta.reshape(len(delta), -1)
        with _silent():
            total: Array = delta.sum(axis=0)
        return total if self._pick is None else delta[self._pick]

    @property
    def is_sparse(self) -> bool:
        """Whether a sparsity adds a term to ∂C/∂a of some layer."""
        return any(layer.term is not None for layer in self.trace.layers)

    def sparsity(self, layer: int) -> Array:
        """What a sparsity adds to ∂C/∂a of each unit, in a row's own cost; 0 where there is none."""
        term = self.layer(layer).term
        return np.zeros(1) if term is None else np.ravel(term).astype(np.float64) / self.share

    def error(self, layer: int) -> Array:
        """∂C_r/∂a of the row's own cost. Where δ was computed directly this is computed here, from a and y."""
        if layer < self.depth:
            dx = self.layer(layer + 1).dx
            assert dx is not None  # every layer but the first has it
            return self._of(dx) / self.share
        if self.paired:
            of_loss = self._of(self.loss.da(self.layer(layer).a, self.trace.y)) * self.own_scale
            return of_loss + self.sparsity(layer) if self.is_sparse else of_loss
        return self._of(self.trace.dC_da) / self.share

    def elements(self) -> Array:
        """Each output's part of the row's own cost."""
        last = self.layer(self.depth)
        name = self.network.layers[-1].activation
        with _silent():
            return self._of(self.loss.elements(name, last.z, last.a, self.trace.y)) * self.own_scale

    def cost(self) -> float:
        """The row's own cost; of the whole batch the objective."""
        if self._pick is None:
            return float(self.frame.loss)
        if isinstance(self.example, Probe):
            return float(self.elements().sum())
        return float(self.frame.row_loss[self._pick]) * self.own_scale

    def gradient(self, layer: int) -> Array:
        """What the row alone contributes, (units, inputs + 1), biases last; of the whole batch the gradient itself. Of
        a convolution (filters, numbers of a kernel + 1).
        """
        spec = self.network.layers[layer - 1]
        if self.is_mean or not spec.has_weights:
            return self.batch_gradient(layer)
        if isinstance(spec, Conv2D):
            here, pick = self.layer(layer), self._pick or 0
            with _silent():
                found: Array = kernel_gradients(spec, here.x[pick : pick + 1], here.delta[pick : pick + 1])[0]
                return found / self.share
        with _silent():
            came_in = np.append(self.a(layer - 1), self.network.layers[layer - 1].bias_sign)
            return np.outer(self.delta(layer), came_in)

    def batch_gradient(self, layer: int) -> Array:
        """∂C/∂W and ∂C/∂b of the step, (units, inputs + 1), biases last: what updates. Of a convolution (filters,
        numbers of a kernel + 1), of a layer without weights (0, 1).
        """
        here = self.frame.trace.layers[layer - 1]
        return matrix(here.dW, here.db)

    def dropped(self, layer: int) -> Array | None:
        """Which numbers a dropout drops for this row; of the whole batch the share of rows. None of other layers."""
        if not isinstance(self.network.layers[layer - 1], Dropout):
            return None
        slope = self.layer(layer).slope
        assert slope is not None  # a dropout's slope is its scaled mask
        return self._of((slope == 0.0).astype(float)) if self.is_mean else self._of(slope == 0.0)

    def saturation(self, layer: int) -> Array | None:
        """How flat f is here, 0 responsive … 1 flat; of the whole batch the share of rows in which the unit is flat.

        None where f has no flat end (identity, ReLU) or no slope of its own (softmax); NaN for such a unit among
        others.
        """
        slope = self.layer(layer).slope
        scale = self.function(layer).flat_scale(self.layer(layer).z.shape[1])
        if slope is None or scale is None:
            return None
        with _silent():
            relative = np.abs(slope) / scale.reshape(-1, *[1] * (slope.ndim - 2))
        if self.is_mean:
            flat = (relative < self.experiment.flat_threshold).astype(float)
            return self._of(np.where(np.isnan(relative), np.nan, flat))
        return 1.0 - self._of(relative)

    def off(self, layer: int) -> Array | None:
        """Which ReLU units are off for this row (z ≤ 0); of the whole batch the share of rows. Else None."""
        z = self.layer(layer).z
        switching = self.function(layer).switching(z.shape[1])
        if switching is None:
            return None
        off = (z <= 0) & switching.reshape(-1, *[1] * (z.ndim - 2))
        return self._of(off.astype(float)) if self.is_mean else self._of(off)

    def sent(self, edge: Edge) -> float:
        """What an edge carries forward: the weight times what came in; a bias is sent as it is, a threshold as −θ."""
        params = self.frame.params
        if edge.is_bias:
            return self.network.layers[edge.layer - 1].bias_sign * float(params.b[edge.layer - 1][edge.to])
        return float(params.W[edge.layer - 1][edge.to, edge.source] * self.a(edge.layer - 1)[edge.source])

    def returned(self, edge: Edge) -> float:
        """What an edge carries back: the δ of the unit it leads to times the weight that was used."""
        return float(self.layer(edge.layer).W_used[edge.to, edge.source] * self.delta(edge.layer)[edge.to])

    def contributions(self, edge: Edge) -> Array:
        """What each row of the batch gives to the gradient of a parameter, (N,): its own δ times what came in."""
        here = self.frame.trace.layers[edge.layer - 1]
        weighed = (
            loss_named(self.experiment.loss).scale(self.experiment.reduction, self.rows, self.network.outputs)
            / self.own_scale
        )
        spec = self.network.layers[edge.layer - 1]
        if isinstance(spec, Conv2D):
            return kernel_gradients(spec, here.x, here.delta)[:, edge.to, edge.source] / weighed
        deltas: Array = here.delta[:, edge.to] / weighed
        if edge.is_bias:
            return self.network.layers[edge.layer - 1].bias_sign * deltas
        return deltas * here.x[:, edge.source]

    def ticks(self, layer: int, unit: int) -> Array:
        """The activation of a unit in every row of the batch."""
        rows = self.trace.x if layer == 0 else self.layer(layer).a
        column: Array = rows.reshape(len(rows), -1)[:, unit]
        return column
