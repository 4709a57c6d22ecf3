"""What can go wrong with a project file, in sentences that say what helps."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bpstudio.data.errors import DataError

NOT_THERE = "There is no file {name}."
NOT_THERE_REMEDY = "It was looked for as {path}: it may have been moved or renamed."
NOT_A_FILE = "{name} is not an ordinary file."
OTHER_FILE = "{name} is not a bpstudio project."
OTHER_FILE_REMEDY = "Open a file that was saved by bpstudio: its name ends in .bpstudio."
NEWER = "{name} was saved by a newer bpstudio: its format is {found}, this one reads up to {known}."
NEWER_REMEDY = "Open it with that bpstudio, or bring this one up to date."
WRITE_AHEAD = "{name} was changed by another program so that it needs two more files beside it."
WRITE_AHEAD_REMEDY = 'Say "PRAGMA journal_mode = DELETE" in that program, then open it again.'
FOREIGN = "{name} has other tables than a bpstudio project, or more of them."
FOREIGN_REMEDY = "It was changed by another program and is not opened: use a copy from before."
TOO_LARGE = "{name} has {size} MB; this computer can open {limit} MB."
TOO_LARGE_REMEDY = "Open it on a computer with more memory."

TOO_MUCH_MEMORY = "{name} has a network, and as many rows at once, that this computer has not enough memory for."

DAMAGED = "{name} is damaged: {what}."
DAMAGED_REMEDY = (
    "Open a copy from before, or type “bpstudio repair” in a terminal: it keeps what is sound in a new file."
)
FOREIGN_JOURNAL = "The file {journal} beside {name} is not from bpstudio."
FOREIGN_JOURNAL_REMEDY = "Move it to another folder, then open the project again."

CHANGED_MEANWHILE = "{name} was saved by somebody else since you opened it."
CHANGED_MEANWHILE_REMEDY = "Save under another name, so that neither work is lost."
GONE = "{name} is not there any more: it was moved, renamed or deleted."
GONE_REMEDY = "Save under another name."
BUSY = "{name} is in use by another program at this moment."
BUSY_REMEDY = "Try again, or save under another name."
NO_FOLDER = "There is no folder {folder} any more."
NO_FOLDER_REMEDY = "Save to another folder."
READ_ONLY = "{name} cannot be changed: the file or its folder is read-only."
READ_ONLY_REMEDY = "Save under another name or to another folder."
TOO_MUCH_TEXT = "{name} was not saved: {what} is more text than a project holds."
TOO_MUCH_TEXT_REMEDY = "Use fewer masks of your own, or shorter names."
FULL = "{name} was not saved: the drive is full. What was saved before is still there."
FULL_REMEDY = "Make room, or save to another drive."
NOT_TAKEN = "{name} was not saved: the drive did not take it ({reason}). What was saved before is still there."
NOT_TAKEN_REMEDY = "Look whether the drive is full or was taken out, or save to another one."
NOT_READ = "{name} cannot be read: {reason}."
NOT_READ_REMEDY = "Look whether the drive is there and whether you may read the file."
NO_ROOM_TO_RECOVER = "{name} was not closed properly, and there is no room for a copy in which to put it right."
NO_ROOM_TO_RECOVER_REMEDY = "Make room in {folder}, then open it again."


class ProjectError(DataError):
    """A project that cannot be read or written: what is wrong, and what helps. ``message`` and ``remedy`` are the
    English; a window translates the templates.
    """


class ProjectVersionError(ProjectError):
    """The file was saved by a newer bpstudio."""


class ProjectDamageError(ProjectError):
    """The file is damaged. ``repair`` may still keep most of it."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(DAMAGED, DAMAGED_REMEDY, name=name, what=what)


class ProjectConflictError(ProjectError):
    """Somebody else saved meanwhile, or the file is another one now: saving in place would lose work."""


class DamageError(ValueError):
    """What is wrong with a part of a file; whoever knows the file's name says it as a ``ProjectDamageError``."""


class MemoryNeededError(ValueError):
    """A run is sound, and too large for this machine."""


@contextmanager
def telling(file: Path, is_writing: bool = False) -> Iterator[None]:
    """Say in plain words what SQLite and the system report about a file."""
    try:
        yield
    except sqlite3.ProgrammingError:  # a mistake of ours, not of the file
        raise
    except sqlite3.Error as error:
        raise _of_sqlite(error, file, is_writing) from error
    except DamageError as error:
        raise ProjectDamageError(file.name, str(error)) from None
    except MemoryNeededError:
        raise ProjectError(TOO_MUCH_MEMORY, TOO_LARGE_REMEDY, name=file.name) from None
    except UnicodeDecodeError as error:  # also a message of SQLite may quote what stands in the file
        raise ProjectDamageError(file.name, "it has text that is not UTF-8") from error
    except OSError as error:
        raise _of_system(error, file, is_writing) from error


def _of_sqlite(error: sqlite3.Error, file: Path, is_writing: bool) -> ProjectError:
    name = str(getattr(error, "sqlite_errorname", ""))
    if name == "SQLITE_READONLY_DBMOVED":
        return gone(file)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return ProjectError(BUSY, BUSY_REMEDY, name=file.name)
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")) and is_writing:
        return ProjectError(READ_ONLY, READ_ONLY_REMEDY, name=file.name)
    if name.startswith("SQLITE_CANTOPEN") and is_writing:  # its journal cannot be made beside it
        return ProjectError(READ_ONLY, READ_ONLY_REMEDY, name=file.name)
    if name.startswith("SQLITE_FULL"):
        return ProjectError(FULL, FULL_REMEDY, name=file.name)
    if name.startswith("SQLITE_IOERR") and is_writing:
        return ProjectError(NOT_TAKEN, NOT_TAKEN_REMEDY, name=file.name, reason=str(error))
    if name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return ProjectError(NOT_READ, NOT_READ_REMEDY, name=file.name, reason=str(error))
    return ProjectDamageError(file.name, str(error))


def _of_system(error: OSError, file: Path, is_writing: bool) -> ProjectError:
    told = error.__cause__ if isinstance(error.__cause__, OSError) else error
    reason = told.strerror or str(told)
    if not is_writing:
        return ProjectError(NOT_READ, NOT_READ_REMEDY, name=file.name, reason=reason)
    if not file.parent.is_dir():
        return ProjectError(NO_FOLDER, NO_FOLDER_REMEDY, name=file.name, folder=str(file.parent))
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ProjectError(FULL, FULL_REMEDY, name=file.name)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ProjectError(READ_ONLY, READ_ONLY_REMEDY, name=file.name)
    return ProjectError(NOT_TAKEN, NOT_TAKEN_REMEDY, name=file.name, reason=reason)


def gone(file: Path) -> ProjectError:
    """The file is not there any more, or its folder is not."""
    if not file.parent.is_dir():
        return ProjectError(NO_FOLDER, NO_FOLDER_REMEDY, name=file.name, folder=str(file.parent))
    return ProjectConflictError(GONE, GONE_REMEDY, name=file.name)
