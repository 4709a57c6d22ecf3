"""A file is replaced when its replacement is complete, and not before.

Whatever fails on the way (a full disk, a crash, a plug pulled), the name points either to the old content or to the new
one, never to half of it.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Make `content` the content of the file `path`; raises OSError, with the old content untouched, when it cannot."""
    # Through a symbolic link: replacing the link itself would leave the file that it points to behind, unsaved.
    target = Path(path).resolve()
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder, not a file")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}")
    # In the same folder, because a file is moved in one act only inside one file system.
    beside = target.with_name(f".bpstudio-{os.urandom(6).hex()}.part")
    try:
        with beside.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(OSError):  # the file may be new, or its mode not ours to copy
            shutil.copymode(target, beside)
        beside.replace(target)
    except BaseException as error:
        with suppress(OSError):
            beside.unlink()
        if isinstance(error, OSError) and error.errno is not None:
            # Nobody asked for the file beside it, so nobody should have to read its name.
            raise type(error)(f"{target} cannot be written: {error.strerror}") from error
        raise
    _settle(target.parent)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """The same for text, in UTF-8 with line feeds on every system, so that one lesson is one sequence of bytes."""
    write_bytes(path, text.encode("utf-8"))


def _settle(folder: Path) -> None:
    """Ask the system to keep the new name through a power cut, where a folder can be opened (not on Windows)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
