"""The records of a project as rows of tables: everything that describes a run, and none of its many numbers.

Datasets, experiments, lists of batches and start values are shared by many segments and branches; they get a number in
the file, and what is the same has the same one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bpstudio.data import records
from bpstudio.data.dataset import Dataset
from bpstudio.data.source import Prepared
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.files import data_reference, strict_json, wording
from bpstudio.files.project_arrays import little
from bpstudio.files.project_error import TOO_MUCH_TEXT, TOO_MUCH_TEXT_REMEDY, ProjectError
from bpstudio.files.project_schema import MOST_ROWS, RECORDS, Key, Row, clean, dumped, is_readable
from bpstudio.maths.operations import Array
from bpstudio.training.archive import KeptBranch, KeptSegment
from bpstudio.training.arithmetic import metric_columns
from bpstudio.training.caption import Caption
from bpstudio.training.experiment import Experiment
from bpstudio.training.metrics import CHUNK
from bpstudio.training.plain_values import plain_number
from bpstudio.training.stopping import Patience, Watch

if TYPE_CHECKING:
    from bpstudio.files.project import Project

LARGEST_VIEW = 2**20
LONGEST_TITLE = 300

Records = dict[str, dict[Key, Row]]
"""Rows by table and key."""


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """An array that belongs into the file. ``anchor`` is an object that is the same as long as the values are (None:
    they have to be compared); ``extent`` says how much of it is meant.
    """

    values: Array
    anchor: object | None = None
    extent: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Contents:
    """What a file has to hold: rows of records, and arrays by table and key."""

    records: Records
    arrays: dict[str, dict[Key, Piece]]


@dataclass(slots=True)
class _Numbers:
    """Numbers of what is shared: a row that stood in the file keeps its number."""

    taken: dict[Row, int]
    used: dict[int, Row] = field(default_factory=dict)

    def of(self, row: Row) -> int:
        """The number of a row, which is given without one."""
        number = self.taken.get(row)
        if number is None:
            number = 1 + max(self.taken.values(), default=0)
            self.taken[row] = number
        self.used[number] = row
        return number


class Collected:
    """The contents of a file for one project; ``before`` is what stands in it already, so that numbers stay.

    Raises ProjectError where a text is so long that it would not be read again.
    """

    def __init__(self, project: Project, file: Path, meta: Mapping[str, str], before: Records) -> None:
        self._project, self._folder = project, file.parent
        self._numbers = {
            name: _Numbers({row[1:]: key[0] for key, row in before.get(name, {}).items()})
            for name in ("datasets", "experiments", "batch_lists", "origins")
        }
        self._arrays: dict[str, dict[Key, Piece]] = {
            name: {} for name in ("dataset_arrays", "batches", "origin_arrays", "keyframes", "blocks")
        }
        self._found: dict[int, int] = {}  # numbers of what many share, by the identity of the object
        archive = project.archive
        rows: dict[str, list[Row]] = {"meta": sorted(meta.items())}
        rows["segments"] = [self._segment(each) for each in archive.segments.values()]
        rows["levels"] = [row for each in archive.segments.values() for row in self._recorded(each)]
        rows["branches"] = [self._branch(place, each) for place, each in enumerate(archive.branches)]
        rows["paths"] = [
            (each.number, place, number) for each in archive.branches for place, number in enumerate(each.segments)
        ]
        rows["bookmarks"] = [
            (each.number, place, each.branch, each.step, clean(each.address), clean(each.note))
            for place, each in enumerate(archive.bookmarks)
        ]
        rows["breakpoints"] = [(place, dumped(each.to_dict())) for place, each in enumerate(archive.breakpoints)]
        rows["events"] = [
            (place, each.branch, each.step, each.kind, dumped(each.to_dict()))
            for place, each in enumerate(archive.events)
        ]
        rows["documents"] = self._documents()
        for name, numbers in self._numbers.items():
            rows[name] = [(number, *row) for number, row in sorted(numbers.used.items())]
        for name, found in rows.items():
            texts = (value for row in found for value in row if isinstance(value, str))
            if len(found) > MOST_ROWS or not all(map(is_readable, texts)):
                raise ProjectError(TOO_MUCH_TEXT, TOO_MUCH_TEXT_REMEDY, name=file.name, what=name)
        self.contents = Contents(
            {name: {RECORDS[name].key_of(row): row for row in found} for name, found in rows.items()}, self._arrays
        )

    def _documents(self) -> list[Row]:
        project = self._project
        view = dumped(dict(project.view))
        if len(view) > LARGEST_VIEW:
            raise ValueError(f"view: expected at most {LARGEST_VIEW:,} characters of JSON, got {len(view):,}")
        strict_json.parse(view)  # it has to be read again: not too deep, and no number of too many digits
        rows = [("made_with", dumped(dict(project.made_with))), ("view", view)]
        if project.lesson is not None:
            from bpstudio.files.project_lesson import document

            words = document(project.lesson)
            if words is not None:
                rows.append(("lesson", dumped(words | {"data": self._dataset(project.lesson.dataset)})))
        return rows

    # ---- what is shared

    def _dataset(self, dataset: Dataset) -> int:
        number = self._found.get(id(dataset))
        if number is None:
            embedded = self._project.embed or not _has_file(dataset)
            row = (
                *(dataset.hash, clean(dataset.name), dataset.rows, dataset.inputs, dataset.outputs),
                *(len(dataset.train), len(dataset.validation), int(embedded)),
                dumped(_described(dataset, self._folder, embedded)),
            )
            number = self._found[id(dataset)] = self._numbers["datasets"].of(row)
            if embedded:
                for part in ("x", "y", "train", "validation"):
                    values = getattr(dataset, part)
                    self._arrays["dataset_arrays"].setdefault((number, part), Piece(values, values, len(values)))
        return number

    def _batch_list(self, explicit: tuple[Array, ...] | None) -> int | None:
        if explicit is None:
            return None
        if id(explicit) in self._found:
            return self._found[id(explicit)]
        batches = [np.asarray(rows, np.int64) for rows in explicit]
        digest = hashlib.sha256()
        for rows in batches:
            digest.update(len(rows).to_bytes(8))
            digest.update(rows.astype(little(np.int64)).tobytes())
        number = self._found[id(explicit)] = self._numbers["batch_lists"].of((len(batches), digest.hexdigest()))
        for place, (rows, anchor) in enumerate(zip(batches, explicit, strict=True)):
            same = anchor if isinstance(anchor, np.ndarray) else None
            self._arrays["batches"].setdefault((number, place), Piece(rows, same, len(rows)))
        return number

    def _origin(self, origin: Params) -> int:
        if id(origin) in self._found:
            return self._found[id(origin)]
        values = origin.flat
        digest = hashlib.sha256(np.ascontiguousarray(values, little(values.dtype)).tobytes()).hexdigest()
        number = self._found[id(origin)] = self._numbers["origins"].of(
            (str(values.dtype), digest, dumped(_network(origin.network)))
        )
        self._arrays["origin_arrays"].setdefault((number,), Piece(values, values, len(values)))
        return number

    # ---- segments and branches

    def _segment(self, kept: KeptSegment) -> Row:
        frames = self._arrays["keyframes"]
        for step, memory in kept.keyframes.items():
            frames[kept.number, step] = Piece(memory, memory, len(memory))
        experiment = self._numbers["experiments"].of((dumped(kept.experiment.to_dict()),))
        return (
            *(kept.number, clean(kept.cause), experiment, self._dataset(kept.dataset), kept.start, kept.epoch),
            *(kept.position, clean(kept.continued), self._batch_list(kept.explicit), kept.begun),
            *(dumped(_watch(kept.watched)), kept.interval, kept.pinned, dumped(metric_columns(kept.experiment))),
        )

    def _recorded(self, kept: KeptSegment) -> list[Row]:
        rows: list[Row] = []
        blocks = self._arrays["blocks"]
        for series, view in (("numbers", kept.numbers), ("units", kept.units)):
            for level, cells in enumerate(view.levels):
                rows.append((kept.number, series, level, cells.first, cells.stop))
                origin = cells.first // CHUNK * CHUNK
                for place, chunk in enumerate(cells.chunks):
                    first = origin + place * CHUNK
                    count = min(CHUNK, cells.stop - first)
                    if count > 0:
                        blocks[kept.number, series, level, first] = Piece(chunk[:count], chunk, count)
        watches = watch_array(kept.watches)
        for series, values in (("validation", kept.validation), ("watches", watches)):
            rows.append((kept.number, series, 0, 0, len(values)))
            for first in range(0, len(values), CHUNK):
                blocks[kept.number, series, 0, first] = Piece(values[first : first + CHUNK])
        return rows

    def _branch(self, place: int, each: KeptBranch) -> Row:
        return (
            *(each.number, place, clean(each.name), each.parent, each.fork, clean(each.cause), each.step),
            *(self._origin(each.origin), dumped(_caption(each.caption))),
        )


def meta_of(project: Project, revision: str, saved: str, program: str) -> dict[str, str]:
    """What a file says of itself before anything else is read."""
    archive = project.archive
    here = archive.branch
    last = archive.segments[here.segments[-1]]
    steps = max(last.start + last.numbers.length - 1, last.start)
    title: Any = " ".join("".join(c if c.isprintable() else " " for c in here.caption.title).split())[:LONGEST_TITLE]
    if not title and project.lesson is not None:
        title = wording.write(project.lesson.title)
    return {
        "title": dumped(title),
        "steps": str(steps),
        "step": str(here.step),
        "branches": str(len(archive.branches)),
        "saved": saved,
        "program": program,
        "revision": revision,
        "current": str(archive.current),
        "made": str(archive.made),
    }


def watch_array(watches: tuple[tuple[int, Watch], ...]) -> Array:
    """(points, 9) float64 of what was known after each validation."""
    rows = [
        (
            *(float(step), watch.schedule.best, watch.schedule.best_step, watch.schedule.waited),
            *(watch.schedule.ran_out, watch.stopping.best, watch.stopping.best_step, watch.stopping.waited),
            watch.stopping.ran_out,
        )
        for step, watch in watches
    ]
    return np.array(rows, np.float64).reshape(-1, 9)


def _watch(watch: Watch) -> dict[str, Any]:
    return {"schedule": _patience(watch.schedule), "stopping": _patience(watch.stopping)}


def _patience(patience: Patience) -> dict[str, Any]:
    return {
        "best": plain_number(patience.best),
        "best_step": patience.best_step,
        "waited": patience.waited,
        "ran_out": patience.ran_out,
    }


def _network(network: Network) -> dict[str, Any]:
    document: dict[str, Any] = Experiment(network).to_dict()["network"]
    return document


def _caption(caption: Caption) -> dict[str, Any]:
    return {
        "title": clean(caption.title),
        "names": [[clean(address), clean(name)] for address, name in caption.names],
        "sizes": list(caption.sizes),
        "network": None if caption.network is None else _network(caption.network),
    }


def _has_file(dataset: Dataset) -> bool:
    return isinstance(dataset.source, Prepared) and bool(dataset.source.path)


def _described(dataset: Dataset, folder: Path, embedded: bool) -> dict[str, Any]:
    """What a file says of a dataset besides its numbers."""
    source = data_reference.source(dataset, folder)
    if not embedded:
        return {"source": source}
    return {
        "task": dataset.task,
        "inputs": list(dataset.input_names),
        "outputs": list(dataset.output_names),
        "classes": list(dataset.class_names),
        "input_shape": list(dataset.input_shape) if dataset.input_shape else None,
        "groups": [records.write(group) for group in dataset.groups],
        "source": source,
    }
