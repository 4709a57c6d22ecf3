"""Pinned curves: what a run looked like, kept as grey ghosts through reset and edits; and those of another branch.

A pin copies at most 2,000 cells (lowest and highest value) of each curve, so its memory does not depend on the length
of the run; a run of up to so many steps is kept exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bpstudio.training.metrics import Metrics
from ui.plots.scales import Values

Steps = NDArray[np.int64]
CELLS = 2000
TREND = 60
"""Means in which the trend of a whole run is drawn."""


class Record(Protocol):
    """What curves are drawn from: the metrics of the run, or a pin of them."""

    @property
    def first(self) -> int: ...
    @property
    def stop(self) -> int: ...
    @property
    def edits(self) -> tuple[int, ...]: ...
    @property
    def validation(self) -> Values: ...
    def curve(
        self, column: str, start: int = 0, stop: int | None = None, points: int = 2000
    ) -> tuple[Steps, Values, Values]: ...
    def means(
        self, column: str, start: int = 0, stop: int | None = None, points: int = 200
    ) -> tuple[Steps, Values]: ...
    def value(self, column: str, step: int) -> float | None: ...


LONGEST = 14
"""Characters of a branch's name at the end of its curve."""


@dataclass(frozen=True, eq=False)
class Compared:
    """Another branch of the run beside the present one: what it is called, and its curves as they are."""

    title: str
    record: Metrics

    def is_same(self, other: Compared | None) -> bool:
        """Whether the same curves are meant, under the same name."""
        return other is not None and self.title == other.title and self.record is other.record

    @property
    def short(self) -> str:
        """The name as it stands at the end of a curve."""
        name = self.title.split(" · ")[0]
        return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"

    def numbers(self, columns: Sequence[str]) -> dict[str, dict[int, float]]:
        """The numbers of these columns by step, under names that tell them from those of the run."""
        there = [column for column in columns if column in self.record.columns]
        steps, values = self.record.table(there)
        return {
            f"{self.title}: {column}": dict(zip(steps.tolist(), values[:, place].tolist(), strict=True))
            for place, column in enumerate(there)
        }


@dataclass(frozen=True, eq=False)
class Kept:
    """A pinned run. `number` counts pins from 1."""

    number: int
    first: int
    stop: int
    edits: tuple[int, ...]
    validation: Values
    curves: dict[str, tuple[Steps, Values, Values]]
    trends: dict[str, tuple[Steps, Values]]

    @classmethod
    def pin(cls, number: int, metrics: Metrics) -> Kept:
        """Copy the curves as they are now."""
        curves = {column: metrics.curve(column, points=CELLS) for column in metrics.columns}
        trends = {column: metrics.means(column, points=TREND) for column in metrics.columns}
        return cls(number, metrics.first, metrics.stop, metrics.edits, metrics.validation.copy(), curves, trends)

    def curve(
        self, column: str, start: int = 0, stop: int | None = None, points: int = 2000
    ) -> tuple[Steps, Values, Values]:
        """(steps, low, high) of the cells between two steps, one more at each side."""
        steps, low, high = self.curves.get(column, (np.empty(0, np.int64), np.empty(0), np.empty(0)))
        first = max(0, int(np.searchsorted(steps, start)) - 1)
        last = int(np.searchsorted(steps, self.stop if stop is None else stop)) + 1
        return steps[first:last], low[first:last], high[first:last]

    def means(self, column: str, start: int = 0, stop: int | None = None, points: int = 200) -> tuple[Steps, Values]:
        """(steps, mean) between two steps, one more at each side; as coarse as they were when they were pinned."""
        steps, mean = self.trends.get(column, (np.empty(0, np.int64), np.empty(0)))
        first = max(0, int(np.searchsorted(steps, start)) - 1)
        last = int(np.searchsorted(steps, self.stop if stop is None else stop)) + 1
        return steps[first:last], mean[first:last]

    def numbers(self, columns: Sequence[str]) -> dict[str, dict[int, float]]:
        """The numbers of these columns by step, under names that tell them from those of the run. Where a cell stands
        for several steps there are two: its lowest and its highest value, at its first step.
        """
        found: dict[str, dict[int, float]] = {}
        for column in columns:
            if column not in self.curves:
                continue
            steps, low, high = self.curves[column]
            name = f"kept {self.number}: {column}"
            ends = (
                {name: high}
                if np.array_equal(low, high, equal_nan=True)
                else {f"{name} low": low, f"{name} high": high}
            )
            found |= {each: dict(zip(steps.tolist(), values.tolist(), strict=True)) for each, values in ends.items()}
        return found

    def value(self, column: str, step: int) -> float | None:
        """The exact value where a cell is a single step, else None."""
        steps, low, high = self.curves.get(column, (np.empty(0, np.int64), np.empty(0), np.empty(0)))
        index = int(np.searchsorted(steps, step))
        if index >= len(steps) or steps[index] != step:
            return None
        following = steps[index + 1] if index + 1 < len(steps) else self.stop
        return float(high[index]) if following == step + 1 and low[index] == high[index] else None
