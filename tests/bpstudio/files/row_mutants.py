"""Project files in which another program, or a stranger, has changed rows or tables, each from a seed.

A stranger knows the format, and can make every hash anew: most of the mutants in which rows were changed are sealed
again, so that whatever stands behind the hashes is tried as well.
"""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
from typing import Any

import mutants
import numpy as np

from bpstudio.files.project_schema import ARRAYS, RECORDS, TABLES, check, seal

_ODD = (None, 0, 1, -1, 2, 7, 64, 1024, 10**6, 10**9, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 0.5, 1e308, float("inf"))
_ODD += ("", "x", "1", "{}", "[]", "null", "\x00", "a\x00b", "\u202e", "x" * 100_000, *mutants.EVIL)
_ODD += (b"", b"x", b"\xff\xfe\x00", b"\x00" * 5000, b'{"a":1}')


def _any_table(rng: random.Random) -> Any:
    return rng.choice((*RECORDS.values(), *RECORDS.values(), *ARRAYS.values()))


def _some_row(database: sqlite3.Connection, table: Any, rng: random.Random) -> tuple[Any, ...] | None:
    count = database.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]
    if not count:
        return None
    row: tuple[Any, ...] = database.execute(
        f"SELECT {table.names} FROM {table.name} LIMIT 1 OFFSET ?", (rng.randrange(count),)
    ).fetchone()
    return row


def _set(database: sqlite3.Connection, table: Any, row: tuple[Any, ...], column: str, value: Any) -> None:
    where = " AND ".join(f"{name} IS ?" for name in table.key)
    database.execute(f"UPDATE OR IGNORE {table.name} SET {column} = ? WHERE {where}", (value, *table.key_of(row)))


def _odd_value(database: sqlite3.Connection, rng: random.Random) -> None:
    table = _any_table(rng)
    row = _some_row(database, table, rng)
    if row is not None:
        column, kind = rng.choice(table.columns)
        value = rng.choice(_ODD)
        if kind.startswith("INTEGER") and rng.random() < 0.6:
            value = rng.choice([each for each in _ODD if isinstance(each, int)])
        _set(database, table, row, column, value)


def _near_value(database: sqlite3.Connection, rng: random.Random) -> None:
    """A number that could be right: one more, one less, that of another row."""
    table = _any_table(rng)
    row, other = _some_row(database, table, rng), _some_row(database, table, rng)
    if row is None or other is None:
        return
    place = rng.randrange(len(table.columns))
    value = row[place]
    if isinstance(value, int) and rng.random() < 0.7:
        value = rng.choice((value + 1, value - 1, 2 * value, -value))
    else:
        value = other[place]
    with contextlib.suppress(OverflowError):
        _set(database, table, row, table.columns[place][0], value)


def _json_value(database: sqlite3.Connection, rng: random.Random) -> None:
    places = [(name, column) for name, table in RECORDS.items() for column, _ in table.columns if column in _TEXTS]
    name, column = rng.choice(places)
    table = RECORDS[name]
    row = _some_row(database, table, rng)
    if row is None:
        return
    text = row[[each for each, _ in table.columns].index(column)]
    if isinstance(text, str) and text[:1] in ("{", "[") and len(text) > 2:
        kind = rng.choice(
            (mutants._tree, mutants._tree, mutants._tree, mutants._twice, mutants._odd_number, mutants._escapes)
        )
        with contextlib.suppress(IndexError, TypeError, ValueError):  # there is no such place in a short text
            text = kind(text.encode(), rng).decode("utf-8", "surrogatepass")
        with contextlib.suppress(UnicodeEncodeError):
            _set(database, table, row, column, text)


_TEXTS = ("json", "network", "watched", "columns", "caption", "value")


