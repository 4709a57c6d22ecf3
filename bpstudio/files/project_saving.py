"""Bringing a file to what a project is now: what is new is added, what is gone is deleted, the rest is not touched.

A keyframe and a closed block of metrics never change, so a save costs what was trained since the last one. What is in
the file is known by reference to the very arrays that were written; where an array is another object, the hashes of its
rows say whether the numbers are the same.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from bpstudio.files.project_arrays import pieces
from bpstudio.files.project_rows import Contents, Piece, Records
from bpstudio.files.project_schema import ARRAYS, CHECKS, RECORDS, Key, Row, Table, check

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

    ``progress`` hears of the share that is done, and may raise to give up.
    """
    after = Known()
    after.records = {name: dict(contents.records.get(name, {})) for name in RECORDS}
    for name, table in RECORDS.items():
        _bring_records(connection, table, known.records[name], after.records[name])
    work = [
        (ARRAYS[name], key, piece)
        for name, wanted in contents.arrays.items()
        for key, piece in wanted.items()
        if not _is_same(known.arrays[name].get(key), piece)
    ]
    total = sum(piece.values.nbytes + _LARGE // _EVERY for _, _, piece in work) or 1
    done = since = 0
    for table, key, piece in work:
        _bring_array(connection, table, key, piece, key in known.arrays[table.name])
        done += piece.values.nbytes + _LARGE // _EVERY
        since += piece.values.nbytes + _LARGE // _EVERY
        if since >= _LARGE:
            since = 0
            progress(min(done / total, 1.0) * 0.95)
    for name, table in ARRAYS.items():
        wanted = contents.arrays[name]
        for key in known.arrays[name].keys() - wanted.keys():
            connection.execute(f"DELETE FROM {name} WHERE {_where(table.key[:-1])}", key)
        marks = known.arrays[name]
        after.arrays[name] = {
            key: marks[key] if key in marks and _is_same(marks[key], piece) else _mark(piece)
            for key, piece in wanted.items()
        }
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


def _bring_array(connection: sqlite3.Connection, table: Table, key: Key, piece: Piece, is_there: bool) -> None:
    """One array, unless the file has these very numbers."""
    rows = list(_rows(table, key, piece)) if piece.values.nbytes < _LARGE else None
    if is_there:
        where = _where(table.key[:-1])
        stored = connection.execute(f"SELECT hash FROM {table.name} WHERE {where} ORDER BY piece", key).fetchall()
        fresh = [(row[-1],) for row in (rows if rows is not None else _rows(table, key, piece))]
        if stored == fresh:
            return
        connection.execute(f"DELETE FROM {table.name} WHERE {where}", key)
    places = ", ".join("?" * len(table.columns))
    connection.executemany(
        f"INSERT INTO {table.name} VALUES ({places})", rows if rows is not None else _rows(table, key, piece)
    )


def _rows(table: Table, key: Key, piece: Piece) -> Iterator[tuple[Any, ...]]:
    return pieces(table, key, piece.values)


def _where(columns: tuple[str, ...]) -> str:
    return " AND ".join(f"{name} = ?" for name in columns)


def _is_same(mark: Mark | None, piece: Piece) -> bool:
    if mark is None or piece.anchor is None or mark[0] is None:
        return False
    return mark[0]() is piece.anchor and mark[1] == piece.extent


def _mark(piece: Piece) -> Mark:
    return (None if piece.anchor is None else weakref.ref(piece.anchor), piece.extent)
