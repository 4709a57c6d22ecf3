"""A table as it was read: columns of text, each with its kind and the reason for it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bpstudio.data.choices import Kind, ReadOptions
from bpstudio.data.columns import Column, read_as
from bpstudio.data.errors import DataError

NO_SUCH_COLUMN = "{name} has no column {column}."
NO_SUCH_COLUMN_REMEDY = "Its columns are: {known}."


@dataclass(frozen=True, eq=False)
class Table:
    """What a file holds, and how it was read.

    options    the choices in force: what was left open is filled in with what was found
    path       where the file is; "" for pasted text
    hash       sha256 of the file's bytes
    lines      (rows,) the line of the file on which each row begins, from 1
    """

    name: str
    columns: tuple[Column, ...]
    rows: int
    options: ReadOptions
    path: str
    hash: str
    lines: NDArray[np.int64]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; DataError lists the names there are."""
        for column in self.columns:
            if column.name == name:
                return column
        raise DataError(NO_SUCH_COLUMN, NO_SUCH_COLUMN_REMEDY, name=self.name, column=name, known=", ".join(self.names))

    def with_kind(self, name: str, kind: Kind) -> Table:
        """The table with one column read as a person insists; DataError names the row that stands against it."""
        chosen = read_as(self.column(name), kind)
        return dataclasses.replace(self, columns=tuple(chosen if each.name == name else each for each in self.columns))

    def row(self, row: int) -> tuple[str, ...]:
        """The cells of a row (from 0), as they stand in the file."""
        return tuple(column.text(row) for column in self.columns)
