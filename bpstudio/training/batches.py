"""Which rows a step sees. The order is a function of (seed, epoch), so any step can be asked for without those before
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.maths.operations import Array

# Narrow rows are gathered in shuffled order a window at a time, and a batch is then a slice; wide ones are gathered
# batch by batch, since copying them twice costs more than the call.
WINDOW_BYTES = 2**18
WIDE_BATCH_BYTES = 2**13


class Batches:
    """The batches of a run over the training rows of a data set.

    An epoch shows each training row once; a last batch that is smaller is a batch of its own. With all rows in one
    batch the order is that of the data: it changes nothing but the last digits of a sum.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        seed: int,
        shuffle: bool,
        dtype: str,
        explicit: Sequence[Array] | None = None,
    ) -> None:
        self._train = np.asarray(dataset.train, dtype=np.int64)
        self._explicit = None if explicit is None else [np.asarray(rows, dtype=np.int64) for rows in explicit]
        self._count = len(self._train)
        self._size = self._count if batch_size == 0 else min(batch_size, self._count)
        self.per_epoch = len(self._explicit) if self._explicit is not None else -(-self._count // self._size)
        self._shuffled = shuffle and self.per_epoch > 1 and self._explicit is None
        self._seed = seed
        self._x = np.ascontiguousarray(dataset.x, dtype=dtype)
        self._y = np.ascontiguousarray(dataset.y, dtype=dtype)
        batch_bytes = self._size * self._x.itemsize * (self._x.shape[1] + self._y.shape[1])
        self._wide = batch_bytes >= WIDE_BATCH_BYTES or self._explicit is not None
        self._window = max(1, WINDOW_BYTES // batch_bytes)  # in batches
        self._order: tuple[int, Array] = (-1, self._train)
        self._loaded: tuple[int, int] = (-1, -1)
        self._window_x = self._x[:0]
        self._window_y = self._y[:0]

    def rows(self, epoch: int, position: int) -> Array:
        """The data set's row numbers in one batch, int64."""
        if self._explicit is not None:
            return self._explicit[position]
        return self.order(epoch)[position * self._size : (position + 1) * self._size]

    def length(self, position: int) -> int:
        """How many rows the batch at this place of an epoch has."""
        if self._explicit is not None:
            return len(self._explicit[position])
        return min(self._size, self._count - position * self._size)

    def alike(self, position: int) -> int:
        """How many batches from this place on have as many rows and can be fed in one go: without end where the rows
        of an epoch are dealt out evenly.
        """
        if self._explicit is not None or self.length(position) < self._size:
            return 1
        return 2**31 if self._count % self._size == 0 else self._count // self._size - position

    def feed(self, epoch: int, position: int, into_x: Array, into_y: Array) -> Iterator[None]:
        """Write one batch after another into the two arrays, one each time the iterator is advanced; as many as are
        ``alike``, into the next epochs if need be.
        """
        if self.per_epoch == 1 or self._explicit is not None:
            # Always the same rows, or a batch of its own: they are written once.
            rows = self.rows(epoch, position)
            into_x[...], into_y[...] = self._x[rows], self._y[rows]
            yield from repeat(None)
        start = position * self._size
        while True:
            if self._wide:
                yield from self._take(self.order(epoch)[start:], into_x, into_y)
                start = len(self._train)
            else:
                window, at = divmod(start // self._size, self._window)
                x, y = self._load(epoch, window)
                yield from _copies(x[at * self._size :], y[at * self._size :], into_x, into_y)
                start = (window + 1) * self._window * self._size
            if start >= self._count:
                epoch, start = epoch + 1, 0

    def _take(self, order: Array, into_x: Array, into_y: Array) -> Iterator[None]:
        take_x, take_y, size = self._x.take, self._y.take, len(into_x)
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            take_x(rows, 0, into_x, "clip")
            take_y(rows, 0, into_y, "clip")
            yield

    def _load(self, epoch: int, window: int) -> tuple[Array, Array]:
        key = (epoch if self._shuffled else 0, window)
        if self._loaded != key:
            span = self._window * self._size
            rows = self.order(epoch)[window * span : (window + 1) * span]
            self._window_x, self._window_y = self._x[rows], self._y[rows]
            self._loaded = key
        return self._window_x, self._window_y

    def order(self, epoch: int) -> Array:
        """The data set's row numbers in the order in which an epoch takes them; an explicit list has none."""
        if not self._shuffled:
            return self._train
        if self._order[0] != epoch:
            self._order = (epoch, np.random.default_rng((self._seed, epoch)).permutation(self._train))
        return self._order[1]


def _copies(x: Array, y: Array, into_x: Array, into_y: Array) -> Iterator[None]:
    size, copyto = len(into_x), np.copyto
    for start in range(0, len(x), size):
        stop = start + size
        copyto(into_x, x[start:stop])
        copyto(into_y, y[start:stop])
        yield
