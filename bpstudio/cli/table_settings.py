"""A table on the command line: how it is read and prepared, what can be said about it, and what was understood.

It is read, suggested and prepared by the very functions of the window, so the same choices give the same digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from bpstudio.cli.settings import Setting, near, number
from bpstudio.data.choices import IMPUTATIONS, KINDS, SCALINGS, TASKS, Kind, Preparation, ReadOptions, Task
from bpstudio.data.dataset import Dataset
from bpstudio.data.preparation import prepare
from bpstudio.data.readers import SEPARATOR_WORDS, open_table
from bpstudio.data.source import Prepared
from bpstudio.data.suggestion import AS_PICTURE, STANDARDIZE, STANDARDIZE_INPUTS, Advice, advise, suggest
from bpstudio.data.table import Table

PREFIX = "data."
_OPTIONS = ("separator", "decimal", "header", "encoding")
_CHOICES = ("target", "inputs", "task", "positive", "scaling", "impute", "kind", "validation", "seed", "shuffle")
_SEPARATORS = {"tab": "\t", "space": " ", "comma": ",", "semicolon": ";"}
SHOWN_COLUMNS = 12


def split(settings: Iterable[Setting]) -> tuple[tuple[Setting, ...], tuple[Setting, ...]]:
    """(those about the data, the others); the first without their prefix."""
    every = tuple(settings)
    data = tuple((key.removeprefix(PREFIX), value) for key, value in every if key.startswith(PREFIX))
    return data, tuple(pair for pair in every if not pair[0].startswith(PREFIX))


def load(path: Path, settings: Sequence[Setting]) -> tuple[Dataset, list[str]]:
    """The dataset in a table, and what was understood, a line for each thing.

    Raises OSError and ValueError that say what is in the way and which key helps.
    """
    known = (*_OPTIONS, *_CHOICES)
    for key, _ in settings:
        if key.partition(".")[0] not in known:
            raise ValueError(
                f"--set {PREFIX}{key}: there is no such key{near(key.partition('.')[0], known) or '.'} "
                f"Known are {', '.join(PREFIX + each for each in known)}"
            )
    table = open_table(path, _options(settings))
    preparation = _preparation(table, settings)
    try:
        dataset = prepare(table, preparation)
    except ValueError as problem:
        column = getattr(problem, "column", None)
        usual = "drop row" if column in preparation.targets else "mean"
        hint = f" (--set {PREFIX}impute={usual!r} for all columns)" if column and "value" in str(problem) else ""
        raise ValueError(f"{problem}{hint}") from None
    return dataset, [*_understood(table, preparation, dataset), *_offers(advise(table, preparation))]


def _options(settings: Sequence[Setting]) -> ReadOptions:
    changes: dict[str, Any] = {}
    for key, value in settings:
        if key in _OPTIONS:
            changes[key] = _SEPARATORS.get(value.lower(), value) if key == "separator" else value
    try:
        return ReadOptions().replace(**changes)
    except ValueError as problem:
        raise ValueError(f"--set {PREFIX}{problem}") from None


def _preparation(table: Table, settings: Sequence[Setting]) -> Preparation:
    """What is suggested for the table, and what was said instead."""
    kinds = {key.removeprefix("kind."): value for key, value in settings if key.startswith("kind.")}
    for column, kind in kinds.items():
        _check(f"kind.{column}", kind, KINDS)
        table = table.with_kind(_column(table, column), cast("Kind", kind))
    chosen = dict(settings)
    targets = tuple(_columns(table, chosen["target"])) if "target" in chosen else None
    preparation = suggest(table, targets)
    changes: dict[str, Any] = {"kinds": kinds}
    if "inputs" in chosen:
        changes["inputs"] = tuple(_columns(table, chosen["inputs"]))
        changes["image"] = None
    if "task" in chosen:
        changes["task"] = cast("Task", _check("task", chosen["task"], TASKS))
        changes["stratified"] = chosen["task"] != "regression"
    if "positive" in chosen:
        changes["positive"] = chosen["positive"]
    if "validation" in chosen:
        share = float(number(chosen["validation"].removesuffix("%"), PREFIX + "validation"))
        changes["validation"] = share / 100 if chosen["validation"].endswith("%") else share
    if "seed" in chosen:
        changes["seed"] = number(chosen["seed"], PREFIX + "seed")
    if "shuffle" in chosen:
        changes["shuffle"] = _check("shuffle", chosen["shuffle"], ("true", "false")) == "true"
    preparation = preparation.replace(**changes)
    used = [table.column(name) for name in dict.fromkeys((*preparation.inputs, *preparation.targets))]
    scaling, impute = dict(preparation.scaling), dict(preparation.impute)
    for key, value in settings:
        what, _, name = key.partition(".")
        if what == "scaling":
            _check(key, value, SCALINGS)
            numbers = [each.name for each in used if each.kind in ("number", "date")]
            inputs = [each for each in numbers if each in preparation.inputs]
            if name and _column(table, name) not in numbers:
                raise ValueError(f"--set {PREFIX}{key}: only columns of numbers that are in use are scaled")
            # Pixels have one range, and those that are the same in every row belong to the picture.
            every = list(preparation.inputs) if value == "joint range" else inputs
            scaling |= dict.fromkeys([name] if name else every, cast("Any", value))
        elif what == "impute":
            _check(key, value, IMPUTATIONS)
            gaps = [each.name for each in used if each.missing.any()]
            impute |= dict.fromkeys([_column(table, name)] if name else gaps, cast("Any", value))
    return preparation.replace(scaling=scaling, impute=impute)


def _check(key: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        listed = ", ".join(known)
        raise ValueError(f"--set {PREFIX}{key}: expected one of {listed}, got {value!r}{near(value, known)}")
    return value


def _columns(table: Table, text: str) -> Iterator[str]:
    """The columns that a text names, separated by commas; one whose name has a comma in it is named alone."""
    if text in table.names:
        yield text
        return
    yield from (_column(table, part.strip()) for part in text.split(","))


def _column(table: Table, name: str) -> str:
    if name not in table.names:
        listed = ", ".join(table.names[:SHOWN_COLUMNS]) + (" …" if len(table.names) > SHOWN_COLUMNS else "")
        raise ValueError(f"{table.name} has no column {name!r}{near(name, table.names) or ';'} its columns: {listed}")
    return name


def _understood(table: Table, preparation: Preparation, dataset: Dataset) -> Iterator[str]:
    options = table.options
    separator = SEPARATOR_WORDS.get(options.separator, options.separator)
    yield (
        f"{table.name}: {table.rows:,} rows, {len(table.columns):,} columns; separator {separator!r}, decimal mark "
        f"{options.decimal!r}, {'a' if options.header == 'yes' else 'no'} header, {options.encoding}"
    )
    kinds = {column.name: column.kind for column in table.columns} | dict(preparation.kinds)
    for words, names in (("inputs", preparation.inputs), ("target", preparation.targets)):
        shown = ", ".join(f"{name} ({kinds[name]})" for name in names[:SHOWN_COLUMNS])
        yield f"  {words}: {shown}{' …' if len(names) > SHOWN_COLUMNS else ''}"
    unused = [name for name in table.names if name not in (*preparation.inputs, *preparation.targets)]
    if unused:
        yield "  not used: " + ", ".join(f"{name} ({kinds[name]})" for name in unused[:SHOWN_COLUMNS])
    yield f"  task: {preparation.task}"
    steps = dataset.source.steps if isinstance(dataset.source, Prepared) else ()
    for step in steps[:SHOWN_COLUMNS]:
        yield f"  {step.column + ': ' if step.column else ''}{step.describe()}"


def _offers(advice: Sequence[Advice]) -> Iterator[str]:
    """What a person should know, with the key that takes the first offer."""
    for each in advice:
        offer = each.offers[0] if each.offers else None
        template = offer.words.template if offer is not None else ""
        key = ""
        if template == STANDARDIZE_INPUTS:
            key = f" (--set {PREFIX}scaling=standardize)"
        elif template == STANDARDIZE:
            key = f" (--set {PREFIX}scaling.{each.column}=standardize)"
        elif template == AS_PICTURE:
            key = f" (--set {PREFIX}scaling='joint range')"
        yield f"  worth a look: {each.words}{key}"
