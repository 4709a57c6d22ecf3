"""Which rows train and which only validate: drawn once, from a seed, before anything is fitted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def split(rows: int, share: float, seed: int, shuffle: bool = True, classes: Rows | None = None) -> tuple[Rows, Rows]:
    """(train, validation) row numbers of `rows` rows, of which `share` validate (rounded, at least one of each).

    With `shuffle` the rows are drawn by a permutation from `seed`, and training rows keep its order; without, the last
    rows validate. With `classes` (the class number of each row) every class gives the same share, as nearly as whole
    rows allow, and keeps at least one row for training.
    """
    order = np.arange(rows, dtype=np.int64)
    if shuffle:
        # Not (seed, 0): that stream draws the points of a generator, and a lot must not go by where a point lies.
        order = np.random.default_rng((seed, 1)).permutation(order)
    if share <= 0 or rows < 2:
        return order, np.empty(0, np.int64)
    count = min(max(round(share * rows), 1), rows - 1)
    held = order[rows - count :] if classes is None else _stratified(order, count, classes)
    train = order[~np.isin(order, held)]
    return train, np.sort(held)


def _stratified(order: Rows, count: int, classes: Rows) -> Rows:
    """The last rows of each class in `order`, `count` in all, by largest remainder."""
    sizes = np.bincount(classes)
    wanted = sizes * (count / len(order))
    quota = np.minimum(np.floor(wanted).astype(np.int64), np.maximum(sizes - 1, 0))
    for k in np.argsort(quota - wanted, kind="stable"):
        if quota.sum() < count and quota[k] < sizes[k] - 1:
            quota[k] += 1
    ranked = [order[classes[order] == k] for k in range(len(sizes))]
    return np.concatenate([rows[len(rows) - take :] for rows, take in zip(ranked, quota, strict=True)])
