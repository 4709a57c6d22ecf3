"""A project: a run with its whole past in one file, which can be opened, trained on, and saved again and again.

The file is an SQLite database (``project_schema`` says what stands where). A new one is written beside its name and
renamed when it is complete; saving again changes it in place, in one transaction: what is new is added and what is gone
is deleted, all of it or nothing, whatever happens on the way.
"""

from __future__ import annotations

import datetime
import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import bpstudio
from bpstudio.data.dataset import Dataset
from bpstudio.files import atomic, wording
from bpstudio.files import project_error as said
from bpstudio.files import project_opening as opening
from bpstudio.files.fingerprint import fingerprint
from bpstudio.files.lesson import Lesson, of_document
from bpstudio.files.project_data import datasets
from bpstudio.files.project_error import (
    DamageError,
    ProjectConflictError,
    ProjectDamageError,
    ProjectError,
    ProjectVersionError,
    telling,
)
from bpstudio.files.project_loading import archive
from bpstudio.files.project_reading import Reading
from bpstudio.files.project_replay import Discrepancy, check_replay
from bpstudio.files.project_rows import Collected, meta_of
from bpstudio.files.project_saving import Known, bring
from bpstudio.files.project_schema import APPLICATION_ID, RECORDS, VERSION, create
from bpstudio.files.wording import Wording
from bpstudio.training.archive import Archive

SUFFIX = ".bpstudio"

Progress = Callable[[float], None]
"""Hears of the share that is done, from 0 to 1; what it raises ends the work, and nothing has changed then."""


@dataclass(frozen=True, eq=False)
class Project:
    """What a project file holds.

    archive    the run
    lesson     the lesson from which it came: its texts, stops and notation; None where it came from none
    view       layout and look of the window: plain JSON values, which mean nothing here
    made_with  what decided the last bits when it was saved (``fingerprint``)
    embed      whether data from a table stand in the file, or only where they are and what they must be
    revision   which save it was; "" before the first one
    """

    archive: Archive
    lesson: Lesson | None = None
    view: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    made_with: Mapping[str, str] = field(default_factory=fingerprint)
    embed: bool = True
    revision: str = ""


@dataclass(frozen=True)
class Description:
    """What is said of a file before it is opened: the title of its run (or of its lesson, ``wording``), the furthest
    step of the current branch and the ``step`` at which the run stands, how many branches there are, when it was
    saved, and by which version of the program.
    """

    title: str
    steps: int
    branches: int
    saved: datetime.datetime
    step: int = 0
    program: str = ""
    wording: Wording = field(default_factory=Wording)


def describe(path: str | os.PathLike[str]) -> Description:
    """What a file says of itself; cheap. Raises ProjectError."""
    file = opening.located(path)
    with opening.reading(file, is_brief=True) as (connection, _):
        found = Reading(connection, file.parent, 0, _unheard)
        found.look("meta")
        title = found.made("meta: title", lambda document: wording.read(document, "title"), found.meta.get("title", ""))
        try:
            saved = datetime.datetime.fromisoformat(found.meta.get("saved", ""))
        except ValueError as error:
            raise DamageError(f"meta: saved: {error}") from None
        steps, branches, step = (found.number(name) for name in ("steps", "branches", "step"))
        return Description(title.within("en"), steps, branches, saved, step, found.meta.get("program", ""), title)


def read(path: str | os.PathLike[str], progress: Progress | None = None) -> Project:
    """The project in a file, which stays as it is. Raises ProjectError, or DataError where data that stand in a file
    of their own are not there or differ.
    """
    file = opening.located(path)
    with opening.reading(file) as (connection, found):
        return _loaded(Reading(connection, file.parent, found.size, progress or _unheard))


