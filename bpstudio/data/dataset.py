"""What a network is trained on: inputs x, targets y, and which rows may be learned from.

A Dataset never changes. An edit (a typed value, a row more) makes a new one and shares nothing writable with the old
one, so any thread may hold it and a run can be replayed from it. Its name for that purpose is its content hash.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bpstudio.data.choices import TASKS, Task
from bpstudio.data.errors import DataError, Words
from bpstudio.data.source import Inline, Source

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Scalar = TypeVar("Scalar", bound=np.generic)

MAX_VALUES = 50_000_000
"""So many inputs and targets together (400 MB); asked before they are made, because one-hot columns multiply."""

NOT_FINITE_INPUT = "Input {column} of row {row} is {value}: expected a finite number."
NOT_FINITE_TARGET = "Target {column} of row {row} is {value}: expected a finite number."
TYPE_A_NUMBER = "Type a number such as 0.5 or 1e-3."
UNKNOWN_COLUMN = "There is no column {column}: known are {known}."
UNKNOWN_ROW = "There is no row {row}: the data have {rows} rows."
ALWAYS_MEAN = "always the mean"
ALWAYS_SHARES = "always the share of each class"
ALWAYS_MOST_FREQUENT = "always the most frequent class"


@dataclass(frozen=True)
class Group:
    """Inputs that are one column of a table, one-hot: `count` of them from input `first` on."""

    name: str
    first: int
    count: int


@dataclass(frozen=True, eq=False)
class Baseline:
    """The best that a constant can do: what a network must beat to have learned anything.

    prediction            (outputs,) the mean of y over the training rows. For a regression that is "always the mean";
                          for classes it is the share of each class, the constant with the least squared error and
                          the least cross-entropy alike
    words                 what a dashed line at that constant's loss is called
    most_frequent         the most frequent class among the training rows; None for a regression
    accuracy              share of training rows that are of this class; None for a regression
    validation_accuracy   the same among the validation rows; None without them
    """

    prediction: Array
    words: Words
    most_frequent: int | None
    accuracy: float | None
    validation_accuracy: float | None
    accuracy_words: ClassVar[Words] = Words(ALWAYS_MOST_FREQUENT)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows of numbers, a split into rows that train and rows that validate, and names for everything.

    x              (rows, inputs) float64, read-only, finite
    y              (rows, outputs) float64, read-only, finite. Classes have one output per class, 1 where the row is
                   of it; a binary task has one output, 0 (or −1) for class_names[0] and 1 for class_names[1]
    train          row numbers, in the order in which batches take them when nothing shuffles
    validation     row numbers that training never sees
    input_shape    (height, width) when the inputs are pixels
    groups         the one-hot columns among the inputs
    source         the recipe: typed, generated, or a table and its preparation
    hash           sha256 over x, y, train and validation; equal hashes mean the same run
    """

    x: Array
    y: Array
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    task: Task
    class_names: tuple[str, ...]
    train: Rows
    validation: Rows
    input_shape: tuple[int, int] | None = None
    groups: tuple[Group, ...] = ()
    name: str = ""
    source: Source = field(default_factory=Inline)
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            object.__setattr__(self, name, _table(name, getattr(self, name)))
        for name in ("train", "validation"):
            object.__setattr__(self, name, _rows(name, getattr(self, name), len(self.x)))
        for name in ("input_names", "output_names", "class_names", "groups"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        self._check_shapes()
        self._check_finite()
        self._check_split()
        self._check_groups()
        object.__setattr__(self, "hash", self._hash())

    @classmethod
    def from_arrays(
        cls,
        x: ArrayLike,
        y: ArrayLike,
        task: Task = "regression",
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        class_names: Sequence[str] = (),
        validation: ArrayLike = (),
        name: str = "",
    ) -> Dataset:
        """The simple door: arrays in, names made up where none are given (x1, x2, …; y1, y2, …).

        An x or y of one dimension is one number per row; for the task "classes" it is the number of each row's class.
        Rows that are not in `validation` train, in their order.
        """
        x = np.asarray(x, float)
        x = x[:, None] if x.ndim == 1 else x
        y = np.asarray(y, float)
        if task == "classes" and y.ndim == 1:
            y = _one_hot(y, len(class_names))
        y = y[:, None] if y.ndim == 1 else y
        outputs = y.shape[-1] if y.ndim else 1
        if not class_names and task != "regression":
            class_names = [str(k) for k in range(outputs if task == "classes" else 2)]
        if output_names is None:
            several = [f"y{k + 1}" for k in range(outputs)]
            output_names = class_names if task == "classes" else several if outputs > 1 else ["y"]
        if input_names is None:
            input_names = [f"x{i + 1}" for i in range(x.shape[-1])] if x.shape[-1] > 1 else ["x"]
        held = np.asarray(validation, np.int64).reshape(-1)
        train = np.arange(len(x), dtype=np.int64)
        if held.size:  # setdiff1d loads numpy.ma, which costs a start 16 ms
            train = np.setdiff1d(train, held)
        return cls(x, y, tuple(input_names), tuple(output_names), task, tuple(class_names), train, held, name=name)

    @property
    def rows(self) -> int:
        return int(self.x.shape[0])

    @property
    def inputs(self) -> int:
        return int(self.x.shape[1])

    @property
    def outputs(self) -> int:
        return int(self.y.shape[1])

    @cached_property
    def no_and_yes(self) -> tuple[float, float]:
        """The targets that stand for no and yes, of a binary task or of each class: 0 and 1, or −1 and +1."""
        return (-1.0 if self.task != "regression" and bool((self.y < 0).any()) else 0.0), 1.0

    @property
    def middle(self) -> float:
        """Between the no and the yes: one half, or 0."""
        no, yes = self.no_and_yes
        return (no + yes) / 2

    @cached_property
    def class_index(self) -> Rows | None:
        """(rows,) the number of each row's class; None for a regression."""
        if self.task == "regression":
            return None
        found = np.argmax(self.y, axis=1) if self.task == "classes" else (self.y[:, 0] >= self.middle)
        return _read_only(found.astype(np.int64))

    @cached_property
    def _baseline(self) -> Baseline:
        prediction = _read_only(self.y[self.train].mean(axis=0))
        classes = self.class_index
        if classes is None:
            return Baseline(prediction, Words(ALWAYS_MEAN), None, None, None)
        most = int(np.argmax(np.bincount(classes[self.train])))
        held = float(np.mean(classes[self.validation] == most)) if len(self.validation) else None
        share = float(np.mean(classes[self.train] == most))
        return Baseline(prediction, Words(ALWAYS_SHARES), most, share, held)

    def baseline(self) -> Baseline:
        """What always answering the same would reach, fitted on the training rows."""
        return self._baseline

    def replace_input(self, row: int, column: int | str, value: float) -> Dataset:
        """The dataset with one input typed anew; the same dataset when it is the value that stands there."""
        return self._replaced("x", self.input_names, row, column, value)

    def replace_target(self, row: int, column: int | str, value: float) -> Dataset:
        """The dataset with one target typed anew; the same dataset when it is the value that stands there."""
        return self._replaced("y", self.output_names, row, column, value)

    def replace_class(self, row: int, index: int) -> Dataset:
        """The dataset with another class for one row."""
        count = len(self.class_names)
        if not 0 <= index < count:
            raise ValueError(f"class: expected a number from 0 to {count - 1}, got {index}")
        self._check_row(row)
        y = self.y.copy()
        no, yes = self.no_and_yes
        y[row] = np.where(np.eye(count)[index] == 1, yes, no) if self.task == "classes" else self.no_and_yes[index]
        return self if np.array_equal(y, self.y) else self._edited(y=y)

    def recoded(self, no: float) -> Dataset:
        """The dataset with `no` for every target that is not 1: 0 beside 1 are shares or probabilities, −1 beside +1
        are sides, as a hinge loss takes them. Raises ValueError where targets are more than two different numbers.
        """
        if no not in (0, -1):
            raise ValueError(f"targets: expected 0 or −1 beside 1, got {no}")
        others = np.unique(self.y[self.y != 1])
        if len(others) > 1:
            raise ValueError(f"targets: expected 1 and one other number, got {others[0]:g} and {others[1]:g} beside 1")
        y = np.where(self.y == 1, 1.0, float(no))
        return self if np.array_equal(y, self.y) else self._edited(y=y)

    def append_row(self, x: ArrayLike, y: ArrayLike) -> Dataset:
        """The dataset with one more training row at the end."""
        x, y = np.asarray(x, float).reshape(1, -1), np.asarray(y, float).reshape(1, -1)
        for name, got, expected in (("x", x.shape[1], self.inputs), ("y", y.shape[1], self.outputs)):
            if got != expected:
                raise ValueError(f"{name}: expected {expected} values for a row, got {got}")
        train = np.append(self.train, self.rows)
        return self._edited(x=np.vstack([self.x, x]), y=np.vstack([self.y, y]), train=train)

    def remove_row(self, row: int) -> Dataset:
        """The dataset without one row; later rows move up by one."""
        self._check_row(row)
        kept = [rows[rows != row] for rows in (self.train, self.validation)]
        train, validation = (rows - (rows > row) for rows in kept)
        x, y = np.delete(self.x, row, axis=0), np.delete(self.y, row, axis=0)
        return self._edited(x=x, y=y, train=train, validation=validation)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form: the rows while they are few, else the recipe and the hash (see bpstudio.data.document)."""
        from bpstudio.data import document

        return document.write(self)

    @classmethod
    def from_dict(cls, document: object, path: str = "data", folder: str | Path | None = None) -> Dataset:
        """The dataset of a JSON form, read strictly: errors name the place, such as `data.rows[3]`.

        A table that is only named is opened, relative to `folder`, and must have the hash that was stored.
        """
        from bpstudio.data import document as form  # here: generators and tables make Datasets, so they stand above

        return form.read(document, path, folder)

    def _replaced(self, part: str, names: tuple[str, ...], row: int, column: int | str, value: float) -> Dataset:
        self._check_row(row)
        index = names.index(column) if column in names else column
        if isinstance(index, str) or not 0 <= index < len(names):
            raise DataError(UNKNOWN_COLUMN, column=str(column), known=", ".join(names))
        old: Array = getattr(self, part)
        new = old.copy()
        new[row, index] = value
        # Bytes, not values: 0.0 and -0.0 are equal and still train differently.
        return self if new[row].tobytes() == old[row].tobytes() else self._edited(**{part: new})

    def _edited(self, **changes: Any) -> Dataset:
        return dataclasses.replace(self, source=Inline(self.source.origin), **changes)

    def _hash(self) -> str:
        digest = hashlib.sha256()
        parts: tuple[NDArray[Any], ...] = (self.x, self.y, self.train, self.validation)
        for array in parts:
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()

    def _check_row(self, row: int) -> None:
        if not 0 <= row < self.rows:
            raise DataError(UNKNOWN_ROW, row=row + 1, rows=self.rows)

    def _check_shapes(self) -> None:
        if len(self.y) != len(self.x):
            raise ValueError(f"y: expected as many rows as x has ({len(self.x)}), got {len(self.y)}")
        for name, names, count in (
            ("input_names", self.input_names, self.inputs),
            ("output_names", self.output_names, self.outputs),
        ):
            if len(names) != count:
                raise ValueError(f"{name}: expected {count} names, got {len(names)}")
            if len(set(names)) < count:
                twice = next(each for each in names if names.count(each) > 1)
                raise ValueError(f"{name}: {twice!r} stands there twice")
        if self.task not in TASKS:
            raise ValueError(f"task: expected one of {', '.join(TASKS)}, got {self.task!r}")
        if self.task == "binary" and self.outputs != 1:
            raise ValueError(f"y: a binary task has one output, got {self.outputs}")
        expected = {"regression": 0, "binary": 2, "classes": self.outputs}[self.task]
        if len(self.class_names) != expected or (self.task == "classes" and expected < 2):
            wanted = "2 or more, one per output" if self.task == "classes" else str(expected)
            raise ValueError(f"class_names: expected {wanted} for the task {self.task}, got {len(self.class_names)}")
        if len(set(self.class_names)) < expected:
            raise ValueError("class_names: every class needs a name of its own")

    def _check_finite(self) -> None:
        for array, names, template in (
            (self.x, self.input_names, NOT_FINITE_INPUT),
            (self.y, self.output_names, NOT_FINITE_TARGET),
        ):
            finite = np.isfinite(array)
            if not finite.all():
                row, column = (int(i) for i in np.argwhere(~finite)[0])
                value = str(array[row, column])
                raise DataError(template, TYPE_A_NUMBER, row=row + 1, column=names[column], value=value)

    def _check_split(self) -> None:
        if not len(self.train):
            raise ValueError("train: expected at least one row, got none")
        seen = np.bincount(np.concatenate([self.train, self.validation]), minlength=self.rows)
        if seen.max() > 1:
            raise ValueError(f"train and validation: row {int(np.argmax(seen > 1)) + 1} stands there twice")

    def _check_groups(self) -> None:
        taken = 0
        for group in sorted(self.groups, key=lambda each: each.first):
            if group.first < taken or group.count < 1 or group.first + group.count > self.inputs:
                span = f"{group.first} to {group.first + group.count - 1}"
                raise ValueError(f"groups: {group.name!r} has inputs {span}, outside 0 to {self.inputs - 1} or taken")
            taken = group.first + group.count
        if self.input_shape is not None:
            height, width = self.input_shape
            if height < 1 or width < 1 or height * width != self.inputs:
                raise ValueError(f"input_shape: {height} × {width} pixels are not the {self.inputs} inputs")


def _table(name: str, values: ArrayLike) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name}: expected rows and columns, at least one of each; got the shape {array.shape}")
    return _read_only(array)


def _rows(name: str, values: ArrayLike, count: int) -> Rows:
    given = np.asarray(values)
    if given.size and given.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected whole row numbers, got {given.dtype}")
    rows = given.astype(np.int64).reshape(-1)
    outside = rows[(rows < 0) | (rows >= count)]
    if outside.size:
        raise ValueError(f"{name}: expected row numbers from 0 to {count - 1}, got {outside[0]}")
    return _read_only(rows)


def _read_only(array: NDArray[Scalar]) -> NDArray[Scalar]:
    """`array` itself when nobody can write into it any more, else a copy of which that is true."""
    if array.flags.writeable or not array.flags.c_contiguous or array.base is not None:
        array = array.copy(order="C")
        array.setflags(write=False)
    return array


def _one_hot(index: Array, count: int) -> Array:
    """(rows, count) with a 1 in the column of each row's class; without a count, as many as there are."""
    numbers = index.astype(np.int64)
    if not index.size or (numbers != index).any() or (numbers < 0).any():
        raise ValueError("y: expected class numbers 0, 1, 2, … for the task classes")
    count = count or int(numbers.max()) + 1
    if (numbers >= count).any():
        row = int(np.argmax(numbers >= count))
        raise ValueError(f"y: row {row + 1}: expected class numbers below {count}, got {int(numbers[row])}")
    return np.eye(count)[numbers]
