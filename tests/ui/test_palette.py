"""The palette: found by letters in both languages, what is used lately first, what is not possible greyed with why."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from ui import language
from ui.actions import COMMANDS, Actions
from ui.palette import ALSO, SETTING, Entry, Palette, entries, fitting, rank
from ui.shortened import literal


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication) -> Iterator[tuple[QMainWindow, Actions]]:
    language.install(qapp, "en")
    QSettings().remove(SETTING)
    made, actions = QMainWindow(), Actions()
    bar = made.menuBar()
    assert bar is not None
    actions.fill(bar)
    learn = actions.menu("learn").addAction("5  The vanishing gradient")
    assert learn is not None
    qtbot.addWidget(made)
    yield made, actions
    QSettings().remove(SETTING)
    language.install(qapp, "en")


def opened(qtbot: QtBot, window: tuple[QMainWindow, Actions]) -> Palette:
    palette = Palette(window[1], window[0])
    palette.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(palette)
    palette.show()
    qtbot.waitExposed(palette)
    return palette


def lines(palette: Palette) -> list[str]:
    count = palette.list.topLevelItemCount()
    return [item.text(0) for item in (palette.list.topLevelItem(row) for row in range(count)) if item is not None]


def test_every_command_is_there(window: tuple[QMainWindow, Actions]) -> None:
    keys = {entry.key for entry in entries(window[1])}
    assert {command.id for command in COMMANDS if window[1].find(command.id) is not None} <= keys


@pytest.mark.parametrize(
    ("typed", "name", "fit"),
    [
        ("gra", "Colour by gradient", 0), ("gradient colour", "Colour by gradient", 0), ("adient", "By gradient", 1),
        ("nts", "Next training step", 4), ("tolar", "Text: Larger", None), ("xyz", "Next training step", None),
        ("", "anything", 0), ("梯度", "按梯度着色", 1), ("按着", "按梯度着色", 3), ("GRAD", "Colour by gradient", 0),
    ],
)  # fmt: skip
def test_how_well_letters_fit(typed: str, name: str, fit: int | None) -> None:
    assert rank(typed, name) == fit


@given(st.text(max_size=12), st.text(max_size=40))
def test_any_letters_are_answered_and_a_part_of_the_name_always_fits(typed: str, name: str) -> None:
    rank(typed, name)
    folded = name.casefold()
    if folded.strip():
        assert rank(folded[: len(folded) // 2], name) is not None


def test_it_is_found_in_chinese_and_in_english(qtbot: QtBot, qapp: QApplication, window: Any) -> None:
    language.install(qapp, "zh_CN")
    window[1].retranslate()
    palette = opened(qtbot, window)
    for typed in ("梯度着色", "colour grad"):
        palette.line.setText(typed)
        assert lines(palette)[0] == "按梯度着色"


@pytest.mark.parametrize("tongue", ["en", "zh_CN"])
def test_other_words_lead_there_too(qapp: QApplication, window: Any, tongue: str) -> None:
    language.install(qapp, tongue)
    offered = entries(window[1])
    assert set(ALSO) <= {command.id for command in COMMANDS}
    chinese = {
        "导出": "file.weights_out",
        "偏好": "edit.preferences",
        "符号": "view.delta_sign",
        "全屏": "view.full_screen",
    }
    english = {"csv": "data.open", "prefs": "edit.preferences", "delta sign": "view.delta_sign", "pause": "run.play"}
    for typed, wanted in {**english, **(chinese if tongue == "zh_CN" else {})}.items():
        assert wanted in [entry.key for entry in fitting(typed, offered, [])][:2], typed
    assert fitting("undo", offered, [])[0].key == "edit.undo"
    names = [entry.key for entry in fitting("start", offered, [])]
    assert names.index("file.start") < names.index("run.play"), "a name comes before another word"


def test_arrow_keys_and_enter_do_it_and_it_stands_first_next_time(qtbot: QtBot, window: Any) -> None:
    done: list[str] = []
    window[1].connect("view.color_update", lambda: done.append("update"))
    palette = opened(qtbot, window)
    qtbot.keyClicks(palette.line, "colour by")
    assert lines(palette)[:3] == ["Colour by gradient", "Colour by weight", "Colour by update"]
    qtbot.keyClick(palette.line, Qt.Key.Key_Down)
    qtbot.keyClick(palette.line, Qt.Key.Key_Down)
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert done == ["update"]
    assert not palette.isVisible()
    again = opened(qtbot, window)
    assert lines(again)[0] == "Colour by update"
    qtbot.keyClicks(again.line, "colour by")
    assert lines(again)[0] == "Colour by update"


def test_what_is_not_possible_says_why_and_is_not_done(qtbot: QtBot, window: Any) -> None:
    done: list[str] = []
    window[1].connect("edit.undo", lambda: done.append("undo"))
    window[1]["edit.undo"].setEnabled(False)
    window[1]["data.open"].setEnabled(False)
    window[1]["data.open"].setToolTip("This lesson has locked the data.")
    window[1]["file.save"].setEnabled(False)
    palette = opened(qtbot, window)
    for typed, why in (
        ("undo", "nothing to undo"), ("open data", "This lesson has locked the data."), ("save", "not possible now"),
    ):  # fmt: skip
        palette.line.setText(typed)
        item = palette.list.topLevelItem(0)
        assert item is not None
        assert item.text(1) == why
        qtbot.keyClick(palette.line, Qt.Key.Key_Return)
        assert palette.isVisible()
    assert done == []


def test_lessons_are_found_and_keys_are_shown(qtbot: QtBot, window: Any) -> None:
    opened_lessons: list[bool] = []
    window[1].menu("learn").actions()[-1].triggered.connect(opened_lessons.append)
    palette = opened(qtbot, window)
    palette.line.setText("vanish")
    assert lines(palette) == ["5  The vanishing gradient"]
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert len(opened_lessons) == 1
    again = opened(qtbot, window)
    again.line.setText("redo")
    item = again.list.topLevelItem(0)
    assert item is not None
    assert item.text(1) == "Ctrl+Shift+Z"


def test_an_ampersand_of_a_person_is_shown_and_found(qtbot: QtBot, window: Any) -> None:
    window[1].menu("file.recent").addAction(literal("b & w && c.json"))
    palette = opened(qtbot, window)
    palette.line.setText("b & w &&")
    assert lines(palette) == ["Open recent: b & w && c.json"]


def entry(name: str) -> Entry:
    return Entry(QAction(name), name, name, name, ("File",), "")


def test_at_equal_fit_what_was_used_last_comes_first(qapp: QApplication) -> None:
    offered = [entry("open data"), entry("open lesson"), entry("reopen")]

    def names(recent: list[str]) -> list[str]:
        return [each.key for each in fitting("open", offered, recent)]

    assert names([]) == ["open data", "open lesson", "reopen"]
    assert names(["reopen", "open lesson"]) == ["open lesson", "open data", "reopen"]
