"""The curves of a run as a table: what a notebook wants of them.

Single steps are kept exactly as long as the memory for them lasts; of older ones there are cells of 16, 256, 4096, …
steps with their mean. A table says of each of its rows how many steps it stands for, so nobody takes a mean for a
measurement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from bpstudio.maths.operations import Array
from bpstudio.training.metrics import FANOUT, MAX, MEAN, MIN, Leg, Metrics, SeriesView

if TYPE_CHECKING:
    import polars as pl

_PARTS = {"mean": MEAN, "min": MIN, "max": MAX}


def columns_of(metrics: Metrics) -> tuple[str, ...]:
    """Every column that some stretch of the run has, in the order in which they came."""
    return tuple(dict.fromkeys(column for leg in metrics.legs for column in leg.columns))


def arrays(metrics: Metrics) -> dict[str, Array]:
    """ "step" (n,) and each column (n,): the steps whose numbers are kept exactly. A metric that a stretch of the run
    did not have is NaN there.
    """
    names = columns_of(metrics)
    steps, values = metrics.table(names)
    return {"step": steps} | {name: values[:, place].copy() for place, name in enumerate(names)}


def frame(metrics: Metrics, extremes: bool = False) -> pl.DataFrame:
    """A row for every step that is kept exactly and for every cell of older ones: "step" is the first step of the row,
    "steps" how many it stands for (1: exact), each column its mean over them. With ``extremes`` also the least and the
    greatest value of each, "loss min" and "loss max". A metric that is not known of these steps is NaN.
    """
    import polars as pl

    names = columns_of(metrics)
    kinds = tuple(_PARTS) if extremes else ("mean",)
    parts = [part for leg in metrics.legs for part in _cells(leg, names, kinds)]
    table: dict[str, Array] = {
        "step": np.concatenate([np.empty(0, np.int64), *(part[0] for part in parts)]),
        "steps": np.concatenate([np.empty(0, np.int64), *(part[1] for part in parts)]),
    }
    for place, name in enumerate(names):
        for number, kind in enumerate(kinds):
            label = name if kind == "mean" else f"{name} {kind}"
            table[label] = np.concatenate([np.empty(0), *(part[2][:, number, place] for part in parts)])
    return pl.DataFrame(table)


def _cells(leg: Leg, names: tuple[str, ...], kinds: tuple[str, ...]) -> Iterator[tuple[Array, Array, Array]]:
    """(first step, number of steps, values (cells, kinds, columns)) of a stretch, the oldest first."""
    for level, first, stop in _finest(leg.numbers, leg.stop - leg.start):
        width = FANOUT**level
        cells = leg.numbers.levels[level].cells(first, stop)
        values = np.full((stop - first, len(kinds), len(names)), np.nan)
        for place, name in enumerate(names):
            if name in leg.columns:
                column = leg.columns.index(name)
                for number, kind in enumerate(kinds):
                    values[:, number, place] = cells[:, column] if level == 0 else cells[:, _PARTS[kind], column]
        starts = np.arange(first, stop, dtype=np.int64) * width
        counts = np.minimum(width, leg.stop - leg.start - starts)
        # The last cell may also hold steps of another branch, which went on where this one was left.
        values[counts < width] = np.nan
        yield starts + leg.start, counts, values


def _finest(view: SeriesView, stop: int) -> Iterator[tuple[int, int, int]]:
    """(level, first cell, one past the last) of the finest cells that are left of the steps 0 … ``stop``−1."""
    place = 0
    for level in reversed(range(len(view.levels))):
        width = FANOUT**level
        # From here on the level below has every step.
        end = stop if level == 0 else min(stop, view.levels[level - 1].first * width // FANOUT)
        first, last = -(-place // width), min(-(-end // width), view.levels[level].stop)
        if first < last:
            yield level, first, last
            place = last * width
