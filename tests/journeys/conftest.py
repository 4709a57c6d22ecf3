"""A person at the real window: the whole application, a real session, keys and mouse."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PyQt6.QtCore import QCoreApplication, QEvent, QPoint, QSettings, QStandardPaths, Qt
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from bpstudio.training.frame import Frame
from ui import language, theme
from ui.app import App, application
from ui.main_window import MainWindow


@dataclass
class Person:
    """Presses keys, clicks, waits, looks."""

    app: App
    qtbot: QtBot

    @property
    def window(self) -> MainWindow:
        return self.app.window

    @property
    def frame(self) -> Frame:
        assert self.app.runner.frame is not None
        return self.app.runner.frame

    @property
    def playhead(self) -> int:
        return self.app.focus.playhead

    def press(
        self, key: Qt.Key, *modifiers: Qt.KeyboardModifier, times: int = 1, on: QWidget | None = None
    ) -> "Person":
        """A key, on whatever has the focus (the canvas at the beginning). What Space starts is not waited for."""
        held = Qt.KeyboardModifier.NoModifier
        for modifier in modifiers:
            held |= modifier
        for _ in range(times):
            self.qtbot.keyClick(on or QApplication.focusWidget() or self.window.canvas, key, held)
            if key != Qt.Key.Key_Space:
                self.settle()
        return self

    def click(self, widget: QWidget, at: QPoint | None = None) -> "Person":
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at or widget.rect().center())
        return self.settle()

    def do(self, command: str) -> "Person":
        """A command from the menu."""
        self.app.actions[command].trigger()
        return self.settle()

    def settle(self) -> "Person":
        """Wait until everything has arrived."""
        self.qtbot.waitUntil(lambda: self.app.runner.idle)
        return self

    def wait(self, until: Callable[[], bool]) -> "Person":
        self.qtbot.waitUntil(until)
        return self


@pytest.fixture
def home(tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and state of a person who has never been here."""
    application()
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    monkeypatch.setattr(
        QStandardPaths, "writableLocation", staticmethod(lambda place: str(tmp_path / "state")), raising=True
    )
    return tmp_path


@pytest.fixture
def visit(home: Path, qapp: QApplication, qtbot: QtBot) -> Iterator[Callable[..., Person]]:
    """Start the application; called twice, it is closed and started again."""
    there: list[Person] = []

    def leave() -> None:
        for person in there:
            person.app.close()
            qtbot.waitUntil(lambda: True)
        there.clear()
        # Gone before the next style sheet is put on: over a window that is left, that takes most of a second.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        qapp.setStyleSheet("")

    def start(place: str | Path | None = None, door: str = "example", **options: str) -> Person:
        """At a start without a file through a door of the start page; "" stays before it."""
        leave()
        app = App(qapp, **{"look": "dark", "speech": "en", **options})
        person = Person(app, qtbot)
        there.append(person)
        app.start(place)
        qtbot.waitExposed(app.window)
        app.window.activateWindow()
        person.wait(lambda: app.window.isActiveWindow() and app.window.lesson is not None)
        if place is None and door:
            app.doors.go_through(door)
        if place is not None or door:
            app.window.canvas.setFocus()
        return person.settle()

    yield start
    leave()
    theme.apply(qapp, "dark")
    language.install(qapp, "en")
