"""What the commands about bookmarks and breakpoints do, and the sections of the history that show them.

The sections are made with the panel, and the panel when it is wanted for the first time.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QMenu

from bpstudio.insight.asked import asked
from bpstudio.insight.watchable import conditions_on, flip_of
from bpstudio.training.conditions import Condition
from ui.actions import Actions, shown
from ui.focus import Focus
from ui.history_place import HistoryPlace
from ui.language import tr, translatable
from ui.main_window import MainWindow
from ui.marking import Marking
from ui.navigation import Navigation
from ui.runner import Runner
from ui.shortened import literal

if TYPE_CHECKING:
    from ui.panels.history import HistoryPanel
    from ui.panels.marks import Bookmarks
    from ui.panels.marks_breakpoints import Breakpoints

NO_BOOKMARK = translatable("There is no bookmark yet. {key} marks where you stand.")
MARKED = translatable("Bookmarked: {where}")
STOPS = translatable("Training stops when {condition}.")


class MarkCommands:
    """Connects the commands, and makes the sections."""

    def __init__(
        self,
        window: MainWindow,
        actions: Actions,
        focus: Focus,
        runner: Runner,
        navigation: Navigation,
        history: HistoryPlace,
    ) -> None:
        self._window, self._actions, self._focus, self._runner = window, actions, focus, runner
        self._history = history
        self.marking = Marking(runner, focus, navigation)
        self.bookmarks: Bookmarks | None = None
        self.breakpoints: Breakpoints | None = None
        actions.connect("run.bookmark", self.bookmark)
        actions.connect("run.next_bookmark", partial(self._neighbour, 1))
        actions.connect("run.previous_bookmark", partial(self._neighbour, -1))
        actions.connect("run.breakpoints", self.show_breakpoints)
        window.health.show_breakpoints = self.show_list
        window.data.watch_row = self._watch_row
        window.stop_when = partial(self.show_breakpoints, "typed")
        history.also(self._fill)

    def bookmark(self) -> None:
        """Mark where one stands, and type the note in the history; a presentation is not rearranged for it."""
        frame = self._runner.frame
        if frame is None:
            return
        if self._window.regions.resting:
            self.marking.bookmark()
            where = tr("step {step}", step=f"{frame.step:,}")
            self._window.messages.say("good", tr(MARKED, where=where))
            return
        self._history.show()
        if self.bookmarks is not None and self._history.panel is not None:
            self._history.panel.section("bookmarks").set_open(True)
            self.bookmarks.mark_here(self._window.canvas)

    def show_breakpoints(self, kind: str = "") -> None:
        """Show the breakpoints, with the form for one more."""
        self._history.show()
        if self.breakpoints is not None and self._history.panel is not None:
            self._history.panel.section("breakpoints").set_open(True)
            self.breakpoints.open_form(kind)

    def show_list(self) -> None:
        """Show the breakpoints as they are."""
        self._history.show()
        if self.breakpoints is not None and self._history.panel is not None:
            self._history.panel.section("breakpoints").set_open(True)
            self.breakpoints.reveal()

    def fill_menu(self, menu: QMenu) -> None:
        """What can be marked of the thing that is selected."""
        frame = self._runner.frame
        if frame is None:
            return
        for condition in conditions_on(frame.experiment.network, self._focus.selection):
            self._offer(menu, condition)
        menu.addAction(self._actions["run.bookmark"])

    def _offer(self, menu: QMenu, condition: Condition) -> None:
        frame = self._runner.frame
        assert frame is not None
        words = asked(condition, frame.experiment.network, self._focus.notation).rendered(tr)
        action = menu.addAction(literal(tr("Stop when {condition}", condition=words)))
        if action is not None:
            action.setCheckable(True)
            found = next((each for each in self.marking.breakpoints if each.condition == condition), None)
            action.setChecked(found is not None and found.enabled)
            action.triggered.connect(lambda checked: self._set(condition, checked, words))

    def _set(self, condition: Condition, is_wanted: bool, words: str) -> None:
        found = next((each for each in self.marking.breakpoints if each.condition == condition), None)
        if is_wanted:
            self.marking.add(condition)
            self._window.messages.say("good", tr(STOPS, condition=words), tr("Breakpoints…"), self.show_list)
        elif found is not None:
            self.marking.remove(found.number)

    def _watch_row(self, menu: QMenu, row: int) -> None:
        """What can be stopped at of a row of the data."""
        frame = self._runner.frame
        flip = flip_of(frame.dataset, row) if frame is not None else None
        if flip is not None:
            self._offer(menu, flip)

    def _neighbour(self, by: int) -> None:
        if not self.marking.neighbour(by):
            self._window.messages.say("warning", tr(NO_BOOKMARK, key=shown("Ctrl+B")))

    def _fill(self, panel: HistoryPanel) -> None:
        from ui.panels.marks import Bookmarks
        from ui.panels.marks_breakpoints import Breakpoints
        from ui.panels.marks_events import Events

        self.bookmarks = Bookmarks(self.marking, self._runner, self._focus)
        self.breakpoints = Breakpoints(self.marking, self._focus)
        panel.add_section("bookmarks", translatable("Bookmarks"), self.bookmarks)
        panel.add_section("breakpoints", translatable("Breakpoints"), self.breakpoints)
        panel.add_section("events", translatable("Events"), Events(self.marking, self._focus))
