"""What kind of column this is, and why.

A column of a text table is text. Whether it is numbers, dates or names of classes is a finding, so it comes with its
reason, and a person may insist on another reading; where that cannot be, the row that stands against it is named.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bpstudio.data.choices import Kind
from bpstudio.data.errors import DataError, Value, Words

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

CHOOSABLE: tuple[Kind, ...] = ("number", "yes/no", "category", "date", "id", "text")
"""The kinds that a person may insist on; constant and mostly empty are findings, not readings."""

MICROSECONDS_A_DAY = 86_400e6
FEW = 20
"""So many different texts are a category in any table …"""
MANY = 1000
"""… and more than so many never are."""

ALL_NUMBERS = "all {count} values are numbers"
NUMBERED = "{count} different whole numbers under a name that numbers the rows"
TWO_VALUES = "2 different values: {values}"
SOME_VALUES = "{distinct} different values: {values}"
ALL_DATES = "all {count} values are dates ({pattern})"
ALL_DIFFERENT = "all {count} values are different"
ONE_VALUE = "all {count} values are {value}"
MOSTLY_MISSING = "{missing} of {rows} values are missing"
MIXED = "{numbers} of {count} values are numbers, but row {row} is “{text}”"
TOO_MANY = "{distinct} different values: too many for a category"
CHOSEN = "chosen; found was: {found}"

NOT_A_NUMBER = "Row {row} of {column} is “{text}”, which is not a number."
NOT_A_NUMBER_REMEDY = "Correct that cell, leave it empty, or read {column} as a category."
TOO_BIG = "Row {row} of {column} is “{text}”, which is outside the range of a float64."
GROUPED = "Row {row} of {column} is “{text}”: with group separators it could be two different numbers."
GROUPED_REMEDY = "Write numbers without group separators, or choose the other decimal mark."
OTHER_MARK = "Row {row} of {column} is “{text}”, but the decimal mark of this file is “{mark}”."
OTHER_MARK_REMEDY = "Choose the decimal mark “{other}”, or correct that cell."
NOT_A_DATE = "Row {row} of {column} is “{text}”, which is not a date like the others."
NOT_A_DATE_REMEDY = "Write dates as 2024-12-31, or read {column} as a category."
NOT_TWO = "{column} has {distinct} different values ({values}), so it is not yes/no."
NOT_TWO_REMEDY = "Read it as a category."
NOT_A_CATEGORY = "{column} has {distinct} different values, more than the {most} a category may have."
NOT_A_CATEGORY_REMEDY = "Read it as a number, or leave it out."
A_FINDING = "“{kind}” is something that is found in {column}, not a way to read it."
A_FINDING_REMEDY = "Choose one of: {known}."

_YES_NO = (
    ("no", "yes"), ("n", "y"), ("false", "true"), ("f", "t"), ("off", "on"), ("否", "是"), ("假", "真"), ("nein", "ja"),
    ("non", "oui"),
)  # fmt: skip
_ROW_NUMBER = re.compile(r"(id|index|idx|nr|no|no\.|#|row|key|.*[ _-]id|编号|序号)$", re.IGNORECASE)
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([.,'’ \u00a0\u202f][0-9]{3})+([.,][0-9]+)?$")
_DATES = (
    ("YYYY-MM-DD", r"^\d{4}-\d{1,2}-\d{1,2}$", "%Y-%m-%d"),
    ("YYYY/MM/DD", r"^\d{4}/\d{1,2}/\d{1,2}$", "%Y/%m/%d"),
    ("DD.MM.YYYY", r"^\d{1,2}\.\d{1,2}\.\d{4}$", "%d.%m.%Y"),
    ("DD/MM/YYYY", r"^\d{1,2}/\d{1,2}/\d{4}$", "%d/%m/%Y"),
    ("MM/DD/YYYY", r"^\d{1,2}/\d{1,2}/\d{4}$", "%m/%d/%Y"),
    ("YYYY年MM月DD日", r"^\d{4}年\d{1,2}月\d{1,2}日$", "%Y年%m月%d日"),
    ("YYYY-MM-DD hh:mm", r"^\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{2}$", "%Y-%m-%d %H:%M"),
    ("YYYY-MM-DD hh:mm:ss", r"^\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{2}:\d{2}$", "%Y-%m-%d %H:%M:%S"),
    ("YYYY-MM-DDThh:mm:ss", r"^\d{4}-\d{1,2}-\d{1,2}T\d{1,2}:\d{2}:\d{2}$", "%Y-%m-%dT%H:%M:%S"),
)


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a table, as text and as what it was understood to be.

    kind       how the column is read; `found` is how it would be without a person's choice
    reason     why, in words
    cells      the text of every row, without blanks at the ends
    missing    (rows,) true where there is no value
    distinct   the different values in order, at most MANY of them; `distinct_count` is how many there are
    numbers    (rows,) number: the number; yes/no: 0 or 1; date: days since 1970-01-01; NaN where missing.
               A constant has numbers where its value is one. None for everything else
    pattern    how dates are written
    """

    name: str
    kind: Kind
    found: Kind
    reason: Words
    cells: pl.Series
    missing: Flags
    distinct: tuple[str, ...]
    distinct_count: int
    numbers: Array | None
    decimal: str = "."
    pattern: str = ""

    @property
    def missing_count(self) -> int:
        return int(self.missing.sum())

    @property
    def present(self) -> int:
        return len(self.missing) - self.missing_count

    def text(self, row: int) -> str:
        """The cell of a row (from 0), as it stands in the file."""
        return str(self.cells[row])


