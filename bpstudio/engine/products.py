"""K products of matrices at once, with the digits that each product has by itself.

A matrix that all members share (the rows of the batch) is multiplied with the matrices of all members beside each
other, which is one product; otherwise ``matmul`` takes the products one after the other, which is one call at least.
In which order the terms of a sum are added depends on the shapes and on where the numbers lie, so whoever uses these
tries first whether the digits stay.
"""

from __future__ import annotations

import numpy as np

from bpstudio.maths.operations import Array, Operation

Matrices = tuple[Array, bool]
"""(K, …) matrices or vectors, or one that all members share, and whether they do."""


def products(left: Matrices, right: Matrices, out: Matrices) -> list[list[Operation]]:
    """Ways to write left · right into out for all members, the fastest first."""
    (a, a_shared), (b, b_shared), (c, _) = left, right, out
    found: list[list[Operation]] = []
    if a_shared and not b_shared:
        found += _beside(a, b, c)
    elif b_shared and not a_shared:
        found += _below(a, b, c)
    if a_shared and b_shared:
        return found
    found += _rows(a, b, c, a_shared, b_shared)
    return [*found, *_each(a, b, c, a_shared, b_shared)]


def _merged(array: Array, first: int) -> Array | None:
    """Two neighbouring axes as one; None where they do not lie so."""
    shape, strides = array.shape, array.strides
    if shape[first] > 1 and shape[first + 1] > 1 and strides[first] != strides[first + 1] * shape[first + 1]:
        return None
    stride = strides[first + 1] if shape[first + 1] > 1 else strides[first]
    return np.lib.stride_tricks.as_strided(
        array,
        (*shape[:first], shape[first] * shape[first + 1], *shape[first + 2 :]),
        (*strides[:first], stride, *strides[first + 2 :]),
    )


def _beside(a: Array, b: Array, c: Array) -> list[list[Operation]]:
    """a · [b₁ b₂ …] = [c₁ c₂ …]: the members' matrices side by side."""
    if b.ndim != 3:
        return []
    wide = _merged(b.transpose(1, 0, 2), 1)
    into = _merged(c.transpose(1, 0, 2), 1) if c.ndim == 3 else _merged(c, 0)
    if wide is None or into is None or not into.flags.c_contiguous:
        return []
    return [[(a.dot, (wide, into))]]


def _below(a: Array, b: Array, c: Array) -> list[list[Operation]]:
    """[a₁; a₂; …] · b = [c₁; c₂; …]: the members' matrices one below the other."""
    if a.ndim != 3 or c.ndim < 2:
        return []
    high, into = _merged(a, 0), _merged(c, 0)
    if high is None or into is None or not into.flags.c_contiguous:
        return []
    return [[(high.dot, (b, into))]]


def _rows(a: Array, b: Array, c: Array, a_shared: bool, b_shared: bool) -> list[list[Operation]]:
    """A row times a matrix for each member; where the matrix is a column, all columns at once times the row."""
    row = a if a.ndim - (not a_shared) == 1 else a[..., 0, :] if a.shape[-2] == 1 else None
    if row is None or b_shared:
        return []
    into = c if c.ndim == 2 else c[..., 0, :]
    found: list[list[Operation]] = []
    if a_shared and b.shape[-1] == 1:
        column, sums = b[..., 0], into[..., 0]
        if column.flags.c_contiguous and sums.flags.c_contiguous:
            found.append([(column.dot, (row, sums))])
    if hasattr(np, "vecmat"):  # from NumPy 2.2 on
        found.append([(np.vecmat, (row, b, into))])
    return found


def _each(a: Array, b: Array, c: Array, a_shared: bool, b_shared: bool) -> list[list[Operation]]:
    """One product after the other, in one call."""
    vector_left = a.ndim - (not a_shared) == 1
    vector_right = b.ndim - (not b_shared) == 1
    if vector_right:
        return []
    if vector_left:
        a = a[None, :] if a_shared else a[:, None, :]
        c = c[:, None, :]
    return [[(np.matmul, (a, b, c))]]
