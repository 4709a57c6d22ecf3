"""The languages of the window: English in the source, other languages from readable catalogues, switchable live.

`tr("Open…")` returns the text in the language in use. The English text is the key; a catalogue is a folder of flat JSON
files, `assets/translations/zh_CN/*.json`, one per part of the window, merged when the language is chosen. What has no
entry stays English. Widgets set their texts again when Qt sends them a LanguageChange event.
"""

from __future__ import annotations

import json
import locale
import os
import sys
from collections.abc import Mapping

from PyQt6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator
from typing_extensions import override

from bpstudio.files.asset import folder

LANGUAGES: Mapping[str, str] = {"en": "English", "zh_CN": "简体中文"}
"""Every language there is, each by its own name."""


def tr(text: str, /, **values: object) -> str:
    """The text in the language in use, with {names} replaced by the values."""
    translated = QCoreApplication.translate("bpstudio", text)
    return translated.format(**values) if values else translated


def translatable(text: str, /) -> str:
    """Mark a text that is kept in a table and handed to `tr` later, so that the catalogue's test finds it."""
    return text


def catalogue(language: str) -> dict[str, str]:
    """Every entry of a language, merged over its files. English is the source and has none."""
    entries: dict[str, str] = {}
    for path in sorted((folder() / "translations" / language).glob("*.json")):
        entries |= json.loads(path.read_text(encoding="utf-8"))
    return entries


class Translator(QTranslator):
    """Looks texts up in a catalogue. None for an unknown text: an empty one would be shown as such."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        super().__init__()
        self._entries = entries

    @override
    def isEmpty(self) -> bool:
        # Qt drops a translator that calls itself empty, and sends no LanguageChange for it.
        return False

    @override
    def translate(  # type: ignore[override]  # the stubs know no None, the documentation asks for a null string
        self, context: str | None, sourceText: str | None, disambiguation: str | None = None, n: int = -1
    ) -> str | None:
        return self._entries.get(sourceText or "")


class _Installed:
    """What is in use; an application speaks one language."""

    def __init__(self) -> None:
        self.language = "en"
        self.translators: list[QTranslator] = []


_installed = _Installed()


def system_language() -> str:
    """The language of this computer, when there is a catalogue for it; else English."""
    wanted = [os.environ.get(name, "") for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")]
    if sys.platform in ("win32", "darwin"):
        # Elsewhere Qt reads the same variables in the same order, and the first question to QLocale takes 10 ms.
        wanted = [*QLocale.system().uiLanguages(), *wanted, locale.getlocale()[0] or ""]
    first = next((name for name in wanted if name and name not in ("C", "POSIX") and not name.startswith("C.")), "")
    return "zh_CN" if first.lower().startswith(("zh", "chinese")) else "en"


def current() -> str:
    """The language in use: "en" or "zh_CN"."""
    return _installed.language


def install(app: QCoreApplication, language: str = "system") -> None:
    """Speak a language from now on; every widget hears of it as a LanguageChange event."""
    if language != "system" and language not in LANGUAGES:
        raise ValueError(f"language: expected system, {', '.join(LANGUAGES)}, got {language!r}")
    chosen = system_language() if language == "system" else language
    for translator in _installed.translators:
        app.removeTranslator(translator)
    _installed.language = chosen
    _installed.translators = []
    if chosen == "en":
        return
    # Qt's own texts (file dialogs, OK and Cancel, the menu of a text field) come from Qt's catalogue.
    own = QTranslator()
    if own.load(f"qtbase_{chosen}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        _installed.translators.append(own)
    _installed.translators.append(Translator(catalogue(chosen)))
    for translator in _installed.translators:
        app.installTranslator(translator)
