"""What a pass needs of the parameters in another order, gathered once when it begins.

Adding biases (K, units) to (K, rows, units) runs an inner loop of a few units for each row of each member, and a
product with a small transposed matrix costs more than with a straight one. So one gather writes every such bias as
often as it is added, and every such matrix turned. The same numbers meet, so the digits stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bpstudio.engine.regions import Place, Region
from bpstudio.maths.operations import Array, Operation

NARROW = 16
"""Units of a layer from which on the inner loop is long enough."""
SMALL = 2**12
"""Numbers of all members' matrices up to which turning them is worth it."""
MOST = 2**14
"""Numbers that are gathered at most."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Numbers in the order in which they are needed, where they come from, and the gather of them alone."""

    values: Array
    source: Array
    alone: Operation


class Spread:
    """What is gathered from one region at the beginning of a list of operations."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self._room = np.zeros(MOST, region.flat.dtype)
        self._sources: list[Array] = []
        self._used = 0

    def over_rows(self, values: Place, over: Place) -> Gathered | None:
        """A bias of each unit as often as there are rows, to meet ``over`` (rows, units); None where that is not
        worth it.
        """
        block = over.block
        fits = len(values.shape) == 1 and len(over.shape) == 2 and values.shape[0] == over.shape[1] < NARROW
        if not fits or block is None or block.by_row or over.flat() is None or over.shape[0] < 2:
            return None
        places = self._places(values)
        if places is None:
            return None
        spread = np.broadcast_to(places[:, None, :], (len(places), *over.shape))
        return self._gathered(spread.reshape(-1))

    def turned(self, values: Place) -> Gathered | None:
        """A transposed matrix (K, n, m) so that its rows lie one after the other; None where that is not worth it."""
        if len(values.shape) != 2 or 1 in values.shape or values.strides[0] > values.strides[1]:
            return None
        places = self._places(values)
        if places is None or places.size > SMALL:
            return None
        return self._gathered(np.moveaxis(places, -2, 0))

    def with_bias(self, matrix: Place, bias: Place) -> Gathered | None:
        """[W₁ᵀ W₂ᵀ …] over [b₁ b₂ …], (inputs + 1, K · units), from a transposed matrix and a bias of each member."""
        if len(matrix.shape) != 2 or bias.shape != matrix.shape[1:]:
            return None
        weights, biases = self._places(matrix), self._places(bias)
        if weights is None or biases is None or weights.size > SMALL:
            return None
        return self._gathered(np.concatenate([weights.reshape(len(weights), -1), biases.reshape(1, -1)]))

    def keep(self, gathered: Gathered) -> None:
        """Gather what was offered last in every pass."""
        self._sources.append(gathered.source)
        self._used += len(gathered.source)

    def gather(self) -> list[Operation]:
        """The operation that gathers everything, or nothing."""
        if not self._sources:
            return []
        return [(self.region.flat.take, (np.concatenate(self._sources), None, self._room[: self._used], "clip"))]

    def _places(self, values: Place) -> Array | None:
        """Where each number of a view lies in the flat memory of all members."""
        view, flat = values.view(), self.region.flat
        if view is None:
            return None
        start = (view.__array_interface__["data"][0] - flat.__array_interface__["data"][0]) // view.itemsize
        axes = [np.arange(n) * (s // view.itemsize) for n, s in zip(view.shape, view.strides, strict=True)]
        places: Array = start + sum(np.meshgrid(*axes, indexing="ij"))
        return places

    def _gathered(self, places: Array) -> Gathered | None:
        if self._used + places.size > MOST:
            return None
        source, target = places.reshape(-1), self._room[self._used : self._used + places.size]
        return Gathered(target.reshape(places.shape), source, (self.region.flat.take, (source, None, target, "clip")))
