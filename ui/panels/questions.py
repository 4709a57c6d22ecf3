"""What the panels want to know and must not work out themselves: files, prepared data, answers to every row.

Each is a frozen question that the runner's second thread answers; the newest of a kind wins.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bpstudio.data.choices import Preparation, ReadOptions
from bpstudio.data.dataset import Dataset
from bpstudio.data.source import Generated

if TYPE_CHECKING:
    from bpstudio.data.suggestion import Advice
    from bpstudio.data.table import Table
    from bpstudio.insight.answers import Answers
    from bpstudio.training.frame import Frame

_BEGINNING = 4096
"""Bytes of a file that are shown when it could not be read."""

Tell = Callable[[float], None]


@dataclass(frozen=True)
class ReadTable:
    """Open a file as a table."""

    path: str
    options: ReadOptions
    kind: str = "read table"

    def answer(self, progress: Tell) -> OpenedTable:
        from bpstudio.data.readers import open_table

        try:
            table = open_table(self.path, self.options)
        except ValueError as error:
            return OpenedTable(None, error, _first_lines(self.path, self.options.encoding))
        return OpenedTable(table, None, "")


@dataclass(frozen=True, eq=False)
class OpenedTable:
    """A table, or the reason why there is none with the beginning of the file as plain text."""

    table: Table | None
    error: ValueError | None
    beginning: str


@dataclass(frozen=True, eq=False)
class PrepareTable:
    """Make a dataset of a table, and say what stands out in its columns."""

    table: Table
    preparation: Preparation
    kind: str = "prepare table"

    def answer(self, progress: Tell) -> PreparedTable:
        from bpstudio.data.preparation import advise, prepare

        try:
            advice = advise(self.table, self.preparation)
        except ValueError as error:
            return PreparedTable(None, (), error)
        try:
            return PreparedTable(prepare(self.table, self.preparation), advice, None)
        except ValueError as error:
            return PreparedTable(None, advice, error)


@dataclass(frozen=True, eq=False)
class PreparedTable:
    """A dataset, or the reason why there is none; and advice either way."""

    dataset: Dataset | None
    advice: tuple[Advice, ...]
    error: ValueError | None


@dataclass(frozen=True)
class MakePoints:
    """Make data from a generator's recipe."""

    recipe: Generated
    kind: str = "make points"

    def answer(self, progress: Tell) -> Dataset:
        from bpstudio.data.generators import run

        return run(self.recipe)


@dataclass(frozen=True, eq=False)
class AnswerRows:
    """What the network of a frame answers to every row."""

    frame: Frame
    kind: str = "answer rows"

    def answer(self, progress: Tell) -> Answers:
        from bpstudio.insight.answers import answers

        return answers(self.frame, progress)


@dataclass(frozen=True, eq=False)
class WriteRows:
    """Write lines of cells as a CSV file, complete or not at all."""

    path: str
    header: tuple[str, ...]
    line: Callable[[int], tuple[str, ...]]
    rows: int
    kind: str = "write rows"

    def answer(self, progress: Tell) -> str:
        from bpstudio.files.atomic import write_text

        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.header)
        for row in range(self.rows):
            if row % 1000 == 0:
                progress(row / self.rows)
            writer.writerow(self.line(row))
        write_text(Path(self.path), text.getvalue())
        return self.path


def _first_lines(path: str, encoding: str) -> str:
    """The beginning of a file, however garbled, to choose separator and encoding by; nothing of what is no text."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(_BEGINNING)
        text = data.decode(encoding or "utf-8", "replace")
    except (OSError, ValueError, LookupError):
        return ""
    return "" if "\0" in text else text
