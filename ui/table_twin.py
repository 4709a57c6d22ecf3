"""Where the table twin is: below the network in the place of the curves, when F4 asks for it.

The canvas stays in sight. The tables want more height than the curves, so each has a height of its own (`ui.folding`),
remembered between two starts. The tables are made when they are wanted for the first time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.actions import Actions
from ui.focus import Focus
from ui.main_window import MainWindow
from ui.runner import Runner

if TYPE_CHECKING:
    from bpstudio.training.frame import Frame
    from ui.panels.twin import Twin

COMMAND = "view.twin"


class TableTwin:
    """Connects the command, and changes curves for tables and back."""

    def __init__(self, window: MainWindow, actions: Actions, focus: Focus, runner: Runner) -> None:
        self._window, self._actions, self._focus, self._runner = window, actions, focus, runner
        self.panel: Twin | None = None
        actions.connect(COMMAND, self._asked)
        actions.connect("view.reset_layout", lambda: self.show(False))
        runner.frame_arrived.connect(self._pass_on)
        self.show(window.regions.wish.tables)

    @property
    def shown(self) -> bool:
        """Whether the tables stand where the curves were."""
        return self.panel is not None and not self.panel.isHidden()

    def show(self, wanted: bool) -> None:
        """Put the tables in the place of the curves, or take them away again."""
        self._actions[COMMAND].setChecked(wanted)
        if wanted == self.shown:
            return
        if self.panel is None:
            self.panel = self._made()
        if not wanted:
            self.panel.hide()  # before the curves come: both together would take more height than each
        self._window.show_tables(wanted)
        self.panel.setVisible(wanted)

    def _made(self) -> Twin:
        from ui.panels.twin import Twin  # here, so that the window is up sooner

        panel = Twin(self._runner, self._focus)
        panel.hide()
        panel.left.connect(self._asked)
        self._window.put_below(panel)
        if self._runner.frame is not None:
            panel.show_frame(self._runner.frame)
        return panel

    def _asked(self) -> None:
        """F4: show the tables with the keyboard in them; from there back to the curves, the keyboard to the canvas."""
        hidden = self.shown and self.panel is not None and not self.panel.isVisible()
        self.show(not self.shown or hidden)
        if self.shown and self.panel is not None:
            self._window.toggle_panel("bottom", True)
            self.panel.take_keyboard()
        else:
            self._window.canvas.setFocus()

    def _pass_on(self, frame: Frame) -> None:
        if self.panel is not None:
            self.panel.show_frame(frame)
