"""A lock on a file that dies with the process that holds it, however that ends, on every system."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import IO


class ProcessLock:
    """Held from `take` until `release`, or until the process ends. The file is made where there is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream: IO[bytes] | None = None

    @property
    def is_held(self) -> bool:
        return self._stream is not None

    def take(self) -> bool:
        """Take the lock; False where another one holds it. Raises OSError where the file cannot be made."""
        if self._stream is not None:
            return True
        stream = self.path.open("ab")
        try:
            _lock(stream)
        except OSError:
            stream.close()
            return False
        self._stream = stream
        return True

    def release(self, remove: bool = True) -> None:
        """Let go of it, and delete the file unless somebody else is to find it."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        if remove and sys.platform != "win32":
            # While it is locked: nobody can have begun to rely on it.
            with contextlib.suppress(OSError):
                self.path.unlink()
        stream.close()
        if remove and sys.platform == "win32":  # there an open file cannot be deleted
            with contextlib.suppress(OSError):
                self.path.unlink()


if sys.platform == "win32":
    import msvcrt

    def _lock(stream: IO[bytes]) -> None:
        stream.seek(0, os.SEEK_SET)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(stream: IO[bytes]) -> None:
        # It belongs to the open file and not to the process, so that two in one process see each other too.
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
