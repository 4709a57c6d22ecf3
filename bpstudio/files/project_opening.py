"""A project file from anybody, opened so that it can do no harm.

An SQLite file may carry more than rows: triggers and views that run when somebody looks, trees whose pages point at
each other in circles, a journal beside it that names a file to delete. So its first bytes are read before SQLite sees
it, it is opened for reading alone, what may be asked is limited, and its tables must be exactly ours before any row is
read.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bpstudio.engine.memory import memory_limit
from bpstudio.files import project_error as said
from bpstudio.files.project_error import DamageError, ProjectDamageError, ProjectError, ProjectVersionError, telling
from bpstudio.files.project_migration import upgraded
from bpstudio.files.project_schema import APPLICATION_ID, SCHEMAS, VERSION

LONGEST_ROW = 40 * 2**20
PATIENCE = 5.0
"""Seconds for which a statement waits until another program has finished."""

_MAGIC = b"SQLite format 3\x00"
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
_HEADER = 100

_door = threading.Lock()
_handles: dict[tuple[int, int], AbstractContextManager[Any]] = {}


def handles(file: Path) -> AbstractContextManager[Any]:
    """What is held while a file is opened without SQLite, and while SQLite writes to it.

    On POSIX systems closing any handle on a file gives up every lock that the process has on it, also those of a save
    that is under way in another thread.
    """
    try:
        status = file.stat()
        place = status.st_dev, status.st_ino
    except OSError:
        place = 0, 0
    with _door:
        return _handles.setdefault(place, threading.RLock())


@dataclass(frozen=True)
class Header:
    """What the first bytes of a file say: the version of the format, and the size in bytes."""

    version: int
    size: int


def located(path: str | os.PathLike[str]) -> Path:
    """Where a file is when all links are followed. Raises ProjectError for links that lead in a circle."""
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a circle is a RuntimeError before Python 3.13
        raise ProjectError(said.NOT_A_FILE, said.OTHER_FILE_REMEDY, name=Path(path).name) from error


def header(file: Path) -> Header:
    """The header of a project file. Raises ProjectError where it is anything else."""
    try:
        status = file.stat()
    except OSError as error:
        if file.parent.is_dir() and isinstance(error, FileNotFoundError):
            raise ProjectError(said.NOT_THERE, said.NOT_THERE_REMEDY, name=file.name, path=str(file)) from None
        raise
    if not stat.S_ISREG(status.st_mode):
        raise ProjectError(said.NOT_A_FILE, said.OTHER_FILE_REMEDY, name=file.name)
    with handles(file), file.open("rb") as stream:
        first = stream.read(_HEADER)
    if first[:16] != _MAGIC or len(first) < _HEADER or int.from_bytes(first[68:72]) != APPLICATION_ID:
        raise ProjectError(said.OTHER_FILE, said.OTHER_FILE_REMEDY, name=file.name)
    version = int.from_bytes(first[60:64])
    if version > VERSION:
        raise ProjectVersionError(said.NEWER, said.NEWER_REMEDY, name=file.name, found=version, known=VERSION)
    if first[18:20] == b"\x02\x02":
        raise ProjectError(said.WRITE_AHEAD, said.WRITE_AHEAD_REMEDY, name=file.name)
    page = int.from_bytes(first[16:18])
    ours = version in SCHEMAS and 512 <= page <= 32768 and page & (page - 1) == 0
    # One byte each for writing, reading, no room kept on a page, and three fractions that never vary; then UTF-8.
    if not ours or first[18:24] != b"\x01\x01\x00\x40\x20\x20" or int.from_bytes(first[56:60]) != 1:
        raise ProjectDamageError(file.name, "its header is not one that bpstudio writes")
    _check_size(file, status.st_size)
    _check_log(file)
    return Header(version, status.st_size)


def _check_size(file: Path, size: int) -> None:
    """What is opened is held in memory."""
    if size > memory_limit() // 2:
        limit = memory_limit() // 2 >> 20
        raise ProjectError(said.TOO_LARGE, said.TOO_LARGE_REMEDY, name=file.name, size=size >> 20, limit=limit)


def _check_log(file: Path) -> None:
    """SQLite takes a log of changes that lies beside a file for part of it, whatever the header says."""
    log = file.with_name(f"{file.name}-wal")
    if log.is_symlink() or log.exists():
        raise ProjectError(said.FOREIGN_JOURNAL, said.FOREIGN_JOURNAL_REMEDY, journal=log.name, name=file.name)


@contextmanager
def reading(file: Path, is_strict: bool = True, is_brief: bool = False) -> Iterator[tuple[sqlite3.Connection, Header]]:
    """(a connection that can only read, inside a transaction; the header), its tables checked. What goes wrong while it
    is used is said in plain words.

    A save that was interrupted is taken back in a copy, and an older version is brought up to date in one: the file
    itself is never changed by reading it. Pages are checked unless it is a ``brief`` look, and must be sound unless it
    is not ``strict``.
    """
    with telling(file), ExitStack() as closed:
        found = header(file)
        try:
            connection = _connect(file, found, is_strict, is_brief)
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorname", "") != "SQLITE_READONLY_ROLLBACK":
                raise
            copy = closed.enter_context(_recovered(file))
            connection = _connect(copy, header(copy), is_strict, is_brief)
        closed.callback(connection.close)
        if found.version < VERSION:
            copy = upgraded(connection, found.version, closed.enter_context(_folder()))
            connection.close()
            connection = _connect(copy, header(copy), is_strict, is_brief)
            closed.callback(connection.close)
        yield connection, found


def uri(file: Path, mode: str) -> str:
    """The file as SQLite is told of it, whatever letters stand in its name."""
    path = quote(os.fsencode(file.as_posix()))
    return f"file:{path if path.startswith('/') else '/' + path}?mode={mode}"


def _connect(file: Path, found: Header, is_strict: bool, is_brief: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(uri(file, "ro"), uri=True, timeout=PATIENCE, isolation_level=None)
    try:
        limit(connection)
        if not is_strict:  # the name is odd for it: nothing can be written, but a file that is cut off is read
            connection.execute("PRAGMA writable_schema = ON")
        connection.set_authorizer(_may_only_read)
        # A thousand looks at a time; a schema of a hundred thousand tables would otherwise take the memory.
        _watch(connection, 200)
        connection.execute("BEGIN")
        check_schema(connection, found.version, file.name)
        _watch(connection, 2000 if is_brief else 2000 + found.size // 100)
        problem = "ok" if is_brief or not is_strict else connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise DamageError(str(problem).replace("\n", " ").strip("* ")[:200])
    except BaseException:
        connection.close()
        raise
    return connection


def limit(connection: sqlite3.Connection) -> None:
    """Trust nothing that a file says, and let no row be larger than ours are."""
    for name, most in (
        (sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_ROW),
        (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 20_000),
        (sqlite3.SQLITE_LIMIT_COLUMN, 32),
        (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 50),
        (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 4),
        (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
        (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1),
        (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
    ):
        connection.setlimit(name, most)
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
        connection.execute(f"PRAGMA {pragma}")


def _watch(connection: sqlite3.Connection, thousands: int) -> None:
    """Give up a statement after so many thousand operations, which no sound file needs."""
    left = thousands

    def over() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    connection.set_progress_handler(over, 1000)


_PRAGMAS = {"quick_check", "trusted_schema", "cell_size_check", "mmap_size"}


def _may_only_read(
    action: int, first: str | None, second: str | None, database: str | None, trigger: str | None
) -> int:
    allowed = (
        action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION)
        or (action == sqlite3.SQLITE_READ and trigger is None and first is not None)
        or (action == sqlite3.SQLITE_PRAGMA and first in _PRAGMAS)
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def check_schema(connection: sqlite3.Connection, version: int, name: str) -> None:
    """Raise ProjectError unless the file has exactly the tables of this version, and nothing that runs."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT 100").fetchall()
    expected = SCHEMAS[version]
    kinds = {(kind, own == table) for kind, own, table, _ in rows}
    texts = tuple(sorted(str(sql) for *_, sql in rows))
    if kinds != {("table", True)} or texts != expected:
        raise ProjectError(said.FOREIGN, said.FOREIGN_REMEDY, name=name)


