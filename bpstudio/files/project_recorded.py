"""What is recorded of the steps of a segment, read from its blocks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from bpstudio.data import records
from bpstudio.files.project_arrays import described, joined
from bpstudio.files.project_error import DamageError
from bpstudio.files.project_reading import MAX_STEP, Reading
from bpstudio.files.project_schema import ARRAYS, Key
from bpstudio.maths.operations import Array
from bpstudio.training.arithmetic import metric_columns, saturating_units, switching_units
from bpstudio.training.experiment import Experiment
from bpstudio.training.metrics import CHUNK, FANOUT, LevelView, Series, SeriesView
from bpstudio.training.plain_values import read_number
from bpstudio.training.stopping import Patience, Watch

MOST_UNKNOWN = 10**8
"""Steps of a record that is lost as a whole, of which the keyframes are kept."""
SERIES = ("numbers", "units", "validation", "watches")

Spans = dict[int, tuple[int, int]]
"""(first cell, one past the last) by level."""


@dataclass(frozen=True, eq=False, slots=True)
class Recorded:
    """The records of a segment; fields are those of ``KeptSegment``."""

    numbers: SeriesView
    units: SeriesView
    validation: Array
    watches: tuple[tuple[int, Watch], ...]


def recorded(
    reading: Reading, steps: Mapping[int, tuple[int, int]], experiments: Mapping[int, Experiment]
) -> dict[int, Recorded]:
    """The records of segments by their number; ``steps`` are the first one of each and the last one of a keyframe.

    How many units there are is asked of each experiment: its parameters must be known to be there.
    """
    spans: dict[tuple[int, str], Spans] = {}
    for number, series, level, first, stop in reading.rows["levels"]:
        spans.setdefault((number, series), {})[level] = (first, stop)
    for number, series in spans.keys() - {(number, series) for number in steps for series in SERIES}:
        reading.lost(f"levels: segment {number}, {series} is not there")
    widths: dict[tuple[int, str], int] = {}
    for number in steps:
        experiment = experiments[number]
        marks = len(saturating_units(experiment)) + len(switching_units(experiment))
        for series, width in zip(SERIES, (len(metric_columns(experiment)), marks, 3, 9), strict=True):
            widths[number, series] = width
    blocks = _blocks(reading, spans, widths)
    found = {}
    for number, (start, last) in steps.items():
        known = reading.sound(partial(_of_segment, reading, number, start, spans, widths, blocks))
        if known is None:
            length = min(last + 1 - start, MOST_UNKNOWN)
            numbers, units = (_nothing(series, length, widths[number, series]) for series in SERIES[:2])
            known = Recorded(numbers, units, np.empty((0, 3)), ())
        found[number] = known
    return found


def _of_segment(
    reading: Reading,
    number: int,
    start: int,
    spans: Mapping[tuple[int, str], Spans],
    widths: Mapping[tuple[int, str], int],
    blocks: Mapping[Key, Array],
) -> Recorded:
    views = []
    for place in ((number, series) for series in SERIES):
        _check_levels(spans.get(place, {}), place[1], f"levels: segment {number}, {place[1]}")
        views.append(_view(reading, place, spans[place], widths[place], blocks))
    numbers, units, validation, watches = views
    if numbers.length != units.length:
        raise DamageError(f"levels: segment {number}: units and numbers are of different steps")
    points = _points(reading, number, "validation", validation, start)
    known = _points(reading, number, "watches", watches, start)
    watched = tuple((int(row[0]), Watch(_patience(*row[1:5]), _patience(*row[5:9]))) for row in known.tolist())
    return Recorded(numbers, units, points, watched)


def _view(
    reading: Reading, place: tuple[int, str], spans: Spans, width: int, blocks: Mapping[Key, Array]
) -> SeriesView:
    """A series of a segment; what is lost of it is filled with what says nothing."""
    expected = sum(-(-stop // CHUNK) - first // CHUNK for first, stop in spans.values())
    if expected > 2 * len(blocks) + 64:
        raise DamageError(f"levels: segment {place[0]}, {place[1]}: {expected:,} blocks are said to be there")
    levels = []
    for level, (start, stop) in sorted(spans.items()):
        chunks = []
        for first in range(start // CHUNK * CHUNK, stop, CHUNK):
            chunk = blocks.get((*place, level, first))
            if chunk is None:
                reading.lost(f"{described(ARRAYS['blocks'], (*place, level, first))} is missing")
                count = min(CHUNK, stop - first)
                chunk = _unknown(place[1], (count, width) if level == 0 else (count, 4, width))
            chunks.append(chunk)
        levels.append(LevelView(tuple(chunks), start, stop))
    return SeriesView(tuple(levels), width, _dtype(place[1]))


def _nothing(series: str, steps: int, width: int) -> SeriesView:
    """A record of so many steps of which nothing is known, in as little memory as one takes."""
    record = Series(width, _dtype(series))
    for first in range(0, steps, CHUNK):
        record.append(_unknown(series, (min(CHUNK, steps - first), width)))
        record.forget(0)
    return record.view()


def _blocks(
    reading: Reading, spans: Mapping[tuple[int, str], Spans], widths: Mapping[tuple[int, str], int]
) -> dict[Key, Array]:
    """The blocks that belong to a segment, by their key."""
    found: dict[Key, Array] = {}
    for key, parts in reading.arrays("blocks"):
        number, series, level, first = key
        what = described(ARRAYS["blocks"], key)
        start, stop = spans.get((number, series), {}).get(level, (0, 0))
        width = widths.get((number, series))
        if width is None or first % CHUNK or not start // CHUNK * CHUNK <= first < stop:
            reading.lost(f"{what} does not belong there")
            continue
        count = min(CHUNK, stop - first)
        shape = (count, width) if level == 0 else (count, 4, width)
        block = reading.sound(partial(joined, parts, _dtype(series), shape, what))
        if block is not None:
            found[key] = block
    return found


def _dtype(series: str) -> np.dtype[Any]:
    return np.dtype(np.uint8 if series == "units" else np.float64)


def _unknown(series: str, shape: tuple[int, ...]) -> Array:
    """What stands in the place of what is lost: numbers that nobody knows, units that were never flat."""
    return np.zeros(shape, np.uint8) if series == "units" else np.full(shape, np.nan)


def _check_levels(spans: dict[int, tuple[int, int]], series: str, what: str) -> None:
    """The shape that a record always has: drawing a curve relies on it."""
    pyramid = series in ("numbers", "units")
    if sorted(spans) != list(range(len(spans))) or not spans or (not pyramid and len(spans) > 1):
        raise DamageError(f"{what}: a level is missing, or there is one too many")
    for level, (first, stop) in spans.items():
        after = spans.get(level + 1)
        whole = stop // FANOUT if pyramid else 0
        if not 0 <= stop <= MAX_STEP or (whole > 0) != (after is not None) or (after and after[1] != whole):
            raise DamageError(f"{what}: level {level} has {stop} cells")
        kept = -(-stop // CHUNK) - first // CHUNK
        if first and (first < 0 or first % CHUNK or kept < 2 or after is None):
            raise DamageError(f"{what}: level {level} begins at cell {first}")


def _points(reading: Reading, number: int, series: str, view: SeriesView, start: int) -> Array:
    """The rows of validation or watches: steps are whole and in order, since a search relies on it."""
    chunks = view.levels[0].chunks
    values: Array = np.concatenate(chunks) if chunks else np.empty((0, view.columns))
    what = f"blocks: segment {number}, {series}"
    steps = values[:, 0]
    lost = np.flatnonzero(np.isnan(steps))
    if lost.size:
        reading.lost(f"{what}: what comes after point {lost[0]} is not known")
        values, steps = values[: lost[0]], steps[: lost[0]]
    if not (np.isfinite(steps).all() and (steps == np.floor(steps)).all() and (np.diff(steps) > 0).all()):
        raise DamageError(f"{what}: its steps are not in order")
    if len(steps) and not (start <= steps[0] and steps[-1] <= MAX_STEP):
        raise DamageError(f"{what}: its steps are not those of the segment")
    if series == "watches" and np.isnan(values).any():
        raise DamageError(f"{what} is not what was saved")
    return values


def read_watch(document: Any) -> Watch:
    """What was known of the validations before a segment, from its JSON form."""
    entries = records.mapping(document, "watched", ("schedule", "stopping"), ("schedule", "stopping"))
    return Watch(_read_patience(entries["schedule"]), _read_patience(entries["stopping"]))


def _read_patience(document: Any) -> Patience:
    names = ("best", "best_step", "waited", "ran_out")
    entries = records.mapping(document, "watched", names, names)
    best = read_number("watched.best", entries["best"])
    if math.isnan(best):
        raise ValueError("watched.best: expected a number")
    return _patience(best, *(records.whole(entries[name], f"watched.{name}") for name in names[1:]))


def _patience(best: float, best_step: float, waited: float, ran_out: float) -> Patience:
    whole = (best_step, waited, ran_out)
    if not all(low <= value <= MAX_STEP and value == int(value) for low, value in zip((-1, 0, 0), whole, strict=True)):
        raise DamageError("watches are not what was saved")
    return Patience(best, int(best_step), int(waited), int(ran_out))
