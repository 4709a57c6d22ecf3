"""Bringing a file to what a project is now: what is new is added, what is gone is deleted, the rest is not touched.

A keyframe and a closed block of metrics never change, so a save costs what was trained since the last one. What is in
the file is known by reference to the very arrays that were written; where an array is another object, the hashes of its
rows say whether the numbers are the same.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable
from typing import Any

from bpstudio.files.project_arrays import pieces
from bpstudio.files.project_rows import Contents, Piece, Records
from bpstudio.files.project_schema import ARRAYS, CHECKS, RECORDS, Key, Row, Table, check
from bpstudio.maths.operations import Array

Progress = Callable[[float], None]

_EVERY = 256
"""Rows between two reports of progress; large ones report each."""
_LARGE = 2**18

Mark = tuple[weakref.ref[Any] | None, int]
"""The array that was written, while it lives, and how much of it."""


class Known:
    """What stands in a file: rows of records, and of which arrays it has what."""

    def __init__(self) -> None:
        self.records: Records = {name: {} for name in RECORDS}
        self.arrays: dict[str, dict[Key, Mark]] = {name: {} for name in ARRAYS}

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> Known:
        """What a file holds that was not written from here."""
        known = cls()
        for name, table in RECORDS.items():
            rows = connection.execute(f"SELECT {table.names} FROM {name}")
            known.records[name] = {table.key_of(row): row for row in rows}
        for name, table in ARRAYS.items():
            keys = ", ".join(table.key)
            for row in connection.execute(f"SELECT {keys} FROM {name}"):
                known.arrays[name][row[:-1]] = (None, 0)
        return known


def bring(connection: sqlite3.Connection, known: Known, contents: Contents, progress: Progress) -> Known:
    """Change the file, inside a transaction, from what is known of it to these contents; returns what it holds then.
    ``known`` is not changed.

    ``progress`` hears of the share that is done, and may raise to give up.
    """
    after = Known()
    after.records = {name: dict(contents.records.get(name, {})) for name in RECORDS}
    for name, table in RECORDS.items():
        _bring_records(connection, table, known.records[name], after.records[name])
    told = _Told(progress, known, contents)
    for name, wanted in contents.arrays.items():
        table, marks = ARRAYS[name], known.arrays[name]
        for key in marks.keys() - wanted.keys():
            connection.execute(f"DELETE FROM {name} WHERE {_where(table.key[:-1])}", key)
        fresh = []
        for key, piece in wanted.items():
            if key not in marks:
                fresh.append((key, piece))
            elif not _is_same(marks[key], piece):
                if _is_stored(connection, table, key, piece):
                    told.of(piece)
                    continue
                connection.execute(f"DELETE FROM {name} WHERE {_where(table.key[:-1])}", key)
                fresh.append((key, piece))
        places = ", ".join("?" * len(table.columns))
        rows = (row for key, piece in fresh for row in pieces(table, key, told.of(piece)))
        connection.executemany(f"INSERT INTO {name} VALUES ({places})", rows)
        after.arrays[name] = {
            key: marks[key] if key in marks and _is_same(marks[key], piece) else _mark(piece)
            for key, piece in wanted.items()
        }
        if len(wanted) != len(marks) or not known.records["meta"]:
            mark = (name, check([(len(wanted),)]))
            connection.execute(f"INSERT OR REPLACE INTO {CHECKS.name} VALUES (?, ?)", mark)
    progress(0.99)
    return after


def _bring_records(connection: sqlite3.Connection, table: Table, before: dict[Key, Row], now: dict[Key, Row]) -> None:
    """The rows of a table of records, and the hash over all of them."""
    if before == now and before:
        return
    for key in before.keys() - now.keys():
        connection.execute(f"DELETE FROM {table.name} WHERE {_where(table.key)}", key)
    places = ", ".join("?" * len(table.columns))
    changed = [row for key, row in now.items() if before.get(key) != row]
    connection.executemany(f"INSERT OR REPLACE INTO {table.name} VALUES ({places})", changed)
    mark = (table.name, check(row for _, row in sorted(now.items())))
    connection.execute(f"INSERT OR REPLACE INTO {CHECKS.name} VALUES (?, ?)", mark)


def _is_stored(connection: sqlite3.Connection, table: Table, key: Key, piece: Piece) -> bool:
    """Whether the file has these very numbers, which its hashes say."""
    where = _where(table.key[:-1])
    found = connection.execute(f"SELECT hash FROM {table.name} WHERE {where} ORDER BY piece", key).fetchall()
    return found == [(row[-1],) for row in pieces(table, key, piece.values)]


class _Told:
    """Reports the share that is done, now and then."""

    def __init__(self, progress: Progress, known: Known, contents: Contents) -> None:
        self._progress, self._done, self._since = progress, 0, 0
        self._total = 1 + sum(
            _work(piece)
            for name, wanted in contents.arrays.items()
            for key, piece in wanted.items()
            if not _is_same(known.arrays[name].get(key), piece)
        )

    def of(self, piece: Piece) -> Array:
        """The values of a piece, which is worked on now."""
        self._done += _work(piece)
        self._since += _work(piece)
        if self._since >= _LARGE:
            self._since = 0
            self._progress(min(self._done / self._total, 1.0) * 0.95)
        return piece.values


def _work(piece: Piece) -> int:
    """What an array costs: its bytes, and what a row costs besides."""
    return piece.values.nbytes + _LARGE // _EVERY


def _where(columns: tuple[str, ...]) -> str:
    return " AND ".join(f"{name} = ?" for name in columns)


def _is_same(mark: Mark | None, piece: Piece) -> bool:
    if mark is None or piece.anchor is None or mark[0] is None:
        return False
    return mark[0]() is piece.anchor and mark[1] == piece.extent


def _mark(piece: Piece) -> Mark:
    return (None if piece.anchor is None else weakref.ref(piece.anchor), piece.extent)
