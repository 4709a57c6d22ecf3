"""Data, explicit batches and start values of a project file."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import numpy as np

from bpstudio.data import records
from bpstudio.data.choices import TASKS
from bpstudio.data.dataset import MAX_VALUES, Dataset, Group
from bpstudio.data.errors import DataError
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params, params_layout
from bpstudio.files import data_reference
from bpstudio.files.project_arrays import joined
from bpstudio.files.project_error import DamageError
from bpstudio.files.project_reading import Reading
from bpstudio.files.project_schema import Row
from bpstudio.maths.operations import Array
from bpstudio.training.experiment import DTYPES, Experiment


def datasets(reading: Reading) -> dict[int, Dataset]:
    """The data sets by number. Raises DataError where data in a file of their own are not there or differ."""
    arrays: dict[int, dict[str, list[bytes]]] = {}
    for (number, part), parts in reading.arrays("dataset_arrays"):
        arrays.setdefault(number, {})[part] = parts
    found = {}
    for row in reading.rows["datasets"]:
        dataset = reading.sound(partial(_dataset, reading, row, arrays.pop(row[0], {})))
        if dataset is not None:
            found[row[0]] = dataset
    return found


def _dataset(reading: Reading, row: Row, arrays: dict[str, list[bytes]]) -> Dataset:
    number, stored_hash, name, rows, inputs, outputs, train, validation, embedded, text = row
    what = f"datasets: number {number}"
    document = reading.json(text, what)
    if not embedded:
        # Errors about the file speak for themselves: it is the file that is missing or differs, not the project.
        source = document.get("source") if isinstance(document, dict) else None
        try:
            dataset = data_reference.read({"source": source, "hash": stored_hash}, "data", reading.folder)
        except DataError:
            raise
        except ValueError as error:
            raise DamageError(f"{what}: {error}") from None
        return dataclasses.replace(dataset, name=name)
    if min(rows, inputs, outputs, train, validation) < 0 or rows * (inputs + outputs) > MAX_VALUES:
        raise DamageError(f"{what} says that it has {rows:,} rows of {inputs:,} and {outputs:,} numbers")
    shapes = {"x": (rows, inputs), "y": (rows, outputs), "train": (train,), "validation": (validation,)}
    values = {
        part: joined(arrays.pop(part, []), np.float64 if part in "xy" else np.int64, shape, f"{what}, {part}")
        for part, shape in shapes.items()
    }
    dataset = reading.made(what, lambda document: _described(document, what, name, values, reading), text)
    if dataset.hash != stored_hash:
        raise DamageError(f"{what} is not what was saved")
    return dataset


def _described(document: Any, what: str, name: str, values: dict[str, Array], reading: Reading) -> Dataset:
    keys = ("task", "inputs", "outputs", "classes", "input_shape", "groups", "source")
    entries = records.mapping(document, what, keys, keys)
    inputs, outputs, classes = (
        tuple(records.text(each, f"{what}.{key}") for each in records.sequence(entries[key], f"{what}.{key}"))
        for key in ("inputs", "outputs", "classes")
    )
    task = next((each for each in TASKS if each == entries["task"]), None)
    if task is None:
        raise DamageError(f"{what}.task: expected one of {', '.join(TASKS)}")
    groups = records.sequence(entries["groups"], f"{what}.groups")
    return Dataset(
        values["x"],
        values["y"],
        inputs,
        outputs,
        task,
        classes,
        values["train"],
        values["validation"],
        None if entries["input_shape"] is None else _two(entries["input_shape"], f"{what}.input_shape"),
        tuple(records.read(Group, group, f"{what}.groups") for group in groups),
        name,
        data_reference.read_source(entries["source"], f"{what}.source", reading.folder),
    )


def _two(document: Any, path: str) -> tuple[int, int]:
    sides = [records.whole(side, path) for side in records.sequence(document, path)]
    if len(sides) != 2:
        raise ValueError(f"{path}: expected two numbers, got {len(sides)}")
    return sides[0], sides[1]


def batch_lists(reading: Reading) -> dict[int, tuple[Array, ...]]:
    """Explicit batches, int64 row numbers each, by the number of their list."""
    counts = {number: count for number, count, _ in reading.rows["batch_lists"]}
    found: dict[int, dict[int, Array]] = {number: {} for number in counts}
    for (number, place), parts in reading.arrays("batches"):
        what = f"batches: list {number}, batch {place}"
        if number not in found:
            reading.lost(f"{what} belongs to no list")
            continue
        rows = joined(parts, np.int64, (sum(map(len, parts)) // 8,), what)
        if len(rows) and rows.min() >= 0:
            found[number][place] = rows
    complete = {}
    for number, count in counts.items():
        if count < 1 or list(found[number]) != list(range(min(count, len(found[number]) + 1))):
            reading.lost(f"batch_lists: number {number} is not complete")
            continue
        complete[number] = tuple(found[number].values())
    return complete


def origins(reading: Reading) -> dict[int, Params]:
    """The start values by number."""
    arrays = {key[0]: parts for key, parts in reading.arrays("origin_arrays")}
    networks: dict[str, Network] = {}
    found = {}
    for row in reading.rows["origins"]:
        origin = reading.sound(partial(_origin, reading, row, arrays.get(row[0], []), networks))
        if origin is not None:
            found[row[0]] = origin
    return found


def _origin(reading: Reading, row: Row, parts: list[bytes], networks: dict[str, Network]) -> Params:
    number, dtype, _, text = row
    what = f"origins: number {number}"
    if dtype not in DTYPES:
        raise DamageError(f"{what}: expected {' or '.join(DTYPES)}")
    network = networks.get(text)
    if network is None:  # most are of the same one
        network = networks[text] = reading.made(what, read_network, text)
    return Params(network, joined(parts, dtype, (params_layout(network).size,), what))


def read_network(document: Any) -> Network:
    """A network from its JSON form."""
    return Experiment.from_dict({"network": document}).network
