"""The first difference between two runs, bit by bit.

Two runs are the same when they would go on the same: what is trained, on which data, by which branches, with the same
parameters and optimiser state at every step that both keep, and the same numbers on record. What people wrote beside
it (titles, notes, the look) plays no part. A difference early in that list is the reason for those after it, so the
first one is named, and of those along a run the one at the earliest step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.trace import Params, params_layout
from bpstudio.maths.operations import Array
from bpstudio.training.archive import Archive, KeptBranch, KeptSegment
from bpstudio.training.experiment import Experiment

_NOT_COMPARED = ("title", "made_with")
_ABSENT = "nothing"


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, where, and both values as they would be typed."""

    what: str
    where: str
    first: str
    second: str

    @property
    def place(self) -> str:
        """What differs and where, in one line."""
        return f"{self.what} ({self.where})" if self.what and self.where else self.what or self.where


def between_runs(one: Archive, other: Archive) -> Difference | None:
    """The first difference between two whole runs, or None."""
    return next(_of_runs(one, other), None)


def between_documents(one: Mapping[str, Any], other: Mapping[str, Any]) -> Difference | None:
    """The first difference between two steps in their JSON form, or None."""
    mine, theirs = ({key: value for key, value in each.items() if key not in _NOT_COMPARED} for each in (one, other))
    return next(_of_values(mine, theirs, ""), None)


def _of_runs(one: Archive, other: Archive) -> Iterator[Difference]:
    first = {branch.number: branch for branch in one.branches}
    second = {branch.number: branch for branch in other.branches}
    # A run has one branch at least, and what is trained on it is the first thing to be said.
    for number in sorted({*first, *second}):
        if number not in first or number not in second:
            texts = [_branch(each.get(number)) for each in (first, second)]
            yield Difference(f"branch {number}", "", *texts)
            continue
        yield from _of_branches(one, first[number], other, second[number])
    if one.current != other.current:
        yield Difference("the present branch", "", str(one.current), str(other.current))
    elif one.branch.step != other.branch.step:
        yield Difference("the present step", "", str(one.branch.step), str(other.branch.step))


def _branch(branch: KeptBranch | None) -> str:
    return _ABSENT if branch is None else f"one from step {branch.fork} ({branch.cause or branch.name or 'the run'})"


def _of_branches(one: Archive, mine: KeptBranch, other: Archive, theirs: KeptBranch) -> Iterator[Difference]:
    where = f"branch {mine.number}"
    if mine.parent != theirs.parent:
        yield Difference(f"the parent of {where}", "", str(mine.parent), str(theirs.parent))
    paths = [[archive.segments[n] for n in branch.segments] for archive, branch in ((one, mine), (other, theirs))]
    for place, (a, b) in enumerate(zip(*paths, strict=False)):
        stops = [path[place + 1].start if place + 1 < len(path) else _end(path[place]) for path in paths]
        yield from _of_segments(a, b, where, min(stops))
        if stops[0] != stops[1] and place + 1 < min(map(len, paths)):
            yield Difference("the step of the next edit", where, *map(str, stops))
    if len(paths[0]) != len(paths[1]):
        longer = max(paths, key=len)
        extra = longer[min(map(len, paths))]
        told = f"{extra.cause or 'an edit'} at step {extra.start}"
        texts = (told, _ABSENT) if longer is paths[0] else (_ABSENT, told)
        yield Difference("an edit", where, *texts)
    lasts = [_end(path[-1]) - 1 for path in paths]
    if lasts[0] != lasts[1]:
        yield Difference("the last step", where, *map(str, lasts))


def _end(segment: KeptSegment) -> int:
    """One more than the last step on record."""
    return segment.start + segment.numbers.length


def _of_segments(a: KeptSegment, b: KeptSegment, where: str, stop: int) -> Iterator[Difference]:
    """Of a stretch without edits, up to a step."""
    yield from _of_experiments(a.experiment, b.experiment, where)
    yield from _of_data(a.dataset, b.dataset, where)
    for name in ("start", "epoch", "position", "begun"):
        if getattr(a, name) != getattr(b, name):
            words = {"start": "the first step", "begun": "the first step of the optimiser's state"}.get(name, name)
            yield Difference(words, f"{where}, step {a.start}", str(getattr(a, name)), str(getattr(b, name)))
    found = [*_of_keyframes(a, b, where, stop), *_of_metrics(a, b, where, stop), *_of_validation(a, b, where, stop)]
    yield from (difference for _, difference in sorted(found, key=lambda each: each[0]))


def _of_experiments(a: Experiment, b: Experiment, where: str) -> Iterator[Difference]:
    for found in _of_values(a.to_dict(complete=True), b.to_dict(complete=True), ""):
        yield Difference(f"experiment: {found.where}", where, found.first, found.second)


def _of_data(a: Dataset, b: Dataset, where: str) -> Iterator[Difference]:
    if a.hash == b.hash:
        return
    for name, mine, theirs in (("inputs", a.x, b.x), ("targets", a.y, b.y)):
        if mine.shape != theirs.shape:
            yield Difference(f"data: the shape of the {name}", where, str(mine.shape), str(theirs.shape))
            return
        place = _first_place(mine, theirs)
        if place is not None:
            row, column = place
            names = a.input_names if name == "inputs" else a.output_names
            what = f"data: {names[column]} of row {row + 1}"
            yield Difference(what, where, written(mine[place]), written(theirs[place]))
            return
    yield Difference("data: the rows that validate", where, f"{len(a.validation)} rows", f"{len(b.validation)} rows")


