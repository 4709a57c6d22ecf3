"""The tables of a project file, which is an SQLite database that anyone can read.

Its application id is 0x62707374 ("bpst"), its user version is the version of this format. Rows of records describe;
rows of arrays carry numbers, as plain little-endian bytes in C order. The loss of every step of the first stretch that
is still on record, and the parameters and optimiser state at a keyframe, with nothing but the standard library and
NumPy::

    file = sqlite3.connect("run.bpstudio")
    blocks = file.execute("SELECT data FROM blocks WHERE segment = 1 AND series = 'numbers' AND level = 0 "
                          "ORDER BY first, piece")
    columns = json.loads(file.execute("SELECT columns FROM segments WHERE number = 1").fetchone()[0])
    numbers = numpy.concatenate([numpy.frombuffer(data).reshape(-1, len(columns)) for data, in blocks])
    loss = numbers[:, columns.index("loss")]

    pieces = file.execute("SELECT data FROM keyframes WHERE segment = 1 AND step = 64 ORDER BY piece")
    memory = numpy.frombuffer(b"".join(data for data, in pieces))        # dtype as in the segment's experiment

meta              key, value: title, steps, step, branches, saved (UTC), program, revision (another one at each save),
                  current (number of the branch), made (greatest number that a segment had)
documents         name, json: "lesson" (its data are a number in datasets), "view", "made_with" (what decides last bits)
datasets          x and y are float64, train and validation row numbers int64, in dataset_arrays; where they are not
                  embedded the json names the table's file, and hash is what it has to give
experiments       what is trained (the same JSON as in a lesson)
segments          stretches without edits: the first step, its place in the data, and what was known before it;
                  columns: names of the numbers that are recorded of each step
keyframes         parameters, optimiser state and running means of a step, in the experiment's dtype
levels, blocks    what is recorded: level 0 holds each step counted from the start of the segment, a cell of level n the
                  (minimum, maximum, mean, first) of 16ⁿ steps; a block begins at cell ``first`` and has 1024 cells, the
                  last one what there is. Series "numbers" (float64), "units" (uint8: 255 is flat or off), "validation"
                  (float64: step, loss, accuracy), and "watches" (float64: step; best, its step, waited, ran out of the
                  schedule; the same of early stopping)
branches, paths   branches, and the segments of which each is made, in order
origins           parameters of step 0 to which a reset returns, in origin_arrays
batch_lists       explicit batches: int64 row numbers of each, in batches
bookmarks, breakpoints, events
checks            SHA-256 over the rows of each table of records, in the order of its key, each as a line of JSON;
                  for a table of arrays over one line with their number, such as [17]

What is too large for a row stands in several, by ``piece``. The hash of such a row is the SHA-256 of a line with the
table and the key (``keyframes 1 64 0``), followed by the data.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

APPLICATION_ID = 0x62707374
VERSION = 1

MOST_ROWS = 250_000
"""Of a table of records, which are all held in memory."""
LARGEST_TEXT = 32 * 2**20
MOST_PARTS = 2_000_000
"""Values of a JSON text: what they need in memory is a hundred times what they need in the file."""

TYPES: Mapping[str, type] = MappingProxyType({"INTEGER": int, "TEXT": str, "BLOB": bytes})
"""What each kind of column is read as; SQLite itself would take anything."""

Row = tuple[Any, ...]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Table:
    """A table: the ``key`` columns come first. A type with ? may be NULL."""

    name: str
    key: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]

    @property
    def sql(self) -> str:
        """The statement that makes it, exactly as the database keeps it."""
        columns = ", ".join(
            f"{name} {kind[:-1]}" if kind.endswith("?") else f"{name} {kind} NOT NULL" for name, kind in self.columns
        )
        return f"CREATE TABLE {self.name} ({columns}, PRIMARY KEY ({', '.join(self.key)})) WITHOUT ROWID"

    @property
    def names(self) -> str:
        """Its columns, for a statement."""
        return ", ".join(name for name, _ in self.columns)

    def key_of(self, row: Row) -> Key:
        """The key of a row."""
        return row[: len(self.key)]


def _table(name: str, key: str, columns: str) -> Table:
    """From ``"number INTEGER, name TEXT"``."""
    pairs = (column.split() for column in columns.split(", "))
    return Table(name, tuple(key.split(", ")), tuple((column, kind) for column, kind in pairs))


RECORDS: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            _table("meta", "key", "key TEXT, value TEXT"),
            _table("documents", "name", "name TEXT, json TEXT"),
            _table(
                "datasets",
                "number",
                "number INTEGER, hash TEXT, name TEXT, rows INTEGER, inputs INTEGER, outputs INTEGER, train INTEGER, "
                "validation INTEGER, embedded INTEGER, json TEXT",
            ),
            _table("experiments", "number", "number INTEGER, json TEXT"),
            _table("batch_lists", "number", "number INTEGER, batches INTEGER, hash TEXT"),
            _table("origins", "number", "number INTEGER, dtype TEXT, hash TEXT, network TEXT"),
            _table(
                "segments",
                "number",
                "number INTEGER, cause TEXT, experiment INTEGER, dataset INTEGER, start INTEGER, epoch INTEGER, "
                "position INTEGER, continued TEXT, batch_list INTEGER?, begun INTEGER, watched TEXT, interval INTEGER, "
                "pinned INTEGER, columns TEXT",
            ),
            _table(
                "levels",
                "segment, series, level",
                "segment INTEGER, series TEXT, level INTEGER, first INTEGER, stop INTEGER",
            ),
            _table(
                "branches",
                "number",
                "number INTEGER, place INTEGER, name TEXT, parent INTEGER?, fork INTEGER, cause TEXT, step INTEGER, "
                "origin INTEGER, caption TEXT",
            ),
            _table("paths", "branch, place", "branch INTEGER, place INTEGER, segment INTEGER"),
            _table(
                "bookmarks",
                "number",
                "number INTEGER, place INTEGER, branch INTEGER, step INTEGER, address TEXT, note TEXT",
            ),
            _table("breakpoints", "place", "place INTEGER, json TEXT"),
            _table("events", "place", "place INTEGER, branch INTEGER, step INTEGER, kind TEXT, json TEXT"),
        )
    }
)
"""What describes: few rows, which are compared and checked as a whole."""

ARRAYS: Mapping[str, Table] = MappingProxyType(
    {
        name: _table(name, f"{', '.join(each.split()[0] for each in key.split(', '))}, piece", f"{key}, piece INTEGER, "
                     "data BLOB, hash BLOB")
        for name, key in (
            ("dataset_arrays", "dataset INTEGER, part TEXT"),
            ("batches", "list INTEGER, batch INTEGER"),
            ("origin_arrays", "origin INTEGER"),
            ("keyframes", "segment INTEGER, step INTEGER"),
            ("blocks", "segment INTEGER, series TEXT, level INTEGER, first INTEGER"),
        )
    }
)  # fmt: skip
"""What carries numbers: each row has its own hash."""

CHECKS = _table("checks", "name", "name TEXT, hash BLOB")
TABLES = (*RECORDS.values(), *ARRAYS.values(), CHECKS)

SCHEMAS: dict[int, tuple[str, ...]] = {VERSION: tuple(sorted(table.sql for table in TABLES))}
"""The statements of every version that can be read, sorted."""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty database."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    for table in TABLES:
        connection.execute(table.sql)


def seal(table: Table, key: Key, data: bytes | memoryview) -> bytes:
    """The hash of a row of an array."""
    digest = hashlib.sha256(f"{table.name} {' '.join(map(str, key))}\n".encode())
    digest.update(data)
    return digest.digest()


def check(rows: Iterable[Row]) -> bytes:
    """The hash of the rows of a table of records, which come in the order of their key."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row).encode())
        digest.update(b"\n")
    return digest.digest()


def is_readable(text: str) -> bool:
    """Whether a text is short enough to be read from a file that nobody can trust."""
    if len(text) <= MOST_PARTS:
        return True
    return len(text.encode()) <= LARGEST_TEXT and sum(map(text.count, ",[{:")) <= MOST_PARTS


def dumped(value: Any) -> str:
    """One JSON text for one value, as every reader of JSON takes it."""
    return clean(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain))


def clean(text: str) -> str:
    """A text as it can stand in a file: half a character (a lone surrogate) cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _plain(value: object) -> Any:
    """What JSON does not know by itself."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"expected plain values, got {type(value).__name__}")
