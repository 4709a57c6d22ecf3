"""The rows of a project file, read without trust: of the right kind, few enough, and what was saved.

Whoever reads says what is done about damage: usually nothing is left out, and the file is refused. Only who repairs a
file goes on without what is damaged.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bpstudio.data.errors import DataError
from bpstudio.files import strict_json
from bpstudio.files.project_arrays import described, stored
from bpstudio.files.project_error import DamageError
from bpstudio.files.project_schema import ARRAYS, CHECKS, MOST_ROWS, RECORDS, TYPES, Key, Row, Table, check, is_readable

MAX_STEP = 2**53

Progress = Callable[[float], None]
Lost = Callable[[str], None]
"""Told of what is damaged and could be left out; it raises where nothing is to be."""

Part = TypeVar("Part")


def refuse(what: str) -> None:
    """Leave nothing out."""
    raise DamageError(what)


class Reading:
    """One file, being read through a connection; ``size`` is that of the file, of which ``progress`` hears a share.

    ``rows`` are the tables of records, each in the order of its key.
    """

    def __init__(
        self, connection: sqlite3.Connection, folder: Path, size: int, progress: Progress, lost: Lost = refuse
    ) -> None:
        self.folder, self.lost = folder, lost
        self.rows: dict[str, list[Row]] = {}
        self.meta: dict[str, str] = {}
        self._checks: dict[str, bytes] = {}
        self._connection = connection
        self._size, self._progress, self._done, self._told = max(1, size), progress, 0, 0

    def look(self, *names: str) -> None:
        """Read tables of records: those of these names, or all."""
        self.rows = {name: self.sound(partial(self._records, RECORDS[name])) or [] for name in names or RECORDS}
        self._checks = dict(self._connection.execute(f"SELECT name, hash FROM {CHECKS.name} LIMIT 100"))
        for name, rows in self.rows.items():
            if self._checks.get(name) != check(rows):
                self.lost(f"{name} is not what was saved")
        self.meta = dict(self.rows["meta"])

    def _records(self, table: Table) -> list[Row]:
        rows = self._connection.execute(f"SELECT {table.names} FROM {table.name} LIMIT {MOST_ROWS + 1}").fetchall()
        if len(rows) > MOST_ROWS:
            raise DamageError(f"{table.name} has more than {MOST_ROWS:,} rows")
        kinds = [kind for _, kind in table.columns]
        for row in rows:
            for (name, _), kind, value in zip(table.columns, kinds, row, strict=True):
                if type(value) is not TYPES[kind.rstrip("?")] and not (kind.endswith("?") and value is None):
                    raise DamageError(f"{described(table, table.key_of(row))}: {name} is no {kind.rstrip('?')}")
        if len({table.key_of(row) for row in rows}) != len(rows):
            raise DamageError(f"{table.name} has a row twice")
        return sorted(rows, key=table.key_of)

    def arrays(self, name: str) -> Iterator[tuple[Key, list[bytes]]]:
        """(key, pieces) of the arrays of a table, in the order of the keys; damaged ones are lost."""
        count = 0
        for key, parts in stored(self._connection, ARRAYS[name], self.lost):
            count += 1
            self._done += sum(map(len, parts)) + 64
            if self._done - self._told > self._size // 100:
                self._told = self._done
                self._progress(min(0.99, self._done / self._size))
            yield key, parts
        if self._checks.get(name) != check([(count,)]):
            self.lost(f"{name}: one is missing")

    def sound(self, make: Callable[[], Part]) -> Part | None:
        """What ``make`` gives; None where it is damaged, and may be."""
        try:
            return make()
        except (DamageError, sqlite3.DatabaseError, UnicodeDecodeError) as error:
            self.lost(str(error))
            return None

    def number(self, name: str) -> int:
        """A number among what the file says of itself."""
        text = self.meta.get(name, "")
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise DamageError(f"meta: {name} is no number")
        return int(text)

    def json(self, text: str, what: str) -> Any:
        """The value of a JSON text."""
        if not is_readable(text):
            raise DamageError(f"{what} is larger than what is written")
        try:
            return strict_json.parse(text)
        except ValueError as error:
            raise DamageError(f"{what}: {error}") from None

    def made(self, what: str, read: Callable[[Any], Part], text: str) -> Part:
        """What ``read`` makes of a JSON text."""
        value = self.json(text, what)
        try:
            return read(value)
        except (DamageError, DataError):
            raise
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise DamageError(f"{what}: {error}") from None
