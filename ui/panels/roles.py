"""Which column goes in and which comes out: one preparation in, another one out.

Pure rules behind the column table. A task with classes has one target, so a new target takes the place of the old one,
which becomes an input again; several numbers can be targets together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from bpstudio.data.choices import Imputation, Kind, Preparation, Scaling, Task
from bpstudio.data.columns import CHOOSABLE, Column
from bpstudio.data.table import Table
from ui.language import translatable
from ui.panels.plain import PlainError

Role = Literal["input", "target", ""]
ROLES: dict[Role, str] = {
    "input": translatable("input"),
    "target": translatable("target"),
    "": translatable("leave out"),
}
NO_TARGET_LEFT = translatable("There must be a target: set another column to “target” instead.")
NO_INPUT_LEFT = translatable("There must be an input: set another column to “input” first.")
_INPUTS = ("number", "yes/no", "category", "date", "constant")


def role_of(preparation: Preparation, column: str) -> Role:
    """What a column is used as."""
    if column in preparation.targets and not preparation.is_autoencoder:
        return "target"
    return "input" if column in preparation.inputs else ""


def with_role(table: Table, preparation: Preparation, column: str, role: Role) -> Preparation:
    """The preparation with another use for one column."""
    read = _read(table, preparation, column)
    inputs, targets = set(preparation.inputs) - {column}, set(preparation.targets) - {column}
    if preparation.is_autoencoder:
        # A choice for one column ends it: the others stay what goes in.
        targets = set()
    task = preparation.task
    if role == "input":
        inputs.add(column)
    elif role == "target":
        joins = task == "regression" and read.kind == "number" and bool(targets)
        if not joins:
            inputs |= {name for name in targets if _read(table, preparation, name).kind in _INPUTS}
            targets, task = set(), task_of(read)
        targets.add(column)
    if not targets:
        raise PlainError(NO_TARGET_LEFT)
    if not inputs:
        raise PlainError(NO_INPUT_LEFT)
    return preparation.replace(
        inputs=_in_order(table, inputs),
        targets=_in_order(table, targets),
        task=task,
        stratified=preparation.stratified and task != "regression",
        positive="",
        image=preparation.image if set(preparation.inputs) == inputs else None,
    )


def with_kind(table: Table, preparation: Preparation, column: str, kind: Kind) -> Preparation:
    """The preparation with another reading of one column. Raises DataError with the row that stands against it."""
    read = table.with_kind(column, kind).column(column)
    kinds = {name: each for name, each in preparation.kinds.items() if name != column}
    if kind != read.found:
        kinds[column] = kind
    changed = preparation.replace(kinds=kinds)
    if preparation.targets == (column,):
        task = task_of(read)
        changed = changed.replace(task=task, positive="", stratified=changed.stratified and task != "regression")
    return changed


def with_filling(preparation: Preparation, column: str, how: Imputation | Literal[""]) -> Preparation:
    """The preparation with another way to deal with missing values of one column."""
    impute = {name: each for name, each in preparation.impute.items() if name != column}
    if how:
        impute[column] = how
    return preparation.replace(impute=impute)


def with_scaling(preparation: Preparation, column: str, scaling: Scaling | Literal[""]) -> Preparation:
    """The preparation with another scale of one column."""
    chosen = {name: each for name, each in preparation.scaling.items() if name != column}
    if scaling:
        chosen[column] = scaling
    return preparation.replace(scaling=chosen)


def task_of(column: Column) -> Task:
    """What learning a column means."""
    if column.kind == "yes/no" or (column.kind == "category" and column.distinct_count == 2):
        return "binary"
    return "regression" if column.kind in ("number", "date", "constant") else "classes"


def kinds_of(column: Column) -> tuple[Kind, ...]:
    """How a column may be read: as it was found, and what a person may insist on."""
    return (column.found, *(kind for kind in CHOOSABLE if kind != column.found))


def fillings_of(column: Column, is_target: bool) -> tuple[Imputation, ...]:
    """What can be done about a column's missing values."""
    if is_target:
        return ("drop row",)
    numbers: tuple[Imputation, ...] = ("mean", "median") if column.kind in ("number", "date") else ()
    return (*numbers, "most frequent", "drop row")


def is_scalable(column: Column, preparation: Preparation) -> bool:
    """Whether a scale can be chosen for a column."""
    is_class = column.name in preparation.targets and preparation.task != "regression"
    return column.kind in ("number", "date", "yes/no") and not is_class


def _read(table: Table, preparation: Preparation, column: str) -> Column:
    kind = preparation.kinds.get(column)
    return (table.with_kind(column, kind) if kind else table).column(column)


def _in_order(table: Table, names: Iterable[str]) -> tuple[str, ...]:
    chosen = set(names)
    return tuple(name for name in table.names if name in chosen)