def _odd_array(database: sqlite3.Connection, rng: random.Random) -> None:
    table = ARRAYS[rng.choice(list(ARRAYS))]
    row = _some_row(database, table, rng)
    if row is None or not isinstance(row[-2], bytes):
        return
    data = row[-2]
    changed = rng.choice(
        (
            data[:-1],
            data[:-8],
            data + data[-8:],
            b"",
            np.full(len(data) // 8, np.nan).tobytes(),
            np.full(len(data) // 8, np.inf).tobytes(),
            np.full(len(data) // 8, -1.0).tobytes(),
            np.full(len(data) // 8, 1e308).tobytes(),
            np.full(len(data) // 8, 2**62, np.int64).tobytes(),
            np.full(len(data) // 8, -1, np.int64).tobytes(),
            b"\x00" * len(data),
            rng.randbytes(len(data)),
            mutants.flip(data, rng),
            b"\x00" * rng.choice((10**6, 9 * 2**20, 41 * 2**20)) if rng.random() < 0.1 else data[::-1],
        )
    )
    _set(database, table, row, "data", changed)


def _lost_rows(database: sqlite3.Connection, rng: random.Random) -> None:
    table = rng.choice((*TABLES,))
    if rng.random() < 0.2:
        database.execute(f"DELETE FROM {table.name}")
    elif (row := _some_row(database, table, rng)) is not None:
        where = " AND ".join(f"{name} IS ?" for name in table.key)
        database.execute(f"DELETE FROM {table.name} WHERE {where}", table.key_of(row))


def _more_rows(database: sqlite3.Connection, rng: random.Random) -> None:
    table = _any_table(rng)
    row = _some_row(database, table, rng)
    if row is None:
        return
    keys = [place for place, (_, kind) in enumerate(table.columns[: len(table.key)]) if kind == "INTEGER"]
    if not keys:
        return
    place, rows = rng.choice(keys), []
    for number in range(rng.choice((1, 1, 1, 3, 50, 3000))):
        changed = list(row)
        changed[place] = rng.choice((1000 + number, -number, 2**40 + number))
        rows.append(tuple(changed))
    places = ", ".join("?" * len(table.columns))
    database.executemany(f"INSERT OR IGNORE INTO {table.name} VALUES ({places})", rows)


def _tangled(database: sqlite3.Connection, rng: random.Random) -> None:
    """Branches that come from each other, stretches in another order, states at other steps."""
    database.execute(
        rng.choice(
            (
                "UPDATE branches SET parent = number",
                "UPDATE branches SET parent = (SELECT max(number) FROM branches) WHERE parent IS NULL",
                "UPDATE branches SET parent = 99",
                "UPDATE branches SET fork = -fork - 1",
                "UPDATE branches SET step = 9007199254740993",
                "UPDATE OR IGNORE paths SET place = 1 - place",
                "UPDATE paths SET segment = (SELECT max(number) FROM segments)",
                "UPDATE segments SET start = start + 1",
                "UPDATE segments SET start = -1",
                "UPDATE segments SET begun = start + 1",
                "UPDATE segments SET pinned = pinned + 1",
                "UPDATE segments SET interval = 0",
                "UPDATE segments SET interval = 9007199254740992",
                "UPDATE segments SET position = 123456789, epoch = 9007199254740990",
                "UPDATE segments SET experiment = (SELECT max(number) FROM experiments)",
                "UPDATE segments SET experiment = (SELECT min(number) FROM experiments)",
                "UPDATE OR IGNORE keyframes SET step = step + 1",
                "UPDATE OR IGNORE keyframes SET step = -step",
                "UPDATE OR IGNORE keyframes SET step = 9007199254740992 WHERE step > 0",
                "UPDATE OR IGNORE keyframes SET segment = 1",
                "UPDATE levels SET stop = stop + 1",
                "UPDATE levels SET stop = 9007199254740992",
                "UPDATE levels SET first = 1024",
                "UPDATE levels SET first = 0, stop = 0",
                "UPDATE OR IGNORE levels SET level = level + 1",
                "UPDATE bookmarks SET step = 9007199254740992",
                "UPDATE bookmarks SET step = -5, branch = 99",
                "UPDATE OR IGNORE bookmarks SET number = 0",
                "UPDATE events SET branch = 99, step = -1",
                "UPDATE datasets SET rows = 0",
                "UPDATE datasets SET rows = 1000000000, inputs = 1000000000",
                "UPDATE datasets SET train = validation, validation = train",
                "UPDATE datasets SET embedded = 1 - embedded",
                "UPDATE meta SET value = '9007199254740993' WHERE key IN ('made', 'steps', 'step', 'current')",
                "UPDATE meta SET value = '0' WHERE key IN ('made', 'current', 'branches')",
                "UPDATE origins SET dtype = 'float16'",
                "UPDATE origins SET dtype = 'object'",
                "UPDATE batch_lists SET batches = 1000000000",
            )
        )
    )


def _units(database: sqlite3.Connection, rng: random.Random) -> None:
    """A network that would take all the memory there is, for which no numbers are in the file."""
    rows = database.execute("SELECT number, json FROM experiments").fetchall()
    for number, text in rows:
        with contextlib.suppress(ValueError, KeyError, TypeError, IndexError):
            document = json.loads(text)
            document["network"]["layers"][0]["units"] = rng.choice((10**5, 10**6, 10**7, 10**8, 2**40))
            database.execute("UPDATE experiments SET json = ? WHERE number = ?", (json.dumps(document), number))


def _objects(database: sqlite3.Connection, rng: random.Random) -> None:
    """Things that run when somebody looks, and tables that are not ours."""
    name = rng.choice([table.name for table in TABLES])
    canary = mutants.CANARY
    statement = rng.choice(
        (
            f"CREATE TRIGGER t AFTER UPDATE ON {name} BEGIN DELETE FROM keyframes; END",
            f"CREATE TRIGGER t BEFORE INSERT ON {name} BEGIN SELECT load_extension('{canary}'); END",
            f"CREATE VIEW stranger AS SELECT * FROM {name}",
            f"ALTER TABLE {name} RENAME TO old_{name}",
            f"DROP TABLE {name}",
            f"CREATE INDEX stranger ON {name} ({TABLES[0].columns[0][0] if name == 'meta' else 'rowid'})",
            "CREATE INDEX stranger ON meta (value)",
            "CREATE TABLE stranger (x INTEGER PRIMARY KEY AUTOINCREMENT)",
            "CREATE TABLE stranger (x, y AS (abs(x)) STORED)",
            "CREATE TABLE stranger (x CHECK (randomblob(1000000000) IS NOT NULL))",
            "CREATE VIRTUAL TABLE stranger USING fts5(x)",
            "CREATE VIRTUAL TABLE stranger USING rtree(a, b, c)",
            "CREATE VIRTUAL TABLE stranger USING dbstat",
            f"ALTER TABLE {name} ADD COLUMN stranger",
            "ANALYZE",
            (
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
                "INSERT INTO bookmarks SELECT i, i, 1, 0, '', '' FROM n WHERE i > 100"
            ),
        )
    )
    with contextlib.suppress(sqlite3.Error):  # not every SQLite has every module
        database.execute(statement)


def _schema_text(database: sqlite3.Connection, rng: random.Random) -> None:
    """What the file says of its own tables, written over."""
    name = rng.choice([table.name for table in TABLES])
    loop = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS key, 1 AS value FROM n"
    statement, values = rng.choice(
        (
            ("UPDATE sqlite_master SET sql = sql || ' STRICT' WHERE name = ?", (name,)),
            ("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE name = ?", (name,)),
            ("UPDATE sqlite_master SET sql = lower(sql) WHERE name = ?", (name,)),
            ("UPDATE sqlite_master SET rootpage = 1 WHERE name = ?", (name,)),
            ("UPDATE sqlite_master SET rootpage = 0 WHERE name = ?", (name,)),
            ("UPDATE sqlite_master SET rootpage = 99999 WHERE name = ?", (name,)),
            ("UPDATE sqlite_master SET rootpage = (SELECT max(rootpage) FROM sqlite_master) WHERE name = ?", (name,)),
            ("UPDATE sqlite_master SET tbl_name = 'stranger' WHERE name = ?", (name,)),
            ("UPDATE sqlite_master SET type = 'index' WHERE name = ?", (name,)),
            ("UPDATE sqlite_master SET type = 'view', rootpage = 0, sql = ? WHERE name = 'meta'",
             (f"CREATE VIEW meta AS {loop}",)),
            ("UPDATE sqlite_master SET type = 'view', rootpage = 0 WHERE name = ?", (name,)),
            ("UPDATE sqlite_master SET sql = NULL WHERE name = ?", (name,)),
            ("UPDATE sqlite_master SET sql = ? WHERE name = 'meta'", ("x" * 10**6,)),
            ("DELETE FROM sqlite_master WHERE name = ?", (name,)),
            ("INSERT INTO sqlite_master SELECT * FROM sqlite_master WHERE name = ?", (name,)),
        )
    )  # fmt: skip
    database.execute("PRAGMA writable_schema = ON")
    database.execute(statement, values)


def _without_null(database: sqlite3.Connection, rng: random.Random) -> None:
    """NULL where the table says that there is none."""
    del rng
    database.execute("PRAGMA writable_schema = ON")
    database.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '')")
    database.commit()


def _seal_again(database: sqlite3.Connection) -> None:
    for table in ARRAYS.values():
        rows = database.execute(f"SELECT {table.names} FROM {table.name}").fetchall()
        for row in rows:
            *place, data, _ = row
            if isinstance(data, bytes):
                _set(database, table, row, "hash", seal(table, tuple(place), data))
    for name, table in RECORDS.items():
        rows = database.execute(f"SELECT {table.names} FROM {name}").fetchall()
        with contextlib.suppress(TypeError):  # what cannot be put in order, or is no JSON
            mark = check(sorted(rows, key=table.key_of))
            database.execute("INSERT OR REPLACE INTO checks VALUES (?, ?)", (name, mark))


_CHANGES = (_odd_value, _odd_value, _near_value, _near_value, _json_value, _json_value, _odd_array, _odd_array)
_CHANGES += (_lost_rows, _more_rows, _tangled, _tangled, _units)


def rows(content: bytes, rng: random.Random) -> tuple[bytes, bool]:
    """(a file in which rows were changed, whether its hashes were made anew)."""
    sealed = rng.random() < 0.75
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(content)
        has_null = rng.random() < 0.15
        before = database.execute("SELECT name, sql FROM sqlite_master").fetchall()
        if has_null:
            _without_null(database, rng)
            database.deserialize(database.serialize())
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            with contextlib.suppress(sqlite3.IntegrityError):
                rng.choice(_CHANGES)(database, rng)
        if sealed:
            _seal_again(database)
        if has_null:
            database.execute("PRAGMA writable_schema = ON")
            database.executemany(
                "UPDATE sqlite_master SET sql = ? WHERE name = ?", [(sql, name) for name, sql in before]
            )
        database.commit()
        return database.serialize(), sealed


def tables(content: bytes, rng: random.Random) -> bytes:
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(content)
        rng.choice((_objects, _schema_text))(database, rng)
        database.commit()
        return database.serialize()
