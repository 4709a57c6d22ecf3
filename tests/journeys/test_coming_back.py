"""Saving, quitting, coming back; and what must never close the window."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QEvent, QMimeData, QPointF, Qt, QTimer, QUrl
from PyQt6.QtGui import QDropEvent, QMouseEvent
from PyQt6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget

from bpstudio.training.optimizers import SGD

Key, Mod = Qt.Key, Qt.KeyboardModifier
Visit = Callable[..., Any]


def edit(person: Any, rate: float = 0.125) -> None:
    person.app.runner.apply(experiment=person.frame.experiment.replace(optimizer=SGD(rate)), name="rate")
    person.settle()


def answer(monkeypatch: pytest.MonkeyPatch, button: QMessageBox.StandardButton) -> list[str]:
    asked: list[str] = []

    def reply(box: QMessageBox) -> int:
        asked.append(box.text())
        return button.value

    monkeypatch.setattr(QMessageBox, "exec", reply)
    return asked


def test_save_quit_and_find_everything_again(visit: Visit, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "mine.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    person = visit()
    person.press(Key.Key_Escape)
    edit(person)
    person.app.runner.step(200)
    person.settle()
    person.app.focus.set(playhead=24)
    assert person.window.isWindowModified()
    person.press(Key.Key_S, Mod.ControlModifier)
    assert path.is_file()
    assert not person.window.isWindowModified()
    kept = person.frame
    assert person.window.close()

    person = visit(path)
    person.wait(lambda: person.frame.step == 200)
    assert person.frame.params.flat.tobytes() == kept.params.flat.tobytes()
    assert person.frame.experiment == kept.experiment
    assert person.playhead == 24
    assert person.window.windowTitle().startswith("mine")
    assert [p.name for p in person.app.document.recent] == ["mine.json"]
    recent = person.app.actions.menu("file.recent").actions()
    assert [action.text() for action in recent] == ["mine.json"]


def test_last_session_is_offered(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, QMessageBox.StandardButton.Discard)
    person = visit()
    edit(person)
    person.app.runner.step(33)
    kept = person.settle().frame
    assert person.window.close()
    person = visit()
    person.wait(person.window.messages.isVisible)
    assert person.frame.step == 0
    person.click(person.window.messages.button)
    assert person.frame.step == 33
    assert person.frame.params.flat.tobytes() == kept.params.flat.tobytes()


def test_going_on_with_the_last_session_asks_about_new_work(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, QMessageBox.StandardButton.Discard)
    person = visit()
    edit(person)
    person.app.runner.step(33)
    person.settle()
    assert person.window.close()
    person = visit()
    edit(person, 0.0625)
    asked = answer(monkeypatch, QMessageBox.StandardButton.Cancel)
    person.click(person.window.messages.button)
    assert len(asked) == 1, "the offer stands there for a while, and work goes on beside it"
    assert person.frame.experiment.optimizer == SGD(0.0625)


def test_unsaved_work_is_asked_about(visit: Visit, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person = visit()
    asked = answer(monkeypatch, QMessageBox.StandardButton.Cancel)
    person.app.runner.step(3)
    person.settle()
    person.app.files.open_lesson("xor")
    person.settle()
    assert asked == [], "nothing was changed"
    edit(person)
    assert not person.window.close()
    assert len(asked) == 1
    assert person.window.isVisible()
    path = home / "kept.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    answer(monkeypatch, QMessageBox.StandardButton.Save)
    person.window.close()
    person.wait(lambda: not person.window.isVisible())
    assert path.is_file()


def test_layout_is_remembered_and_can_be_reset(visit: Visit) -> None:
    person = visit()
    person.do("view.bottom")
    assert not person.window._bottom.isVisible()
    handle = person.window._columns.handle(1)
    drag(person, handle, 200)
    shares = columns(person)
    assert person.window.close()
    person = visit()
    assert not person.window._bottom.isVisible()
    assert columns(person)[0] == pytest.approx(shares[0], abs=0.04)
    person.do("view.reset_layout")
    assert person.window._bottom.isVisible()
    assert columns(person)[0] < shares[0] - 0.05


def drag(person: Any, handle: QWidget, by: int) -> None:
    """Drag the line between two regions to the right."""
    at = handle.rect().center()
    person.qtbot.mousePress(handle, Qt.MouseButton.LeftButton, pos=at)
    move = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(at.x() + by, at.y()),
        QPointF(handle.mapToGlobal(at)) + QPointF(by, 0),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(handle, move)
    person.qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=at)


def columns(person: Any) -> list[float]:
    """Shares of the width; the window itself may have to fit another screen."""
    sizes = person.window._columns.sizes()
    return [size / sum(sizes) for size in sizes]


def test_exception_does_not_close_the_window(
    visit: Visit, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    person = visit()
    QTimer.singleShot(0, lambda: list[int]().pop())
    person.wait(lambda: person.app.errors.dialog is not None)
    assert person.window.isVisible()
    assert "pop from empty list" in person.app.errors.path.read_text(encoding="utf-8")
    person.window.activateWindow()
    person.wait(person.window.isActiveWindow)
    person.window.canvas.setFocus()
    person.press(Key.Key_Right, on=person.window.canvas).press(Key.Key_Right, on=person.window.canvas)
    assert person.playhead == 1
    caplog.clear()


def test_closing_during_training_leaves_no_thread(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    person = visit()
    person.press(Key.Key_Escape).press(Key.Key_1).press(Key.Key_Space)
    person.wait(lambda: person.frame.step > 100)
    person.window.close()
    person.app.close()
    assert [t.name for t in threading.enumerate() if t.name.startswith("bpstudio")] == []


def test_dropped_files_are_opened_or_refused_with_a_reason(visit: Visit, home: Path) -> None:
    person = visit()
    table = home / "points.csv"
    table.write_text("x,y\n1,2\n2,4\n3,6\n4,8\n", encoding="utf-8")
    drop(person, table)
    window = person.window.data.data_window
    assert window is not None
    assert window.isVisible()
    window.close()
    for bad in (home, home / "picture.json"):
        if bad is not home:
            bad.write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
        drop(person, bad)
        assert person.window.messages.level == "error"
        assert bad.name in person.window.messages.words.text()
        assert person.window.messages.isVisible()
    assert person.frame.step == 0


def drop(person: Any, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(100, 100),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    person.window.dropEvent(event)
    person.settle()


def test_refused_edit_is_said_and_the_run_stays(visit: Visit) -> None:
    person = visit()
    before = person.frame
    person.app.runner.apply(experiment=before.experiment, params=before.params, name="same")
    person.settle()
    person.app.runner.seek(10_000)
    person.settle()
    assert person.window.messages.isVisible()
    assert person.window.messages.level == "error"
    assert person.frame.params.flat.tobytes() == before.params.flat.tobytes()


def test_trouble_with_one_file_is_forgotten_with_the_next(visit: Visit, home: Path) -> None:
    person = visit()
    drop(person, home / "gone.json")
    assert person.window.messages.level == "error"
    table = home / "points.csv"
    table.write_text("x,y\n1,2\n2,4\n3,6\n4,8\n", encoding="utf-8")
    drop(person, table)
    assert not person.window.messages.isVisible()


def test_picture_without_an_ending_is_a_png(visit: Visit, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(home / "window"), ""))
    person = visit()
    person.do("file.picture")
    assert (home / "window.png").read_bytes().startswith(b"\x89PNG")
    assert person.window.messages.level == "good"


def test_title_stands_in_the_middle_of_a_higher_menu_bar(visit: Visit) -> None:
    person = visit()
    for command in ("view.text.larger", "view.text.larger", "view.text.larger", "view.text.normal"):
        person.do(command)
        bar = person.window.menuBar()
        person.wait(lambda bar=bar: abs(person.window._title.height() - bar.height()) <= 2)
        title = person.window._title.geometry()
        assert abs(title.center().y() - bar.rect().center().y()) <= 2
