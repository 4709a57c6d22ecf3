"""The toolbar: moves through the run, how big and how fast they are, and the numbers of the run."""

from __future__ import annotations

import math

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QWidget
from typing_extensions import override

from bpstudio.training.frame import Frame
from ui import theme
from ui.actions import Actions
from ui.focus import GRAINS, Focus
from ui.language import tr
from ui.navigation import PACES, SPEEDS, Navigation, nearest
from ui.status import Status

ROOMY = 1440
"""Pixels from which on everything fits at its best size."""
NUMBERS = 190
"""Pixels that the numbers of the run need at least."""
TRANSPORT = (
    ("run.beginning", "skip-back"),
    ("run.previous_beat", "step-back"),
    ("run.play", "play"),
    ("run.next_beat", "step-forward"),
    ("run.end", "skip-forward"),
)


class Toolbar(QWidget):
    """One row under the menu. Its buttons do not take the keyboard from the canvas when they are clicked."""

    def __init__(
        self, actions: Actions, focus: Focus, navigation: Navigation, status: Status, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._actions = actions
        self._focus = focus
        self._navigation = navigation
        self._shown: tuple[object, ...] = ()
        self.setObjectName("toolbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._buttons = {id: self._button(id) for id, _ in TRANSPORT}
        self._buttons["run.play"].setProperty("primary", True)
        self._grains = {grain: self._segment(grain) for grain in GRAINS}
        self.grain = self._grain_menu()
        self._speed_name = QLabel()
        self._speed_name.setProperty("role", "secondary")
        self._speed = QSlider(Qt.Orientation.Horizontal)
        self._speed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._speed.setPageStep(1)
        self._speed.valueChanged.connect(self._choose_speed)
        self._speed_value = QLabel()
        self.status = status
        self._lay_out()
        focus.changed.connect(self.refresh)
        self.retint()
        self.retranslate()

    def show_frame(self, frame: Frame) -> None:
        """Show the numbers, and whether it plays."""
        self.status.show_frame(frame)
        self.refresh()

    def refresh(self) -> None:
        """Show how the run is moved through at the moment."""
        focus = self._focus
        playing = self._navigation.playing
        shown = (focus.grain, focus.speed, focus.pace, playing)
        if shown == self._shown:
            return
        training = focus.grain == "step"
        for grain, button in self._grains.items():
            button.setChecked(grain == focus.grain)
            self._actions[f"run.grain_{grain}"].setChecked(grain == focus.grain)
        self.grain.setText(f"{self._grains[focus.grain].text()} ▾")
        values = PACES if training else SPEEDS
        value = focus.pace if training else focus.speed
        self._shown = ()
        self._speed.setRange(0, len(values) - 1)
        self._speed.setValue(nearest(values, value))
        if not training:
            self._speed_value.setText(f"{value:g}×")
        elif value == math.inf:
            self._speed_value.setText(tr("full"))
        else:
            self._speed_value.setText(tr("{count} /s", count=f"{value:g}"))
        self._paint_play(playing)
        self._shown = shown

    def retint(self) -> None:
        """Draw the icons in the colours of the theme in use, and measure again."""
        look = theme.current()
        for id, icon in TRANSPORT:
            if id != "run.play":
                self._buttons[id].setIcon(look.icon(icon, filled=True))
            self._buttons[id].setIconSize(QSize(look.px(19), look.px(19)))
        self._speed_value.setFont(look.font(13, mono=True))
        self._speed_value.setMinimumWidth(self._speed_value.fontMetrics().horizontalAdvance("0.25×"))
        self.setFixedHeight(look.px(29) + 2 + round(15 * look.scale**0.5))
        self._fit()
        self._paint_play(self._navigation.playing)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        for id, button in self._buttons.items():
            button.setToolTip(self._actions[id].toolTip())
            button.setAccessibleName(self._actions[id].text())
        for grain, button in self._grains.items():
            action = self._actions[f"run.grain_{grain}"]
            button.setText(action.text())
            button.setToolTip(action.toolTip())
        self.grain.setToolTip(tr("How much one press walks over"))
        self._speed_name.setText(tr("Speed"))
        self._speed.setAccessibleName(tr("Speed"))
        self._speed.setToolTip(tr("How fast beats, or training steps, follow each other (Ctrl+↑, Ctrl+↓)"))
        self._shown = ()
        self.refresh()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(8)
        for button in self._buttons.values():
            row.addWidget(button)
        row.addSpacing(4)
        self._segments = QFrame()
        self._segments.setProperty("role", "segments")
        segments = QHBoxLayout(self._segments)
        segments.setContentsMargins(2, 2, 2, 2)
        segments.setSpacing(0)
        for button in self._grains.values():
            segments.addWidget(button)
        row.addWidget(self._segments, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.grain, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(8)
        row.addWidget(self._speed_name)
        row.addWidget(self._speed)
        row.addWidget(self._speed_value)
        row.addSpacing(10)
        row.addWidget(self.status, 1)

    def _fit(self) -> None:
        """In a narrow window the numbers need the room more than the slider does, and the four grains are a menu."""
        look = theme.current()
        wide = self.width() >= look.px(ROOMY)
        self._speed_name.setVisible(wide)
        self._speed.setFixedWidth(look.px(112 if wide else 64))
        moves = sum(button.sizeHint().width() + 8 for button in self._buttons.values()) + 60
        speed = self._speed.width() + self._speed_value.sizeHint().width() + 16
        room = self.width() - moves - look.px(NUMBERS)
        whole = room >= self._segments.sizeHint().width() + speed
        self._segments.setVisible(whole)
        self.grain.setVisible(not whole)
        slides = whole or room >= self.grain.sizeHint().width() + speed
        self._speed.setVisible(slides)
        self._speed_value.setVisible(slides)

    def _button(self, id: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "transport")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAutoRepeat(id in ("run.previous_beat", "run.next_beat"))
        button.clicked.connect(self._actions[id].trigger)
        return button

    def _segment(self, grain: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "segment")
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(self._actions[f"run.grain_{grain}"].trigger)
        if not hasattr(self, "_group"):
            self._group = QButtonGroup(self)
        self._group.addButton(button)
        return button

    def _grain_menu(self) -> QToolButton:
        """The four grains behind one button, for a window without room for four."""
        button = QToolButton()
        button.setProperty("role", "flat")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        for grain in GRAINS:
            menu.addAction(self._actions[f"run.grain_{grain}"])
        button.setMenu(menu)
        return button

    def _paint_play(self, playing: bool) -> None:
        look = theme.current()
        name = "pause" if playing else "play"
        self._buttons["run.play"].setIcon(look.icon(name, look.on_accent, filled=True))
        self._buttons["run.play"].setAccessibleName(tr("Pause") if playing else tr("Play"))

    def _choose_speed(self, index: int) -> None:
        if not self._shown:
            return
        if self._focus.grain == "step":
            self._focus.set(pace=PACES[index])
        else:
            self._focus.set(speed=SPEEDS[index])

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def changeEvent(self, event: QEvent | None) -> None:
        if event is not None and event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event is not None and event.type() == QEvent.Type.PaletteChange:
            self.retint()
        super().changeEvent(event)
