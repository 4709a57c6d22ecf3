"""The column of sections about the past, and the list of gestures in it."""

from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QWidget

from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session
from ui import language
from ui.panels.history import HistoryPanel
from ui.panels.undo_list import UndoList


class Part(QWidget):
    """Counts what it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def show_frame(self, frame: Frame) -> None:
        self.seen.append(frame.step)


def test_only_what_is_seen_is_shown_a_frame_and_the_rest_gets_the_newest(stage: Any, mazur_session: Session) -> None:
    stage.open(mazur_session)
    panel, first, second = HistoryPanel(), Part(), Part()
    one, two = panel.add_section("one", "Branches", first), panel.add_section("two", "History", second)
    two.set_open(False)
    stage.show(panel, width=280)
    stage.runner.step()
    stage.settle()
    assert first.seen[-1] == 1
    assert second.seen == []
    two.set_open(True)
    assert second.seen == [1]
    assert stage.window is not None
    stage.window.hide()
    stage.runner.step()
    stage.settle()
    assert first.seen[-1] == 1
    stage.window.show()
    stage.qtbot.waitUntil(lambda: (first.seen[-1], second.seen[-1]) == (2, 2))
    assert panel.section("one") is one
    with pytest.raises(KeyError):
        panel.section("three")


def test_headings_follow_the_language(stage: Any) -> None:
    panel = HistoryPanel()
    section = panel.add_section("one", "Branches", Part())
    stage.show(panel)
    app = QApplication.instance()
    assert app is not None
    language.install(app, "zh_CN")
    stage.qtbot.waitUntil(lambda: section.heading.text().endswith("分支"))


def edited(session: Session) -> Session:
    """Three gestures: two rates and a bookmark."""
    for rate in (0.1, 0.2):
        session.apply(session.experiment.replace(optimizer=SGD(rate)), name="change learning rate")
    session.bookmark("", "here")
    return session


def lines(shown: UndoList) -> list[str]:
    return [item.text() for row in range(shown.lines.count()) if (item := shown.lines.item(row)) is not None]


def test_every_gesture_has_a_line_and_a_click_returns_to_it(stage: Any, mazur_session: Session) -> None:
    stage.open(edited(mazur_session))
    shown = UndoList(stage.runner)
    stage.show(shown, width=280)
    assert lines(shown) == ["Before all of these", "change learning rate", "change learning rate", "bookmark"]
    assert shown.lines.currentRow() == 3
    item = shown.lines.item(1)
    assert item is not None
    where = shown.lines.visualItemRect(item).center()
    stage.qtbot.mouseClick(shown.lines.viewport(), Qt.MouseButton.LeftButton, pos=where)
    frame = stage.settle()
    assert frame.experiment.optimizer == SGD(0.1)
    assert (len(frame.undo_names), len(frame.redo_names)) == (1, 2)
    assert lines(shown) == ["Before all of these", "change learning rate", "change learning rate", "bookmark"]
    assert shown.lines.currentRow() == 1, "what was undone stays below"
    shown.take_keyboard()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
        stage.qtbot.keyClick(shown.lines, key)
    frame = stage.settle()
    assert (frame.experiment.optimizer, len(frame.bookmarks)) == (SGD(0.2), 1)
    first = shown.lines.item(0)
    assert first is not None
    shown.lines.itemActivated.emit(first)
    assert stage.settle().undo is None
    spoken = [item.data(Qt.ItemDataRole.AccessibleTextRole) for row in range(4) if (item := shown.lines.item(row))]
    assert spoken == [
        "Before all of these, now", "change learning rate, undone", "change learning rate, undone", "bookmark, undone",
    ]  # fmt: skip


def test_before_the_first_gesture_it_says_what_it_will_be(stage: Any, mazur_session: Session) -> None:
    stage.open(mazur_session)
    shown = UndoList(stage.runner)
    stage.show(shown, width=280)
    assert shown.hint.isVisible()
    assert not shown.lines.isVisible()
    stage.runner.bookmark("", "here")
    stage.settle()
    assert not shown.hint.isVisible()
    assert shown.lines.isVisible()
    app = QApplication.instance()
    assert app is not None
    language.install(app, "zh_CN")
    stage.qtbot.waitUntil(lambda: lines(shown)[0] == "在这一切之前")
