"""Two languages: every text of the window has a Chinese entry, and the switch happens while the window is open."""

import ast
import json
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QEvent, QObject
from PyQt6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from bpstudio.files import asset
from ui import language
from ui.language import tr

ROOT = Path(language.__file__).resolve().parents[1]
FOLDER = asset.folder() / "translations" / "zh_CN"


def literals() -> dict[str, str]:
    """Every text given to tr() or translatable() in ui, with the file where it stands."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "ui").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {"tr", "translatable"} | {
            target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id == "translatable"
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names and node.args:
                for text in _texts(node.args[0]):
                    found[text] = str(path.relative_to(ROOT))
    return found


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts that an argument can be: a literal, or one of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search("[A-Za-z]{2}", node.value):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_text_has_a_chinese_entry() -> None:
    entries = language.catalogue("zh_CN")
    missing = {text: path for text, path in literals().items() if text not in entries}
    assert not missing


def test_placeholders_are_the_same_in_both_languages() -> None:
    differ = {k: v for k, v in language.catalogue("zh_CN").items() if placeholders(k) != placeholders(v)}
    assert not differ


def test_no_text_is_translated_in_two_ways() -> None:
    seen: dict[str, tuple[str, str]] = {}
    for path in sorted(FOLDER.glob("*.json")):
        for text, chinese in json.loads(path.read_text(encoding="utf-8")).items():
            before = seen.setdefault(text, (chinese, path.name))
            assert before[0] == chinese, f"{text!r}: {before} and {(chinese, path.name)}"


def test_no_entry_is_unused() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for folder, kind in (("ui", "*.py"), ("bpstudio", "*.py"), ("assets/lessons", "*.json"))
        for path in (ROOT / folder).rglob(kind)
    )
    # Long texts are written in several lines, so the source is compared without quotes, breaks and spaces.
    squeezed = _squeezed(source)
    unused = [text for text in language.catalogue("zh_CN") if _squeezed(text) not in squeezed]
    assert not unused


def _squeezed(text: str) -> str:
    return re.sub(r"""[\s"'\\]|\\n""", "", text)


@pytest.fixture
def english(qapp: QApplication) -> Iterator[None]:
    language.install(qapp, "en")
    yield
    language.install(qapp, "en")


class Speaking(QLabel):
    def changeEvent(self, event: QEvent | None) -> None:
        if event is not None and event.type() == QEvent.Type.LanguageChange:
            self.setText(tr("Play"))
        super().changeEvent(event)


def test_switch_reaches_open_widgets(english: None, qapp: QApplication, qtbot: QtBot) -> None:
    label = Speaking(tr("Play"))
    qtbot.addWidget(label)
    assert label.text() == "Play"
    language.install(qapp, "zh_CN")
    qtbot.waitUntil(lambda: label.text() == "播放")
    assert language.current() == "zh_CN"
    language.install(qapp, "en")
    qtbot.waitUntil(lambda: label.text() == "Play")


def test_unknown_text_stays_english_and_values_are_put_in(english: None, qapp: QApplication) -> None:
    language.install(qapp, "zh_CN")
    assert tr("no such text {n}", n=3) == "no such text 3"
    assert tr("a brace { alone") == "a brace { alone"


def test_own_texts_of_qt_are_translated_too(english: None, qapp: QApplication) -> None:
    language.install(qapp, "zh_CN")
    assert qapp.translate("QPlatformTheme", "Cancel") == "取消"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_TW.UTF-8"}, "zh_CN"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C"}, "en"),
        ({}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN"}, "zh_CN"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN"}, "zh_CN"),
        ({"LANG": "zh_CN", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "zh_CN:en"}, "zh_CN"),
        ({"LANG": "zh_CN", "LANGUAGE": "de:zh_CN"}, "en"),
    ],
)
def test_system_language(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(language.sys, "platform", "linux")
    assert language.system_language() == expected


def test_system_language_where_the_system_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Locale(QObject):
        @staticmethod
        def system() -> "Locale":
            return Locale()

        def uiLanguages(self) -> list[str]:
            return ["zh-Hans-CN", "zh"]

    monkeypatch.setattr(language, "QLocale", Locale)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setattr(language.sys, "platform", "darwin")
    assert language.system_language() == "zh_CN"


def test_unknown_language_is_refused(qapp: QApplication) -> None:
    with pytest.raises(ValueError, match="system, en, zh_CN, got 'fr'"):
        language.install(qapp, "fr")
