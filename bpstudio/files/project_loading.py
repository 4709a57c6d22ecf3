"""The run that stands in a project file, put together without trust.

Every count, name and number is compared with what the experiment says before an array is made of it, so that what is
opened is what was saved, or nothing; or, for whoever repairs a file, all that is sound.
"""

from __future__ import annotations

import dataclasses
import itertools
from functools import partial
from types import MappingProxyType
from typing import Any

from bpstudio.data import records
from bpstudio.data.dataset import Dataset
from bpstudio.engine.trace import Params, params_layout
from bpstudio.files.project_arrays import described, joined
from bpstudio.files.project_data import batch_lists, origins, read_network
from bpstudio.files.project_error import DamageError, MemoryNeededError
from bpstudio.files.project_reading import MAX_STEP, Reading
from bpstudio.files.project_recorded import Recorded, read_watch, recorded
from bpstudio.files.project_schema import ARRAYS, Row
from bpstudio.maths.operations import Array
from bpstudio.training.archive import Archive, KeptBranch, KeptSegment
from bpstudio.training.arithmetic import metric_columns
from bpstudio.training.breakpoints import Breakpoint
from bpstudio.training.caption import Caption
from bpstudio.training.carry import check_fit, memory_size
from bpstudio.training.experiment import Experiment
from bpstudio.training.past import LONGEST_NAME, LONGEST_NOTE, Bookmark, Event


def archive(reading: Reading, datasets: dict[int, Dataset]) -> Archive:
    """The run. Raises DamageError where it is not whole, or where nothing of it is."""
    segments = _segments(reading, datasets)
    branches = _branches(reading, segments)
    current, made = (reading.sound(partial(reading.number, name)) or 0 for name in ("current", "made"))
    if current not in {branch.number for branch in branches}:
        if not branches:
            raise DamageError("no branch is whole")
        reading.lost(f"there is no branch {current}, on which the run is")
        current = branches[0].number
    if made < max(segments):
        reading.lost("more stretches were made than is said")
        made = max(segments)
    kept = {number for branch in branches for number in branch.segments}
    return Archive(
        MappingProxyType({number: each for number, each in segments.items() if number in kept}),
        branches,
        current,
        _bookmarks(reading, branches),
        _breakpoints(reading),
        _events(reading),
        made,
    )


# ---- segments


def _segments(reading: Reading, datasets: dict[int, Dataset]) -> dict[int, KeptSegment]:
    lists = batch_lists(reading)
    experiments: dict[int, Experiment] = {}
    for number, text in reading.rows["experiments"]:
        what = f"experiments: number {number}"
        experiment = reading.sound(partial(reading.made, what, Experiment.from_dict, text))
        if experiment is not None:
            experiments[number] = experiment
    rows: dict[int, Row] = {}
    for row in reading.rows["segments"]:
        if row[2] in experiments and row[3] in datasets and (row[8] is None or row[8] in lists):
            rows[row[0]] = row
        else:
            reading.lost(f"segments: number {row[0]} is about something that is not there")
    keyframes = _keyframes(reading, {number: experiments[row[2]] for number, row in rows.items()})
    for number, row in list(rows.items()):
        if row[4] not in keyframes[number]:
            reading.lost(f"segments: number {number} has no keyframe at its start")
            del rows[number]
    found = recorded(
        reading,
        {number: (row[4], max(keyframes[number])) for number, row in rows.items()},
        {number: experiments[row[2]] for number, row in rows.items()},
    )
    segments = {}
    for number, row in rows.items():
        about = experiments[row[2]], datasets[row[3]], lists.get(row[8]), keyframes[number], found[number]
        segment = reading.sound(partial(_segment, reading, row, *about))
        if segment is not None:
            segments[number] = segment
    if not segments:
        raise DamageError("there is no stretch of training in it")
    return segments


def _keyframes(reading: Reading, experiments: dict[int, Experiment]) -> dict[int, dict[int, Array]]:
    """The keyframes of each segment, by step."""
    sizes = {number: (memory_size(experiment), experiment.dtype) for number, experiment in experiments.items()}
    keyframes: dict[int, dict[int, Array]] = {number: {} for number in experiments}
    for key, parts in reading.arrays("keyframes"):
        number, step = key
        if number not in sizes:
            reading.lost(f"keyframes: there is no segment {number}")
            continue
        size, dtype = sizes[number]
        what = described(ARRAYS["keyframes"], key)
        memory = reading.sound(partial(joined, parts, dtype, (size,), what))
        if memory is not None:
            keyframes[number][step] = memory
    return keyframes


def _segment(
    reading: Reading,
    row: Row,
    experiment: Experiment,
    dataset: Dataset,
    explicit: tuple[Array, ...] | None,
    keyframes: dict[int, Array],
    found: Recorded,
) -> KeptSegment:
    number, cause, _, _, start, epoch, position, continued, _, begun, watched, interval, pinned, columns = row
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
    if reading.json(columns, what) != list(metric_columns(experiment)):
        raise DamageError(f"{what} has other columns than its experiment")
    last = start + max(found.numbers.length - 1, 0)
    if pinned not in keyframes:
        reading.lost(f"{what}: its keyframes are not those of its steps")
        pinned = start
    for step in [each for each in keyframes if not start <= each <= last]:
        reading.lost(f"{what}: its keyframes are not those of its steps")
        del keyframes[step]
    if explicit is not None and not all(int(rows.max()) < dataset.rows for rows in explicit):
        raise DamageError(f"{what}: its batches have rows that the data do not have")
    try:
        check_fit(experiment, dataset)
    except ValueError as error:
        if str(error).startswith("batch_size:"):
            raise MemoryNeededError(str(error)) from None
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
        reading.made(what, read_watch, watched),
        interval,
        pinned,
        MappingProxyType(keyframes),
        found.numbers,
        found.units,
        found.validation,
        found.watches,
    )


