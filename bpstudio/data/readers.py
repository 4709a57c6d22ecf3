"""Opening a table: a text file with a line per row and a mark between cells.

A table reader that is forgiving is dangerous: short rows become nothing, doubled names get a number, and the network
learns from it. So the rows are counted cell by cell before anything is read, and whatever does not fit is told with its
row. Separator, decimal mark and header are guessed, shown and can be chosen.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bpstudio.data.choices import Decimal, Header, ReadOptions, Separator
from bpstudio.data.columns import examine
from bpstudio.data.decoding import EMPTY, EMPTY_REMEDY, MAX_BYTES, decode, read_bytes
from bpstudio.data.errors import DataError
from bpstudio.data.table import Table

if TYPE_CHECKING:
    import polars as pl

MAX_COLUMNS = 10_000
SAMPLE_LINES = 200

HEADER_ONLY = "{name} has column names but no rows."
HEADER_ONLY_REMEDY = "Add rows under the names; if the first line is a row, choose “no header”."
ONE_ROW = "{name} has a single row."
ONE_ROW_REMEDY = "Two rows are the least to learn from; if the first line is a row, choose “no header”."
RAGGED_ROW = "Row {row} (line {line}) has {cells} cells where {expected} are expected ({count} such rows)."
SHORT_ROW_REMEDY = "Fill in the missing cells, or choose another separator than “{separator}”."
LONG_ROW_REMEDY = "Put text that contains “{separator}” in quotation marks, or choose another separator."
DOUBLED_NAME = "Two columns are called {column} (columns {first} and {second})."
DOUBLED_NAME_REMEDY = "Give each column a name of its own in the first line."
OPEN_QUOTE = "Line {line} begins a cell whose quotation marks do not match."
OPEN_QUOTE_REMEDY = "Close the quotation mark, and write a mark inside quoted text twice."
TOO_WIDE = "{name} has {columns} columns, more than the {limit} that can be opened."
TOO_WIDE_REMEDY = "Keep the columns that matter, or choose another separator than “{separator}”."

SEPARATOR_WORDS: dict[str, str] = {",": ",", ";": ";", "\t": "TAB", "|": "|", " ": "SPACE"}

# In the order of preference where several fit: a semicolon or a tab in every line is hardly an accident, a comma may be
# a decimal mark.
_SEPARATORS: tuple[Separator, ...] = ("\t", ";", ",", "|")
_NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?$")
_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?$")
_GROUP = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+$")


def open_table(path: str | Path, options: ReadOptions | None = None, limit: int = MAX_BYTES) -> Table:
    """The table in a text file of at most `limit` bytes; DataError says what is wrong, where, and what helps."""
    path = Path(path)
    return read_table(read_bytes(path, limit), path.name, options, str(path))


def read_table(data: bytes, name: str, options: ReadOptions | None = None, path: str = "") -> Table:
    """The table in the bytes of a text file."""
    options = options or ReadOptions()
    text, encoding = decode(data, name, options.encoding)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    separator = options.separator or _told_separator(lines) or find_separator(lines)
    sample = _sample(lines, separator)
    decimal = options.decimal or find_decimal(sample)
    header = options.header or find_header(sample, options.missing)
    frame, starts = _Scan(name, lines, separator, header == "yes").read()
    found = options.replace(encoding=encoding, separator=separator, decimal=decimal, header=header)
    columns = tuple(examine(cells.name, cells, options.missing, decimal) for cells in frame.get_columns())
    return Table(name, columns, frame.height, found, path, hashlib.sha256(data).hexdigest(), starts)


def _told_separator(lines: list[str]) -> Separator | None:
    """The mark that a first line "sep=;" names, as spreadsheet programs write it; that line becomes blank."""
    for separator in (*_SEPARATORS, " "):
        if lines[0].lower() in (f"sep={separator}", f'"sep={separator}"'):
            lines[0] = ""
            return separator
    return None


def find_separator(lines: list[str]) -> Separator:
    """The mark that cuts the first lines into the most even rows."""
    best: tuple[float, Separator] = (0.0, ",")
    for separator in _SEPARATORS:
        sample = _sample(lines, separator)
        counts = Counter(len(row) for row in sample if not _cut_quotes(row))
        cells, rows = counts.most_common(1)[0] if counts else (1, 0)
        share = rows / max(len(sample), 1)
        # A slightly better share does not outweigh the preference: one ragged row must not make another mark win.
        if cells > 1 and share > best[0] + 0.2:
            best = (share, separator)
    if best[0]:
        return best[1]
    spaced = _sample(lines, " ")
    numeric = [row for row in spaced if len(row) > 1 and all(_NUMBER.match(cell) for cell in row[:2])]
    return " " if numeric and len(numeric) >= len(spaced) / 2 else ","


def find_decimal(rows: list[list[str]]) -> Decimal:
    """A comma where numbers are written with one and hardly any with a dot; a dot otherwise.

    1,234 alone proves nothing: it could be a number with a group separator. 0,234 could not.
    """
    cells = [cell.strip() for row in rows for cell in row]
    commas = [cell for cell in cells if _COMMA.match(cell)]
    dots = sum("." in cell and _NUMBER.match(cell) is not None for cell in cells)
    proof = [cell for cell in commas if not _GROUP.match(cell)]
    return "," if proof and len(commas) > dots else "."


def find_header(rows: list[list[str]], missing: tuple[str, ...]) -> Header:
    """Names stand above numbers: a first line that is a number where the others are is a row."""
    if len(rows) < 2:
        return "yes" if not rows or not all(_NUMBER.match(cell.strip()) for cell in rows[0]) else "no"
    absent = {text.lower() for text in missing}
    names = rows_of_data = 0
    for place, first in enumerate(rows[0]):
        below = [row[place].strip() for row in rows[1:] if len(row) > place]
        numeric = [cell for cell in below if cell.lower() not in absent]
        if not numeric or sum(_NUMBER.match(cell) is not None for cell in numeric) < 0.8 * len(numeric):
            continue
        if _NUMBER.match(first.strip()):
            rows_of_data += 1
        else:
            names += 1
    return "no" if rows_of_data > names else "yes"


def _sample(lines: list[str], separator: Separator) -> list[list[str]]:
    """The first lines as cells; unfinished quotes are forgiven here, where only a guess is made."""
    spaced = separator == " "
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(csv.reader(_ended(lines[:SAMPLE_LINES]), delimiter=separator, skipinitialspace=spaced))
    return [row for row in rows if not _blank(row)]


class _Scan:
    """One reading of a table's lines: counts the cells of each row, then hands them over as columns of text."""

    def __init__(self, name: str, lines: list[str], separator: Separator, header: bool) -> None:
        self.name = name
        self.lines = lines
        self.separator = separator
        self.header = header
        # Without quotation marks a cell ends at every separator and a row at every line: then Polars may read it, many
        # times faster. With them, readers differ in what they forgive, and the one that counted is the one that reads.
        self.quoted = separator == " " or any('"' in line for line in lines)

    def read(self) -> tuple[pl.DataFrame, np.ndarray[tuple[int], np.dtype[np.int64]]]:
        """A frame of text without blanks at the ends of cells, and the line on which each row begins."""
        import polars as pl

        rows = self._counted()
        first_line, cells, first = next(rows, (1, 0, []))
        if not cells:
            raise DataError(EMPTY, EMPTY_REMEDY, name=self.name)
        if cells > MAX_COLUMNS:
            shown = self._shown
            raise DataError(
                TOO_WIDE, TOO_WIDE_REMEDY, name=self.name, columns=cells, limit=MAX_COLUMNS, separator=shown
            )
        names = self._names(first, cells)
        starts = [] if self.header else [first_line]
        kept = [] if self.header else [first]
        ragged: list[tuple[int, int, int]] = []
        for line, count, row in rows:
            starts.append(line)
            if count != cells:
                ragged.append((len(starts), line, count))
            if self.quoted:
                kept.append(row)
        if ragged:
            self._refuse_ragged(ragged, cells)
        if not starts:
            raise DataError(HEADER_ONLY, HEADER_ONLY_REMEDY, name=self.name)
        if len(starts) == 1:
            raise DataError(ONE_ROW, ONE_ROW_REMEDY, name=self.name)
        if self.quoted:
            frame = pl.DataFrame(
                [pl.Series(n, each, pl.String) for n, each in zip(names, zip(*kept, strict=True), strict=True)]
            )
        else:
            frame = self._by_polars(names)
        return frame.select(pl.all().str.strip_chars()), np.array(starts, np.int64)

    def _counted(self) -> Iterator[tuple[int, int, list[str]]]:
        """(line, number of cells, cells) of every row that is not blank; only the first row's cells when unquoted."""
        if not self.quoted:
            first = True
            for number, line in enumerate(self.lines, 1):
                if line.strip(" "):
                    yield number, line.count(self.separator) + 1, line.split(self.separator) if first else []
                    first = False
            return
        stripped = (line.rstrip(" ") for line in self.lines) if self.separator == " " else self.lines
        spaced = self.separator == " "
        reader = csv.reader(_ended(stripped), delimiter=self.separator, strict=True, skipinitialspace=spaced)
        begins = 1
        try:
            for row in reader:
                if not _blank(row):
                    yield begins, len(row), row
                begins = reader.line_num + 1
        except csv.Error:
            raise DataError(OPEN_QUOTE, OPEN_QUOTE_REMEDY, line=begins) from None

    def _by_polars(self, names: list[str]) -> pl.DataFrame:
        import polars as pl

        filled = [line for line in self.lines if line.strip(" ")][1 if self.header else 0 :]
        frame = pl.read_csv(
            ("\n".join(filled) + "\n").encode(),
            has_header=False,
            separator=self.separator,
            quote_char=None,
            infer_schema=False,
        )
        if frame.shape != (len(filled), len(names)):
            raise AssertionError(f"{self.name}: counted {len(filled)} rows × {len(names)}, read {frame.shape}")
        return frame.rename(dict(zip(frame.columns, names, strict=True))).fill_null("")

    def _names(self, first: list[str], cells: int) -> list[str]:
        if not self.header:
            return [f"column {i + 1}" for i in range(cells)]
        names = [name.strip() or f"column {i + 1}" for i, name in enumerate(first)]
        for second, name in enumerate(names):
            place = names.index(name)
            if place < second:
                raise DataError(DOUBLED_NAME, DOUBLED_NAME_REMEDY, column=name, first=place + 1, second=second + 1)
        return names

    def _refuse_ragged(self, ragged: list[tuple[int, int, int]], expected: int) -> None:
        row, line, cells = ragged[0]
        remedy = SHORT_ROW_REMEDY if cells < expected else LONG_ROW_REMEDY
        raise DataError(
            RAGGED_ROW,
            remedy,
            row=row,
            line=line,
            cells=cells,
            expected=expected,
            count=len(ragged),
            separator=self._shown,
        )

    @property
    def _shown(self) -> str:
        return SEPARATOR_WORDS[self.separator]


def _cut_quotes(row: list[str]) -> bool:
    """Whether a separator was taken for one inside quotation marks."""
    return any(cell.count('"') % 2 for cell in row)


def _ended(lines: Iterable[str]) -> Iterator[str]:
    return (line + "\n" for line in lines)


def _blank(row: list[str]) -> bool:
    return not row or (len(row) == 1 and not row[0].strip(" "))
