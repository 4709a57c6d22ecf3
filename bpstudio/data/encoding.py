"""From a column of a table to numbers, with the steps that it took.

What a step fits (the mean that fills a gap, the deviation that divides) is fitted on the training rows. What it only
names (the values of a category, the classes) comes from all rows: a name is no knowledge about a validation row.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bpstudio.data.choices import Imputation, Preparation
from bpstudio.data.columns import Column, in_order, no_and_yes
from bpstudio.data.errors import DataError
from bpstudio.data.steps import Days, Fill, OneHot, Range, Standardize, Step, YesNo

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

UNUSABLE = "{column} is read as “{kind}”, which has no numbers for the network."
UNUSABLE_REMEDY = "Leave it out, or read it as a number or a category."
NO_MEAN = "{column} is read as “{kind}”: it has no {how} to fill gaps with."
NO_MEAN_REMEDY = "Fill its gaps with the most frequent value, or drop the rows."
NO_VALUE = "{column} has no value in any training row, so there is nothing to fill its gaps with."
NO_VALUE_REMEDY = "Leave it out."
NOT_SCALABLE = "{column} is read as “{kind}”, which cannot be scaled."
NOT_SCALABLE_REMEDY = "Scale only columns of numbers."
OVERFLOW = "{column} has numbers too large to be scaled in float64."
OVERFLOW_REMEDY = "Leave {column} unscaled, or write it in a larger unit."

NUMERIC = ("number", "yes/no", "date")


@dataclass(frozen=True, eq=False)
class Encoded:
    """A column as numbers: `values` (rows, width), a name for each, and what was done."""

    values: Array
    names: tuple[str, ...]
    steps: tuple[Step, ...]
    grouped: bool = field(default=False)


def encode(column: Column, rows: Rows, train: Rows, how: Imputation | None) -> Encoded:
    """The column at these `rows` of the table; `train` are the places in `rows` that train."""
    if column.numbers is not None and column.kind in (*NUMERIC, "constant"):
        return _numbers(column, column.numbers[rows], train, how)
    if column.kind in ("category", "constant"):
        return _one_hot(column, rows, train, how)
    raise DataError(UNUSABLE, UNUSABLE_REMEDY, column=column.name, kind=column.kind)


def scale(encoded: Encoded, column: Column, train: Rows, choice: str, joint: tuple[float, float]) -> Encoded:
    """The encoded column in the chosen scale; `joint` is the range shared by columns of "joint range"."""
    if encoded.grouped:
        raise DataError(NOT_SCALABLE, NOT_SCALABLE_REMEDY, column=column.name, kind=column.kind)
    seen = encoded.values[train, 0]
    step: Standardize | Range
    with np.errstate(over="ignore", invalid="ignore"):
        if choice == "standardize":
            # A column of one value has deviation 0 by definition, whatever rounding makes of its mean.
            constant = bool((seen == seen[0]).all())
            mean, std = (float(seen[0]), 0.0) if constant else _mean_and_deviation(seen, column)
            step = Standardize(column.name, mean, std, len(train))
        else:
            low, high = joint if choice == "joint range" else (float(seen.min()), float(seen.max()))
            step = Range(column.name, low, high, choice == "joint range", len(train))
        values = step.apply(encoded.values)
    if not np.isfinite(values).all():
        raise DataError(OVERFLOW, OVERFLOW_REMEDY, column=column.name)
    return Encoded(values, encoded.names, (*encoded.steps, step))


def joint_range(
    encoded: list[Encoded], columns: list[Column], train: Rows, preparation: Preparation
) -> tuple[float, float]:
    """The least and the greatest training value over all columns that share their range."""
    sharing = [
        each.values[train, 0]
        for each, column in zip(encoded, columns, strict=True)
        if preparation.scaling.get(column.name) == "joint range"
    ]
    return (float(np.min(sharing)), float(np.max(sharing))) if sharing else (0.0, 1.0)


def _numbers(column: Column, numbers: Array, train: Rows, how: Imputation | None) -> Encoded:
    steps: list[Step] = []
    values = numbers.copy()
    gaps = np.isnan(values)
    if gaps.any():
        filling = _filling(column, values[train][~gaps[train]], how)
        values[gaps] = filling
        rows = tuple(np.flatnonzero(gaps).tolist())
        steps.append(Fill(column.name, how or "most frequent", f"{filling:.6g}", filling, rows))
    if column.kind == "yes/no" and _words(column):
        steps.append(YesNo(column.name, *no_and_yes(column)))
    if column.kind == "date":
        steps.append(Days(column.name, column.pattern))
    return Encoded(values[:, None], (column.name,), tuple(steps))


def _words(column: Column) -> bool:
    """Whether 0 and 1 are something else in the file."""
    try:
        return tuple(map(float, no_and_yes(column))) != (0.0, 1.0)
    except ValueError:
        return True


def _filling(column: Column, seen: Array, how: Imputation | None) -> float:
    if how in ("mean", "median") and column.kind == "yes/no":
        raise DataError(NO_MEAN, NO_MEAN_REMEDY, column=column.name, kind=column.kind, how=how)
    if not len(seen):
        raise DataError(NO_VALUE, NO_VALUE_REMEDY, column=column.name)
    if how == "mean":
        return _mean_and_deviation(seen, column)[0]
    if how == "median":
        return float(np.median(seen))
    values, counts = np.unique(seen, return_counts=True)
    return float(values[np.argmax(counts)])


def _mean_and_deviation(seen: Array, column: Column) -> tuple[float, float]:
    """Mean and deviation (with 1/n) of the exact sums.

    NumPy's sums depend in the last bit on the CPU; a table prepared again elsewhere has to give the same digits.
    """
    try:
        mean = math.fsum(seen) / len(seen)
        return mean, math.sqrt(math.fsum(np.square(seen - mean)) / len(seen))
    except (OverflowError, ValueError):
        raise DataError(OVERFLOW, OVERFLOW_REMEDY, column=column.name) from None


def _one_hot(column: Column, rows: Rows, train: Rows, how: Imputation | None) -> Encoded:
    cells = column.cells[rows.tolist()].to_list()
    absent = column.missing[rows]
    values = in_order(sorted({cell for cell, gone in zip(cells, absent, strict=True) if not gone}))
    steps: list[Step] = []
    if absent.any():
        if how in ("mean", "median"):
            raise DataError(NO_MEAN, NO_MEAN_REMEDY, column=column.name, kind=column.kind, how=how)
        counts = Counter(cells[i] for i in train.tolist() if not absent[i])
        if not counts:
            raise DataError(NO_VALUE, NO_VALUE_REMEDY, column=column.name)
        most = max(counts.values())
        filling = next(value for value in values if counts[value] == most)
        gaps = np.flatnonzero(absent).tolist()
        for row in gaps:
            cells[row] = filling
        steps.append(Fill(column.name, how or "most frequent", filling, None, tuple(gaps)))
    steps.append(OneHot(column.name, values))
    number = {value: k for k, value in enumerate(values)}
    encoded = np.eye(len(values))[[number[cell] for cell in cells]]
    return Encoded(encoded, tuple(f"{column.name}={value}" for value in values), tuple(steps), grouped=True)
