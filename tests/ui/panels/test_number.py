"""Numbers as people type them: what is read, what is refused and why, whatever the system's language."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QLocale, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from ui.panels.number import NumberError, NumberField, echoed, read_number, read_whole, shortest


@pytest.fixture(params=["C", "de_DE", "zh_CN", "fr_CH"])
def locale(request: pytest.FixtureRequest) -> Iterator[str]:
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield request.param
    QLocale.setDefault(before)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.123", 0.123),
        ("0,123", 0.123),  # a German reader means 0.123, a QLocale("de") reads "0.123" as 123
        ("1,234", 1.234),
        ("1.234", 1.234),
        (".5", 0.5),
        (",5", 0.5),
        ("5.", 5.0),
        ("-0.25", -0.25),
        ("\u22120.25", -0.25),
        ("\uff0d0.25", -0.25),
        ("+3", 3.0),
        ("1e-3", 0.001),
        ("1E-3", 0.001),
        ("2,5e2", 250.0),
        ("1e\u22123", 0.001),
        ("1/3", 1 / 3),
        (" 1 / 3 ", 1 / 3),
        ("-1/3", -1 / 3),
        ("1/\u22124", -0.25),
        ("0,5/2", 0.25),
        ("1\u20442", 0.5),
        ("\u00a00.5\u00a0", 0.5),
        ("\uff10\uff0e\uff15", 0.5),
        ("0\u30025", 0.5),
        ("1e300", 1e300),
        ("0", 0.0),
        ("0e5", 0.0),
        ("0/7", 0.0),
        ("5e-324", 5e-324),
    ],
)
def test_reads(text: str, value: float, locale: str) -> None:
    assert read_number(text) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1,234.5", "group separators. Write one decimal separator and nothing else, such as 1234.5"),
        ("1.234,5", "group separators. Write one decimal separator and nothing else, such as 1234.5"),
        ("1.234.567", "such as 1234567"),
        ("1,234,567", "group separators"),
        ("1 234", "group separators"),
        ("1 234,5", "such as 1234.5"),
        ("1'234.5", "group separators"),
        ("1\u202f234", "group separators"),
        ("1_000", "such as 1000"),
        ("", "Type a number"),
        ("   ", "Type a number"),
        ("abc", "is not a number"),
        ("0.5 m", "is not a number"),
        ("3²", "is not a number"),
        ("٣", "is not a number"),
        ("0x10", "is not a number"),
        ("--1", "is not a number"),
        ("1e", "is not a number"),
        ("e5", "is not a number"),
        (".", "is not a number"),
        ("nan", "not a finite number"),
        ("-inf", "not a finite number"),
        ("Infinity", "not a finite number"),
        ("1e999", "too large"),
        ("1e300/1e-300", "too large"),
        ("1e-999", "too small"),
        ("1e-300/1e300", "too small"),
        ("1/0", "Division by zero"),
        ("1/0.0", "Division by zero"),
        ("1/2/3", "more than one fraction bar"),
        ("1/", "is not a number"),
        ("__import__('os')", "is not a number"),
        ("1" * 61, "too many"),
    ],
)
def test_refuses_with_the_reason(text: str, reason: str, locale: str) -> None:
    with pytest.raises(NumberError, match=reason.replace(".", r"\.")):
        read_number(text)


@pytest.mark.parametrize(("text", "value"), [("32", 32), ("1e3", 1000), ("4,0", 4), ("6/3", 2), ("-2", -2)])
def test_reads_whole_numbers(text: str, value: int) -> None:
    assert read_whole(text) == value
    assert isinstance(read_whole(text), int)


def test_a_grouped_whole_number_is_told_how_to_write_it() -> None:
    with pytest.raises(NumberError, match=r"“1,400” is read as 1\.4\. Write 1400"):
        read_whole("1,400")
    with pytest.raises(NumberError, match=r"0\.5 is not a whole number"):
        read_whole("1/2")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_shown_reads_back_as_the_same_number(value: float) -> None:
    assert read_number(shortest(value)) == value
    assert read_number(shortest(value).replace(".", ",").replace("-", "\u2212")) == value


def test_echo_has_nine_digits_and_no_padded_exponent() -> None:
    assert echoed(1 / 3) == "= 0.333333333"
    assert echoed(0.5) == "= 0.5"
    assert echoed(1e-7) == "= 1e-7"
    assert echoed(1e300) == "= 1e300"
    assert shortest(1e-7) == "1e-7"
    assert shortest(-0.0) == "0"


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
