"""The field for one number: it echoes, commits once, restores, and never loses the last good value."""

from collections.abc import Callable

import pytest
from PyQt6.QtCore import QLocale, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from ui.panels.number import NumberField


class Desk:
    """A field, what it committed, and what it said."""

    def __init__(self, qtbot: QtBot, value: float = 0.5, **options: object) -> None:
        self.committed: list[float] = []
        self.said: list[tuple[str, str]] = []
        self.refusal: Callable[[float], None] = lambda value: None
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.other = QLineEdit(self.window)
        self.field = NumberField(self._commit, lambda *words: self.said.append(words), parent=self.window, **options)
        self.other.move(0, 40)
        self.field.show_value(value)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow)
        self.field.setFocus()

    def _commit(self, value: float) -> None:
        self.refusal(value)
        self.committed.append(value)

    def type(self, text: str) -> None:
        self.field.selectAll()
        QTest.keyClick(self.field, Qt.Key.Key_Delete)
        QTest.keyClicks(self.field, text)

    def press(self, key: Qt.Key) -> None:
        QTest.keyClick(self.field, key)


def test_what_was_understood_is_echoed_before_anything_changes(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.type("1/3")
    assert desk.said[-1] == ("= 0.333333333", "echo")
    assert desk.committed == []
    desk.press(Qt.Key.Key_Return)
    assert desk.committed == [1 / 3]
    assert desk.said[-1] == ("", "")
    assert desk.field.text() == "0.3333333333333333"


def test_enter_and_leaving_commit_once(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.type("0,25")
    desk.press(Qt.Key.Key_Return)
    desk.other.setFocus()
    assert desk.committed == [0.25]
    desk.field.setFocus()
    desk.type("0,75")
    desk.other.setFocus()
    assert desk.committed == [0.25, 0.75]


def test_the_same_value_is_not_committed_again(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.type("1/2")
    desk.press(Qt.Key.Key_Return)
    assert desk.committed == []
    assert desk.field.text() == "0.5"


def test_escape_restores(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.type("7x")
    assert desk.field.property("state") == "error"
    desk.press(Qt.Key.Key_Escape)
    assert desk.field.text() == "0.5"
    assert desk.field.property("state") == ""
    assert desk.said[-1] == ("", "")
    desk.other.setFocus()
    assert desk.committed == []


def test_a_bad_text_keeps_the_last_good_value_and_says_so(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.type("1.234,5")
    desk.press(Qt.Key.Key_Return)
    assert desk.committed == []
    assert desk.field.value == 0.5
    text, kind = desk.said[-1]
    assert kind == "error"
    assert "such as 1234.5" in text
    assert text.endswith("Still 0.5.")
    assert desk.field.text() == "1.234,5"


def test_a_refused_number_keeps_the_last_good_value(qtbot: QtBot) -> None:
    desk = Desk(qtbot, explain=lambda error: f"No: {error}.")

    def refuse(value: float) -> None:
        raise ValueError("must be above 0")

    desk.refusal = refuse
    desk.type("-1")
    desk.press(Qt.Key.Key_Return)
    assert desk.field.value == 0.5
    assert desk.said[-1] == ("No: must be above 0. Still 0.5.", "error")


def test_a_new_truth_replaces_a_rejected_text_but_not_what_is_being_typed(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.type("0.7")
    desk.field.show_value(0.5)  # a frame arrives while somebody types
    assert desk.field.text() == "0.7"
    desk.field.show_value(0.6)  # an undo happens elsewhere
    assert desk.field.text() == "0.6"


def test_words_and_display(qtbot: QtBot) -> None:
    desk = Desk(qtbot, 1, whole=True, words={"full": 0}, display=lambda value: f"{value:,.0f} of 1,400")
    assert desk.field.text() == "1"
    desk.other.setFocus()
    assert desk.field.text() == "1 of 1,400"
    desk.field.setFocus()
    desk.type("Full")
    desk.other.setFocus()
    assert desk.committed == [0]


def test_ctrl_z_belongs_to_the_application_when_nothing_is_typed(qtbot: QtBot) -> None:
    from PyQt6.QtCore import QEvent
    from PyQt6.QtGui import QKeyEvent

    desk = Desk(qtbot)

    def takes_undo() -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        event.ignore()
        desk.field.event(event)
        return event.isAccepted()

    assert not takes_undo()
    desk.type("0.7")
    assert takes_undo()
    desk.press(Qt.Key.Key_Return)
    assert not takes_undo()


@pytest.mark.parametrize("name", ["C", "de_DE", "zh_CN", "fr_CH"])
def test_no_language_of_the_system_changes_what_is_read(qtbot: QtBot, name: str) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(name))
    try:
        desk = Desk(qtbot)
        assert desk.field.read("0.123") == desk.field.read("0,123") == 0.123
        assert desk.field.read("1,234") == 1.234
    finally:
        QLocale.setDefault(before)
