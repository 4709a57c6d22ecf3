"""What could be done with a table: a first choice that a person can change, and offers that wait to be taken.

Nothing here touches the data. A network learns badly from incomes beside ages, but the standardising that helps is the
person's decision, so it is offered with its reason.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from bpstudio.data.choices import Imputation, Preparation, Task
from bpstudio.data.columns import Column
from bpstudio.data.errors import DataError, Words
from bpstudio.data.table import Table

NO_TARGET = "{name} has no column that could be learned: no numbers, no category, no yes/no."
NO_TARGET_REMEDY = "Check the separator and the decimal mark, or choose how each column is read."
NO_INPUT = "{name} has no column to learn {column} from."
NO_INPUT_REMEDY = "Open a table with at least two columns of numbers or categories, or choose how each column is read."

CONSTANT = "{column} is the same in every row: nothing can be learned from it"
MISSING = "{column} has no value in {count} of {rows} rows"
SCALES = "the inputs differ in size: {small} is around {small_size:.3g}, {large} around {large_size:.3g}"
LARGE = "{column} is around {size:.3g}: inputs far from 0 learn slowly and need a tiny rate"
TARGET_RANGE = "the target {column} goes from {low:.4g} to {high:.4g}: a sigmoid output reaches 0 to 1 only"
PIXELS = "the columns look like a picture of {height} × {width} pixels"

LEAVE_OUT = "leave {column} out"
DROP_ROWS = "drop these rows"
FILL_IN = "fill in the {how}"
STANDARDIZE_INPUTS = "standardise the number columns"
STANDARDIZE = "standardise {column}"
SCALE_TARGET = "scale {column} to 0 … 1"
AS_PICTURE = "show them as pixels, scaled together to 0 … 1"

_TARGET_NAME = re.compile(
    r"(target|class|label|species|outcome|output|y|survived|quality|类别|分类|标签|目标|结果)$", re.IGNORECASE
)
_PIXEL_NAME = re.compile(r"(pixel|px|p)[ _]?\d+([ _x]\d+)?$", re.IGNORECASE)
_USABLE = ("number", "yes/no", "category")
MOST_CATEGORIES = 50
MOST_CLASSES = 20


@dataclass(frozen=True)
class Offer:
    """Something that can be chosen, and the preparation in which it is."""

    words: Words
    preparation: Preparation


@dataclass(frozen=True)
class Advice:
    """Something that a person should know about a column (or all of them), with what can be done."""

    words: Words
    column: str | None
    offers: tuple[Offer, ...]


def suggest(table: Table, targets: tuple[str, ...] | None = None) -> Preparation:
    """A sensible first choice: target, inputs, task and split; or the same for targets that a person chose. Nothing is
    scaled, filled in or dropped by it.
    """
    usable = [column for column in table.columns if column.kind in _USABLE]
    if not usable:
        raise DataError(NO_TARGET, NO_TARGET_REMEDY, name=table.name)
    named = [column for column in usable if _TARGET_NAME.match(column.name)]
    chosen = [(named or usable)[-1]] if targets is None else [table.column(name) for name in targets]
    target = chosen[-1]
    others = [column for column in table.columns if column not in chosen]
    side = _picture(others)
    inputs = [column for column in others if side or _enters(column)]
    if not inputs:
        raise DataError(NO_INPUT, NO_INPUT_REMEDY, name=table.name, column=target.name)
    task = _task(target) if len(chosen) == 1 else "regression"
    return Preparation(
        inputs=tuple(column.name for column in inputs),
        targets=tuple(column.name for column in chosen),
        task=task,
        validation=0.2 if table.rows >= 20 else 0.0,
        stratified=task != "regression",
        image=(side, side) if side else None,
    )


def advise(table: Table, preparation: Preparation) -> tuple[Advice, ...]:
    """What stands out in the columns in use, with offers; a dataset can be made without taking any but the fillings."""
    read = table
    for name, kind in preparation.kinds.items():
        read = read.with_kind(name, kind)
    inputs = [read.column(name) for name in preparation.inputs]
    targets = [read.column(name) for name in preparation.targets]
    found = [*_gaps(inputs, preparation, read.rows, False), *_gaps(targets, preparation, read.rows, True)]
    found += _constants(inputs, preparation)
    found += _pixels(inputs, preparation) or _scales(inputs, preparation)
    if preparation.task == "regression":
        found += _target_ranges(targets, preparation)
    return tuple(found)


def _enters(column: Column) -> bool:
    return column.kind in _USABLE and (column.kind != "category" or column.distinct_count <= MOST_CATEGORIES)


def _picture(columns: list[Column]) -> int:
    """The side of the square picture whose pixels these columns are, by their names; 0 when they are not.

    Pixels that are the same in every row belong to it: a picture has no holes.
    """
    side = math.isqrt(len(columns))
    square = side >= 3 and side * side == len(columns)
    pixels = all(_PIXEL_NAME.match(column.name) and column.numbers is not None for column in columns)
    return side if square and pixels else 0


def _task(target: Column) -> Task:
    if target.kind == "yes/no" or (target.kind == "category" and target.distinct_count == 2):
        return "binary"
    if target.kind == "category":
        return "classes"
    if target.numbers is None or target.distinct_count > MOST_CLASSES:
        return "regression"
    # Whole numbers 0, 1, 2, … that each stand in many rows under a name that says so are numbered classes.
    values = np.unique(target.numbers[~target.missing])
    numbered = np.array_equal(values, values[0] + np.arange(len(values))) and values[0] in (0, 1)
    classes = numbered and len(values) > 1 and target.present >= 5 * len(values)
    return (
        "classes" if classes and (_TARGET_NAME.match(target.name) or target.name.lower() == "digit") else "regression"
    )


def _gaps(columns: list[Column], preparation: Preparation, rows: int, target: bool) -> list[Advice]:
    found = []
    for column in columns:
        if not column.missing.any() or column.name in preparation.impute:
            continue
        ways: tuple[Imputation, ...] = ("mean", "median", "most frequent")
        if target:
            ways = ()
        elif column.kind not in ("number", "date"):
            ways = ("most frequent",)
        offers = [Offer(Words(FILL_IN, {"how": how}), _with_filling(preparation, column, how)) for how in ways]
        offers.append(Offer(Words(DROP_ROWS), _with_filling(preparation, column, "drop row")))
        words = Words(MISSING, {"column": column.name, "count": column.missing_count, "rows": rows})
        found.append(Advice(words, column.name, tuple(offers)))
    return found


def _with_filling(preparation: Preparation, column: Column, how: Imputation) -> Preparation:
    return preparation.replace(impute={**preparation.impute, column.name: how})


def _constants(inputs: list[Column], preparation: Preparation) -> list[Advice]:
    found = []
    for column in inputs:
        if column.distinct_count > 1 or preparation.image:
            continue
        others = tuple(name for name in preparation.inputs if name != column.name)
        leave = [Offer(Words(LEAVE_OUT, {"column": column.name}), preparation.replace(inputs=others))] if others else []
        found.append(Advice(Words(CONSTANT, {"column": column.name}), column.name, tuple(leave)))
    return found


def _pixels(inputs: list[Column], preparation: Preparation) -> list[Advice]:
    side = _picture(inputs)
    if not side or all(preparation.scaling.get(column.name) for column in inputs):
        return []
    scaling = {**preparation.scaling, **dict.fromkeys(preparation.inputs, "joint range")}
    offer = Offer(Words(AS_PICTURE), preparation.replace(image=(side, side), scaling=scaling))
    return [Advice(Words(PIXELS, {"height": side, "width": side}), None, (offer,))]


def _scales(inputs: list[Column], preparation: Preparation) -> list[Advice]:
    """Number columns whose sizes differ by a factor that slows gradient descent down."""
    sizes = {}
    numbers = [column for column in inputs if column.kind in ("number", "date")]
    for column in numbers:
        if column.numbers is not None and column.distinct_count > 1 and column.name not in preparation.scaling:
            seen = column.numbers[~column.missing]
            # The size, not the deviation: years around 2000 disturb as much as a wide spread does.
            with np.errstate(over="ignore"):
                sizes[column.name] = float(np.abs(seen).mean())
    if not sizes:
        return []
    small, large = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    if sizes[large] <= 3 and sizes[large] <= 10 * sizes[small]:
        return []
    scaling = {**preparation.scaling, **{column.name: "standardize" for column in numbers}}
    if len(sizes) == 1:
        words = Words(LARGE, {"column": large, "size": sizes[large]})
        offered = Words(STANDARDIZE, {"column": large})
        return [Advice(words, large, (Offer(offered, preparation.replace(scaling=scaling)),))]
    words = Words(SCALES, {
        "small": small, "small_size": sizes[small], "large": large, "large_size": sizes[large],
    })  # fmt: skip
    return [Advice(words, None, (Offer(Words(STANDARDIZE_INPUTS), preparation.replace(scaling=scaling)),))]


def _target_ranges(targets: list[Column], preparation: Preparation) -> list[Advice]:
    found = []
    for column in targets:
        if column.numbers is None or column.name in preparation.scaling:
            continue
        low, high = float(np.nanmin(column.numbers)), float(np.nanmax(column.numbers))
        if low >= 0 and high <= 1:
            continue
        offers = [
            Offer(
                Words(template, {"column": column.name}),
                preparation.replace(scaling={**preparation.scaling, column.name: way}),
            )
            for template, way in ((STANDARDIZE, "standardize"), (SCALE_TARGET, "range"))
        ]
        words = Words(TARGET_RANGE, {"column": column.name, "low": low, "high": high})
        found.append(Advice(words, column.name, tuple(offers)))
    return found