# ---- a save that was interrupted


def journal_of(file: Path) -> Path:
    """Where SQLite keeps what it needs to take a save back."""
    return file.with_name(f"{file.name}-journal")


def check_journal(file: Path, journal: Path) -> None:
    """Raise ProjectError where what lies beside a file would make SQLite touch anything but that file.

    A link leads elsewhere, and the end of a journal can name a further file, which is deleted when all is done;
    bpstudio writes neither. ``journal`` may be a copy.
    """
    foreign = ProjectError(
        said.FOREIGN_JOURNAL, said.FOREIGN_JOURNAL_REMEDY, journal=journal_of(file).name, name=file.name
    )
    largest = 2 * file.stat().st_size + 2**20
    try:
        status = journal.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > largest:
            raise foreign
        with handles(journal), journal.open("rb") as stream:
            first = stream.read(28)
            stream.seek(max(len(_JOURNAL_MAGIC), status.st_size - len(_JOURNAL_MAGIC)))
            last = stream.read()
    except FileNotFoundError:
        return
    if last == _JOURNAL_MAGIC:
        raise foreign
    if len(first) == 28 and first[:8] == _JOURNAL_MAGIC:
        pages, _, page = struct.unpack(">3I", first[16:28])
        if pages * page > largest:
            raise foreign


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for copies that nobody else can look into, and that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="bpstudio-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _recovered(file: Path) -> Iterator[Path]:
    """A copy of a file in which the save that was interrupted is taken back."""
    check_journal(file, journal_of(file))
    with _folder() as folder:
        copy = folder / "copy.bpstudio"
        try:
            with handles(file):
                shutil.copyfile(file, copy)
                shutil.copyfile(journal_of(file), journal_of(copy))
        except OSError as error:
            raise ProjectError(
                said.NO_ROOM_TO_RECOVER, said.NO_ROOM_TO_RECOVER_REMEDY, name=file.name, folder=str(folder.parent)
            ) from error
        check_journal(file, journal_of(copy))
        with closing(sqlite3.connect(uri(copy, "rw"), uri=True, isolation_level=None)) as connection:
            limit(connection)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        yield copy
