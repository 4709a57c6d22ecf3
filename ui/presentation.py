"""Presentation: the network and one panel on the whole screen, black on white and large, for a projector.

The panel is the scene's text or the explanation; a key changes between them. Page Up and Page Down go through the
lesson's scenes. Whatever happens in here, leaving brings back the layout, the look and the size of text from before.
"""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QRect, QSettings, Qt, QTimer
from PyQt6.QtWidgets import QApplication, QScrollArea, QToolBar, QWidget

from ui import placing, theme
from ui.actions import Actions
from ui.language import tr
from ui.main_window import MainWindow
from ui.panels.scene import ScenePanel

SCALES = {False: 1.5, True: 2.0}
"""Size of text at the first presentation, on a low and a high screen; one that somebody chooses in here is remembered
for the next.
"""
HIGH = 1000
SETTING = "view/presentation_scale"
PANEL = 0.36
"""Share of the width that the panel has."""


@dataclass(frozen=True)
class _Before:
    """What leaving brings back."""

    look: str
    scale: float
    place: QRect
    state: Qt.WindowState
    hidden: tuple[QWidget, ...]
    """What was hidden for the presentation."""
    sizes: tuple[list[int], list[int]]


class Presentation:
    """Connects F11, Esc and the keys of scenes."""

    def __init__(self, window: MainWindow, actions: Actions) -> None:
        self._window, self._actions = window, actions
        self._before: _Before | None = None
        self._shows_text = True
        self._area: QScrollArea | None = None
        actions.connect("view.full_screen", self.toggle)
        actions.connect("view.next_scene", lambda: window.scenes.turn(1))
        actions.connect("view.previous_scene", lambda: window.scenes.turn(-1))
        actions.connect("view.scene_again", window.scenes.back)
        actions.connect("view.swap_panel", self.swap)
        window.leave_presentation = self.leave
        window.rearranged = self._arrange

    @property
    def is_on(self) -> bool:
        """Whether the window presents."""
        return self._before is not None

    def toggle(self) -> None:
        """F11: in, or out again."""
        if not self.leave():
            self.enter()

    def enter(self) -> None:
        """Fill the screen with the network and one panel."""
        window = self._window
        if self.is_on:
            return
        window.regions.resting = True
        others = [window.menuBar(), *window.findChildren(QToolBar), *window.regions.widgets, *window.around_canvas]
        hidden = tuple(each for each in others if each is not None and not each.isHidden())
        self._before = _Before(
            theme.chosen(), theme.current().scale, window.geometry(), window.windowState(), hidden, window.split_sizes()
        )
        for each in hidden:
            each.hide()
        self._shows_text = True
        window.scenes.presented = True
        window.scale_setting = SETTING
        self._actions["view.full_screen"].setChecked(True)
        self._actions.present(True)
        screen = window.screen()
        usual = SCALES[screen is not None and screen.size().height() >= HIGH]
        _apply("presentation", QSettings().value(SETTING, usual, float))
        self._panel()
        window.showFullScreen()
        self._arrange()
        window.canvas.setFocus()
        if not window.scenes.number and window.scenes.scenes:
            window.scenes.visit(1, exact=False)

    def leave(self) -> bool:
        """Bring back what was before; False where nothing was presented."""
        window, before = self._window, self._before
        if before is None:
            return False
        self._before = None
        if self._area is not None:
            self._area.hide()
        window.explanation.hide()
        window.scenes.presented = False
        window.scale_setting = "view/scale"
        self._actions.present(False)
        self._actions["view.full_screen"].setChecked(False)
        # Shown first: what is hidden would keep the sizes that its text had in here.
        for each in before.hidden:
            each.show()
        _apply(before.look, before.scale)
        window.setWindowState(before.state)
        if not before.state & (Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen):
            window.setGeometry(before.place)
        window.regions.resting = False
        window.regions.arrange()
        window.split(before.sizes)
        window.canvas.setFocus()
        return True

    def swap(self) -> None:
        """The scene's text, or the explanation."""
        if self.is_on:
            self._shows_text = not self._shows_text
            self._arrange()

    def _panel(self) -> QScrollArea:
        """The scene beside the network; made when it is wanted for the first time."""
        if self._area is None:
            self._area = placing.scrolled("scene", ScenePanel(self._window.scenes))
            self._window.put_beside(self._area)
            self._area.setAccessibleName(tr("Scene"))
        return self._area

    def _arrange(self) -> None:
        """Give the panel its share, and the legend its room where there is any."""
        if self._before is None:
            return
        window, look = self._window, theme.current()
        area, explanation = self._panel(), window.explanation
        area.setVisible(self._shows_text)
        explanation.setVisible(not self._shows_text)
        width, height = window.width(), window.height()
        beside = round(PANEL * width)
        window.split(([0, width - beside, beside, 0, beside], [height, 0]))
        window.canvas.show_legend(height >= look.px(58 + 64 + 230))
        # Large text is measured again only when this event is over.
        QTimer.singleShot(0, self._split_again)

    def _split_again(self) -> None:
        if self._before is not None:
            width, beside = self._window.width(), round(PANEL * self._window.width())
            self._window.split(([0, width - beside, beside, 0, beside], [self._window.height(), 0]))


def _apply(name: str, scale: float) -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication):
        theme.apply(app, name, scale)
