"""A person at the real window: everything is built as the console script builds it, with settings of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from bpstudio.training.frame import Frame
from ui.app import App, application
from ui.main_window import MainWindow


@dataclass
class Person:
    """Presses keys where the keyboard is, and waits until the window has done what was asked."""

    app: App
    qtbot: QtBot

    @property
    def window(self) -> MainWindow:
        return self.app.window

    @property
    def frame(self) -> Frame:
        """The step that is shown, once nothing is under way."""
        self.qtbot.waitUntil(lambda: self.app.runner.idle and self.app.runner.frame is not None)
        assert self.app.runner.frame is not None
        return self.app.runner.frame

    def press(
        self,
        key: Qt.Key,
        modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
        times: int = 1,
        at: QWidget | None = None,
    ) -> None:
        for _ in range(times):
            widget = at or QApplication.focusWidget() or self.window
            self.qtbot.keyClick(widget, key, modifier)
            self.qtbot.waitUntil(lambda: self.app.runner.idle)


@pytest.fixture
def sit_down(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Callable[..., Person]]:
    """A function that opens the window, with a lesson or a file, and gives the person in front of it."""
    application()
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    people: list[Person] = []

    def open_window(place: str | Path | None = "mazur", theme: str = "dark", language: str = "en") -> Person:
        person = Person(App(qapp, theme, language), qtbot)
        people.append(person)
        person.window.resize(1280, 720)
        person.app.start(place)
        person.window.activateWindow()
        qtbot.waitExposed(person.window)
        qtbot.waitUntil(lambda: person.app.runner.idle and person.window.plots is not None)
        person.window.canvas.setFocus()
        return person

    yield open_window
    for person in people:
        person.window.may_close = lambda: True
        person.window.close()
        person.app.close()
    QApplication.sendPostedEvents()
    qapp.processEvents()
