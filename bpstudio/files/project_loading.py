"""The run that stands in a project file, read without trust.

Every count, name and number is compared with what the experiment says before an array is made of it, and every hash is
checked, so that what is opened is what was saved, or nothing.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bpstudio.data import records
from bpstudio.data.choices import TASKS
from bpstudio.data.dataset import MAX_VALUES, Dataset, Group
from bpstudio.data.errors import DataError
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params, params_layout
from bpstudio.files import data_reference, strict_json
from bpstudio.files.project_arrays import described, joined, stored
from bpstudio.files.project_error import DamageError
from bpstudio.files.project_schema import ARRAYS, CHECKS, RECORDS, Key, Row, Table, check
from bpstudio.maths.operations import Array
from bpstudio.training.archive import Archive, KeptBranch, KeptSegment
from bpstudio.training.arithmetic import metric_columns, saturating_units, switching_units
from bpstudio.training.breakpoints import Breakpoint
from bpstudio.training.caption import Caption
from bpstudio.training.carry import check_fit, memory_size
from bpstudio.training.experiment import DTYPES, Experiment
from bpstudio.training.metrics import CHUNK, FANOUT, LevelView, SeriesView
from bpstudio.training.past import LONGEST_NAME, LONGEST_NOTE, Bookmark, Event
from bpstudio.training.stopping import Patience, Watch

MAX_STEP = 2**53
MOST_ROWS = 1_000_000
LARGEST_JSON = 32 * 2**20
MOST_PARTS = 2_000_000
"""Values of a JSON text: what they need in memory is a hundred times what they need in the file."""

Progress = Callable[[float], None]
Damage = Callable[[str], None]
"""Told of what is damaged and can be left out; it raises where nothing may be."""


def refuse(what: str) -> None:
    """Leave nothing out."""
    raise DamageError(what)


class Loading:
    """One file, being read through a connection. ``lost`` hears of damaged arrays that could be left out."""

    def __init__(
        self, connection: sqlite3.Connection, folder: Path, size: int, progress: Progress, lost: Damage = refuse
    ) -> None:
        self._connection, self._folder, self._lost = connection, folder, lost
        self._size, self._progress, self._done, self._told = max(1, size), progress, 0, 0
        self._networks: dict[str, Network] = {}
        self.rows: dict[str, list[Row]] = {}
        self.meta: dict[str, str] = {}

    def look(self, *names: str) -> None:
        """Read tables of records: those of these names, or all."""
        self.rows = {name: self._records(RECORDS[name]) for name in names or RECORDS}
        found = dict(self._connection.execute(f"SELECT name, hash FROM {CHECKS.name} LIMIT 100"))
        for name, rows in self.rows.items():
            if found.get(name) != check(rows):
                self._lost(f"{name} is not what was saved")
        self.meta = dict(self.rows["meta"])

    # ---- rows

    def _records(self, table: Table) -> list[Row]:
        rows = self._connection.execute(f"SELECT {table.names} FROM {table.name} LIMIT {MOST_ROWS + 1}").fetchall()
        if len(rows) > MOST_ROWS:
            raise DamageError(f"{table.name} has more than {MOST_ROWS:,} rows")
        kinds = [kind for _, kind in table.columns]
        seen = set()
        for row in rows:
            for (name, _), kind, value in zip(table.columns, kinds, row, strict=True):
                if type(value) is not _TYPES[kind.rstrip("?")] and not (kind.endswith("?") and value is None):
                    raise DamageError(f"{described(table, table.key_of(row))}: {name} is no {kind.rstrip('?')}")
            seen.add(table.key_of(row))
        if len(seen) != len(rows):
            raise DamageError(f"{table.name} has a row twice")
        return sorted(rows, key=table.key_of)

    def _arrays(self, name: str) -> Iterator[tuple[Key, list[bytes]]]:
        for key, parts in stored(self._connection, ARRAYS[name]):
            self._done += sum(map(len, parts)) + 64
            if self._done - self._told > self._size // 100:
                self._told = self._done
                self._progress(min(0.99, self._done / self._size))
            yield key, parts

    def json(self, text: str, what: str) -> Any:
        """The value of a JSON text."""
        if len(text) > LARGEST_JSON or sum(map(text.count, ",[{:")) > MOST_PARTS:
            raise DamageError(f"{what} is larger than what is written")
        try:
            return strict_json.parse(text)
        except ValueError as error:
            raise DamageError(f"{what}: {error}") from None

    # ---- the whole

    def archive(self, datasets: dict[int, Dataset]) -> Archive:
        """The run."""
        experiments = {
            number: self._made(f"experiments: number {number}", Experiment.from_dict, text)
            for number, text in self.rows["experiments"]
        }
        segments = self._segments(experiments, datasets)
        branches = self._branches(segments)
        current, made = self.number("current"), self.number("made")
        if current not in {branch.number for branch in branches}:
            raise DamageError(f"there is no branch {current}, on which the run is")
        if segments and made < max(segments):
            raise DamageError("more stretches were made than is said")
        return Archive(
            MappingProxyType(segments), branches, current, self._bookmarks(branches), self._breakpoints(),
            self._events(), made,
        )  # fmt: skip

    def number(self, name: str) -> int:
        """A number among what the file says of itself."""
        text = self.meta.get(name, "")
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise DamageError(f"meta: {name} is no number")
        return int(text)

    def _made(self, what: str, read: Callable[[Any], Any], text: str) -> Any:
        """What is read from a JSON text, or a message that says where it stands."""
        value = self.json(text, what)
        try:
            return read(value)
        except DamageError:
            raise
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise DamageError(f"{what}: {error}") from None

    # ---- data

    def datasets(self) -> dict[int, Dataset]:
        """The data sets by number."""
        found: dict[int, dict[str, list[bytes]]] = {}
        for (number, part), parts in self._arrays("dataset_arrays"):
            found.setdefault(number, {})[part] = parts
        return {row[0]: self._dataset(row, found.get(row[0], {})) for row in self.rows["datasets"]}

    def _dataset(self, row: Row, arrays: dict[str, list[bytes]]) -> Dataset:
        number, stored_hash, name, rows, inputs, outputs, train, validation, embedded, text = row
        what = f"datasets: number {number}"
        document = self.json(text, what)
        if not embedded:
            # Errors about the file speak for themselves: it is the file that is missing or differs, not the project.
            described_so = {"source": document.get("source") if isinstance(document, dict) else None}
            try:
                dataset = data_reference.read(described_so | {"hash": stored_hash}, "data", self._folder)
            except DataError:
                raise
            except ValueError as error:
                raise DamageError(f"{what}: {error}") from None
            return dataclasses.replace(dataset, name=name)
        if min(rows, inputs, outputs, train, validation) < 0 or rows * (inputs + outputs) > MAX_VALUES:
            raise DamageError(f"{what} says that it has {rows:,} rows of {inputs:,} and {outputs:,} numbers")
        shapes = {"x": (rows, inputs), "y": (rows, outputs), "train": (train,), "validation": (validation,)}
        values = {
            part: joined(arrays.get(part, []), np.float64 if part in "xy" else np.int64, shape, f"{what}, {part}")
            for part, shape in shapes.items()
        }
        dataset = self._described_dataset(document, what, name, values)
        if dataset.hash != stored_hash:
            raise DamageError(f"{what} is not what was saved")
        return dataset

    def _described_dataset(self, document: Any, what: str, name: str, values: dict[str, Array]) -> Dataset:
        keys = ("task", "inputs", "outputs", "classes", "input_shape", "groups", "source")
        try:
            entries = records.mapping(document, what, keys, keys)
            inputs, outputs, classes = (
                tuple(records.text(each, f"{what}.{key}") for each in records.sequence(entries[key], f"{what}.{key}"))
                for key in ("inputs", "outputs", "classes")
            )
            task = next((each for each in TASKS if each == entries["task"]), None)
            if task is None:
                raise DamageError(f"{what}.task: expected one of {', '.join(TASKS)}")
            sides = entries["input_shape"]
            groups = records.sequence(entries["groups"], f"{what}.groups")
            shape = None if sides is None else _two(sides, f"{what}.input_shape")
            return Dataset(
                values["x"],
                values["y"],
                inputs,
                outputs,
                task,
                classes,
                values["train"],
                values["validation"],
                shape,
                tuple(records.read(Group, group, f"{what}.groups") for group in groups),
                name,
                data_reference.read_source(entries["source"], f"{what}.source", self._folder),
            )
        except DamageError:
            raise
        except ValueError as error:
            raise DamageError(f"{what}: {error}") from None

    def _batch_lists(self, datasets: dict[int, Dataset]) -> dict[int, tuple[Array, ...]]:
        counts = {number: count for number, count, _ in self.rows["batch_lists"]}
        found: dict[int, list[Array]] = {number: [] for number in counts}
        for (number, place), parts in self._arrays("batches"):
            if number not in found or place != len(found[number]):
                raise DamageError(f"batches: list {number} has no batch {place}")
            length = sum(map(len, parts)) // 8
            found[number].append(joined(parts, np.int64, (length,), f"batches: list {number}, batch {place}"))
        for number, count in counts.items():
            if len(found[number]) != count or not count or not all(map(len, found[number])):
                raise DamageError(f"batch_lists: number {number} is not complete")
        return {number: tuple(batches) for number, batches in found.items()}

    # ---- segments

    def _segments(self, experiments: dict[int, Experiment], datasets: dict[int, Dataset]) -> dict[int, KeptSegment]:
        lists = self._batch_lists(datasets)
        rows = {row[0]: row for row in self.rows["segments"]}
        keyframes: dict[int, dict[int, Array]] = {number: {} for number in rows}
        sizes: dict[int, tuple[int, str]] = {}
        for number, row in rows.items():
            if row[2] not in experiments or row[3] not in datasets or (row[8] is not None and row[8] not in lists):
                raise DamageError(f"segments: number {number} is about something that is not there")
            sizes[number] = memory_size(experiments[row[2]]), experiments[row[2]].dtype
        for (number, step), parts in self._arrays("keyframes"):
            if number not in rows:
                raise DamageError(f"keyframes: there is no segment {number}")
            size, dtype = sizes[number]
            keyframes[number][step] = joined(parts, dtype, (size,), f"keyframes: segment {number}, step {step}")
        recorded = self._recorded(rows, experiments, keyframes)
        return {
            number: self._segment(
                row, experiments[row[2]], datasets[row[3]], lists.get(row[8]), keyframes[number], recorded[number]
            )
            for number, row in rows.items()
        }

    def _segment(
        self,
        row: Row,
        experiment: Experiment,
        dataset: Dataset,
        explicit: tuple[Array, ...] | None,
        keyframes: dict[int, Array],
        recorded: dict[str, Any],
    ) -> KeptSegment:
        number, cause, _, _, start, epoch, position, continued, _, begun, watched, interval, pinned, _ = row
        what = f"segments: number {number}"
        for name, value, low, high in (
            ("number", number, 1, MAX_STEP),
            ("start", start, 0, MAX_STEP),
            ("epoch", epoch, 0, MAX_STEP),
            ("position", position, 0, MAX_STEP),
            ("begun", begun, 0, start),
            ("interval", interval, 1, MAX_STEP),
        ):
            if not low <= value <= high:
                raise DamageError(f"{what}: {name} is {value}")
        last = start + max(recorded["numbers"].length - 1, 0)
        if start not in keyframes or pinned not in keyframes or not all(start <= s <= last for s in keyframes):
            raise DamageError(f"{what}: its keyframes are not those of its steps")
        if explicit is not None and not all(0 <= int(b.min()) <= int(b.max()) < dataset.rows for b in explicit):
            raise DamageError(f"{what}: its batches have rows that the data do not have")
        try:
            check_fit(experiment, dataset)
        except ValueError as error:
            raise DamageError(f"{what}: {error}") from None
        return KeptSegment(
            number,
            cause,
            experiment,
            dataset,
            start,
            epoch,
            position,
            continued,
            explicit,
            begun,
            self._made(what, _read_watch, watched),
            interval,
            pinned,
            MappingProxyType(keyframes),
            recorded["numbers"],
            recorded["units"],
            recorded["validation"],
            recorded["watches"],
        )

    def _recorded(
        self, rows: dict[int, Row], experiments: dict[int, Experiment], keyframes: dict[int, dict[int, Array]]
    ) -> dict[int, dict[str, Any]]:
        """Numbers, units, validation and watches of every segment."""
        levels: dict[tuple[int, str], dict[int, tuple[int, int]]] = {}
        for number, series, level, first, stop in self.rows["levels"]:
            levels.setdefault((number, series), {})[level] = (first, stop)
        widths: dict[tuple[int, str], int] = {}
        for number, row in rows.items():
            experiment = experiments[row[2]]
            columns = metric_columns(experiment)
            # How many units there are is asked only of a network whose parameters are there.
            if row[4] not in keyframes[number]:
                raise DamageError(f"segments: number {number} has no keyframe at its start")
            if self.json(row[13], f"segments: number {number}") != list(columns):
                raise DamageError(f"segments: number {number} has other columns than its experiment")
            units = len(saturating_units(experiment)) + len(switching_units(experiment))
            for series, width in (("numbers", len(columns)), ("units", units), ("validation", 3), ("watches", 9)):
                widths[number, series] = width
                _check_levels(levels.get((number, series), {}), series, f"levels: segment {number}, {series}")
        if levels.keys() != widths.keys():
            raise DamageError("levels are about something that is not there")
        blocks: dict[tuple[int, str], dict[int, list[Array]]] = {}
        for (number, series, level, first), parts in self._arrays("blocks"):
            what = f"blocks: segment {number}, {series}, level {level}, cell {first}"
            start, stop = levels.get((number, series), {}).get(level, (0, 0))
            placed = blocks.setdefault((number, series), {}).setdefault(level, [])
            if first != start // CHUNK * CHUNK + len(placed) * CHUNK or first >= stop:
                raise DamageError(f"{what} does not belong there")
            count, width = min(CHUNK, stop - first), widths[number, series]
            shape = (count, width) if level == 0 else (count, 4, width)
            placed.append(joined(parts, np.uint8 if series == "units" else np.float64, shape, what))
        found: dict[int, dict[str, Any]] = {number: {} for number in rows}
        for (number, series), spans in levels.items():
            views = []
            for level, (first, stop) in sorted(spans.items()):
                chunks = blocks.get((number, series), {}).get(level, [])
                if len(chunks) != -(-stop // CHUNK) - first // CHUNK:
                    raise DamageError(f"blocks: segment {number}, {series}, level {level}: one is missing")
                views.append(LevelView(tuple(chunks), first, stop))
            dtype = np.dtype(np.uint8 if series == "units" else np.float64)
            view = SeriesView(tuple(views), widths[number, series], dtype)
            found[number][series] = _read_series(number, series, view, rows[number][4])
        for number, series in found.items():
            if series["numbers"].length != series["units"].length:
                raise DamageError(f"levels: segment {number}: units and numbers are of different steps")
        return found

    # ---- branches and marks

    def _branches(self, segments: dict[int, KeptSegment]) -> tuple[KeptBranch, ...]:
        origins = self._origins()
        paths: dict[int, list[int]] = {}
        for branch, place, segment in self.rows["paths"]:
            if place != len(paths.setdefault(branch, [])) or segment not in segments:
                raise DamageError(f"paths: branch {branch} is not complete")
            paths[branch].append(segment)
        branches: list[KeptBranch] = []
        numbers = {row[0] for row in self.rows["branches"]}
        for row in sorted(self.rows["branches"], key=lambda each: each[1]):
            number, place, name, parent, fork, cause, step, origin, caption = row
            what = f"branches: number {number}"
            path = paths.get(number, [])
            starts = [segments[each].start for each in path]
            if not path or any(a >= b for a, b in itertools.pairwise(starts)):
                raise DamageError(f"{what}: its stretches do not follow each other")
            if place != len(branches) or number < 1 or origin not in origins or len(name) > LONGEST_NAME:
                raise DamageError(f"{what} is not what was saved")
            if parent is not None and (parent not in numbers or parent == number):
                raise DamageError(f"{what}: there is no branch {parent}, from which it comes")
            if not (0 <= fork <= MAX_STEP and 0 <= step <= MAX_STEP):
                raise DamageError(f"{what}: it begins at step {fork} and stood at step {step}")
            made = self._made(what, self._caption, caption)
            branches.append(KeptBranch(number, name, parent, fork, cause, step, tuple(path), origins[origin], made))
        if not branches or set(paths) != numbers:
            raise DamageError("branches are missing")
        _check_parents(branches)
        return tuple(branches)

    def _origins(self) -> dict[int, Params]:
        rows = {row[0]: row for row in self.rows["origins"]}
        arrays: dict[int, list[bytes]] = {}
        for (number,), parts in self._arrays("origin_arrays"):
            arrays[number] = parts
        origins = {}
        for number, (_, dtype, _, text) in rows.items():
            what = f"origins: number {number}"
            if dtype not in DTYPES:
                raise DamageError(f"{what}: expected {' or '.join(DTYPES)}")
            network = self._network(text, what)
            size = params_layout(network).size
            origins[number] = Params(network, joined(arrays.get(number, []), dtype, (size,), what))
        return origins

    def _network(self, text: str, what: str) -> Network:
        known = self._networks.get(text)
        if known is None:
            known = self._networks[text] = self._made(what, _read_network, text)
        return known

    def _caption(self, document: Any) -> Caption:
        entries = records.mapping(
            document, "caption", ("title", "names", "sizes", "network"), ("title", "names", "sizes")
        )
        network = entries.get("network")
        pairs = [
            records.sequence(each, "caption.names") for each in records.sequence(entries["names"], "caption.names")
        ]
        if not all(len(pair) == 2 for pair in pairs):
            raise ValueError("caption.names: expected pairs")
        return Caption(
            records.text(entries["title"], "caption.title"),
            tuple((records.text(a, "caption.names"), records.text(b, "caption.names")) for a, b in pairs),
            tuple(records.whole(each, "caption.sizes") for each in records.sequence(entries["sizes"], "caption.sizes")),
            None if network is None else _read_network(network),
        )

    def _bookmarks(self, branches: tuple[KeptBranch, ...]) -> tuple[Bookmark, ...]:
        numbers = {branch.number for branch in branches}
        marks: list[Bookmark] = []
        for number, place, branch, step, address, note in sorted(self.rows["bookmarks"], key=lambda row: row[1]):
            is_sound = number >= 1 and place == len(marks) and branch in numbers and 0 <= step <= MAX_STEP
            if not is_sound or len(note) > LONGEST_NOTE or len(address) > LONGEST_NOTE:
                raise DamageError(f"bookmarks: number {number} is not what was saved")
            marks.append(Bookmark(number, branch, step, address, note))
        return tuple(marks)

    def _breakpoints(self) -> tuple[Breakpoint, ...]:
        points = tuple(
            self._made(f"breakpoints: place {place}", Breakpoint.from_dict, text)
            for place, text in self.rows["breakpoints"]
        )
        if len({point.number for point in points}) != len(points):
            raise DamageError("breakpoints: two have the same number")
        return points

    def _events(self) -> tuple[Event, ...]:
        return tuple(
            self._made(f"events: place {place}", Event.from_dict, text) for place, *_, text in self.rows["events"]
        )


_TYPES: dict[str, type] = {"INTEGER": int, "TEXT": str, "BLOB": bytes}


def _read_network(document: Any) -> Network:
    return Experiment.from_dict({"network": document}).network


def _two(document: Any, path: str) -> tuple[int, int]:
    sides = [records.whole(side, path) for side in records.sequence(document, path)]
    if len(sides) != 2:
        raise ValueError(f"{path}: expected two numbers, got {len(sides)}")
    return sides[0], sides[1]


def _read_watch(document: Any) -> Watch:
    entries = records.mapping(document, "watched", ("schedule", "stopping"), ("schedule", "stopping"))
    return Watch(_read_patience(entries["schedule"]), _read_patience(entries["stopping"]))


def _read_patience(document: Any) -> Patience:
    names = ("best", "best_step", "waited", "ran_out")
    entries = records.mapping(document, "watched", names, names[1:])
    best = records.number(entries["best"], "watched.best") if "best" in entries else math.inf
    whole = [records.whole(entries[name], f"watched.{name}") for name in names[1:]]
    return _patience(best, *whole)


def _patience(best: float, best_step: float, waited: float, ran_out: float) -> Patience:
    whole = (best_step, waited, ran_out)
    if not all(low <= value <= MAX_STEP and value == int(value) for low, value in zip((-1, 0, 0), whole, strict=True)):
        raise DamageError("watches are not what was saved")
    return Patience(best, int(best_step), int(waited), int(ran_out))


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


def _read_series(number: int, series: str, view: SeriesView, start: int) -> Any:
    if series in ("numbers", "units"):
        return view
    chunks = view.levels[0].chunks
    values = np.concatenate(chunks) if chunks else np.empty((0, view.columns))
    what = f"blocks: segment {number}, {series}"
    steps = values[:, 0]
    # Steps are whole and in order: a search for what was known at one relies on it.
    if not (np.isfinite(steps).all() and (steps == np.floor(steps)).all() and (np.diff(steps) > 0).all()):
        raise DamageError(f"{what}: its steps are not in order")
    if len(steps) and not (start <= steps[0] and steps[-1] <= MAX_STEP):
        raise DamageError(f"{what}: its steps are not those of the segment")
    if series == "validation":
        return values
    if np.isnan(values).any():
        raise DamageError(f"{what}: is not what was saved")
    return tuple((int(row[0]), Watch(_patience(*row[1:5]), _patience(*row[5:9]))) for row in values.tolist())


def _check_parents(branches: list[KeptBranch]) -> None:
    parents = {branch.number: branch.parent for branch in branches}
    for branch in branches:
        at, seen = branch.parent, {branch.number}
        while at is not None:
            if at in seen:
                raise DamageError(f"branches: number {branch.number} comes from itself")
            seen.add(at)
            at = parents[at]
