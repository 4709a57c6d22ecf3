"""The batches of several runs that are trained together, written into stacked arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.maths.operations import Array
from bpstudio.training.batches import Batches
from bpstudio.training.experiment import Experiment

WINDOW_BYTES = 2**20
"""Batches are gathered in the order of the epoch for about so many bytes at a time."""


class Feed:
    """The batches of all members. Where they take the same rows, x is fed once."""

    def __init__(self, batches: Sequence[Batches], experiment: Experiment, dataset: Dataset, alike: bool) -> None:
        first = batches[0]
        self.per_epoch = first.per_epoch
        self.shared = self.per_epoch == 1 or alike
        self._batches = batches[:1] if self.shared else list(batches)
        self._members = len(batches)
        self._x = np.ascontiguousarray(dataset.x, dtype=experiment.dtype)
        self._y = np.ascontiguousarray(dataset.y, dtype=experiment.dtype)
        self._size = first.length(0)
        self._count = len(dataset.train)
        each = (
            self._size * self._x.itemsize * (self._x.shape[1] * len(self._batches) + self._y.shape[1] * self._members)
        )
        self._window = max(1, min(WINDOW_BYTES // each, self.per_epoch))
        self._order: tuple[int, Array] = (-1, np.empty((1, 0), np.int64))
        self._loaded: tuple[int, int] = (-1, -1)
        self._window_x = self._window_y = self._x[:0]

    def length(self, position: int) -> int:
        """How many rows the batch at this place of an epoch has."""
        return self._batches[0].length(position)

    def alike(self, position: int) -> int:
        """How many batches from this place on can be fed in one go."""
        if self.per_epoch == 1:
            return 2**31
        full = self._count // self._size
        return 1 if position >= full else min(full - position, self._window - position % self._window)

    def window(self, epoch: int, position: int) -> tuple[Array, Array]:
        """x (batches, …, rows, inputs) and y (batches, …, rows, outputs) of the batches from a place on; … is K where
        the members take different rows. A window is gathered once and never written again.
        """
        window, first = divmod(position, self._window)
        rows = self.length(position)
        key = (epoch, window if rows == self._size else -1)
        if self._loaded != key:
            if self._order[0] != epoch:
                self._order = epoch, np.stack([batches.order(epoch) for batches in self._batches])
            start = window * self._window * self._size if rows == self._size else position * self._size
            span = min(self._window * self._size, self._count // self._size * self._size - start)
            picked = self._order[1][:, start : start + (span if rows == self._size else rows)]
            picked = picked.reshape(len(picked), -1, rows).swapaxes(0, 1)
            picked = picked[:, 0] if self.shared else picked
            self._window_x, self._window_y = self._x[picked], self._y[picked]
            self._loaded = key
        skipped = first if rows == self._size else 0
        return self._window_x[skipped:], self._window_y[skipped:]
