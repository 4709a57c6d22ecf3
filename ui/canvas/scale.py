"""What colour and width a number gets, and the range that is locked for a run.

A gradient is drawn on a log scale whose range comes from the run's first step and then stays: otherwise a vanishing
gradient would keep its colour and nothing would vanish. Exact zeros and what is not finite are no place on a scale;
they have looks of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bpstudio.engine.layers import Activate, Dropout
from bpstudio.engine.network import Network
from bpstudio.maths.value_range import value_range
from bpstudio.training.frame import Frame

Floats = NDArray[np.float64]

SHORT, LONG = 3, 4
"""Decades below the first step's largest that are drawn as neighbouring colours, one colour level each."""
WIDE = 8
"""Decades of a run whose layers lie far apart; the legend then names every second one."""


@dataclass(frozen=True)
class Limits:
    """The locked ranges of one run.

    `top` is a power of ten; `weight` and `update` are the ends of signed scales; `activation` and `inputs` the ends
    of fills that have no end of their own (ReLU, identity, data).
    """

    top: float = 1.0
    decades: int = SHORT
    weight: float = 1.0
    update: float = 1.0
    activation: float = 1.0
    inputs: float = 1.0
    signed_inputs: bool = False

    @property
    def bottom(self) -> float:
        """The smallest gradient with a colour of its own."""
        return self.top / 10.0**self.decades

    @property
    def ticks(self) -> tuple[float, ...]:
        """Whole decades, at most five: the colours between five levels can be told apart with any eyes."""
        step = max(1, self.decades // LONG)
        exponent = round(math.log10(self.top))
        return tuple(10.0**e for e in range(exponent - self.decades, exponent + 1, step))

    def place(self, size: Floats) -> Floats:
        """Where |gradient| lies on the scale: 0 at `bottom` and below, 1 at `top` and above. NaN stays NaN."""
        with np.errstate(divide="ignore"):
            t: Floats = (np.log10(np.abs(size)) - math.log10(self.bottom)) / self.decades
        return np.where(np.isnan(t), t, np.clip(t, 0.0, 1.0))


@dataclass(frozen=True)
class Fill:
    """On which map the fills of a layer lie: whether numbers below 0 occur, and where they end (None: nowhere).
    `is_input`: what is filled is an input that has come through unchanged.
    """

    signed: bool
    end: float | None
    is_input: bool = False


@lru_cache(maxsize=256)
def fill_of(network: Network, layer: int) -> Fill:
    """The fills of a layer, counted from 1. Pooling, flattening and dropout give what the layer below gives."""
    scaled = 1.0
    while layer:
        spec = network.layers[layer - 1]
        if spec.has_weights or isinstance(spec, Activate):
            signed, end = value_range(spec.activation)
            return Fill(signed, None if end is None else end * scaled)
        scaled *= spec.scale if isinstance(spec, Dropout) else 1.0
        layer -= 1
    return Fill(True, None, is_input=True)


def run_of(frame: Frame) -> object:
    """What tells one run from another: another network, loss, start or data set begins a new one, with a new range.

    Training, rewinding, and edits of the rate or of typed numbers stay in the run.
    """
    experiment = frame.experiment
    return experiment.network, experiment.loss, experiment.reduction, experiment.seed, frame.dataset.name


def fit(frame: Frame) -> Limits:
    """The range that this step's gradients, weights and updates fill."""
    network = frame.experiment.network
    layers = frame.trace.layers
    sizes = [
        _sizes([layer.dW] * spec.train_weights + [layer.db] * spec.trains_bias)
        for spec, layer in zip(network.layers, layers, strict=True)
    ]
    largest = max((float(part.max()) for part in sizes if part.size), default=0.0)
    if largest <= 0.0:  # every gradient is exactly 0 or nothing is trained: any range is as good
        top, decades = 1.0, SHORT
    else:
        top = 10.0 ** math.ceil(round(math.log10(largest), 9))
        # The upper median: NumPy's own loads its masked arrays, which takes a while before the first picture.
        smallest = min(float(np.partition(part, part.size // 2)[part.size // 2]) for part in sizes if part.size)
        need = math.log10(top / smallest)
        decades = SHORT if need <= SHORT else LONG if need <= LONG else WIDE
    return Limits(
        top=top,
        decades=decades,
        weight=nice(
            max((float(p.max()) for p in (_sizes(frame.params.W), _sizes(frame.params.b)) if p.size), default=0.0)
        ),
        update=nice(max((float(p.max()) for p in (_sizes(x.update_W for x in layers),) if p.size), default=0.0)),
        activation=nice(
            max(
                (
                    float(p.max())
                    for number, layer in enumerate(layers, 1)
                    if fill_of(network, number).end is None and (p := _sizes([layer.a])).size
                ),
                default=0.0,
            )
        ),
        inputs=_end(float(np.abs(frame.dataset.x).max())),
        signed_inputs=bool(frame.dataset.x.min() < 0.0),
    )


def _end(largest: float) -> float:
    """Where the fills of inputs end: at 1, unless the data go beyond."""
    return largest if largest > 1.0 else 1.0


def nice(largest: float) -> float:
    """The next of 1, 2, 5 times a power of ten; 1 when there is nothing to measure."""
    if not 0.0 < largest < math.inf:
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= largest * (1 - 1e-9))


def widths(weights: Floats, limit: float, widest: float) -> Floats:
    """Line widths in pixels, from 1 at 0 to `widest` at the limit and beyond."""
    return 1.0 + (widest - 1.0) * np.minimum(1.0, np.nan_to_num(np.abs(weights), nan=0.0, posinf=limit) / limit)


def _sizes(arrays: Iterable[NDArray[np.floating]]) -> Floats:
    """Sizes of all finite, non-zero numbers in these arrays."""
    parts = [np.abs(np.asarray(array, dtype=np.float64)).ravel() for array in arrays]
    joined = np.concatenate(parts) if parts else np.empty(0)
    found: Floats = joined[np.isfinite(joined) & (joined > 0.0)]
    return found
