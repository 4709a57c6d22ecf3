"""Panels that the lesson has locked: read-only, with the reason above them and a way to unlock them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from ui import theme
from ui.actions import Actions
from ui.language import tr
from ui.locks import Locks

COMMANDS: Mapping[str, str] = {
    "network.add_layer": "builder",
    "network.conventions": "training",
    "network.reseed": "training",
    "data.open": "data",
    "file.weights_in": "values",
    "edit.type": "values",
}
"""Which lock takes which command away."""


@dataclass(frozen=True)
class Place:
    """Where a lock is seen: the strip goes into `column` at `index`, and `controls` take no input."""

    column: QVBoxLayout
    index: int
    controls: Sequence[QWidget]


class LockStrip(QFrame):
    """Why a panel is read-only, and the teacher's way out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._sign, self.words, self.button = QLabel(), QLabel(), QPushButton()
        self.words.setWordWrap(True)
        self.button.setProperty("role", "link")
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._sign)
        line.addWidget(self.words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()
        self.retranslate()

    def say(self, reason: str) -> None:
        """Show a reason; nothing is seen of an empty one."""
        self.words.setText(reason)
        self.setVisible(bool(reason))

    def retranslate(self) -> None:
        """Set what is always the same, in the language and the look in use."""
        look = theme.current()
        self._sign.setPixmap(look.icon("lock").pixmap(QSize(look.px(14), look.px(14))))
        self.button.setText(tr("Unlock for this session"))
        self.button.setToolTip(tr("For the teacher: the lesson's file stays locked"))

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() in (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange):
            self.retranslate()
        super().changeEvent(a0)


class LockedPanels:
    """Shows the locks of the open lesson at the panels and commands that they take away."""

    def __init__(self, locks: Locks, actions: Actions, places: Mapping[str, Place]) -> None:
        self._locks, self._actions, self._places = locks, actions, places
        self._tips: dict[str, str] = {}
        self.strips = {name: LockStrip() for name in places}
        for name, place in places.items():
            place.column.insertWidget(place.index, self.strips[name])
            self.strips[name].button.clicked.connect(partial(self._unlock, name))
        locks.listen(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is locked now."""
        for name, place in self._places.items():
            reason = self._locks.reason(name)
            self.strips[name].say(reason)
            for control in place.controls:
                control.setEnabled(not reason)
        for id, name in COMMANDS.items():
            action, reason = self._actions[id], self._locks.reason(name)
            if reason:
                if action.toolTip() != reason:
                    self._tips[id] = action.toolTip()
                action.setToolTip(reason)
            elif id in self._tips:
                action.setToolTip(self._tips.pop(id))
            action.setEnabled(not reason)

    def _unlock(self, name: str, _checked: bool = False) -> None:
        self._locks.unlock(name)
