"""How a person gets in: the start page with its three doors, the exercise sheet, and names of one's own.

All of it is made when it is wanted for the first time, so that the window is up sooner.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPoint, Qt, QTimer
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QMessageBox

from bpstudio.insight.elements import Edge, Element, Target, Unit
from ui import dialogs, language
from ui.actions import Actions
from ui.document import Document
from ui.focus import Focus
from ui.language import tr
from ui.main_window import MainWindow
from ui.navigation import Navigation
from ui.panels.left_behind import Rescue
from ui.panels.start_page import Link, StartPage
from ui.recovery import Recovery
from ui.runner import Runner
from ui.shortened import as_read

if TYPE_CHECKING:
    from ui.panels.sheet import ExerciseWindow

FIRST_LESSON = "mazur"
MOST_RECENT = 4


@dataclass(frozen=True)
class Ways:
    """What other commands do, which the page offers too: open a file, go on with a run, open a lesson."""

    open_path: Callable[[Path], None]
    resume: Callable[[Path], None]
    open_lesson: Callable[[str], None]
    lessons: Sequence[QAction]


class Doors:
    """Connects the commands that lead in."""

    def __init__(
        self,
        window: MainWindow,
        actions: Actions,
        focus: Focus,
        runner: Runner,
        navigation: Navigation,
        document: Document,
        recovery: Recovery,
        ways: Ways,
    ) -> None:
        self._window, self._actions, self._focus, self._runner = window, actions, focus, runner
        self._navigation, self._document, self._recovery, self._ways = navigation, document, recovery, ways
        self._page: StartPage | None = None
        self._sheet: ExerciseWindow | None = None
        self._kept: Path | None = None
        self._first = False
        self._seen: tuple[object, ...] = ()
        self.extend_menu: Callable[[QMenu], None] = lambda menu: None
        """Puts more into the menu of a unit or a weight."""
        actions.connect("file.start", self.show_page)
        actions.connect("file.sheet", self.show_sheet)
        actions.connect("network.sheet", partial(self.show_sheet, present=True))
        actions.connect("edit.rename", self.rename)
        window.canvas.menu_wanted.connect(self._show_menu)
        window.inspector.ask_for_names(self.rename)
        focus.changed.connect(self._follow)
        runner.frame_arrived.connect(self._follow)
        window.take_file = self._take_file
        self._may_close, window.may_close = window.may_close, self.may_close

    @property
    def page(self) -> StartPage | None:
        """The start page, once it was wanted."""
        return self._page

    @property
    def sheet(self) -> ExerciseWindow | None:
        """The window of the exercise sheet, once it was opened."""
        return self._sheet

    # ---- the page

    def greet(self) -> None:
        """The page at a start without a file, with what was kept of runs before."""
        kept = self._recovery.last_session
        self._kept = kept if kept.is_file() else None
        self.show_page()
        left_behind = self._page is not None and bool(self._page.left_behind.rows)
        self._first = self._kept is None and not left_behind and self._window.tour.wanted()

    def remind(self) -> None:
        """At a start with something else: say it if runs were left behind."""
        offers = self._recovery.offers()
        if offers:
            text = tr("Work that was not saved before bpstudio ended is still here.")
            self._window.messages.say("warning", text, tr("Show it"), self.show_page)

    def show_page(self) -> None:
        """Cover the network with the page."""
        self._navigation.pause()
        if self._page is None:
            self._page = self._window.start_page = StartPage(
                self._window.center, self.go_through, self._offers, self._left, self._rescues
            )
        self._seen = self._state()
        self._page.open()

    def go_through(self, door: str) -> None:
        """Through the door of a worked example, of an exercise sheet, or of one's own data."""
        if door == "data":
            # Who closes the dialog without a file stands before the doors again.
            self._actions["data.open"].trigger()
            opened = self._window.data.data_window
            if opened is None or not opened.isVisible():
                return
        elif door == "sheet":
            self.show_sheet()
        self._close()
        if door == "example" and (self._document.modified or self._document.name != FIRST_LESSON):
            self._ways.open_lesson(FIRST_LESSON)
        self._begin_tour()

    def _offers(self) -> tuple[Sequence[Sequence[Link]], Link | None]:
        lessons = [Link(as_read(action.text()), partial(self._way, action.trigger)) for action in self._ways.lessons]
        sheet = [Link(tr("The present network as a sheet"), partial(self._way, partial(self.show_sheet, present=True)))]
        sheet += [
            Link(path.name, partial(self._way, partial(self._ways.open_path, path)), str(path))
            for path in self._document.recent[:MOST_RECENT]
        ]
        points = tr("Circle, XOR, spirals, clouds, moons or a sine, with noise and seed")
        data = [Link(tr("Make points"), partial(self._way, self._make_points), points)]
        kept = self._kept
        if kept is None or not kept.is_file():
            return (lessons, sheet, data), None
        when = written_at(datetime.datetime.fromtimestamp(kept.stat().st_mtime))
        resume = Link(tr("Go on with your last session"), partial(self._resume, kept), when)
        return (lessons, sheet, data), resume

    def _way(self, act: Callable[[], object]) -> None:
        """One of the smaller ways in."""
        self._close()
        act()

    def _rescues(self) -> Sequence[Rescue]:
        """Runs that processes left behind which could not clean up."""
        found = []
        for offer in self._recovery.offers():
            what, act = offer.description, partial(self._resume, offer.path)
            if what is None:
                found.append(Rescue(offer.path.name, offer.problem, None, partial(self._discard, offer.path, "")))
                continue
            title = what.wording.within(language.current()) or what.title or tr("Untitled")
            parts = [tr("step {step}", step=f"{what.steps:,}")]
            parts += [tr("{count} branches", count=what.branches)] if what.branches > 1 else []
            line = " · ".join((*parts, written_at(what.saved)))
            found.append(Rescue(title, line, act, partial(self._discard, offer.path, title)))
        return found

    def _discard(self, path: Path, title: str) -> None:
        box = QMessageBox(self._window)
        box.setWindowTitle("bpstudio")
        box.setText(tr("Throw away what was kept of “{title}”?", title=title or path.name))
        box.setInformativeText(tr("It is nowhere else, and this cannot be undone."))
        box.setStandardButtons(QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        if box.exec() == QMessageBox.StandardButton.Discard:
            self._recovery.discard(path)
            if self._page is not None:
                self._page.offer_rescues()

    def _resume(self, kept: Path) -> None:
        self._kept = None
        self._close()
        self._ways.resume(kept)

    def _make_points(self) -> None:
        self._window.toggle_panel("left", True)
        self._actions["view.left"].setChecked(True)
        self._window.data.make.setChecked(True)
        self._window.data.generator.generator.setFocus()

    def _take_file(self, path: Path) -> None:
        self._close()
        self._ways.open_path(path)

    def _begin_tour(self) -> None:
        first, self._first = self._first, False
        if first:
            self._window.tour.begin()

    def _close(self) -> None:
        if self._page is not None:
            self._page.leave()

    def _left(self) -> None:
        """The page is gone: the keyboard belongs to the network, and the run of last time is offered once more."""
        self._window.canvas.setFocus()
        kept, self._kept = self._kept, None
        page = self._page
        if page is not None and page.left_behind.rows and not page.left_behind.is_decided:
            QTimer.singleShot(0, self.remind)
        elif kept is not None:
            # After what the door does: opening a file takes messages away that are not about it.
            QTimer.singleShot(0, lambda: self._offer(kept))

    def _offer(self, kept: Path) -> None:
        self._window.messages.say(
            "good", tr("Your last session is still here."), tr("Go on with it"), lambda: self._ways.resume(kept)
        )

    def _follow(self, *_: object) -> None:
        """Who presses a button beside the page has begun: it does not stand in the way."""
        if self._page is not None and not self._page.isHidden() and self._state() != self._seen:
            self._close()

    def _state(self) -> tuple[object, ...]:
        focus, frame = self._focus, self._runner.frame
        run: tuple[object, ...] = () if frame is None else (frame.step, frame.run, id(frame.dataset), frame.experiment)
        return (focus.selection, focus.playhead, focus.playing_walk, *run)

    # ---- the sheet

    def show_sheet(self, present: bool = False) -> None:
        """Open the exercise sheet as it was left, or with the present network on it."""
        from ui.panels.sheet import ExerciseWindow  # here, so that the main window is up sooner

        if self._sheet is None:
            self._sheet = ExerciseWindow(self._document, self._runner, self._focus, self._window)
        if present:
            self._sheet.take_present()
        self._sheet.show()
        self._sheet.raise_()
        self._sheet.activateWindow()

    def may_close(self) -> bool:
        """Ask about what was typed on the sheet and never worked, then about everything else; False: stay."""
        sheet = self._sheet
        if sheet is not None and sheet.is_unworked:
            box = QMessageBox(self._window)
            box.setWindowTitle("bpstudio")
            box.setText(tr("Throw away what you have typed on the exercise sheet?"))
            box.setInformativeText(tr("“{title}” was not worked yet, so it is nowhere else.", title=sheet.sheet.title))
            box.setStandardButtons(QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel)
            box.setDefaultButton(QMessageBox.StandardButton.Cancel)
            if box.exec() != QMessageBox.StandardButton.Discard:
                self.show_sheet()
                return False
            sheet.settle()
        return self._may_close()

    # ---- names

    def _show_menu(self, at: QPoint) -> None:
        """What can be done with the thing that was clicked with the other button."""
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([self._actions[id] for id in ("edit.rename", "edit.type", "edit.copy")])
        menu.addSeparator()
        self.extend_menu(menu)
        menu.popup(at)

    def rename(self, element: Element | None = None) -> None:
        """Ask what the selected unit, weight, bias or target is to be called."""
        frame = self._runner.frame
        if element is None and frame is not None:
            element = self._window.inspector.subject(frame)
        if isinstance(element, Unit | Edge | Target) and frame is not None:
            network = frame.experiment.network
            dialogs.Rename(self._document, self._focus, element, network, self._window).open()
        else:
            self._window.messages.say("warning", tr("Select a unit or a weight first, then give it a name."))


def written_at(when: datetime.datetime) -> str:
    """A moment as a person reads it."""
    return f"{when.astimezone():%Y-%m-%d %H:%M}"
