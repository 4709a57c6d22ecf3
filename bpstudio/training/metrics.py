"""What is remembered of every step: the numbers that curves are drawn from.

A run may last for millions of steps, so the record is a pyramid: level 0 holds each step, a cell of level ℓ holds the
minimum, maximum, mean and first value of 16^ℓ steps. What is written never changes, so a view of it is shared by
reference and stays true. When the byte budget is used up the oldest steps of the lowest level go first; their
extremes stay in the level above, and a curve drawn from it still shows every spike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from bpstudio.maths.operations import Array

if TYPE_CHECKING:
    import polars as pl

FANOUT = 16
CHUNK, SMALLEST = 1024, 16
MIN, MAX, MEAN, FIRST = range(4)


@dataclass(frozen=True, slots=True)
class LevelView:
    """Cells ``first`` to ``stop``−1 of one level, in chunks of CHUNK cells that begin at multiples of CHUNK.

    A chunk is (CHUNK, columns) of steps at level 0, and (CHUNK, 4, columns) above; the last one may have room left.
    """

    chunks: tuple[Array, ...]
    first: int
    stop: int

    def cells(self, start: int, stop: int) -> Array:
        """The cells start … stop−1, each (4, columns); level 0 has (columns,)."""
        origin = self.first // CHUNK * CHUNK
        parts = []
        while start < stop:
            chunk, place = divmod(start - origin, CHUNK)
            count = min(stop - start, CHUNK - place)
            parts.append(self.chunks[chunk][place : place + count])
            start += count
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


class Series:
    """An append-only record of ``columns`` numbers a step, with its pyramid."""

    def __init__(self, columns: int, dtype: DTypeLike = np.float64) -> None:
        self.columns = columns
        self._dtype = np.dtype(dtype)
        self._chunks: list[list[Array]] = [[]]
        self._first: list[int] = [0]
        self._stop: list[int] = [0]
        self.nbytes = 0
        """The memory that the chunks hold."""

    @classmethod
    def of(cls, view: SeriesView) -> Series:
        """A record that goes on where a view ends; what is in the view stays as it is."""
        series = cls(view.columns, view.dtype)
        series._chunks = [list(level.chunks) for level in view.levels]
        series._first = [level.first for level in view.levels]
        series._stop = [level.stop for level in view.levels]
        for chunks, stop in zip(series._chunks, series._stop, strict=True):
            if stop % CHUNK:
                last = np.empty((CHUNK, *chunks[-1].shape[1:]), series._dtype)
                last[: stop % CHUNK] = chunks[-1][: stop % CHUNK]
                chunks[-1] = last
            series.nbytes += sum(chunk.nbytes for chunk in chunks)
        return series

    @property
    def length(self) -> int:
        """How many steps were appended."""
        return self._stop[0]

    def append(self, rows: Array) -> None:
        """Add rows (steps, columns)."""
        self._append(0, rows)

    def _append(self, level: int, cells: Array) -> None:
        if level == len(self._chunks):
            self._chunks.append([])
            self._first.append(0)
            self._stop.append(0)
        before = self._stop[level]
        done = 0
        while done < len(cells):
            place, chunks = self._stop[level] % CHUNK, self._chunks[level]
            if place == 0:
                # The first one begins small: most stretches between two edits are short.
                size = CHUNK if chunks else SMALLEST
                chunks.append(np.empty((size, *cells.shape[1:]), self._dtype))
                self.nbytes += chunks[-1].nbytes
            elif place == len(chunks[-1]):
                larger = np.empty((4 * len(chunks[-1]), *cells.shape[1:]), self._dtype)
                larger[:place] = chunks[-1]
                self.nbytes += larger.nbytes - chunks[-1].nbytes
                chunks[-1] = larger
            count = min(len(cells) - done, len(chunks[-1]) - place)
            self._chunks[level][-1][place : place + count] = cells[done : done + count]
            self._stop[level] += count
            done += count
        full = self._stop[level] // FANOUT
        if full > before // FANOUT:
            first = before // FANOUT * FANOUT
            groups = LevelView(tuple(self._chunks[level]), self._first[level], self._stop[level]).cells(
                first, full * FANOUT
            )
            self._append(
                level + 1, _summary(groups.reshape(full - before // FANOUT, FANOUT, *groups.shape[1:]), level == 0)
            )

    def forget(self, budget: int) -> None:
        """Give up the oldest chunk of the lowest level that has a full one to spare, until the budget holds."""
        while self.nbytes > budget:
            for level, chunks in enumerate(self._chunks[:-1]):
                if len(chunks) > 2:
                    self.nbytes -= chunks.pop(0).nbytes
                    self._first[level] = (self._first[level] // CHUNK + 1) * CHUNK
                    break
            else:
                return

    def view(self) -> SeriesView:
        """What is recorded until now; later appends do not change it."""
        return SeriesView(
            tuple(
                LevelView(tuple(chunks), first, stop)
                for chunks, first, stop in zip(self._chunks, self._first, self._stop, strict=True)
            ),
            self.columns,
            self._dtype,
        )


def _summary(groups: Array, of_steps: bool) -> Array:
    """(cells, 4, columns) from groups (cells, FANOUT, columns) of steps or (cells, FANOUT, 4, columns) of cells."""
    low, high, mean, first = (groups,) * 4 if of_steps else (groups[:, :, part] for part in range(4))
    # fmin and fmax pass over NaN: a metric that does not exist in a step is no extreme.
    return np.stack(
        [np.fmin.reduce(low, axis=1), np.fmax.reduce(high, axis=1), mean.mean(axis=1), first[:, 0]], axis=1
    ).astype(groups.dtype, copy=False)


@dataclass(frozen=True, slots=True)
class SeriesView:
    """A frozen view of a Series."""

    levels: tuple[LevelView, ...]
    columns: int
    dtype: np.dtype[Any]

    @property
    def length(self) -> int:
        """How many steps were recorded."""
        return self.levels[0].stop

    def envelope(self, column: int | slice, start: int, stop: int, points: int) -> tuple[Array, Array, Array]:
        """(steps, low, high) of about ``points`` cells that cover start … stop−1 without a gap, finest where the
        record allows.
        """
        stop = min(stop, self.length)
        if start >= stop:
            width = (
                ()
                if isinstance(column, int)
                else (self.levels[0].chunks[0].shape[1:] if self.levels[0].chunks else (0,))
            )
            return np.empty(0, np.int64), np.empty((0, *width)), np.empty((0, *width))
        steps: list[Array] = []
        low: list[Array] = []
        high: list[Array] = []
        for level, first, last in self._runs(start, stop, points):
            cells = self.levels[level].cells(first, last)
            steps.append(np.arange(first, last, dtype=np.int64) * FANOUT**level)
            low.append(cells[:, column] if level == 0 else cells[:, MIN, column])
            high.append(cells[:, column] if level == 0 else cells[:, MAX, column])
        at, bottom, top = np.concatenate(steps), np.concatenate(low), np.concatenate(high)
        if len(at) > points:
            groups = np.arange(0, len(at), -(-len(at) // points))
            return at[groups], np.fmin.reduceat(bottom, groups, axis=0), np.fmax.reduceat(top, groups, axis=0)
        return at, bottom, top

    def means(self, column: int, start: int, stop: int, points: int) -> tuple[Array, Array]:
        """(steps, mean) of about ``points`` stretches of steps, each mean over all steps of its stretch."""
        stop = min(stop, self.length)
        if start >= stop:
            return np.empty(0, np.int64), np.empty(0)
        steps, mean, weight = [], [], []
        for level, first, last in self._runs(start, stop, points):
            cells = self.levels[level].cells(first, last)
            steps.append(np.arange(first, last, dtype=np.int64) * FANOUT**level)
            mean.append(cells[:, column] if level == 0 else cells[:, MEAN, column])
            weight.append(np.full(last - first, float(FANOUT**level)))
        at, values, of_steps = np.concatenate(steps), np.concatenate(mean), np.concatenate(weight)
        groups = np.arange(0, len(at), -(-len(at) // points))
        return at[groups], np.add.reduceat(values * of_steps, groups) / np.add.reduceat(of_steps, groups)

    def _runs(self, start: int, stop: int, points: int) -> Iterator[tuple[int, int, int]]:
        """(level, first cell, one past the last): cells that cover start … stop−1 without a gap, about ``points`` of
        them, or up to FANOUT times as many where the next level would be too coarse.
        """
        level = 0
        while (stop - start) >= points * FANOUT ** (level + 1) and level + 1 < len(self.levels):
            level += 1
        while start < stop:
            here = self._finest_from(level, start)
            width = FANOUT**here
            first = start // width
            last = min(stop // width if level == here else -(-stop // width), self.levels[here].stop)
            if last <= first:
                # The rest does not fill one cell of this level: take it from the level below.
                level = here - 1
                continue
            yield here, first, last
            start = last * width

    def _finest_from(self, level: int, start: int) -> int:
        """The lowest level at or above ``level`` that still has the cell in which ``start`` lies."""
        while level + 1 < len(self.levels) and start // FANOUT**level < self.levels[level].first:
            level += 1
        return level

    def row(self, step: int) -> Array | None:
        """The exact numbers of one step, or None when they were given up."""
        steps = self.levels[0]
        return steps.cells(step, step + 1)[0] if steps.first <= step < steps.stop else None

    def constant_since(self, column: int, value: int, stop: int) -> int:
        """The first place of the stretch before ``stop`` in which every cell of the column is ``value``, the greatest
        there is; ``stop`` when the last one is not.

        Exact where single steps are kept. Where only summaries are left it is a cell's end: the stretch is at least as
        long as is said.
        """
        place = stop
        while place > 0:
            ends = [n for n in range(len(self.levels)) if place % FANOUT**n == 0 and self._holds(n, place)]
            for level in reversed(ends):
                row = self.levels[level].cells(place // FANOUT**level - 1, place // FANOUT**level)[0]
                if (row[column] if level == 0 else row[MIN, column]) == value:
                    place -= FANOUT**level
                    break
            else:
                return place
        return 0

    def _holds(self, level: int, place: int) -> bool:
        """Whether this level still has the cell that ends at this place."""
        end: int = place // FANOUT**level
        return self.levels[level].first < end <= self.levels[level].stop

    def rows(self, start: int, stop: int) -> tuple[int, Array]:
        """(first, rows): the exact numbers that are kept of start … stop−1."""
        start = max(start, self.levels[0].first)
        stop = min(stop, self.levels[0].stop)
        if start >= stop:
            return start, np.empty((0, 0))
        return start, self.levels[0].cells(start, stop)


@dataclass(frozen=True, slots=True)
class Leg:
    """The stretch ``start`` … ``stop``−1 of a run that one segment recorded, counted in steps of the run."""

    start: int
    stop: int
    columns: tuple[str, ...]
    numbers: SeriesView
    units: SeriesView
    unit_layers: tuple[tuple[int, int], ...]
    validation: Array
    switches: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Metrics:
    """The curves of a run until now: a chain of legs, one for each stretch without an edit.

    Columns: ``loss``, ``accuracy``, ``gradient_norm`` (of all trainable parameters), ``flat_share``; then for each
    layer l, counted from 1: ``norm/l`` = ‖∂C/∂W‖, ``saturation/l`` = mean of 1 − |f′|/max|f′|, ``flat/l`` = share of
    flat (unit, row) pairs, ``off/l`` = share of (unit, row) pairs in which a ReLU is off. What a layer does not have
    is NaN. With penalties there are ``penalty``, their sum, and ``objective``, the loss and that; under a schedule
    there is ``rate``, η of the update that is pending.
    """

    legs: tuple[Leg, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the present network."""
        return self.legs[-1].columns if self.legs else ()

    @property
    def first(self) -> int:
        """The first step of the run."""
        return self.legs[0].start if self.legs else 0

    @property
    def stop(self) -> int:
        """One more than the last recorded step."""
        return self.legs[-1].stop if self.legs else 0

    @property
    def edits(self) -> tuple[int, ...]:
        """The steps at which an edit began a new segment."""
        return tuple(leg.start for leg in self.legs[1:])

    def curve(
        self, column: str, start: int = 0, stop: int | None = None, points: int = 2000
    ) -> tuple[Array, Array, Array]:
        """(steps, low, high): at most about ``points`` cells between two steps; a spike of a single step is never
        lost.
        """
        end = self.stop if stop is None else min(stop, self.stop)
        parts: list[tuple[Array, Array, Array]] = []
        for leg in self.legs:
            a, b = max(start, leg.start), min(end, leg.stop)
            if a >= b or column not in leg.columns:
                continue
            share = max(2, int(points * (b - a) / max(1, end - start)))
            steps, low, high = leg.numbers.envelope(leg.columns.index(column), a - leg.start, b - leg.start, share)
            parts.append((steps + leg.start, low, high))
        if not parts:
            return np.empty(0, np.int64), np.empty(0), np.empty(0)
        return tuple(np.concatenate(pieces) for pieces in zip(*parts, strict=True))  # type: ignore[return-value]

    def means(self, column: str, start: int = 0, stop: int | None = None, points: int = 200) -> tuple[Array, Array]:
        """(steps, mean): the trend of a noisy curve, in about ``points`` means of as many steps each."""
        end = self.stop if stop is None else min(stop, self.stop)
        parts: list[tuple[Array, Array]] = []
        for leg in self.legs:
            a, b = max(start, leg.start), min(end, leg.stop)
            if a < b and column in leg.columns:
                share = max(2, int(points * (b - a) / max(1, end - start)))
                steps, mean = leg.numbers.means(leg.columns.index(column), a - leg.start, b - leg.start, share)
                parts.append((steps + leg.start, mean))
        if not parts:
            return np.empty(0, np.int64), np.empty(0)
        return np.concatenate([steps for steps, _ in parts]), np.concatenate([mean for _, mean in parts])

    def value(self, column: str, step: int) -> float | None:
        """The exact value in one step, or None when it was not recorded or has been given up."""
        for leg in self.legs:
            if leg.start <= step < leg.stop and column in leg.columns:
                row = leg.numbers.row(step - leg.start)
                return None if row is None else float(row[leg.columns.index(column)])
        return None

    def table(self, columns: Sequence[str], start: int = 0, stop: int | None = None) -> tuple[Array, Array]:
        """(steps, values (steps, columns)): every exact row that is kept."""
        end = self.stop if stop is None else min(stop, self.stop)
        steps, values = [np.empty(0, np.int64)], [np.empty((0, len(columns)))]
        for leg in self.legs:
            first, rows = leg.numbers.rows(max(start, leg.start) - leg.start, min(end, leg.stop) - leg.start)
            if len(rows):
                picked = np.full((len(rows), len(columns)), np.nan)
                for place, column in enumerate(columns):
                    if column in leg.columns:
                        picked[:, place] = rows[:, leg.columns.index(column)]
                steps.append(np.arange(first, first + len(rows)) + leg.start)
                values.append(picked)
        return np.concatenate(steps), np.concatenate(values)

    def arrays(self) -> dict[str, Array]:
        """The curves as arrays (n,) by column, with "step": every step whose numbers are kept exactly."""
        from bpstudio.training import metric_table  # it stands above

        return metric_table.arrays(self)

    def to_polars(self, extremes: bool = False) -> pl.DataFrame:
        """The curves as a Polars frame: "step", "steps" (how many steps a row stands for; 1: exact, more: their mean,
        where single steps have been given up), and each column; with ``extremes`` its "… min" and "… max" too.
        """
        from bpstudio.training import metric_table

        return metric_table.frame(self, extremes)

    def off_since(self, layer: int, unit: int, step: int) -> int | None:
        """The first step of the stretch, up to and with ``step``, in which a ReLU unit was off for every row of every
        batch; None when it was on for some row of ``step`` itself. Layers count from 1, units from 0.

        Where the record of single steps was given up the stretch may have begun a little earlier than is said.
        """
        since: int | None = None
        for leg in reversed(self.legs):
            if leg.start > step:
                continue
            if (layer, unit) not in leg.switches:
                break
            column = len(leg.unit_layers) + leg.switches.index((layer, unit))
            stop = min(leg.stop, step + 1) - leg.start
            place = leg.units.constant_since(column, 255, stop)
            if place < stop:
                since = leg.start + place
            if place > 0:
                break
        return since

    @property
    def validation(self) -> Array:
        """(points, 3): step, loss and accuracy on the validation rows, at the ends of epochs."""
        parts = [leg.validation[(leg.validation[:, 0] < leg.stop)] for leg in self.legs if len(leg.validation)]
        return np.concatenate(parts) if parts else np.empty((0, 3))

    def units(
        self, start: int = 0, stop: int | None = None, points: int = 1000, at: int | None = None
    ) -> tuple[Array, Array, tuple[tuple[int, int], ...]]:
        """(steps, map (cells, units) of uint8, (layer, unit) of each column): mean saturation over the batch, 255 =
        flat.

        Only units whose activation saturates; of several steps in one cell the greatest value counts. Legs whose
        network differs from that of step ``at`` (the last one, unless given) are left out.
        """
        empty = (np.empty(0, np.int64), np.empty((0, 0), np.uint8), ())
        here = [leg for leg in self.legs if at is None or leg.start <= at]
        if not here or not here[-1].unit_layers:
            return empty
        layers = here[-1].unit_layers
        end = self.stop if stop is None else min(stop, self.stop)
        steps, cells = [], []
        for leg in self.legs:
            a, b = max(start, leg.start), min(end, leg.stop)
            if a < b and leg.unit_layers == layers:
                share = max(2, int(points * (b - a) / max(1, end - start)))
                rows, _, high = leg.units.envelope(slice(len(layers)), a - leg.start, b - leg.start, share)
                steps.append(rows + leg.start)
                cells.append(high)
        return (np.concatenate(steps), np.concatenate(cells), layers) if steps else empty
