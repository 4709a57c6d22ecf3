"""The lesson from which a run came, as a project keeps it: its words, stops and switches. The numbers stand in the run.

A project must be readable whatever its lesson is like, so a lesson is only written as far as it can be read again.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from bpstudio.data.dataset import Dataset
from bpstudio.files import lesson as lessons
from bpstudio.files import strict_json
from bpstudio.files.lesson import Lesson
from bpstudio.files.project_schema import dumped, is_readable

_EMPTY = Dataset.from_arrays([[0.0]], [[0.0]])
_known: WeakKeyDictionary[Lesson, dict[str, Any] | None] = WeakKeyDictionary()


def document(lesson: Lesson) -> dict[str, Any] | None:
    """The JSON form of a lesson without its data and where it stood: of one that could not be read again what is said
    of it as a whole, or nothing.
    """
    if lesson not in _known:  # a run is saved more often than its lesson changes
        # Stops, switches and promises speak of the start values.
        bare = lesson.replace(
            start=None, base=None, variant="", at="", row=0, scenes=(), variants=(), expected=(), errata=()
        )
        written = (lessons.document(each.replace(dataset=_EMPTY, state=None)) for each in (lesson, bare))
        _known[lesson] = next((each for each in written if _is_readable(each, lesson.dataset)), None)
    return _known[lesson]


def _is_readable(document: dict[str, Any], dataset: Dataset) -> bool:
    try:
        text = dumped(document)
        if is_readable(text):
            lessons.of_document(strict_json.parse(text), dataset)
            return True
    except ValueError:
        pass
    return False
