"""One text in the languages in which it was written.

The words of a lesson stand in the lesson, not in a catalogue: who writes a lesson writes one file, and who has only one
language writes a plain string.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bpstudio.data import records

MAX_CHARACTERS = 20_000
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")


@dataclass(frozen=True)
class Wording:
    """Pairs (language, text); the language "" stands for all of them. Paragraphs are separated by an empty line."""

    texts: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, text: str = "", **languages: str) -> Wording:
        """``Wording.of("Plain")`` or ``Wording.of(en="Loss", zh_CN="损失")``."""
        plain = ((("", text),) if text else ()) + tuple(languages.items())
        return cls(plain)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(language for language, _ in self.texts)

    def within(self, language: str) -> str:
        """The text in `language` (such as "zh_CN"), else in English, else in whatever there is."""
        found = dict(self.texts)
        if language in found:
            return found[language]
        near = next((text for name, text in self.texts if name and name[:2] == language[:2]), None)
        return near or found.get("") or found.get("en") or next(iter(found.values()), "")

    def __bool__(self) -> bool:
        return any(text for _, text in self.texts)


def read(document: object, path: str) -> Wording:
    """A wording from its JSON form: a text, or one per language, each a text or a list of paragraphs."""
    if not isinstance(document, dict):
        text = _paragraphs(document, path)
        return Wording((("", text),)) if text else Wording()
    for language in document:
        if not _LANGUAGE.fullmatch(language):
            raise ValueError(f'{path}: expected languages such as "en" or "zh_CN", got {records.shown(language)}')
    return Wording(tuple((name, _paragraphs(text, f"{path}.{name}")) for name, text in document.items()))


def write(wording: Wording) -> Any:
    """The JSON form; several paragraphs are a list, so that they stand on lines of their own."""
    if wording.languages == ("",):
        return _listed(wording.texts[0][1])
    return {language: _listed(text) for language, text in wording.texts}


def _listed(text: str) -> str | list[str]:
    parts = text.split("\n\n")
    return text if len(parts) == 1 else parts


def _paragraphs(document: object, path: str) -> str:
    if not isinstance(document, list):
        return line(document, path)
    return "\n\n".join(line(part, f"{path}[{index}]") for index, part in enumerate(document))


def line(document: object, path: str) -> str:
    """A text that a window can show: not endless, and no control characters in it."""
    text = records.text(document, path)
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"{path}: expected a text of at most {MAX_CHARACTERS:,} characters, got {len(text):,}")
    bad = next((character for character in text if ord(character) < 32 and character not in "\n\t"), None)
    if bad is not None:
        raise ValueError(f"{path}: the control character U+{ord(bad):04X} is no part of a text")
    return text
