"""How a network answers over a whole range of inputs, and how often it takes one class for another.

Each is a pure function of (network, parameters): what the network computes there, nothing smoothed and nothing between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.network import Network
from bpstudio.engine.passes import weighted_inputs
from bpstudio.engine.trace import Params
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame

Range = tuple[float, float]
CHUNK = 1024


@dataclass(frozen=True, eq=False)
class Response:
    """What one layer answers on a grid of inputs.

    layer    counted from 1
    axes     one array of input values per input (one or two)
    values   (points, units) for one input; (points of the second, points of the first, units) for two
    """

    layer: int
    axes: tuple[Array, ...]
    values: Array


def response(network: Network, params: Params, layer: int, ranges: tuple[Range, ...], points: int) -> Response:
    """The activations of layer `layer` (from 1) over one or two inputs, `points` values each, both ends included."""
    if len(ranges) != network.inputs or len(ranges) not in (1, 2):
        raise ValueError(
            f"ranges: expected one per input of a network with 1 or 2 inputs, "
            f"got {len(ranges)} for {network.inputs} inputs"
        )
    if not 1 <= layer <= len(network.layers):
        raise ValueError(f"layer: expected 1 to {len(network.layers)}, got {layer}")
    if points < 2:
        raise ValueError(f"points: expected at least 2, got {points}")
    axes = tuple(np.linspace(low, high, points) for low, high in ranges)
    if len(axes) == 1:
        x = axes[0][:, None]
    else:
        first, second = np.meshgrid(*axes)
        x = np.stack([first.ravel(), second.ravel()], axis=1)
    values = _activations(network, params, x, layer)
    shape = (points,) * len(axes)
    return Response(layer, axes, values.reshape(*shape, -1))


def _activations(network: Network, params: Params, x: Array, layer: int) -> Array:
    """(rows, units) of one layer; the other layers' arrays never exist for more than a few rows at once."""
    values = np.empty((len(x), network.sizes[layer]))
    for start in range(0, len(x), CHUNK):
        rows = slice(start, start + CHUNK)
        values[rows] = weighted_inputs(network, params, x[rows])[1][layer - 1].reshape(len(values[rows]), -1)
    return values


def input_ranges(dataset: Dataset, margin: float = 0.08) -> tuple[Range, ...]:
    """For each input the range of all rows, with a margin on both sides; one around a value that never varies."""
    low, high = dataset.x.min(axis=0), dataset.x.max(axis=0)
    extra = np.where(high > low, margin * (high - low), np.where(low != 0, np.abs(low) * 0.5, 1.0))
    return tuple((float(a), float(b)) for a, b in zip(low - extra, high + extra, strict=True))


@dataclass(frozen=True, eq=False)
class Confusion:
    """`counts[true, predicted]` over some rows; `right` is the share on the diagonal."""

    counts: Array

    @property
    def rows(self) -> int:
        return int(self.counts.sum())

    @property
    def right(self) -> float:
        """Share of rows whose class was found; NaN without rows."""
        return float(np.trace(self.counts) / self.counts.sum()) if self.rows else float("nan")


def predicted_class(dataset: Dataset, a: Array) -> Array:
    """(rows,) the class that outputs `a` (rows, outputs) mean: the largest; of one output, whether it is above the
    middle between no and yes.
    """
    found: Array = np.argmax(a, axis=1) if dataset.task == "classes" else (a[:, 0] > dataset.middle).astype(np.int64)
    return found


def confusion(frame: Frame, rows: Array) -> Confusion:
    """How often each class is taken for each, at this frame's parameters, over these rows of its data set."""
    dataset = frame.dataset
    true = dataset.class_index
    if true is None:
        raise ValueError("confusion: expected a task with classes, this one is a regression")
    count = len(dataset.class_names)
    network = frame.experiment.network
    a = _activations(network, frame.params, dataset.x[rows], len(network.layers))
    pairs = true[rows] * count + predicted_class(dataset, a)
    return Confusion(np.bincount(pairs, minlength=count * count).reshape(count, count))


@dataclass(frozen=True, eq=False)
class GradientSizes:
    """‖∂C/∂W‖ of each layer, NaN where it has no weights, and its ratio to that of the last one with weights (None
    where there is none, or that is exactly 0 or not finite).
    """

    norms: tuple[float, ...]
    ratios: tuple[float | None, ...]


def gradient_sizes(frame: Frame) -> GradientSizes:
    """How large the gradient of each layer is in this step."""
    norms = tuple(_norm(layer.dW) if layer.dW.size else math.nan for layer in frame.trace.layers)
    last = next((norm for norm in reversed(norms) if not math.isnan(norm)), 0.0)
    known = last > 0 and math.isfinite(last)
    return GradientSizes(norms, tuple(norm / last if known and not math.isnan(norm) else None for norm in norms))


def _norm(values: Array) -> float:
    """√Σv², scaled by the largest, whose square alone may be too large for a number."""
    largest = float(np.max(np.abs(values)))
    return largest * float(np.linalg.norm(values / largest)) if largest > 0 and np.isfinite(largest) else largest
