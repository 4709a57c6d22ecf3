"""From a table to a dataset: what a person chose, done in one order, every step on record.

Rows without a value go first, then the validation rows are drawn, and only then is anything fitted, on the rows that
are left for training. Nothing is scaled, filled or dropped that was not chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bpstudio.data.choices import Preparation
from bpstudio.data.columns import MANY, Column, in_order, no_and_yes
from bpstudio.data.dataset import MAX_VALUES, Dataset, Group
from bpstudio.data.encoding import NUMERIC, Encoded, encode, joint_range, scale
from bpstudio.data.errors import DataError
from bpstudio.data.source import Prepared
from bpstudio.data.splitting import split
from bpstudio.data.steps import Classes, DropRows, Split, Step, YesNo
from bpstudio.data.suggestion import Advice, Offer, advise, suggest
from bpstudio.data.table import Table

__all__ = ["Advice", "Offer", "Preparation", "advise", "prepare", "suggest"]

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

MISSING_VALUE = "Row {row} of {column} has no value ({count} rows have none)."
MISSING_VALUE_REMEDY = "Choose what to do: drop these rows, or fill in the mean, the median or the most frequent value."
MISSING_TARGET = "The target {column} has no value in row {row}, and a target cannot be made up."
MISSING_TARGET_REMEDY = "Drop the rows without a target."
TOO_FEW_ROWS = "Only {rows} rows are left after dropping rows with missing values."
TOO_FEW_ROWS_REMEDY = "Fill in the missing values instead, or leave out the column with the most of them."
ONE_CLASS = "The target {column} has one class only ({value}): there is nothing to tell apart."
ONE_CLASS_REMEDY = "Choose another target, or add rows of another class."
NOT_BINARY = "The target {column} has {count} classes; the task “binary” needs exactly two."
NOT_BINARY_REMEDY = "Choose the task “classes”, or another target."
NO_SUCH_CLASS = "The target {column} has no value {value}."
NO_SUCH_CLASS_REMEDY = "Choose one of its values: {known}."
TOO_MANY_CLASSES = "The target {column} has {count} different values in {rows} rows: too many for classes."
TOO_MANY_CLASSES_REMEDY = "Choose the task “regression” for numbers, or another target."
TARGET_NOT_NUMBERS = "The target {column} is read as “{kind}”; a regression needs numbers."
TARGET_NOT_NUMBERS_REMEDY = "Choose the task “classes”, or another target."
TOO_MUCH = "{rows} rows of {width} inputs and targets are {count} numbers, more than the {limit} that can be held."
TOO_MUCH_REMEDY = "Leave out columns; every value of a category is an input of its own."
NOT_PIXELS = "{height} × {width} pixels are not the {inputs} inputs."
NOT_PIXELS_REMEDY = "Leave out the columns that are not pixels, or do not show the inputs as a picture."


def prepare(table: Table, preparation: Preparation) -> Dataset:
    """The dataset that a table gives when it is prepared so; the same digits every time.

    DataError names the column (and the row) that stands in the way, and what helps.
    """
    for name, kind in preparation.kinds.items():
        table = table.with_kind(name, kind)
    for name in (*preparation.impute, *preparation.scaling):
        table.column(name)
    inputs = [table.column(name) for name in preparation.inputs]
    targets = [table.column(name) for name in preparation.targets]
    rows, steps = _complete_rows(table, preparation, inputs, targets)
    width = sum(column.distinct_count if column.kind == "category" else 1 for column in (*inputs, *targets))
    if len(rows) * width > MAX_VALUES:
        count = f"{len(rows) * width:,}"
        raise DataError(TOO_MUCH, TOO_MUCH_REMEDY, rows=len(rows), width=width, count=count, limit=f"{MAX_VALUES:,}")
    target = _target(targets, rows, preparation)
    stratify = target.classes if preparation.stratified else None
    train, held = split(len(rows), preparation.validation, preparation.seed, preparation.shuffle, stratify)
    steps.append(Split(len(train), len(held), stratify is not None, preparation.shuffle, preparation.seed))

    x = [encode(column, rows, train, preparation.impute.get(column.name)) for column in inputs]
    shared = joint_range(x, inputs, train, preparation)
    x = [_scaled(each, column, train, preparation, shared) for each, column in zip(x, inputs, strict=True)]
    y = x if preparation.is_autoencoder else target.encoded
    if target.classes is None and not preparation.is_autoencoder:
        y = [
            _scaled(each, column, train, preparation, joint_range([each], [column], train, preparation))
            for each, column in zip(y, targets, strict=True)
        ]
    steps += [step for each in (x if y is x else (*x, *y)) for step in each.steps]
    width = sum(each.values.shape[1] for each in x)
    if preparation.image and preparation.image[0] * preparation.image[1] != width:
        height, across = preparation.image
        raise DataError(NOT_PIXELS, NOT_PIXELS_REMEDY, height=height, width=across, inputs=width)
    return Dataset(
        x=np.hstack([each.values for each in x]),
        y=np.hstack([each.values for each in y]),
        input_names=tuple(name for each in x for name in each.names),
        output_names=tuple(name for each in y for name in each.names),
        task=preparation.task,
        class_names=target.names,
        train=train,
        validation=held,
        input_shape=preparation.image,
        groups=_groups(x, inputs),
        name=table.name,
        source=Prepared(table.path, table.hash, table.options, preparation, tuple(steps)),
    )


@dataclass(frozen=True, eq=False)
class _Target:
    """The targets as numbers; `classes` is the class number of each row, None for a regression."""

    encoded: list[Encoded]
    names: tuple[str, ...]
    classes: Rows | None


def _complete_rows(
    table: Table, preparation: Preparation, inputs: list[Column], targets: list[Column]
) -> tuple[Rows, list[Step]]:
    """The rows of the table that stay, and a step for every column that dropped some."""
    kept = np.ones(table.rows, dtype=np.bool_)
    steps: list[Step] = []
    for column in (*inputs, *targets):
        if preparation.impute.get(column.name) == "drop row" and column.missing.any():
            dropped = np.flatnonzero(column.missing & kept)
            kept &= ~column.missing
            steps.append(DropRows(column.name, tuple((dropped + 1).tolist())))
    for column in (*inputs, *targets):
        gaps = np.flatnonzero(column.missing & kept)
        choice = preparation.impute.get(column.name)
        if len(gaps) and column in targets:
            raise DataError(MISSING_TARGET, MISSING_TARGET_REMEDY, row=int(gaps[0]) + 1, column=column.name)
        if len(gaps) and choice is None:
            row = int(gaps[0]) + 1
            raise DataError(MISSING_VALUE, MISSING_VALUE_REMEDY, row=row, column=column.name, count=len(gaps))
    rows = np.flatnonzero(kept).astype(np.int64)
    if len(rows) < 2:
        raise DataError(TOO_FEW_ROWS, TOO_FEW_ROWS_REMEDY, rows=len(rows))
    return rows, steps


def _target(targets: list[Column], rows: Rows, preparation: Preparation) -> _Target:
    if preparation.task == "regression":
        for column in targets:
            if column.numbers is None or column.kind not in (*NUMERIC, "constant"):
                raise DataError(TARGET_NOT_NUMBERS, TARGET_NOT_NUMBERS_REMEDY, column=column.name, kind=column.kind)
        return _Target([encode(column, rows, rows[:0], None) for column in targets], (), None)
    column = targets[0]
    names, index = _classes(column, rows)
    if len(names) == 1:
        raise DataError(ONE_CLASS, ONE_CLASS_REMEDY, column=column.name, value=names[0])
    invented = column.kind not in ("category", "yes/no", "constant")
    if len(names) > MANY or (invented and len(names) > max(2, len(rows) / 2)):
        raise DataError(TOO_MANY_CLASSES, TOO_MANY_CLASSES_REMEDY, column=column.name, count=len(names), rows=len(rows))
    if preparation.task == "classes":
        encoded = Encoded(np.eye(len(names))[index], names, (Classes(column.name, names),))
        return _Target([encoded], names, index)
    if len(names) != 2:
        raise DataError(NOT_BINARY, NOT_BINARY_REMEDY, column=column.name, count=len(names))
    if preparation.positive and preparation.positive not in names:
        value, known = preparation.positive, ", ".join(names)
        raise DataError(NO_SUCH_CLASS, NO_SUCH_CLASS_REMEDY, column=column.name, value=value, known=known)
    if preparation.positive == names[0]:
        names, index = (names[1], names[0]), 1 - index
    encoded = Encoded(index[:, None].astype(np.float64), (column.name,), (YesNo(column.name, *names),))
    return _Target([encoded], names, index)


def _classes(column: Column, rows: Rows) -> tuple[tuple[str, ...], Rows]:
    """The names of a target's classes in order, and the class number of each row.

    Numbers are classes by value, so 1 and 1.0 are one class; everything else by its text.
    """
    if column.kind == "number" and column.numbers is not None:
        values, found = np.unique(column.numbers[rows], return_inverse=True)
        names = tuple(
            str(int(value)) if value % 1 == 0 and abs(value) < 1e15 else repr(float(value)) for value in values
        )
        return names, found.astype(np.int64).reshape(-1)
    if column.kind == "yes/no" and column.numbers is not None:
        found = column.numbers[rows].astype(np.int64)
        both = no_and_yes(column)
        return (both, found) if len(set(found.tolist())) == 2 else ((both[int(found[0])],), np.zeros_like(found))
    cells = column.cells[rows.tolist()].to_list()
    names = in_order(sorted(set(cells)))
    number = {name: k for k, name in enumerate(names)}
    return names, np.array([number[cell] for cell in cells], np.int64)


def _scaled(
    encoded: Encoded, column: Column, train: Rows, preparation: Preparation, shared: tuple[float, float]
) -> Encoded:
    choice = preparation.scaling.get(column.name)
    return encoded if choice is None else scale(encoded, column, train, choice, shared)


def _groups(encoded: list[Encoded], columns: list[Column]) -> tuple[Group, ...]:
    groups, first = [], 0
    for each, column in zip(encoded, columns, strict=True):
        count = each.values.shape[1]
        if each.grouped:
            groups.append(Group(column.name, first, count))
        first += count
    return tuple(groups)
