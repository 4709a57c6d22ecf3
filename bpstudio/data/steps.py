"""What was done to the data, step by step, with the numbers that did it.

A step carries the figures it was fitted with, so a window can draw "(age - 38.2) / 12.7" in front of the input and
turn a prediction back into the unit of the file. Figures come from the training rows only: a validation row that
had a say in the mean would no longer be unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bpstudio.data import records
from bpstudio.data.choices import Imputation
from bpstudio.data.errors import Value, Words

Array = NDArray[np.float64]

DROPPED = "rows without a value: {count} left out"
FILLED = "missing values: {count} filled with {value} ({how})"
YES_NO = "{no} becomes 0, {yes} becomes 1"
ONE_HOT = "one-hot: one input per value, 1 where the row has it ({count} values: {shown})"
CLASSES = "one output per class ({count} classes: {shown})"
DAYS = "dates as days since 1970-01-01 (read as {pattern})"
STANDARDIZED = "standardised with the mean {mean:.6g} and the standard deviation {std:.6g} of {rows} training rows"
UNIT_RANGE = "scaled so that {low:.6g} to {high:.6g}, the range in {rows} training rows, becomes 0 to 1"
JOINT_RANGE = "scaled so that {low:.6g} to {high:.6g}, the range over all such columns in training, becomes 0 to 1"
SPLIT_SHUFFLED = "{train} rows train, {validation} validate, drawn with seed {seed}"
SPLIT_STRATIFIED = "{train} rows train, {validation} validate, the same share of each class, drawn with seed {seed}"
SPLIT_LAST = "the first {train} rows train, the last {validation} validate"
NO_SPLIT = "all {train} rows train, none validate"


@dataclass(frozen=True)
class DropRows:
    """Rows of the file (counted from 1) that lack a value in `column` and are left out."""

    kind: ClassVar[str] = "drop rows"
    column: str
    rows: tuple[int, ...]

    def describe(self) -> Words:
        return Words(DROPPED, {"column": self.column, "count": len(self.rows)})

    @property
    def formula(self) -> str:
        return ""


@dataclass(frozen=True)
class Split:
    """Which share validates, and by which lot."""

    kind: ClassVar[str] = "split"
    train: int
    validation: int
    stratified: bool
    shuffle: bool
    seed: int

    @property
    def column(self) -> str:
        return ""

    def describe(self) -> Words:
        template = SPLIT_STRATIFIED if self.stratified else SPLIT_SHUFFLED if self.shuffle else SPLIT_LAST
        if not self.validation:
            template = NO_SPLIT
        return Words(template, {"train": self.train, "validation": self.validation, "seed": self.seed})

    @property
    def formula(self) -> str:
        return ""


@dataclass(frozen=True)
class Fill:
    """What stands in for a missing value of `column`, at these rows of the dataset (counted from 0).

    `number` is the filled in number; None where `value`, its text, is the name of a category.
    """

    kind: ClassVar[str] = "fill"
    column: str
    how: Imputation
    value: str
    number: float | None
    rows: tuple[int, ...]

    def describe(self) -> Words:
        values: dict[str, Value] = {
            "column": self.column,
            "count": len(self.rows),
            "value": self.value,
            "how": self.how,
        }
        return Words(FILLED, values)

    @property
    def formula(self) -> str:
        return f"missing → {self.value}"


@dataclass(frozen=True)
class YesNo:
    """Two values of a column as 0 and 1."""

    kind: ClassVar[str] = "yes/no"
    column: str
    no: str
    yes: str

    def describe(self) -> Words:
        return Words(YES_NO, {"column": self.column, "no": self.no, "yes": self.yes})

    @property
    def formula(self) -> str:
        return f"{self.no} → 0, {self.yes} → 1"


@dataclass(frozen=True)
class OneHot:
    """One input per value of a column."""

    kind: ClassVar[str] = "one-hot"
    column: str
    values: tuple[str, ...]

    def describe(self) -> Words:
        return Words(ONE_HOT, {"column": self.column, "count": len(self.values), "shown": shortened(self.values)})

    @property
    def formula(self) -> str:
        return f"xₖ = 1 if {self.column} = valueₖ, else 0"


@dataclass(frozen=True)
class Classes:
    """One output per value of the target column."""

    kind: ClassVar[str] = "classes"
    column: str
    values: tuple[str, ...]

    def describe(self) -> Words:
        return Words(CLASSES, {"column": self.column, "count": len(self.values), "shown": shortened(self.values)})

    @property
    def formula(self) -> str:
        return f"yₖ = 1 if {self.column} = classₖ, else 0"


@dataclass(frozen=True)
class Days:
    """Dates as a number of days."""

    kind: ClassVar[str] = "days"
    column: str
    pattern: str

    def describe(self) -> Words:
        return Words(DAYS, {"column": self.column, "pattern": self.pattern})

    @property
    def formula(self) -> str:
        return f"x = {self.column} − 1970-01-01"


@dataclass(frozen=True)
class Standardize:
    """(x - mean) / std; std has 1/n under the root. A column that never changes in training is only shifted."""

    kind: ClassVar[str] = "standardize"
    column: str
    mean: float
    std: float
    rows: int

    def apply(self, values: Array) -> Array:
        return (values - self.mean) / (self.std or 1.0)

    def inverse(self, values: Array) -> Array:
        """From the scale of the network back to that of the file."""
        return values * (self.std or 1.0) + self.mean

    def describe(self) -> Words:
        values: dict[str, Value] = {"column": self.column, "mean": self.mean, "std": self.std, "rows": self.rows}
        return Words(STANDARDIZED, values)

    @property
    def formula(self) -> str:
        return _shifted(self.column, self.mean, self.std or 1.0)


@dataclass(frozen=True)
class Range:
    """(x - low) / (high - low); `joint` when all columns so scaled share one low and one high."""

    kind: ClassVar[str] = "range"
    column: str
    low: float
    high: float
    joint: bool
    rows: int

    def apply(self, values: Array) -> Array:
        return (values - self.low) / (self.high - self.low or 1.0)

    def inverse(self, values: Array) -> Array:
        """From the scale of the network back to that of the file."""
        return values * (self.high - self.low or 1.0) + self.low

    def describe(self) -> Words:
        values: dict[str, Value] = {"column": self.column, "low": self.low, "high": self.high, "rows": self.rows}
        return Words(JOINT_RANGE if self.joint else UNIT_RANGE, values)

    @property
    def formula(self) -> str:
        return _shifted(self.column, self.low, self.high - self.low or 1.0)


Step = DropRows | Split | Fill | YesNo | OneHot | Classes | Days | Standardize | Range

STEPS: dict[str, type[Step]] = {
    each.kind: each for each in (DropRows, Split, Fill, YesNo, OneHot, Classes, Days, Standardize, Range)
}


def write(step: Step) -> dict[str, Any]:
    """The JSON form."""
    return {"kind": step.kind, **records.write(step)}


def read(document: object, path: str) -> Step:
    """A step from its JSON form; errors name the place under `path`."""
    if not isinstance(document, dict) or document.get("kind") not in STEPS:
        raise ValueError(f"{path}.kind: expected one of {', '.join(STEPS)}")
    fields = {name: value for name, value in document.items() if name != "kind"}
    return records.read(STEPS[document["kind"]], fields, path)


def shortened(values: tuple[str, ...], most: int = 5) -> str:
    """The first values, and a mark where there are more."""
    return ", ".join(values[:most]) + (", …" if len(values) > most else "")


def _shifted(column: str, shift: float, divisor: float) -> str:
    sign = "−" if shift >= 0 else "+"
    return f"({column} {sign} {abs(shift):.6g}) / {divisor:.6g}"
