"""Arrays in the rows of a database: little-endian bytes in pieces, each with a hash that covers its place too."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from bpstudio.files.project_error import DamageError
from bpstudio.files.project_schema import Key, Table, seal
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
    connection: sqlite3.Connection, table: Table, where: str = "", values: Key = ()
) -> Iterator[tuple[Key, list[bytes]]]:
    """(key without piece, pieces) of each array of a table, in the order of the keys. Raises DamageError where a piece
    is missing, or a hash is not that of its row.
    """
    at: Key | None = None
    parts: list[bytes] = []
    order = ", ".join(table.key)
    for row in connection.execute(f"SELECT {table.names} FROM {table.name} {where} ORDER BY {order}", values):
        *place, data, mark = row
        key, piece = tuple(place[:-1]), place[-1]
        if key != at:
            if at is not None:
                yield at, parts
            at, parts = key, []
        if piece != len(parts) or type(data) is not bytes or mark != seal(table, tuple(place), data):
            raise DamageError(f"{described(table, key)} is not what was saved")
        parts.append(data)
    if at is not None:
        yield at, parts


def described(table: Table, key: Key) -> str:
    """Where something stands, such as ``keyframes: segment 1, step 64``."""
    return f"{table.name}: " + ", ".join(f"{name} {value}" for name, value in zip(table.key, key, strict=False))
