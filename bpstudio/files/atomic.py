"""A file is replaced when its replacement is complete, and not before.

Whatever fails on the way (a full disk, a crash, a plug pulled), the name points either to the old content or to the new
one, never to half of it.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

REMAINS = 24 * 3600
"""Seconds after which nobody is writing any more what nobody has touched since."""


@contextmanager
def replacement(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A name beside the file `path`, under which its new content is written; at the end that takes the file's place.

    Raises OSError, with the old content untouched, when it cannot. Whatever is raised while it is written has the same
    effect: what was written so far is deleted.
    """
    # Through a symbolic link: replacing the link itself would leave the file that it points to behind, unsaved.
    target = Path(path).resolve()
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder, not a file")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}")
    # In the same folder, because a file is moved in one act only inside one file system.
    beside = target.with_name(f".bpstudio-{os.urandom(6).hex()}.part")
    _forget_remains(target.parent)
    try:
        yield beside
        _settle(beside, os.O_RDWR)
        with suppress(OSError):  # the file may be new, or its mode not ours to copy
            shutil.copymode(target, beside)
        beside.replace(target)
    except BaseException as error:
        with suppress(OSError):
            beside.unlink()
        if isinstance(error, OSError) and error.errno is not None:
            # Nobody asked for the file beside it, so nobody should have to read its name.
            told = type(error)(f"{target} cannot be written: {error.strerror}")
            told.errno = error.errno
            raise told from error
        raise
    with suppress(OSError):  # a folder cannot be opened on Windows
        _settle(target.parent, os.O_RDONLY)


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Make `content` the content of the file `path`; raises OSError, with the old content untouched, when it cannot."""
    with replacement(path) as beside, beside.open("xb") as stream:
        stream.write(content)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """The same for text, in UTF-8 with line feeds on every system, so that one lesson is one sequence of bytes."""
    write_bytes(path, text.encode("utf-8"))


def _forget_remains(folder: Path) -> None:
    """Delete what processes that were killed left half written, long ago."""
    with suppress(OSError):
        for remains in folder.glob(".bpstudio-????????????.part"):
            with suppress(OSError):
                if time.time() - remains.lstat().st_mtime > REMAINS:
                    remains.unlink()


def _settle(path: Path, mode: int) -> None:
    """Ask the system to keep a file, or the names in a folder, through a power cut."""
    handle = os.open(path, mode)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