def repair(
    path: str | os.PathLike[str], target: str | os.PathLike[str], progress: Progress | None = None
) -> tuple[str, ...]:
    """Write what is sound in a damaged file to another one; returns what is lost.

    A lost keyframe costs nothing but the time of a replay, a lost block of metrics is a gap in the curves; a segment
    whose start is lost takes what comes after it on a branch with it. Raises ProjectError where nothing can be kept.
    """
    file = opening.located(path)
    lost: dict[str, None] = {}
    with opening.reading(file, is_strict=False) as (connection, found):
        heard = progress or _unheard
        reading = Reading(connection, file.parent, found.size, lambda share: heard(share / 2), lost.setdefault)
        project = _loaded(reading)
    write(target, project, lambda share: heard(0.5 + share / 2))
    return tuple(lost)


def _loaded(reading: Reading) -> Project:
    reading.look()
    data = datasets(reading)
    run = archive(reading, data)
    documents: dict[str, str] = dict(reading.rows["documents"])
    lesson = reading.sound(lambda: _lesson(reading, documents["lesson"], data)) if "lesson" in documents else None
    view, made_with = (
        reading.sound(partial(_object, reading, name, documents.get(name, ""))) or {} for name in ("view", "made_with")
    )
    if not all(isinstance(text, str) for text in made_with.values()):
        reading.lost("documents: made_with: expected texts")
        made_with = {}
    embed = all(row[8] for row in reading.rows["datasets"])
    return Project(
        run, lesson, MappingProxyType(view), MappingProxyType(made_with), embed, reading.meta.get("revision", "")
    )


def _object(reading: Reading, name: str, text: str) -> dict[str, Any]:
    document = reading.json(text, f"documents: {name}")
    if not isinstance(document, dict):
        raise DamageError(f"documents: {name}: expected an object {{…}}")
    return document


def _lesson(reading: Reading, text: str, data: Mapping[int, Dataset]) -> Lesson:
    def made(document: Any) -> Lesson:
        number = document.get("data") if isinstance(document, dict) else None
        if type(number) is not int or number not in data:
            raise DamageError("documents: lesson: its data are not there")
        return of_document(document, data[number])

    return reading.made("documents: lesson", made, text)


def write(path: str | os.PathLike[str], project: Project, progress: Progress | None = None) -> None:
    """Write a project to a new file, which takes the name when it is complete. Raises ProjectError, with whatever
    stood there before untouched, where it cannot.
    """
    _written(opening.located(path), project, progress or _unheard)


def _written(file: Path, project: Project, progress: Progress) -> Known:
    """What stands in the new file."""
    contents = Collected(project, file, meta_of(project, *_stamp()), {}).contents
    with telling(file, is_writing=True), atomic.replacement(file) as beside, closing(_connected(beside, "rwc")) as new:
        # Nobody knows of the file yet: whatever fails, it is deleted.
        for pragma in ("journal_mode = OFF", "synchronous = OFF"):
            new.execute(f"PRAGMA {pragma}").fetchall()
        new.execute("BEGIN")
        create(new)
        known = bring(new, Known(), contents, progress)
        new.execute("COMMIT")
    return known


def _connected(file: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        opening.uri(file, mode), uri=True, timeout=opening.PATIENCE, isolation_level=None, check_same_thread=False
    )