def examine(name: str, cells: pl.Series, missing_texts: tuple[str, ...], decimal: str) -> Column:
    """The column of these cells, with its kind found and the reason for it."""
    absent = cells.str.to_lowercase().is_in([text.lower() for text in missing_texts])
    missing = absent.to_numpy()
    present = cells.filter(~absent)
    values = present.unique()
    some = values if len(values) <= MANY else values.sort().head(MANY)
    column = Column(
        name, "text", "text", Words(""), cells, missing, in_order(some.to_list()), len(values), None, decimal
    )
    kind, reason, numbers, pattern = _find(column)
    return dataclasses.replace(column, kind=kind, found=kind, reason=reason, numbers=numbers, pattern=pattern)


def read_as(column: Column, kind: Kind) -> Column:
    """The column as a person insists on reading it; DataError names the row that stands against it."""
    if kind == column.kind:
        return column
    if kind not in CHOOSABLE and kind != column.found:
        raise DataError(A_FINDING, A_FINDING_REMEDY, column=column.name, kind=kind, known=", ".join(CHOOSABLE))
    if kind == column.found:
        _, reason, numbers, pattern = _find(column)
        return dataclasses.replace(column, kind=kind, reason=reason, numbers=numbers, pattern=pattern)
    numbers, pattern = None, ""
    if kind == "number":
        numbers = _insist_on_numbers(column)
    elif kind == "yes/no":
        numbers = _two_values(column)
    elif kind == "date":
        numbers, pattern = _insist_on_dates(column)
    elif kind == "category" and column.distinct_count > MANY:
        raise DataError(
            NOT_A_CATEGORY, NOT_A_CATEGORY_REMEDY, column=column.name, distinct=column.distinct_count, most=MANY
        )
    reason = Words(CHOSEN, {"found": column.found})
    return dataclasses.replace(column, kind=kind, reason=reason, numbers=numbers, pattern=pattern)


