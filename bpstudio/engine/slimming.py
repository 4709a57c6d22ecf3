"""Fewer axes for the same elements: an operation over (N, K, units) that lie side by side is one over a flat array.

NumPy runs its inner loop along the last axis only, and every further axis costs. Which elements meet which does not
change, so neither do the digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bpstudio.maths.operations import Array

SHORT = 2048
"""Numbers up to which a constant is filled into an array of its own."""


def slim(operands: Sequence[Any]) -> list[Any]:
    """The same arrays with axes merged and put in the order of memory; what is no array, or has no axis, stays.

    They are operands of an elementwise operation: they broadcast against each other.
    """
    arrays = [operand for operand in operands if isinstance(operand, np.ndarray) and operand.ndim > 0]
    if not arrays:
        return list(operands)
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    views = [np.broadcast_to(array, shape) for array in arrays]
    strides = [list(view.strides) for view in views]
    widest = max(range(len(arrays)), key=lambda number: arrays[number].size)
    order = sorted(range(len(shape)), key=lambda axis: -strides[widest][axis])
    lengths = [shape[axis] for axis in order]
    steps = [[own[axis] for axis in order] for own in strides]
    merged_lengths: list[int] = []
    merged: list[list[int]] = [[] for _ in arrays]
    for at, length in enumerate(lengths):
        if length == 1:
            continue
        joins = bool(merged_lengths) and all(
            out[-1] == own[at] * length for out, own in zip(merged, steps, strict=True)
        )
        if joins:
            merged_lengths[-1] *= length
        else:
            merged_lengths.append(length)
        for out, own in zip(merged, steps, strict=True):
            if joins:
                out[-1] = own[at]
            else:
                out.append(own[at])
    if not merged_lengths:
        merged_lengths, merged = [1], [[array.itemsize] for array in arrays]
    found = iter(_strided(array, merged_lengths, own) for array, own in zip(arrays, merged, strict=True))
    return [next(found) if isinstance(each, np.ndarray) and each.ndim > 0 else each for each in operands]


def filled(operands: Sequence[Any]) -> list[Any]:
    """The same, with constants written as often as they are met: NumPy takes longer for one number and a short array
    than for two short arrays.
    """
    shapes = {operand.shape for operand in operands if isinstance(operand, np.ndarray) and operand.ndim > 0}
    if len(shapes) != 1 or (shape := shapes.pop())[0] > SHORT or len(shape) > 1:
        return list(operands)
    return [
        np.full(shape, each) if isinstance(each, np.ndarray) and each.ndim == 0 and not each.flags.writeable else each
        for each in operands
    ]


def _strided(array: Array, lengths: list[int], strides: list[int]) -> Array:
    """A view of an array; axes over which it is repeated have the length 1, and leading ones of those go."""
    shape = [1 if stride == 0 else length for length, stride in zip(lengths, strides, strict=True)]
    view = np.lib.stride_tricks.as_strided(array, shape, strides, writeable=array.flags.writeable)
    while view.ndim > 1 and view.shape[0] == 1 and strides[len(strides) - view.ndim] == 0:
        view = view[0]
    return view