# ---- branches


def _branches(reading: Reading, segments: dict[int, KeptSegment]) -> tuple[KeptBranch, ...]:
    known = origins(reading)
    paths: dict[int, list[int]] = {}
    for branch, place, segment in reading.rows["paths"]:
        path = paths.setdefault(branch, [])
        if place == len(path) and segment in segments:
            path.append(segment)
        else:
            # What comes after a stretch that is lost does not follow from what is left.
            reading.lost(f"paths: branch {branch} is not complete")
    rows = sorted(reading.rows["branches"], key=lambda each: each[1])
    numbers = {row[0] for row in rows}
    branches: list[KeptBranch] = []
    for place, row in enumerate(rows):
        if row[1] != place:
            reading.lost(f"branches: there is none at place {place}")
        branch = reading.sound(partial(_branch, reading, row, paths.get(row[0], []), segments, known, numbers))
        if branch is not None:
            branches.append(branch)
    if paths.keys() != numbers:
        reading.lost("branches are missing")
    left = {branch.number for branch in branches}
    _check_parents(branches)
    return tuple(
        branch if branch.parent is None or branch.parent in left else dataclasses.replace(branch, parent=None)
        for branch in branches
    )


def _branch(
    reading: Reading,
    row: Row,
    path: list[int],
    segments: dict[int, KeptSegment],
    known: dict[int, Params],
    numbers: set[int],
) -> KeptBranch:
    number, _, name, parent, fork, cause, step, origin, caption = row
    what = f"branches: number {number}"
    starts = [segments[each].start for each in path]
    if not path or any(a >= b for a, b in itertools.pairwise(starts)):
        raise DamageError(f"{what}: its stretches do not follow each other")
    if number < 1 or len(name) > LONGEST_NAME:
        raise DamageError(f"{what} is not what was saved")
    if origin not in known:
        reading.lost(f"{what}: its start values are not there")
        first = segments[path[0]]
        network = first.experiment.network
        known[origin] = Params(network, first.keyframes[first.start][: params_layout(network).size].copy())
    if parent is not None and (parent not in numbers or parent == number):
        raise DamageError(f"{what}: there is no branch {parent}, from which it comes")
    if not (0 <= fork <= MAX_STEP and 0 <= step <= MAX_STEP):
        raise DamageError(f"{what}: it begins at step {fork} and stood at step {step}")
    return KeptBranch(
        number, name, parent, fork, cause, step, tuple(path), known[origin], reading.made(what, _caption, caption)
    )


def _check_parents(branches: list[KeptBranch]) -> None:
    parents = {branch.number: branch.parent for branch in branches}
    for branch in branches:
        at, seen = branch.parent, {branch.number}
        while at is not None:
            if at in seen:
                raise DamageError(f"branches: number {branch.number} comes from itself")
            seen.add(at)
            at = parents.get(at)


def _caption(document: Any) -> Caption:
    names = ("title", "names", "sizes", "network")
    entries = records.mapping(document, "caption", names, names)
    pairs = [records.sequence(each, "caption.names") for each in records.sequence(entries["names"], "caption.names")]
    if not all(len(pair) == 2 for pair in pairs):
        raise ValueError("caption.names: expected pairs")
    return Caption(
        records.text(entries["title"], "caption.title"),
        tuple((records.text(a, "caption.names"), records.text(b, "caption.names")) for a, b in pairs),
        tuple(records.whole(each, "caption.sizes") for each in records.sequence(entries["sizes"], "caption.sizes")),
        None if entries["network"] is None else read_network(entries["network"]),
    )


# ---- marks


def _bookmarks(reading: Reading, branches: tuple[KeptBranch, ...]) -> tuple[Bookmark, ...]:
    numbers = {branch.number for branch in branches}
    marks: list[Bookmark] = []
    for at, (number, place, branch, step, address, note) in enumerate(
        sorted(reading.rows["bookmarks"], key=lambda row: row[1])
    ):
        is_sound = number >= 1 and place == at and branch in numbers and 0 <= step <= MAX_STEP
        if is_sound and len(note) <= LONGEST_NOTE and len(address) <= LONGEST_NOTE:
            marks.append(Bookmark(number, branch, step, address, note))
        else:
            reading.lost(f"bookmarks: number {number} is not what was saved")
    return tuple(marks)


def _breakpoints(reading: Reading) -> tuple[Breakpoint, ...]:
    points: list[Breakpoint] = []
    for place, text in reading.rows["breakpoints"]:
        what = f"breakpoints: place {place}"
        point = reading.sound(partial(reading.made, what, Breakpoint.from_dict, text))
        if point is not None and any(each.number == point.number for each in points):
            reading.lost("breakpoints: two have the same number")
        elif point is not None:
            points.append(point)
    return tuple(points)


def _events(reading: Reading) -> tuple[Event, ...]:
    events: list[Event] = []
    for place, *_, text in reading.rows["events"]:
        what = f"events: place {place}"
        event = reading.sound(partial(reading.made, what, Event.from_dict, text))
        if event is not None:
            events.append(event)
    return tuple(events)
