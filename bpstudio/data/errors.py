"""What data has to say, in words that can be translated.

A message is a template with named places ("{rows} rows") plus the values that stand in them. English is
template.format(**values); a window looks the template up in its catalogue and fills in the same values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from typing_extensions import override

Value = str | int | float

OWN_WORDS = frozenset({"found", "how", "kind", "task"})
"""Places where a word of the program stands (a kind of column, a way to fill gaps): it is translated like the template.
What stands in any other place is a number or comes from the file, and stays as it is."""


LONGEST_MESSAGE = 900
"""Letters of what is said about a file that somebody else wrote: it may quote what stands there, not all of it."""

_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def sayable(text: str, most: int = LONGEST_MESSAGE) -> str:
    """A text as it can stand in a message: characters that cannot be seen, or turn others around, written as escapes,
    and of more than ``most`` letters the beginning and the end.
    """
    text = _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)
    return text if len(text) <= most else f"{text[: most * 2 // 3]}…{text[1 - most // 3 :]}"


@dataclass(frozen=True)
class Words:
    """A sentence as template and values; str() gives the English."""

    template: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    @override
    def __str__(self) -> str:
        return self.template.format(**self.values)


class DataError(ValueError):
    """Data that cannot be used: what is wrong, where, and what helps.

    `row` counts the rows of data from 1 (the header is not a row), `column` is a column's name. `template`,
    `remedy_template` and `values` are what a window translates; `message` and `remedy` are the English.
    """

    def __init__(
        self, template: str, remedy: str = "", *, row: int | None = None, column: str | None = None, **values: Value
    ) -> None:
        places: dict[str, Value] = {k: sayable(v, 300) if isinstance(v, str) else v for k, v in values.items()}
        if row is not None:
            places["row"] = row
        if column is not None:
            places["column"] = sayable(column, 300)
        self.template = template
        self.remedy_template = remedy
        self.values: Mapping[str, Value] = MappingProxyType(places)
        self.row = row
        self.column = column
        self.message = template.format(**places)
        self.remedy = remedy.format(**places)
        super().__init__(f"{self.message} {self.remedy}" if remedy else self.message)
