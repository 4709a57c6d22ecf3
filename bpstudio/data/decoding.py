"""From a path to text: bytes read within a bound and decoded strictly.

A wrong guess at the encoding does not fail later, it garbles quietly. So only what a file says about itself (a byte
order mark) or what can hardly be an accident (valid UTF-8) is believed; anything else is offered, with a look at what
it would give, and a person chooses.
"""

from __future__ import annotations

import codecs
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from bpstudio.data.errors import DataError

MAX_BYTES = 50_000_000

MISSING_FILE = "{name} is not there (any more)."
MISSING_FILE_REMEDY = "Put it back or open another file; the data that were open are kept."
DIRECTORY = "{name} is a folder, not a table."
DIRECTORY_REMEDY = "Open a .csv, .tsv or .txt file inside it."
NOT_A_FILE = "{name} is a device or a pipe, not a file."
NOT_A_FILE_REMEDY = "Save its contents as a .csv file and open that."
UNREADABLE = "{name} cannot be read: {reason}."
UNREADABLE_REMEDY = "Check the permissions, or copy the file to a folder of your own."
TOO_LARGE = "{name} has {size} MB, more than the {limit} MB that can be opened."
TOO_LARGE_REMEDY = "Keep a sample of the rows (some ten thousand are enough to learn from) or fewer columns."
EMPTY = "{name} is empty."
EMPTY_REMEDY = "A table needs a line of column names and at least two rows."
BINARY = "{name} is not a text file ({found})."
BINARY_REMEDY = "Open it in the program that made it and save it as CSV."
SPREADSHEET_REMEDY = "Open it in a spreadsheet program and save the sheet as CSV (UTF-8)."
NOT_UTF8 = "Line {line} of {name} is not valid UTF-8."
NOT_UTF8_REMEDY = "Choose the encoding: {encodings}."
NO_MARK = "{name} looks like UTF-16 without its byte order mark."
NOT_DECODABLE = "Line {line} of {name} cannot be read as {encoding}."
NOT_DECODABLE_REMEDY = "Choose another encoding."

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY_STARTS = (
    (b"PK\x03\x04", "an .xlsx, .ods or .zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
    (b"SQLite format 3", "a database"),
    (b"PAR1", "a Parquet file"),
    (b"\x93NUMPY", "a NumPy array"),
)
_SPREADSHEETS = ("an .xlsx, .ods or .zip file", "an old Excel or Word file")


@dataclass(frozen=True)
class Suggestion:
    """An encoding that could be meant, and the line that was the trouble as it would read then."""

    encoding: str
    preview: str


class EncodingError(DataError):
    """The encoding has to be chosen by a person; `suggestions` are the likely ones, the likeliest first."""

    suggestions: tuple[Suggestion, ...] = ()


def read_bytes(path: str | Path, limit: int = MAX_BYTES) -> bytes:
    """The contents of a regular file of at most `limit` bytes; DataError says why not, and what helps."""
    path = Path(path)
    name = path.name or str(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise DataError(DIRECTORY, DIRECTORY_REMEDY, name=name)
        if not stat.S_ISREG(status.st_mode):
            raise DataError(NOT_A_FILE, NOT_A_FILE_REMEDY, name=name)
        # Asked before reading: nobody should wait for a gigabyte to be told that it is too much.
        size = status.st_size
        if size <= limit:
            with path.open("rb") as file:
                data = file.read(limit + 1)
            size = len(data)
            if size <= limit:
                return data
        raise DataError(TOO_LARGE, TOO_LARGE_REMEDY, name=name, size=-(-size // 10**6), limit=limit // 10**6)
    except FileNotFoundError:
        raise DataError(MISSING_FILE, MISSING_FILE_REMEDY, name=name) from None
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise DataError(UNREADABLE, UNREADABLE_REMEDY, name=name, reason=reason) from error
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(MISSING_FILE, MISSING_FILE_REMEDY, name=name) from None  # a NUL inside the path


def decode(data: bytes, name: str, encoding: str = "") -> tuple[str, str]:
    """The text of `data` and the encoding it was read in. EncodingError where a person has to choose."""
    if not data.strip(b" \t\r\n\x00"):
        raise DataError(EMPTY, EMPTY_REMEDY, name=name)
    if not encoding:
        encoding = next((found for mark, found in _MARKS if data.startswith(mark)), "")
        if not encoding:
            _refuse_binary(data, name)
            encoding = "utf-8"
            try:
                return data.decode("utf-8"), encoding
            except UnicodeDecodeError as error:
                raise _offer(data, name, error.start) from None
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(NOT_DECODABLE, NOT_DECODABLE_REMEDY, line=line, name=name, encoding=encoding) from None
    if "\x00" in text:
        raise DataError(BINARY, BINARY_REMEDY, name=name, found="it contains zero bytes")
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise DataError(EMPTY, EMPTY_REMEDY, name=name)
    return text, encoding


def _refuse_binary(data: bytes, name: str) -> None:
    for start, found in _BINARY_STARTS:
        if data.startswith(start):
            remedy = SPREADSHEET_REMEDY if found in _SPREADSHEETS else BINARY_REMEDY
            raise DataError(BINARY, remedy, name=name, found=found)
    if b"\x00" not in data:
        return
    sample = data[:2000]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    for encoding, many, few in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if many > len(sample) // 4 and few < len(sample) // 20:
            first_line = data[: len(data) // 2 * 2].decode(encoding, "replace").split("\n")[0]
            raise _choice(NO_MARK, name, 1, [Suggestion(encoding, first_line.strip()[:80])])
    raise DataError(BINARY, BINARY_REMEDY, name=name, found="it contains zero bytes")


def _offer(data: bytes, name: str, position: int) -> EncodingError:
    """GBK where every byte fits it (Latin letters with accents rarely do), and Latin-1, which takes anything."""
    start = data.rfind(b"\n", 0, position) + 1
    end = data.find(b"\n", position)
    line = data[start : end if end >= 0 else None].strip()
    suggestions = []
    try:
        data.decode("gb18030")
        suggestions.append(Suggestion("gb18030", line.decode("gb18030", "replace")[:80]))
    except UnicodeDecodeError:
        pass
    suggestions.append(Suggestion("latin-1", line.decode("latin-1")[:80]))
    return _choice(NOT_UTF8, name, data.count(b"\n", 0, position) + 1, suggestions)


def _choice(template: str, name: str, line: int, suggestions: list[Suggestion]) -> EncodingError:
    listed = ", ".join(f"{each.encoding} “{each.preview}”" for each in suggestions)
    error = EncodingError(template, NOT_UTF8_REMEDY, name=name, line=line, encodings=listed)
    error.suggestions = tuple(suggestions)
    return error
