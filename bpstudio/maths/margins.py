"""Losses of a margin: an output that is right by at least 1 costs nothing and pulls at nothing.

- hinge          max(0, 1 − y a), y = ±1 (Cortes and Vapnik 1995); at the corner the slope is 0
- squared hinge  its square
- multi-class hinge (Weston and Watkins 1999): Σ over the wrong classes j of max(0, 1 + a_j − a_c), where c is the
  class of the row, the 1 of y. It is not divided by the number of classes
"""

from __future__ import annotations

from functools import partial

import numpy as np

from bpstudio.maths.operations import Array, Operation, constant


def hinge(a: Array, y: Array) -> Array:
    """max(0, 1 − y a)."""
    cost: Array = np.maximum(1 - y * a, 0)
    return cost


def hinge_slope(a: Array, y: Array, da: Array) -> list[Operation]:
    """−y where y a < 1, else 0."""
    one, zero = constant(1.0, da.dtype), constant(0.0, da.dtype)
    # 0 − 0 is 0, while −(0) is −0.0: an output that is far enough has plainly no slope.
    return [
        (np.multiply, (y, a, da)),
        (np.less, (da, one, da)),
        (np.multiply, (da, y, da)),
        (np.subtract, (zero, da, da)),
    ]


def hinge_side(a: Array, y: Array) -> Array:
    """On which side of the corner an output is: the sign of 1 − y a."""
    side: Array = np.sign(1 - y * a)
    return side


def squared_hinge(a: Array, y: Array) -> Array:
    """max(0, 1 − y a)²."""
    short = hinge(a, y)
    cost: Array = short * short
    return cost


def squared_hinge_slope(a: Array, y: Array, da: Array) -> list[Operation]:
    """−2 y max(0, 1 − y a)."""
    one, zero, two = (constant(value, da.dtype) for value in (1.0, 0.0, -2.0))
    return [
        (np.multiply, (y, a, da)),
        (np.subtract, (one, da, da)),
        (partial(np.maximum, out=da), (da, zero)),
        (np.multiply, (da, y, da)),
        (np.multiply, (da, two, da)),
        (np.add, (da, zero, da)),  # −0.0 becomes 0
    ]


def _lead(a: Array, y: Array) -> Array:
    """1 + a_j − a_c for every output j of a row; at c itself it is 1, and counts nowhere."""
    own = np.add.reduce(np.where(y == 1, a, a.dtype.type(0)), axis=-1, keepdims=True)
    lead: Array = 1 + a - own
    return lead


def multiclass_hinge(a: Array, y: Array) -> Array:
    """max(0, 1 + a_j − a_c) at each wrong class j, 0 at the right one."""
    cost: Array = np.where(y == 1, a.dtype.type(0), np.maximum(_lead(a, y), 0))
    return cost


def multiclass_hinge_slope(a: Array, y: Array, da: Array) -> list[Operation]:
    """1 at each wrong class within the margin; at the right one minus the number of those."""
    return [(_count_within, (a, y, da))]


def _count_within(a: Array, y: Array, da: Array) -> None:
    within = (_lead(a, y) > 0) & (y != 1)
    da[...] = within
    np.subtract(da, np.add.reduce(within, axis=-1, keepdims=True), out=da, where=y == 1)


def multiclass_hinge_side(a: Array, y: Array) -> Array:
    """On which side of the corner each wrong class is: the sign of 1 + a_j − a_c."""
    side: Array = np.where(y == 1, 1, np.sign(_lead(a, y)))
    return side
