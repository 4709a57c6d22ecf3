"""Builds every object once and hands it over: nobody looks anything up, nobody makes a second one.

The order is the order in which frames are heard: first navigation (which walk, which beat), then the document, then the
views.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QCoreApplication, QSettings, Qt, QTimer
from PyQt6.QtGui import QGuiApplication, QIcon
from PyQt6.QtWidgets import QApplication, QWidget

import bpstudio
from bpstudio.files import asset
from bpstudio.files import lesson as lessons
from ui import language, theme
from ui.actions import Actions
from ui.alarm import Alarm
from ui.commands import Commands
from ui.document import Document
from ui.doors import FIRST_LESSON, Doors, Ways
from ui.errors import Errors
from ui.file_commands import FileCommands
from ui.focus import Focus
from ui.garbage import Collector
from ui.history_place import HistoryPlace
from ui.main_window import MainWindow
from ui.mark_commands import MarkCommands
from ui.messages import Messages
from ui.navigation import Navigation
from ui.panels.plain import plain
from ui.preferences import BUDGET
from ui.presentation import Presentation
from ui.recovery import Recovery
from ui.runner import Runner
from ui.table_twin import TableTwin
from ui.writer import Writer

if TYPE_CHECKING:
    from ui.endings import Endings


def application(arguments: list[str] | None = None) -> QApplication:
    """The Qt application, with the name under which settings and logs are kept."""
    QCoreApplication.setApplicationName("bpstudio")
    QCoreApplication.setOrganizationName("bpstudio")
    QCoreApplication.setApplicationVersion(bpstudio.__version__)
    QGuiApplication.setDesktopFileName("bpstudio")
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
        app = QApplication(arguments or sys.argv[:1])
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    app.setWindowIcon(QIcon(str(asset.find("icons/bpstudio.svg"))))
    return app


class App:
    """Everything there is while the window is open."""

    def __init__(self, app: QApplication, look: str = "", speech: str = "") -> None:
        settings = QSettings()
        self.qt = app
        self.errors = Errors()
        self.garbage = Collector()
        kept = _known(settings.value("view/theme", "system", str), tuple(theme.THEMES), "system")
        theme.apply(app, look or kept, settings.value("view/scale", 1.0, float), dressed=False)
        chosen = _known(settings.value("view/language", "system", str), tuple(language.LANGUAGES), "system")
        language.install(app, speech or chosen)
        self.focus = Focus()
        self.focus.set(reduced_motion=settings.value("view/reduced_motion", False, bool))
        self.runner = Runner()
        self.runner.budget = max(settings.value(BUDGET, 0, int), 0) * 2**20
        self.navigation = Navigation(self.focus, self.runner)
        self.messages = Messages()
        self.alarm = Alarm(self.focus, self.runner, self.messages.say, self.messages.withdraw)
        self.writer = Writer(self.runner.rest)
        self.document = Document(self.runner, self.focus, self.messages.say, self.writer)
        self.recovery = Recovery(self.runner, self.document, self.writer, self.messages.say)
        self.actions = Actions()
        self.window = MainWindow(self.focus, self.runner, self.actions, self.navigation, self.document, self.messages)
        self.alarm.heard = self.window.health.isVisible
        self.alarm.is_walked_into = lambda: self.navigation.has_entered
        self.alarm.walk_on = self.navigation.play
        self.window.health.go_on, self.window.health.look = self.alarm.go_on, self.alarm.look
        self.commands = Commands(self.window, self.actions, self.focus, self.runner, self.navigation, self.document)
        self.presentation = Presentation(self.window, self.actions)
        self.tables = TableTwin(self.window, self.actions, self.focus, self.runner)
        self.history = HistoryPlace(self.window, self.actions, self.focus, self.runner)
        self.marks = MarkCommands(self.window, self.actions, self.focus, self.runner, self.navigation, self.history)
        self.files = FileCommands(self.window, self.actions, self.runner, self.navigation, self.document, self.recovery)
        ways = Ways(self.files.open_path, self.files.resume, self.files.open_lesson, self.files.lessons)
        self.doors = Doors(
            self.window, self.actions, self.focus, self.runner, self.navigation, self.document, self.recovery, ways
        )
        self.doors.extend_menu = self.marks.fill_menu
        theme.dress(app)
        self.endings: Endings | None = None
        self._closed = False
        self.runner.failed.connect(self._refused)
        app.focusChanged.connect(self._guard)

    def start(self, place: str | Path | None = None) -> None:
        """Show the window with a lesson, a file, or what stands at the beginning."""
        first = place if isinstance(place, str) else FIRST_LESSON
        self.document.show(lessons.load(first), name=first)
        if place is None:
            self.doors.greet()
        self.window.show()
        if isinstance(place, Path):
            self.files.open_path(place)
        if place is not None:
            self.doors.remind()

    def heed_endings(self) -> None:
        """Keep what there is to lose when a signal or the end of the desktop session ends the process."""
        from ui.endings import Endings

        self.endings = Endings(self.qt, self.recovery.keep_now)

    def close(self) -> None:
        """End every thread and put the hooks back; the application may go on without the window."""
        if self._closed:
            return
        self._closed = True
        self.qt.focusChanged.disconnect(self._guard)
        self.navigation.pause()
        self.writer.close()
        self.recovery.close()
        self.runner.close()
        if self.endings is not None:
            self.endings.remove()
        self.window.deleteLater()
        self.errors.remove()
        self.garbage.stop()

    def _refused(self, reason: str) -> None:
        self.messages.say("error", plain(reason))

    def _guard(self, _: object, now: QWidget | None) -> None:
        self.actions.guard(now)


def run(place: str | Path | None = None) -> int:
    """Open the window; returns the exit status."""
    qt = application()
    app = App(qt)
    app.start(place)
    # With the first thing that Qt does: the window is on the screen sooner, and there is nothing to lose before.
    QTimer.singleShot(0, app.heed_endings)
    try:
        return qt.exec()
    finally:
        app.close()


def _known(value: str, allowed: tuple[str, ...], otherwise: str) -> str:
    return value if value in allowed else otherwise
