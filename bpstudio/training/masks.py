"""Which numbers a dropout lets through in a step: a function of (seed, step, layer), so that a replay drops the same.

A mask stands in the layer's slope, scaled, for it is what the error is multiplied by on its way back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from bpstudio.engine.layers import Dropout
from bpstudio.engine.trace import Trace
from bpstudio.maths.operations import Array


class Masks:
    """Writes the scaled masks of all dropout layers of one trace; ``needed`` is False where there are none."""

    def __init__(self, trace: Trace, seed: int) -> None:
        self._seed = seed
        self._parts: list[tuple[int, Dropout, Array, Array | None]] = []
        for number, layer in enumerate(trace.network.layers):
            if isinstance(layer, Dropout):
                slope = trace.slopes[number]
                slope[...] = layer.scale_outside_training
                self._parts.append((number, layer, slope, _fixed(layer, slope)))
        self.needed = bool(self._parts)

    def write(self, step: int, rows: Array) -> None:
        """The masks of a step whose batch are these rows of the data."""
        for number, layer, slope, fixed in self._parts:
            if fixed is None:
                draws = np.random.default_rng((self._seed, step, number)).random(slope.shape)
                np.multiply(draws >= layer.rate, layer.scale, out=slope)
            else:
                np.take(fixed, rows, axis=0, out=slope)

    def repeat(self, trace: Trace) -> None:
        """The masks of another trace over as many rows."""
        for number, _, slope, _ in self._parts:
            slope[...] = trace.slopes[number]

    def writing(self, feed: Iterator[None], step: int, rows: Callable[[int], Array]) -> Iterator[None]:
        """The same feed, which writes the masks of ``step`` and those that follow as it is advanced."""
        for _ in feed:
            self.write(step, rows(step))
            step += 1
            yield


def _fixed(layer: Dropout, slope: Array) -> Array | None:
    """The given masks, scaled, (rows of the data, …); None where they are drawn."""
    if not layer.masks:
        return None
    digits = np.frombuffer("".join(layer.masks).encode("ascii"), np.uint8) - ord("0")
    masks: Array = digits.reshape(len(layer.masks), *slope.shape[1:]).astype(slope.dtype) * slope.dtype.type(
        layer.scale
    )
    return masks
