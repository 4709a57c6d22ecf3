"""Arrays in the rows of a database: little-endian bytes in pieces, each with a hash that covers its place too."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from bpstudio.files.project_error import DamageError
from bpstudio.files.project_schema import TYPES, Key, Row, Table, seal
from bpstudio.maths.operations import Array

PIECE = 8 * 2**20
"""Bytes of a row at most: what is held twice while it is read or written."""


def pieces(table: Table, key: Key, values: Array) -> Iterator[tuple[Any, ...]]:
    """The rows that hold an array; an empty one has one row without bytes."""
    flat: Any = np.ascontiguousarray(values, little(values.dtype)).reshape(-1)
    data = memoryview(flat).cast("B") if values.size else memoryview(b"")
    for piece in range(max(1, -(-len(data) // PIECE))):
        part = data[piece * PIECE : (piece + 1) * PIECE]
        place = (*key, piece)
        yield (*place, part, seal(table, place, part))


def little(dtype: DTypeLike) -> np.dtype[Any]:
    """The same kind of number with its lowest byte first."""
    return np.dtype(dtype).newbyteorder("<")


def joined(parts: list[bytes], dtype: DTypeLike, shape: tuple[int, ...], what: str) -> Array:
    """The array of these pieces, read-only. Raises DamageError where there are more or fewer bytes."""
    kind = little(dtype)
    expected = kind.itemsize
    for side in shape:
        expected *= side
    found = sum(map(len, parts))
    if found != expected:
        raise DamageError(f"{what} has {found:,} bytes in the place of {expected:,}")
    data = parts[0] if len(parts) == 1 else b"".join(parts)
    values: Array = np.frombuffer(data, kind).astype(np.dtype(dtype), copy=False).reshape(shape)
    return values


def stored(
    connection: sqlite3.Connection, table: Table, lost: Callable[[str], None]
) -> Iterator[tuple[Key, list[bytes]]]:
    """(key without piece, pieces) of each array of a table, in the order of the keys.

    ``lost`` hears of each that misses a piece, or has a hash that is not that of its row; where it does not raise, the
    array is left out.
    """
    kinds = [TYPES[kind] for _, kind in table.columns]
    for key, rows in groupby(_rows(connection, table, lost), lambda row: row[: len(table.key) - 1]):
        parts: list[bytes] = []
        is_sound = True
        for row in rows:
            *place, data, mark = row
            is_sound = is_sound and place[-1] == len(parts) and [type(value) for value in row] == kinds
            if not is_sound or mark != seal(table, tuple(place), data):
                is_sound = False
                continue
            parts.append(data)
        if is_sound:
            yield key, parts
        else:
            lost(f"{described(table, key)} is not what was saved")


def _rows(connection: sqlite3.Connection, table: Table, lost: Callable[[str], None]) -> Iterator[Row]:
    """The rows of a table in the order of their keys. Where some cannot be read those before and after them are."""
    order, last = ", ".join(table.key), None
    try:
        for row in connection.execute(f"SELECT {table.names} FROM {table.name} ORDER BY {order}"):
            last = row[: len(table.key)]
            yield row
        return
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        lost(f"{table.name}: {error}")
    after: list[Row] = []
    descending = ", ".join(f"{name} DESC" for name in table.key)
    with suppress(sqlite3.DatabaseError, UnicodeDecodeError, TypeError):  # keys of other kinds have no order
        for row in connection.execute(f"SELECT {table.names} FROM {table.name} ORDER BY {descending}"):
            if last is not None and row[: len(table.key)] <= last:
                break
            after.append(row)
    yield from reversed(after)


def described(table: Table, key: Key) -> str:
    """Where something stands, such as ``keyframes: segment 1, step 64``."""
    return f"{table.name}: " + ", ".join(f"{name} {value}" for name, value in zip(table.key, key, strict=False))
