"""Where the past of the run is: a panel at the right edge of the window, when Ctrl+H asks for it.

The panel is made when it is wanted for the first time. What is said about the past while it is not seen (a branch has
begun) is said here too, once, in the line of messages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bpstudio.insight import branches
from bpstudio.training.frame import Frame
from ui.actions import Actions
from ui.focus import DIFFERENCE, Focus
from ui.language import tr, translatable
from ui.main_window import MainWindow
from ui.runner import Runner

if TYPE_CHECKING:
    from ui.panels.history import HistoryPanel
    from ui.panels.undo_list import UndoList

COMMAND = "view.history"
FUTURE_STAYS = translatable("The old future stays as branch “{name}”.")
RUN_STAYS = translatable("What was trained before stays as branch “{name}”.")
GESTURES = (translatable("branch"), translatable("rename branch"), translatable("delete branch"))
"""What the session calls its gestures with branches."""
LONGEST = 40
"""Characters of a branch's name in the line of messages."""
ONLY_ONE = translatable(
    "There is only one branch yet. Go back, change something and train: the old future stays, to compare with."
)


class HistoryPlace:
    """Connects the commands about the past, makes the panel, and tells of new branches."""

    def __init__(self, window: MainWindow, actions: Actions, focus: Focus, runner: Runner) -> None:
        self._window, self._actions, self._focus, self._runner = window, actions, focus, runner
        self.panel: HistoryPanel | None = None
        self._undo: UndoList | None = None
        self._known: tuple[int, frozenset[int]] | None = None
        self._told = ("", 0)
        self._fillers: list[Callable[[HistoryPanel], None]] = []
        actions.connect(COMMAND, self._asked)
        actions.connect("edit.history", self.show_undo)
        actions.connect("view.color_difference", self.color)
        runner.frame_arrived.connect(self._follow)
        window.timeline.steps.branch.show_tree = self.show

    @property
    def shown(self) -> bool:
        """Whether the panel can be seen."""
        return self.panel is not None and self.panel.isVisible()

    def show(self, wanted: bool = True) -> None:
        """Unfold the panel, or fold it."""
        if wanted:
            self._made()
            self._window.messages.withdraw(self._told[0])
        self._window.toggle_panel("history", wanted)

    def also(self, fill: Callable[[HistoryPanel], None]) -> None:
        """Let somebody else put sections into the panel when it is made: not before the first frame."""
        self._fillers.append(fill)

    def show_undo(self) -> None:
        """Show the list of gestures, with the keyboard in it."""
        self.show()
        self._made().section("undo").set_open(True)
        if self._undo is not None:
            self._undo.take_keyboard()

    def color(self) -> None:
        """Colour the network by its difference from the compared branch, or from the one that suggests itself."""
        frame = self._runner.frame
        if frame is None:
            return
        if frame.compared in (None, frame.branch):
            other = _suggested(frame)
            if other is None:
                self._actions[f"view.color_{self._focus.color}"].setChecked(True)
                self._window.messages.say("warning", tr(ONLY_ONE))
                return
            self._runner.compare(other)
        self._focus.set(color=DIFFERENCE)

    def _made(self) -> HistoryPanel:
        if self.panel is not None:
            return self.panel
        from ui.panels.branches import Branches  # here, so that the window is up sooner
        from ui.panels.history import HistoryPanel
        from ui.panels.undo_list import UndoList

        panel = self.panel = HistoryPanel()
        panel.add_section(
            "branches", translatable("Branches"), Branches(self._runner, self._window.messages.say, self.color)
        )
        for fill in self._fillers:
            fill(panel)
        self._undo = UndoList(self._runner)
        panel.add_section("undo", translatable("Undo and redo"), self._undo)
        self._window.fill_history(panel)
        return panel

    def _asked(self) -> None:
        """Ctrl+H: show the panel with the keyboard in it; from there fold it, the keyboard to the network."""
        self.show(not self.shown)
        if self.shown and self.panel is not None:
            self.panel.take_keyboard()
        else:
            self._window.canvas.setFocus()

    def _follow(self, frame: Frame) -> None:
        """Tell that a change has begun a branch; take it back when the branch has gone. With the first frame comes the
        panel, if it was open when the window closed last.
        """
        if self._known is None and "history" in self._window.regions.wish.open:
            self._made()
        numbers = frozenset(branch.number for branch in frame.branches)
        before, self._known = self._known, (frame.branch, numbers)
        text, number = self._told
        if text and number not in numbers:
            self._window.messages.withdraw(text)
            self._told = ("", 0)
        if before is None or frame.branch in before[1] or before[0] not in numbers:
            return
        new = next(branch for branch in frame.branches if branch.number == frame.branch)
        is_made = new.cause == frame.undo and frame.redo is None  # and not found again by undo, or in a file
        if new.cause == branches.BY_HAND or not is_made or self.shown:
            return
        name = branches.title(frame.branches, before[0], tr)
        name = name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"
        text = tr(FUTURE_STAYS if new.parent is not None else RUN_STAYS, name=name)
        self._told = (text, new.number)
        self._window.messages.say("good", text, tr("History"), self.show)


def _suggested(frame: Frame) -> int | None:
    """The branch to compare with when nobody has chosen: the one that was left for this one, else the newest other."""
    here = next(branch for branch in frame.branches if branch.number == frame.branch)
    others = [branch.number for branch in frame.branches if branch.number != frame.branch]
    return here.parent if here.parent in others else others[-1] if others else None
