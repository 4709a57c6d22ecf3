"""Losses of a probability: how surprised the network is by the target (Shannon 1948; as a loss: Solla, Levin and
Fleisher 1988).

- binary:       ℓ = −y ln a − (1 − y) ln(1 − a), for each output a yes or no of its own
- categorical:  ℓ = −y ln a, summed over the outputs of a row, which share 1 among themselves

Taken from the logits z the values stay finite and exact where a has long been rounded to 0 or 1.
"""

from __future__ import annotations

import numpy as np

from bpstudio.maths.operations import Array, Operation, constant


def _times_log(y: Array, a: Array) -> Array:
    """y ln a, where 0 ln 0 is its limit 0."""
    out = np.zeros(np.broadcast_shapes(y.shape, a.shape), a.dtype)
    wanted = y != 0
    np.log(a, out=out, where=wanted)
    np.multiply(out, y, out=out, where=wanted)
    return out


def binary(a: Array, y: Array) -> Array:
    """−y ln a − (1 − y) ln(1 − a)."""
    return -_times_log(y, a) - _times_log(1 - y, 1 - a)


def binary_slope(a: Array, y: Array, da: Array) -> list[Operation]:
    """(a − y) / (a (1 − a))."""
    one = constant(1.0, a.dtype)
    room = np.empty_like(da)
    return [
        (np.subtract, (one, a, room)),
        (np.multiply, (room, a, room)),
        (np.subtract, (a, y, da)),
        (np.divide, (da, room, da)),
    ]


def binary_from_logits(z: Array, y: Array) -> Array:
    """The binary cross-entropy of σ(z)."""
    # −y ln σ(z) − (1−y) ln(1−σ(z)) = max(z, 0) − z y + ln(1 + e^−|z|), exact at z = ±1000.
    cost: Array = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return cost


def categorical(a: Array, y: Array) -> Array:
    """−y ln a."""
    return -_times_log(y, a)


def _divide_where_asked(y: Array, a: Array, da: Array) -> None:
    da[...] = 0
    np.divide(y, a, out=da, where=y != 0)
    np.negative(da, da)


def categorical_slope(a: Array, y: Array, da: Array) -> list[Operation]:
    """−y / a, and 0 where y is 0."""
    return [(_divide_where_asked, (y, a, da))]


def categorical_from_logits(z: Array, y: Array) -> Array:
    """The categorical cross-entropy of softmax(z)."""
    shifted = z - np.max(z, axis=-1, keepdims=True)
    log_total = np.log(np.add.reduce(np.exp(shifted), axis=-1, keepdims=True))
    cost: Array = y * (log_total - shifted)
    return cost
