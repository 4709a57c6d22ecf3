"""A sentence that can be said in another language: an English template, and the values that go into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from typing_extensions import override


@dataclass(frozen=True)
class Phrase:
    """`template` is the key of the translation; a value is ready text, or a phrase that is translated on its own."""

    template: str
    values: Mapping[str, str | Phrase] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The English sentence."""
        return self.rendered(lambda template: template)

    def rendered(self, translate: Callable[[str], str]) -> str:
        """The sentence in the language of `translate`, which maps an English template to its translation."""
        values = {
            name: value.rendered(translate) if isinstance(value, Phrase) else value
            for name, value in self.values.items()
        }
        return translate(self.template).format(**values)

    @override
    def __str__(self) -> str:
        return self.text


def plain(text: str) -> Phrase:
    """Symbols and numbers, which need no translation."""
    return Phrase("{text}", {"text": text})
