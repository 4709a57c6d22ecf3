"""How the units of a layer behave in a step: how flat they are, and whether they are off.

Of a unit with flat ends its *saturation* is 1 − mean |f′| / max |f′| over the rows; a (unit, row) pair is *flat* where
|f′| is below a share of max |f′|. A unit that switches, like ReLU, is *off* in a row where its slope is 0. In an image
layer a map is a unit, and each of its places counts like a row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bpstudio.engine.network import Network
from bpstudio.maths.activations import activation
from bpstudio.maths.operations import Array, Operation


@dataclass(frozen=True, slots=True)
class Behaving:
    """The units of one layer that have flat ends (``saturating``, with their greatest slopes) or switch
    (``switching``); ``width`` units at ``places`` places each. ``number`` counts from 0.
    """

    number: int
    width: int
    places: int
    saturating: tuple[int, ...]
    greatest: tuple[float, ...]
    switching: tuple[int, ...]
    monotone: bool

    def limits(self, share: float, dtype: npt.DTypeLike) -> Array:
        """Below which |slope| a unit is flat, to be compared with (…, width, places); −1 where it has no flat end."""
        limits: Array = np.full((self.width, 1), -1.0)
        limits[list(self.saturating), 0] = np.asarray(self.greatest) * share
        if (limits == limits[0]).all():
            limits = limits[:1, :1].reshape(())
        return limits.astype(dtype)

    def by_unit(self, slope: Array) -> Array:
        """|f′| (steps, rows, width, places) of slopes (steps, rows, …)."""
        shaped: Array = slope.reshape(*slope.shape[:2], self.width, self.places)
        return shaped if self.monotone else np.abs(shaped)

    def operations(self, slope: Array, share: float, sums: Array) -> tuple[list[Operation], Array]:
        """The operations that write Σ |f′| of each unit into ``sums`` (width,) and which pairs are flat into an array
        of truth values, for slopes (rows, …); and that array, which is empty where nothing can be flat.
        """
        rows = len(slope)
        shaped = slope.reshape(rows, self.width, self.places)
        operations: list[Operation] = []
        if not self.monotone:
            shaped = np.empty_like(shaped)
            operations.append((np.abs, (slope.reshape(shaped.shape), shaped)))
        if self.places == 1:
            operations.append((np.ones(rows, slope.dtype).dot, (shaped.reshape(rows, self.width), sums)))
        else:
            operations.append((np.add.reduce, (shaped, (0, 2), None, sums)))
        low = np.zeros(shaped.shape if self.saturating else 0, bool)
        if self.saturating:
            operations.append((np.less, (shaped, self.limits(share, slope.dtype), low)))
        return operations, low

    def saturation(self, sums: Array, rows: int) -> Array:
        """1 − mean |f′| / max |f′| of each saturating unit, (steps, count), from sums (steps, width)."""
        mean = sums.take(self.saturating, axis=1) / (rows * self.places)
        share: Array = 1.0 - mean / np.asarray(self.greatest)
        return share

    def off(self, sums: Array, rows: int) -> Array:
        """The share of the rows in which each switching unit is off, (steps, count), from sums (steps, width)."""
        pairs = rows * self.places
        share: Array = (pairs - sums.take(self.switching, axis=1)) / pairs
        return share


@lru_cache(maxsize=64)
def behaving(network: Network) -> tuple[Behaving, ...]:
    """The layers of a network with units that can be flat or off."""
    found = []
    for number, (layer, shape) in enumerate(zip(network.layers, network.shapes[1:], strict=True)):
        rule = activation(layer.activation)
        if not layer.computes_a or not rule.elementwise:
            continue
        width, places = shape[0], math.prod(shape[1:])
        units = [rule.of(unit) for unit in range(width)]
        saturating = tuple(n for n, unit in enumerate(units) if unit.saturates and unit.max_slope)
        switching = tuple(n for n, unit in enumerate(units) if unit.switches and n not in saturating)
        if saturating or switching:
            greatest = tuple(units[n].max_slope or 0.0 for n in saturating)
            monotone = all(unit.monotone for unit in units)
            found.append(Behaving(number, width, places, saturating, greatest, switching, monotone))
    return tuple(found)
