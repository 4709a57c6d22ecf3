"""Losses of a distance: each looks only at how far an output is from its target, d = a − y.

- half squared error ½d², slope d (Gauss 1809; the ½ only tidies the slope)
- squared error d², slope 2d
- mean absolute error |d|, slope ±1 and 0 at the corner d = 0 (Laplace 1774)
- Huber (1964): ½d² where |d| ≤ δ, beyond it δ(|d| − ½δ); its slope is d held between −δ and δ, so that one wild row
  cannot pull harder than δ
"""

from __future__ import annotations

from functools import partial

import numpy as np

from bpstudio.maths.operations import Array, Operation, constant


def half_squared(a: Array, y: Array) -> Array:
    """½(a − y)²."""
    error = a - y
    half: Array = error * error * constant(0.5, error.dtype)
    return half


def half_squared_slope(a: Array, y: Array, da: Array) -> list[Operation]:
    """a − y."""
    return [(np.subtract, (a, y, da))]


def squared(a: Array, y: Array) -> Array:
    """(a − y)²."""
    error = a - y
    square: Array = error * error
    return square


def squared_slope(a: Array, y: Array, da: Array) -> list[Operation]:
    """2(a − y)."""
    return [(np.subtract, (a, y, da)), (np.add, (da, da, da))]


def absolute(a: Array, y: Array) -> Array:
    """|a − y|."""
    size: Array = np.abs(a - y)
    return size


def absolute_slope(a: Array, y: Array, da: Array) -> list[Operation]:
    """The sign of a − y, and 0 at the corner."""
    return [(np.subtract, (a, y, da)), (np.sign, (da, da))]


def absolute_side(a: Array, y: Array) -> Array:
    """On which side of the corner an output is: the sign of a − y."""
    side: Array = np.sign(a - y)
    return side


def huber(delta: float, a: Array, y: Array) -> Array:
    """½d² for |d| ≤ δ, else δ(|d| − ½δ)."""
    limit, half = constant(delta, a.dtype), constant(0.5, a.dtype)
    size = np.abs(a - y)
    # With the part m of |d| that is within δ both branches are m(|d| − m/2): ½d² for m = |d|, δ(|d| − ½δ) for m = δ.
    within = np.minimum(size, limit)
    cost: Array = within * (size - half * within)
    return cost


def huber_slope(delta: float, a: Array, y: Array, da: Array) -> list[Operation]:
    """a − y, held between −δ and δ."""
    return [
        (np.subtract, (a, y, da)),
        (partial(np.minimum, out=da), (da, constant(delta, da.dtype))),
        (partial(np.maximum, out=da), (da, constant(-delta, da.dtype))),
    ]


def huber_side(delta: float, a: Array, y: Array) -> Array:
    """Whether an output is beyond δ (1), within (−1) or at it (0), where the slope stops to grow."""
    side: Array = np.sign(np.abs(a - y) - delta)
    return side