def in_order(values: list[str]) -> tuple[str, ...]:
    """Values as a person would list them: numbers by size, words by letter."""
    if all(re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", value) for value in values):
        return tuple(sorted(values, key=lambda value: (float(value), value)))
    return tuple(sorted(values, key=lambda value: (value.casefold(), value)))


def _find(column: Column) -> tuple[Kind, Words, Array | None, str]:
    rows, count, distinct = len(column.missing), column.present, column.distinct_count
    listed = ", ".join(column.distinct[:5]) + (", …" if distinct > 5 else "")
    numbers = _numbers(column)
    readable = int(np.isfinite(numbers).sum())
    all_numbers = numbers if readable == count else None
    if column.missing_count > rows / 2:
        return "mostly empty", Words(MOSTLY_MISSING, {"missing": column.missing_count, "rows": rows}), None, ""
    if distinct == 1:
        return "constant", Words(ONE_VALUE, {"count": count, "value": column.distinct[0]}), all_numbers, ""
    if _known_pair(column) or (all_numbers is not None and set(numbers[~column.missing].tolist()) == {0.0, 1.0}):
        return "yes/no", Words(TWO_VALUES, {"values": listed}), _two_values(column), ""
    if all_numbers is not None:
        whole = (numbers[~column.missing] % 1 == 0).all()
        if whole and distinct == count == rows and _ROW_NUMBER.match(column.name):
            return "id", Words(NUMBERED, {"count": count}), None, ""
        return "number", Words(ALL_NUMBERS, {"count": count}), all_numbers, ""
    days, pattern = _dates(column)
    if pattern and np.isfinite(days).sum() == count:
        return "date", Words(ALL_DATES, {"count": count, "pattern": pattern}), days, pattern
    if readable >= count / 2 and (distinct > FEW or distinct > count / 2):
        row = int(np.argmax(~np.isfinite(numbers) & ~column.missing))
        values: dict[str, Value] = {
            "numbers": readable,
            "count": count,
            "row": row + 1,
            "text": _short(column.text(row)),
        }
        return "text", Words(MIXED, values), None, ""
    if distinct == count:
        return "id", Words(ALL_DIFFERENT, {"count": count}), None, ""
    if distinct <= FEW or distinct <= min(count / 10, MANY):
        return "category", Words(SOME_VALUES, {"distinct": distinct, "values": listed}), None, ""
    return "text", Words(TOO_MANY, {"distinct": distinct}), None, ""


def _numbers(column: Column) -> Array:
    """The cells as numbers by the chosen decimal mark; NaN where missing or not a finite number.

    The form is checked before casting: a cast alone would take a comma for nothing, or read "inf" as a number.
    """
    import polars as pl

    mark = re.escape(column.decimal)
    form = rf"^[+-]?([0-9]+({mark}[0-9]*)?|{mark}[0-9]+)([eE][+-]?[0-9]+)?$"
    written = column.cells.set(~column.cells.str.contains(form), None)
    if column.decimal == ",":
        written = written.str.replace(",", ".", literal=True)
    numbers = written.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy().copy()
    numbers[column.missing | ~np.isfinite(numbers)] = np.nan
    return numbers


def _insist_on_numbers(column: Column) -> Array:
    numbers = _numbers(column)
    wrong = np.isnan(numbers) & ~column.missing
    if not wrong.any():
        return numbers
    row = int(np.argmax(wrong))
    text = column.text(row)
    other = "," if column.decimal == "." else "."
    template, remedy = NOT_A_NUMBER, NOT_A_NUMBER_REMEDY
    if re.fullmatch(_GROUPED, text):
        template, remedy = GROUPED, GROUPED_REMEDY
    elif re.fullmatch(rf"[+-]?[0-9]*{re.escape(other)}[0-9]+", text):
        template, remedy = OTHER_MARK, OTHER_MARK_REMEDY
    elif re.fullmatch(r"[+-]?[0-9.,]+([eE][+-]?[0-9]+)?", text):
        template = TOO_BIG
    raise DataError(
        template, remedy, row=row + 1, column=column.name, text=_short(text), mark=column.decimal, other=other
    )


def _dates(column: Column) -> tuple[Array, str]:
    """Days since 1970-01-01 by the pattern that reads the most cells; NaN where there is no date."""
    import polars as pl

    best: tuple[Array, str] = (np.full(len(column.missing), np.nan), "")
    most = 0
    for pattern, form, chrono in _DATES:
        fits = column.cells.str.contains(form)
        if int(fits.sum()) <= most:
            continue
        written = column.cells.set(~fits, None)
        if "H" in chrono:
            moments = written.str.strptime(pl.Datetime("us"), chrono, strict=False)
        else:
            moments = written.str.strptime(pl.Date, chrono, strict=False).cast(pl.Datetime("us"))
        days = moments.cast(pl.Int64).cast(pl.Float64).fill_null(np.nan).to_numpy() / MICROSECONDS_A_DAY
        found = int(np.isfinite(days).sum())
        if found > most:
            most, best = found, (days, pattern)
    return best


def _insist_on_dates(column: Column) -> tuple[Array, str]:
    days, pattern = _dates(column)
    wrong = np.isnan(days) & ~column.missing
    if wrong.any() or not pattern:
        row = int(np.argmax(wrong))
        text = _short(column.text(row))
        raise DataError(NOT_A_DATE, NOT_A_DATE_REMEDY, row=row + 1, column=column.name, text=text)
    return days, pattern


def _known_pair(column: Column) -> bool:
    return column.distinct_count == 2 and tuple(sorted(v.casefold() for v in column.distinct)) in {
        tuple(sorted(pair)) for pair in _YES_NO
    }


def _two_values(column: Column) -> Array:
    """0 for no and 1 for yes; of two other values the first in order is 0."""
    numbers = _numbers(column)
    if np.isfinite(numbers).sum() == column.present and set(numbers[~column.missing].tolist()) == {0.0, 1.0}:
        return numbers
    if column.distinct_count != 2:
        shown = ", ".join(column.distinct[:5]) + (", …" if column.distinct_count > 5 else "")
        raise DataError(NOT_TWO, NOT_TWO_REMEDY, column=column.name, distinct=column.distinct_count, values=shown)
    _, yes = no_and_yes(column)
    found = (column.cells == yes).to_numpy().astype(np.float64)
    found[column.missing] = np.nan
    return found


def no_and_yes(column: Column) -> tuple[str, str]:
    """Which of a column's two values is 0 and which is 1."""
    first, second = column.distinct[0], column.distinct[-1]
    swapped = (second.casefold(), first.casefold()) in _YES_NO
    return (second, first) if swapped else (first, second)


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