def _of_keyframes(a: KeptSegment, b: KeptSegment, where: str, stop: int) -> Iterator[tuple[int, Difference]]:
    """Parameters and optimiser state at the steps that both keep; with the step, because the earliest counts."""
    if a.experiment.network != b.experiment.network:
        return
    for step in sorted(set(a.keyframes) & set(b.keyframes)):
        mine, theirs = a.keyframes[step], b.keyframes[step]
        if step >= max(stop, a.start + 1) or mine.tobytes() == theirs.tobytes():
            continue
        at = f"{where}, step {step}"
        if mine.shape != theirs.shape or mine.dtype != theirs.dtype:
            shapes = (f"{len(each)} numbers ({each.dtype})" for each in (mine, theirs))
            yield step, Difference("parameters and state", at, *shapes)
            return
        place = _first_place(mine, theirs)
        assert place is not None
        what = _named(a.experiment, place[0])
        yield step, Difference(what, at, written(mine[place]), written(theirs[place]))
        return


def _named(experiment: Experiment, place: int) -> str:
    """What a number of a keyframe is: a parameter, or a state of the optimiser."""
    network = experiment.network
    size = params_layout(network).size
    block, inner = divmod(place, size)
    states = experiment.optimizer.states
    if block > len(states):
        return f"running means of a sparsity [{place - size * (1 + len(states))}]"
    numbers = Params(network, np.arange(size))
    owner = "" if block == 0 else f"{states[block - 1]} of "
    for name, W, b in zip(network.layer_names, numbers.W, numbers.b, strict=True):
        for array, values in (("W", W), ("b", b)):
            found = np.argwhere(values == inner)
            if len(found):
                return f"{owner}{name}.{array}[{']['.join(str(int(index)) for index in found[0])}]"
    return f"{owner}parameter {inner}"


def _of_metrics(a: KeptSegment, b: KeptSegment, where: str, stop: int) -> Iterator[tuple[int, Difference]]:
    """What was recorded of each step, where both have it exactly."""
    from bpstudio.training.arithmetic import metric_columns

    names = metric_columns(a.experiment)
    if names != metric_columns(b.experiment):
        return
    start = max(a.numbers.levels[0].first, b.numbers.levels[0].first)
    count = min(a.numbers.length, b.numbers.length, stop - a.start)
    if start >= count:
        return
    mine, theirs = a.numbers.rows(start, count)[1], b.numbers.rows(start, count)[1]
    place = _first_place(mine, theirs)
    if place is not None:
        step = a.start + start + place[0]
        at = f"{where}, step {step}"
        yield step, Difference(names[place[1]], at, written(mine[place]), written(theirs[place]))


def _of_validation(a: KeptSegment, b: KeptSegment, where: str, stop: int) -> Iterator[tuple[int, Difference]]:
    points = [each.validation[each.validation[:, 0] < stop] for each in (a, b)]
    for mine, theirs in zip(*points, strict=False):
        place = _first_place(mine, theirs)
        if place is not None:
            step = int(min(mine[0], theirs[0]))
            what = ("the step of a validation", "validation loss", "validation accuracy")[place[0]]
            yield step, Difference(what, f"{where}, step {step}", written(mine[place]), written(theirs[place]))
            return


def _first_place(a: Array, b: Array) -> tuple[int, ...] | None:
    """The first place at which the bits differ; any NaN is as good as another."""
    kind = np.uint64 if a.dtype.itemsize == 8 else np.uint32 if a.dtype.itemsize == 4 else np.uint8
    mine, theirs = (np.ascontiguousarray(each).view(kind) for each in (a, b))
    differs = mine != theirs
    if a.dtype.kind == "f":
        differs &= ~(np.isnan(a) & np.isnan(b))
    if not differs.any():
        return None
    return tuple(int(index) for index in np.unravel_index(int(np.argmax(differs)), a.shape))


def written(value: Any) -> str:
    """A number with as many digits as it takes to read back the same one."""
    if isinstance(value, np.float32):
        return str(value)
    return repr(float(value)) if isinstance(value, float | np.floating) else str(value)


def _of_values(one: Any, other: Any, where: str) -> Iterator[Difference]:
    """Differences between two plain values, in the order of the first; ``where`` is the path to them."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in (*one, *(key for key in other if key not in one)):
            inner = f"{where}.{key}" if where else str(key)
            if key not in one or key not in other:
                texts = [_short(each[key]) if key in each else _ABSENT for each in (one, other)]
                yield Difference("", inner, *texts)
            else:
                yield from _of_values(one[key], other[key], inner)
    elif isinstance(one, list) and isinstance(other, list):
        for index, (a, b) in enumerate(zip(one, other, strict=False)):
            yield from _of_values(a, b, f"{where}[{index}]")
        if len(one) != len(other):
            yield Difference("", where, f"{len(one)} entries", f"{len(other)} entries")
    elif not _same(one, other):
        yield Difference("", where, _short(one), _short(other))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return repr(one) == repr(other)  # 0.0 and −0.0 are equal, and still train differently
    return type(one) is type(other) and bool(one == other)


def _short(value: Any) -> str:
    text = written(value) if isinstance(value, float) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