class ProjectFile:
    """A project file that somebody works on: it keeps the connection, and knows what stands in the file.

    One thread at a time. Between two saves nothing is locked. What is deleted leaves room for what comes; a file that
    is written anew is as small as it can be.
    """

    def __init__(self, file: Path, connection: sqlite3.Connection, known: Known) -> None:
        self.path = file
        self._connection, self._known = connection, known
        self._identity = _identity(file)

    @classmethod
    def create(cls, path: str | os.PathLike[str], project: Project, progress: Progress | None = None) -> ProjectFile:
        """Write a project to a new file, and go on working on that. Raises ProjectError."""
        file = opening.located(path)
        return cls._of(file, _written(file, project, progress or _unheard))

    @classmethod
    def open(cls, path: str | os.PathLike[str], revision: str | None = None) -> ProjectFile:
        """Go on working on a file; with the ``revision`` that was read, only while it is still that one. A file of an
        older version becomes one of this version. Raises ProjectError.
        """
        file = opening.located(path)
        with opening.reading(file) as (connection, found):  # it is sound, or this says why not
            if found.version < VERSION:
                with telling(file, is_writing=True), atomic.replacement(file) as beside:
                    _copy(connection, beside)
        opened = cls._of(file, None)
        if revision is not None and opened.revision != revision:
            opened.close()
            raise ProjectConflictError(said.CHANGED_MEANWHILE, said.CHANGED_MEANWHILE_REMEDY, name=file.name)
        return opened

    @classmethod
    def _of(cls, file: Path, known: Known | None) -> ProjectFile:
        """The file, in which stands what is known, or what it says."""
        with telling(file, is_writing=True), opening.handles(file):
            opening.check_journal(file, opening.journal_of(file))
            connection = _connected(file, "rw")
            try:
                opening.limit(connection)
                for pragma in ("journal_mode = DELETE", "synchronous = FULL", "secure_delete = FAST"):
                    connection.execute(f"PRAGMA {pragma}").fetchall()
                connection.execute("BEGIN")
                opening.check_schema(connection, VERSION, file.name)
                opened = cls(file, connection, known or Known.of(connection))
                connection.execute("COMMIT")
            except BaseException:
                connection.close()
                raise
            return opened

    @property
    def revision(self) -> str:
        """Which save stands in the file, as far as is known here."""
        row = self._known.records["meta"].get(("revision",))
        return "" if row is None else str(row[1])

    def save(self, project: Project, progress: Progress | None = None) -> None:
        """Make the file hold this project, in one transaction. Raises ProjectError, with the file as it was, where it
        cannot, or where somebody else saved since.
        """
        file = self.path
        contents = Collected(project, file, meta_of(project, *_stamp()), self._known.records).contents
        with telling(file, is_writing=True), opening.handles(file):
            self._still_there()
            connection = self._connection
            try:
                connection.execute("BEGIN IMMEDIATE")
                self._still_ours()
                known = bring(connection, self._known, contents, progress or _unheard)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                raise
            self._known = known

    def _still_there(self) -> None:
        """A file that was replaced or deleted would take the save with it, without a word."""
        try:
            same = _identity(self.path) == self._identity
        except OSError:
            raise said.gone(self.path) from None
        if not same:
            raise ProjectConflictError(said.CHANGED_MEANWHILE, said.CHANGED_MEANWHILE_REMEDY, name=self.path.name)

    def _still_ours(self) -> None:
        """What was there after the last save is there now."""
        opening.check_schema(self._connection, VERSION, self.path.name)
        table = RECORDS["meta"]
        rows = self._connection.execute(f"SELECT {table.names} FROM meta").fetchall()
        if {table.key_of(row): row for row in rows} != self._known.records["meta"]:
            raise ProjectConflictError(said.CHANGED_MEANWHILE, said.CHANGED_MEANWHILE_REMEDY, name=self.path.name)

    def close(self) -> None:
        """Let go of the file."""
        with opening.handles(self.path):
            self._connection.close()


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    with closing(_connected(target, "rwc")) as copy:
        connection.backup(copy)


def _identity(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_dev, status.st_ino


def _stamp() -> tuple[str, str, str]:
    """(another revision, the time, the program)."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return os.urandom(8).hex(), now, f"bpstudio {bpstudio.__version__}"


def _unheard(share: float) -> None:
    """Progress that nobody wants to hear of."""


__all__ = [
    "APPLICATION_ID",
    "SUFFIX",
    "VERSION",
    "Description",
    "Discrepancy",
    "Project",
    "ProjectConflictError",
    "ProjectDamageError",
    "ProjectError",
    "ProjectFile",
    "ProjectVersionError",
    "check_replay",
    "describe",
    "read",
    "repair",
    "write",
]
