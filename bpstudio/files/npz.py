"""Arrays in a .npz file, read without trust.

Such a file is a zip archive, and what it says of itself need not be true: a few kilobytes unpack to gigabytes, a header
claims more than follows it, an array of objects is a pickle, which runs what its author wrote. So every header is read
and measured first, and only then is anything unpacked.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

# What the standard library and NumPy raise when bytes are missing or changed, besides ValueError.
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, TypeError, OverflowError, MemoryError),
    *(NotImplementedError, RuntimeError, SyntaxError, struct.error),
)


@dataclass(frozen=True)
class Header:
    """What a file says of one of its arrays."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def read(
    file: Path, limit: int, check: Callable[[Mapping[str, Header]], None] = lambda headers: None
) -> dict[str, NDArray[Any]]:
    """Every array of a .npz file by its name.

    `check` is shown the headers before anything is unpacked, and raises ValueError for what is not wanted. ValueError
    also where the file is damaged, holds objects, or unpacks to more than `limit` bytes.
    """
    if not file.is_file():
        raise ValueError(f"{file.name}: expected a file, got {'a folder' if file.is_dir() else 'nothing there'}")
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size > limit:
                raise ValueError(f"holds {size:,} bytes; at most {limit:,} are opened")
            headers: dict[str, Header] = {}
            for member in archive.infolist():
                name = member.filename.removesuffix(".npy")
                if name in headers:
                    raise ValueError(f"holds {name} twice")
                with archive.open(member) as stream:
                    headers[name] = _header(stream, name, member.file_size)
            check(headers)
        with np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in headers}
    except DAMAGED as error:
        raise ValueError(f"{file.name}: is not a whole .npz file ({error})") from None
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from None


def _header(stream: IO[bytes], name: str, size: int) -> Header:
    """The header of the array in a member of `size` bytes."""
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    version = npy.read_magic(stream)
    if version not in readers:
        raise ValueError(f"{name}: expected an array of numbers, got the format version {version[0]}.{version[1]}")
    shape, _, dtype = readers[version](stream)
    if dtype.hasobject:
        raise ValueError("holds objects instead of numbers, and those are never opened")
    if stream.tell() + prod(shape) * dtype.itemsize != size:
        raise ValueError(f"{name}: expected {shape} of {dtype} as its header says, got {size:,} bytes")
    return Header(shape, dtype)
