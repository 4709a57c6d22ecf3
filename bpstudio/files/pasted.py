"""A block of cells as text: what comes out of a spreadsheet, a mail or a program when somebody copies a few numbers.

Cells are parted by tabs, else by semicolons, else by & as in a TeX table, else by a comma with a space after it, else
by spaces where everything between them is a number. A comma alone is a decimal comma; it parts cells only where two of
them have a decimal point, which no single number has. Square brackets, as programs print them, begin and end rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bpstudio.insight.phrase import Phrase

MOST_CHARACTERS = 1_000_000
_NUMBER = re.compile(r"[+\-−]?[\d.,]+(?:/[\d.,]+)?(?:[eE][+\-−]?\d+)?")
_POINTED = re.compile(r"\s*[+\-−]?(?:\d+\.?\d*|\.\d+)(?:[eE][+\-−]?\d+)?\s*")
"""A number whose decimal separator, if it has one, is a point."""


class PasteError(ValueError):
    """Why a block cannot be put where it was to go; `fits_turned`: rows as columns it could."""

    def __init__(self, phrase: Phrase, fits_turned: bool = False) -> None:
        super().__init__(phrase.text)
        self.phrase = phrase
        self.fits_turned = fits_turned


Block = list[list[str]]


def read(text: str) -> Block:
    """The rows of a block, all of one length; cells without the spaces around them.

    Where rows differ only in empty cells at their ends, as a trailing tab makes them, those are no cells.

    Raises:
        PasteError: for nothing, for a text that is too long to be a block, and for rows of different lengths.
    """
    if len(text) > MOST_CHARACTERS:
        raise PasteError(Phrase("That is more than a sheet can hold."))
    lines = _lines(text)
    if not lines:
        raise PasteError(Phrase("There is no text to paste."))
    separator = _separator(lines)
    rows = [[cell.strip() for cell in re.split(separator, line)] if separator else [line.strip()] for line in lines]
    if len({len(row) for row in rows}) > 1:
        width = max(_filled(row) for row in rows)
        rows = [row[: max(width, _filled(row))] for row in rows]
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            values = {"row": str(number), "count": str(len(row)), "first": str(len(rows[0]))}
            raise PasteError(Phrase("Row {row} of the block has {count} cells, row 1 has {first}.", values))
    return rows


def write(rows: Sequence[Sequence[str]]) -> str:
    """The text that a spreadsheet takes as this block; shorter rows end in empty cells."""
    width = max((len(row) for row in rows), default=0)
    return "\n".join("\t".join((*row, *[""] * (width - len(row)))) for row in rows)


def fitted(block: Block, rows: int, columns: int, whole: Sequence[int] = ()) -> Block:
    """The block as it goes into the `rows` × `columns` cells from the present one on.

    Empty rows and columns at its end are left out where there is no room for them: spreadsheets copy those too. A
    single row or column that is as long as one of the blocks `whole` (its columns, so that its rows follow) is broken
    into rows: people copy a matrix as one line too.

    Raises:
        PasteError: where the block is larger than the room there is.
    """
    while len(block) > max(rows, 1) and not any(block[-1]):
        block = block[:-1]
    filled = max(1, columns, *map(_filled, block))
    block = [row[:filled] for row in block]
    high, wide = len(block), len(block[0])
    if high <= rows and wide <= columns:
        return block
    if min(high, wide) == 1:
        cells = [cell for row in block for cell in row]
        for width in whole:
            if width <= columns and len(cells) == width * rows:
                return [cells[start : start + width] for start in range(0, len(cells), width)]
    values = {"high": str(high), "wide": str(wide), "rows": str(rows), "columns": str(columns)}
    raise PasteError(
        Phrase("{high} × {wide} cells were copied (rows × columns); here is room for {rows} × {columns}.", values),
        fits_turned=wide <= rows and high <= columns,
    )


def turned(block: Block) -> Block:
    """Rows as columns."""
    return [list(row) for row in zip(*block, strict=True)]


def _filled(row: Sequence[str]) -> int:
    """How many cells of a row there are up to the last one that has a text."""
    return max((place for place, cell in enumerate(row, 1) if cell), default=0)


def _lines(text: str) -> list[str]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "[" in text:
        text = re.sub(r"\][\s,;]*\[", "\n", text).replace("[", " ").replace("]", " ")
    lines = [re.sub(r"\\\\\s*$", "", line) for line in text.split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
    return lines


def _separator(lines: list[str]) -> str:
    for mark in ("\t", "[;；]", "&"):
        if any(re.search(mark, line) for line in lines):
            return mark
    if any(re.search(r",\s", line.strip()) for line in lines):
        return r",\s*(?=\s|$)"
    pieces = [line.split(",") for line in lines]
    has_points = any(sum("." in piece for piece in line) > 1 for line in pieces)
    if has_points and all(_POINTED.fullmatch(piece) for line in pieces for piece in line):
        return ","
    spaced = [re.split(r"\s+", line.strip()) for line in lines]
    if any(len(words) > 1 for words in spaced) and all(_NUMBER.fullmatch(word) for words in spaced for word in words):
        # What stands before the first number and after the last one parts nothing.
        return r"(?<=\S)\s+(?=\S)"
    return ""
