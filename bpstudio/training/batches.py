"""Which rows a step sees. The order is a function of (seed, epoch), so any step can be asked for without those before it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.maths.operations import Array

# Rows of shuffled data are gathered a window at a time: a batch is then a slice, and a large data set is never copied whole.
WINDOW_BYTES = 4 * 2**20


class Batches:
    """The batches of a run over the training rows of a data set.

    An epoch shows each training row once; a last batch that is smaller is a batch of its own. With all rows in one batch the order
    is that of the data: it changes nothing but the last digits of a sum.
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
        count = len(self._train)
        self._explicit = None if explicit is None else [np.asarray(rows, dtype=np.int64) for rows in explicit]
        self.size = count if batch_size == 0 else min(batch_size, count)
        self.per_epoch = len(self._explicit) if self._explicit is not None else -(-count // self.size)
        self._shuffled = shuffle and self.per_epoch > 1 and self._explicit is None
        self._seed = seed
        self._x = np.ascontiguousarray(dataset.x, dtype=dtype)
        self._y = np.ascontiguousarray(dataset.y, dtype=dtype)
        row_bytes = self._x.itemsize * (self._x.shape[1] + self._y.shape[1])
        self._window = max(1, WINDOW_BYTES // (row_bytes * self.size))  # in batches
        self._order: tuple[int, Array] = (-1, self._train)
        self._loaded: tuple[int, int] = (-1, -1)
        self._start = 0
        self._window_x = self._x[:0]
        self._window_y = self._y[:0]

    def rows(self, epoch: int, position: int) -> Array:
        """The data set's row numbers in one batch, int64."""
        if self._explicit is not None:
            return self._explicit[position]
        return self._epoch_order(epoch)[position * self.size : (position + 1) * self.size]

    def _epoch_order(self, epoch: int) -> Array:
        if not self._shuffled:
            return self._train
        if self._order[0] != epoch:
            self._order = (epoch, np.random.default_rng((self._seed, epoch)).permutation(self._train))
        return self._order[1]

    def load(self, epoch: int, position: int) -> tuple[Array, Array]:
        """(x, y) of one batch, views that stay true until the next call."""
        if self._explicit is not None:
            rows = self._explicit[position]
            return self._x[rows], self._y[rows]
        window, place = divmod(position, self._window)
        key = (epoch if self._shuffled else 0, window)
        if self._loaded != key:
            span = self._window * self.size
            rows = self._epoch_order(epoch)[window * span : (window + 1) * span]
            self._window_x, self._window_y = self._x[rows], self._y[rows]
            self._loaded = key
        self._start = place * self.size
        return self.ahead(0)

    def full_ahead(self, position: int) -> int:
        """How many batches of full size lie in the loaded window from ``position`` on."""
        if self._explicit is not None:
            return 1
        place = position % self._window
        return (len(self._window_x) - place * self.size) // self.size

    def ahead(self, rows: int) -> tuple[Array, Array]:
        """(x, y) of the full batch that begins ``rows`` rows after the one loaded last."""
        start = self._start + rows
        return self._window_x[start : start + self.size], self._window_y[start : start + self.size]
