"""A Dataset in a file: its rows while they are few, else the recipe and the hash that the recipe must give again.

    {"name": "worked example", "task": "regression", "inputs": ["i1", "i2"], "outputs": ["o1", "o2"],
     "rows": [[0.05, 0.10, 0.01, 0.99]]}

A row lists the inputs, then the targets; for classes the targets may be the class's name.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bpstudio.data import records
from bpstudio.data import source as recipe
from bpstudio.data.choices import TASKS, Task
from bpstudio.data.dataset import MAX_VALUES, Dataset, Group
from bpstudio.data.errors import DataError
from bpstudio.data.source import Generated, Inline, Prepared

if TYPE_CHECKING:
    from bpstudio.data.source import Source

INLINE_VALUES = 200_000
"""Up to so many numbers stand in the file itself (about 4 MB); beyond, it names where they came from."""

CHANGED = "{name} gives other data than when this file was saved."
CHANGED_REMEDY = "Put the original back, or open {name} as new data."

_KEYS = ("name", "task", "inputs", "outputs", "classes", "rows", "train", "validation")
_MORE_KEYS = ("input_shape", "groups", "source", "hash")


def write(dataset: Dataset) -> dict[str, Any]:
    """The JSON form of a dataset, with its rows while they are few.

    Typed and pasted rows always stand in the file: nothing else knows them.
    """
    document: dict[str, Any] = {"name": dataset.name}
    source = dataset.source
    nowhere_else = isinstance(source, Inline) or (isinstance(source, Prepared) and not source.path)
    if dataset.x.size + dataset.y.size <= INLINE_VALUES or nowhere_else:
        document |= {
            "task": dataset.task,
            "inputs": list(dataset.input_names),
            "outputs": list(dataset.output_names),
            "classes": list(dataset.class_names),
            "rows": _write_rows(dataset),
            "train": dataset.train.tolist(),
            "validation": dataset.validation.tolist(),
            "input_shape": list(dataset.input_shape) if dataset.input_shape else None,
            "groups": [records.write(group) for group in dataset.groups],
        }
    return document | {"source": recipe.write(source), "hash": dataset.hash}


def read(document: object, path: str = "data", folder: str | Path | None = None) -> Dataset:
    """The dataset of a JSON form; ValueError names the place, such as `data.rows[3]`."""
    entries = records.mapping(document, path, _KEYS + _MORE_KEYS)
    origin = recipe.read(entries["source"], f"{path}.source") if "source" in entries else Inline()
    if "rows" not in entries:
        dataset = _rebuilt(origin, path, folder)
        described = [key for key in entries if key not in ("name", "source", "hash")]
        if described:
            raise ValueError(f"{path}.{described[0]}: stands in for rows, but {path}.rows is missing")
    else:
        dataset = _typed(entries, origin, path)
    stored = records.text(entries["hash"], f"{path}.hash") if "hash" in entries else dataset.hash
    if stored == dataset.hash:
        return dataset
    if "rows" in entries:
        raise ValueError(f"{path}.hash: is not that of the rows; remove the entry if they were edited on purpose")
    name = origin.path if isinstance(origin, Prepared) else path
    raise DataError(CHANGED, CHANGED_REMEDY, name=name)


def rebuild(source: Source, folder: str | Path | None = None) -> Dataset:
    """The dataset that a recipe gives: a generator run again, or a table opened and prepared again."""
    if isinstance(source, Generated):
        from bpstudio.data.generators import run

        return run(source)
    if isinstance(source, Prepared):
        from bpstudio.data.preparation import prepare
        from bpstudio.data.readers import open_table

        table = open_table(Path(folder or ".") / source.path, source.options)
        if table.hash != source.table_hash:
            raise DataError(CHANGED, CHANGED_REMEDY, name=source.path)
        return prepare(table, source.preparation)
    raise ValueError("typed rows are not a recipe: they stand in the file")


def _rebuilt(source: Source, path: str, folder: str | Path | None) -> Dataset:
    if isinstance(source, Inline):
        raise ValueError(f"{path}.rows: missing")
    return rebuild(source, folder)


def _write_rows(dataset: Dataset) -> list[list[Any]]:
    inputs, targets = dataset.x.tolist(), dataset.y.tolist()
    if dataset.task == "classes":
        y = dataset.y
        is_class = (np.count_nonzero(y, axis=1) == 1) & (y.max(axis=1) == 1) & ~np.signbit(y).any(axis=1)
        named = zip(targets, is_class.tolist(), np.argmax(y, axis=1).tolist(), strict=True)
        targets = [[dataset.class_names[index]] if plain else target for target, plain, index in named]
    return [x + y for x, y in zip(inputs, targets, strict=True)]


def _typed(entries: dict[str, Any], origin: Source, path: str) -> Dataset:
    records.mapping(entries, path, _KEYS + _MORE_KEYS, ("inputs", "outputs"))
    inputs, outputs, classes = (
        tuple(records.text(name, f"{path}.{key}[{i}]") for i, name in enumerate(listed))
        for key in ("inputs", "outputs", "classes")
        for listed in [records.sequence(entries.get(key, []), f"{path}.{key}")]
    )
    task = _task(entries.get("task", "regression"), f"{path}.task")
    named = {name: k for k, name in enumerate(classes)} if task == "classes" else {}
    listed = records.sequence(entries["rows"], f"{path}.rows")
    if not listed:
        raise ValueError(f"{path}.rows: expected at least one row, got none")
    width = len(inputs) + max(len(outputs), len(named))
    if len(listed) * width > MAX_VALUES:
        raise ValueError(f"{path}.rows: {len(listed):,} rows of {width:,} numbers are more than {MAX_VALUES:,}")
    values = [_row(row, len(inputs), len(outputs), named, f"{path}.rows[{i}]") for i, row in enumerate(listed)]
    split = {name: _row_numbers(entries[name], f"{path}.{name}") for name in ("train", "validation") if name in entries}
    held = np.array(split.get("validation", []), np.int64)
    others = np.arange(len(values), dtype=np.int64)
    if held.size:  # setdiff1d loads numpy.ma, which costs a start 16 ms
        others = np.setdiff1d(others, held)
    shape = entries.get("input_shape")
    pixels = None
    if shape is not None:
        sides = _row_numbers(shape, f"{path}.input_shape")
        if len(sides) != 2:
            raise ValueError(f"{path}.input_shape: expected [height, width], got a list of {len(sides)}")
        pixels = (sides[0], sides[1])
    groups = enumerate(records.sequence(entries.get("groups", []), f"{path}.groups"))
    table = np.array(values, np.float64)
    try:
        return Dataset(
            x=table[:, : len(inputs)],
            y=table[:, len(inputs) :],
            input_names=inputs,
            output_names=outputs,
            task=task,
            class_names=classes,
            train=np.array(split.get("train", others), np.int64),
            validation=held,
            input_shape=pixels,
            groups=tuple(records.read(Group, group, f"{path}.groups[{i}]") for i, group in groups),
            name=records.text(entries.get("name", ""), f"{path}.name"),
            source=origin,
        )
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _task(document: object, path: str) -> Task:
    for task in TASKS:
        if document == task:
            return task
    raise ValueError(f"{path}: expected one of {', '.join(TASKS)}, got {records.shown(document)}")


def _row_numbers(document: object, path: str) -> list[int]:
    return [records.whole(number, f"{path}[{i}]") for i, number in enumerate(records.sequence(document, path))]


def _row(document: object, inputs: int, outputs: int, classes: dict[str, int], path: str) -> list[float]:
    """One row as numbers; the last entry may be a class's name."""
    entries = records.sequence(document, path)
    target: list[float] | None = None
    if classes and entries and isinstance(entries[-1], str):
        if entries[-1] not in classes:
            raise ValueError(f"{path}: expected one of {', '.join(classes)}, got {records.shown(entries[-1])}")
        target = [float(k == classes[entries[-1]]) for k in range(len(classes))]
        entries = entries[:-1]
    expected = inputs if target else inputs + outputs
    if len(entries) != expected:
        what = f"{inputs} inputs" + ("" if target else f" and {outputs} targets")
        raise ValueError(f"{path}: expected {expected} numbers ({what}), got {len(entries)}")
    return [records.number(entry, f"{path}[{i}]") for i, entry in enumerate(entries)] + (target or [])
