"""Every key of the table stands on the sheet once for each place where it works; the sheet can be taken along."""

from collections import Counter
from pathlib import Path

import pytest
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from ui import language
from ui.actions import COMMANDS, keys, shown
from ui.key_sheet import CONTEXTS, KeySheet, as_pdf, as_text, sheet


def test_every_context_has_a_name() -> None:
    assert {context for _, context, _ in keys()} <= {context for context, _ in CONTEXTS}


def test_every_key_stands_there() -> None:
    written = Counter(key for _, groups in sheet() for _, rows in groups for spelt, _ in rows for key in [spelt])
    wanted = Counter(
        ", ".join(dict.fromkeys(shown(key) for key, works in command.keys if works == context))
        for command in COMMANDS
        for context in {works for _, works in command.keys}
    )
    assert written == wanted


@pytest.mark.parametrize("tongue", ["en", "zh_CN"])
def test_it_is_copied_as_it_is_shown(qtbot: QtBot, qapp: QApplication, tongue: str) -> None:
    language.install(qapp, tongue)
    try:
        parent = QWidget()
        qtbot.addWidget(parent)
        dialog = KeySheet(parent)
        shown_words = {label.text() for label in dialog.findChildren(QLabel)}
        dialog.copy.click()
        clipboard = QGuiApplication.clipboard()
        assert clipboard is not None
        text = clipboard.text()
        assert text == as_text()
        for line in text.splitlines():
            assert set(line.split("\t")) <= shown_words
        assert not dialog.said.isHidden()
    finally:
        language.install(qapp, "en")


def test_it_is_printed(qapp: QApplication, tmp_path: Path) -> None:
    path = tmp_path / "keys.pdf"
    as_pdf(str(path))
    assert path.read_bytes().startswith(b"%PDF-")
    assert path.stat().st_size > 5000
