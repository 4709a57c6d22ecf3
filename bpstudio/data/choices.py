"""What a person chose: how a file is read, and what is done to its columns before training.

Both records are part of every saved file, so that nothing that happened to the data is hidden.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

from bpstudio.data.errors import DataError

Kind = Literal["number", "yes/no", "category", "date", "id", "constant", "mostly empty", "text"]
Task = Literal["regression", "binary", "classes"]
Imputation = Literal["mean", "median", "most frequent", "drop row"]
Scaling = Literal["standardize", "range", "joint range"]
Separator = Literal["", ",", ";", "\t", "|", " "]
Decimal = Literal["", ".", ","]
Header = Literal["", "yes", "no"]

NO_INPUTS = "No column is an input."
NO_TARGETS = "No column is a target."
CHOOSE_SOME = "Choose at least one."
CHOSEN_TWICE = "{column} is chosen twice."
CHOSEN_TWICE_REMEDY = "A column is an input or a target, and once."
ONE_TARGET = "The task “{task}” has one target, but {count} are chosen."
ONE_TARGET_REMEDY = "Choose one, or the task “regression”."

KINDS: tuple[Kind, ...] = get_args(Kind)
TASKS: tuple[Task, ...] = get_args(Task)
IMPUTATIONS: tuple[Imputation, ...] = get_args(Imputation)
SCALINGS: tuple[Scaling, ...] = get_args(Scaling)

ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "big5", "shift_jis", "cp1252", "latin-1")
"""A closed list: a file's recipe names one of them, and nothing else that Python could decode with."""

MISSING = ("", "NA", "N/A", "NaN", "null", "?", "-")
"""What counts as a missing value, capital or small letters alike; visible and changeable in ReadOptions."""


@dataclass(frozen=True)
class ReadOptions:
    """How the bytes of a text table become cells. An empty text means: find out from the file."""

    encoding: str = ""
    separator: Separator = ""
    decimal: Decimal = ""
    header: Header = ""
    missing: tuple[str, ...] = MISSING

    def __post_init__(self) -> None:
        object.__setattr__(self, "missing", tuple(self.missing))
        if self.encoding:
            _one_of("encoding", self.encoding, ENCODINGS)
        _one_of("separator", self.separator, get_args(Separator))
        _one_of("decimal", self.decimal, get_args(Decimal))
        _one_of("header", self.header, get_args(Header))

    def replace(self, **changes: Any) -> ReadOptions:
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class Preparation:
    """Which columns go in and come out, and everything that is done to them on the way.

    inputs, targets   column names, in the order of the network's units
    task              regression: numbers; binary: one output 0 or 1; classes: one output per class
    kinds             a person's own reading of a column, by name, instead of the one that was found
    impute            what stands in for a missing value, by column; a column without an entry may have none missing
    scaling           by column: "standardize" (mean 0, deviation 1), "range" (0 to 1), "joint range" (0 to 1, one
                      range for all columns that have it: pixels). A column without an entry keeps its numbers
    validation        share of the rows that is kept from training, 0 to below 1
    stratified        every class has the same share of validation rows
    shuffle, seed     rows are drawn in the order of a permutation from `seed`; otherwise the last rows validate
    positive          binary: the value that becomes 1 ("": the second of the two in order)
    image             height and width when the inputs are pixels

    A column is an input or a target, and both only where all inputs are the targets of a regression: an autoencoder,
    which is to answer with what it was asked (Rumelhart, Hinton and Williams 1986). Its targets are the inputs as they
    are prepared. Entries for columns that are not in use wait there: unticking an input and ticking it again loses
    nothing.
    """

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    task: Task = "regression"
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    impute: Mapping[str, Imputation] = field(default_factory=dict)
    scaling: Mapping[str, Scaling] = field(default_factory=dict)
    validation: float = 0.0
    stratified: bool = False
    shuffle: bool = True
    seed: int = 0
    positive: str = ""
    image: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for name in ("kinds", "impute", "scaling"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        for name in ("inputs", "targets"):
            columns = tuple(getattr(self, name))
            object.__setattr__(self, name, columns)
            if not columns:
                raise DataError(NO_INPUTS if name == "inputs" else NO_TARGETS, CHOOSE_SOME)
            if len(set(columns)) < len(columns):
                twice = next(column for column in columns if columns.count(column) > 1)
                raise DataError(CHOSEN_TWICE, CHOSEN_TWICE_REMEDY, column=twice)
        _one_of("task", self.task, TASKS)
        if self.task != "regression" and len(self.targets) != 1:
            raise DataError(ONE_TARGET, ONE_TARGET_REMEDY, task=self.task, count=len(self.targets))
        both = set(self.inputs) & set(self.targets)
        if both and not self.is_autoencoder:
            raise DataError(CHOSEN_TWICE, CHOSEN_TWICE_REMEDY, column=min(both))
        for column, kind in self.kinds.items():
            _one_of(f"kinds.{column}", kind, KINDS)
        for column, how in self.impute.items():
            _one_of(f"impute.{column}", how, IMPUTATIONS)
        for column, scale in self.scaling.items():
            _one_of(f"scaling.{column}", scale, SCALINGS)
        if not 0 <= self.validation < 1:
            raise ValueError(f"validation: expected a share from 0 to below 1, got {self.validation}")
        if self.seed < 0:
            raise ValueError(f"seed: expected 0 or more, got {self.seed}")

    @property
    def is_autoencoder(self) -> bool:
        """Whether what comes out is to be what went in."""
        return self.task == "regression" and self.targets == self.inputs and len(self.inputs) > 1

    def replace(self, **changes: Any) -> Preparation:
        return dataclasses.replace(self, **changes)


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, known))}, got {value!r}")
