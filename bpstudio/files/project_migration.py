"""Project files of older versions, brought up to date one version at a time, each in a new file.

The old file is only read. There is one version so far; the next one adds to ``project_schema.SCHEMAS`` what its tables
are, keeps here what those of the one before it were, and says in ``MIGRATIONS`` how its rows come about.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from bpstudio.files.project_schema import APPLICATION_ID, SCHEMAS, VERSION

Migration = Callable[[sqlite3.Connection, sqlite3.Connection], None]
"""Writes the rows of a file (the first) into the tables of the version after it (the second), which are empty."""

MIGRATIONS: dict[int, Migration] = {}
"""By the version of the old file."""


def upgraded(connection: sqlite3.Connection, version: int, folder: Path) -> Path:
    """The newest version of a file that ``connection`` reads, as a new file in a folder."""
    path = folder / f"version-{version}"
    old, opened = connection, None
    while version < VERSION:
        migrate, version = MIGRATIONS[version], version + 1
        path = folder / f"version-{version}"
        new = sqlite3.connect(path, isolation_level=None)
        try:
            new.execute("PRAGMA synchronous = OFF")
            new.execute("BEGIN")
            new.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            new.execute(f"PRAGMA user_version = {version}")
            for statement in SCHEMAS[version]:
                new.execute(statement)
            migrate(old, new)
            new.execute("COMMIT")
        finally:
            if opened is not None:
                opened.close()
        old = opened = new
    if opened is not None:
        opened.close()
    return path
