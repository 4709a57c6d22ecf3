"""What runs left behind that ended before they were saved: each with its name and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QSize
from PyQt6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from ui import theme
from ui.language import tr

MOST = 3
"""So many are shown at once, the newest; the others follow when these are decided about."""


@dataclass(frozen=True)
class Rescue:
    """A run that was left behind: what it is called, a line about it, and what brings it back (None: it cannot be
    read) or throws it away.
    """

    title: str
    line: str
    recover: Callable[[], object] | None
    discard: Callable[[], object]


class LeftBehind(QFrame):
    """A card with a line for each run. It hides itself while there is none, or when somebody looks later."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.is_decided = False
        """Whether a person has chosen one of them, or to look later."""
        self.rows: list[tuple[QPushButton | None, QPushButton]] = []
        """For each run the buttons that bring it back and throw it away."""
        self._sign, self.words = QLabel(), QLabel()
        self.words.setProperty("letters", "bold")
        self.later = QPushButton()
        self.later.setProperty("role", "flat")
        self.later.clicked.connect(self._look_later)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self._sign)
        top.addWidget(self.words, 1)
        top.addWidget(self.later)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(8)
        column.addLayout(top)
        column.addLayout(self._grid)
        self.hide()

    @property
    def buttons(self) -> list[QPushButton]:
        """All that can be pressed, from above."""
        return [*(each for row in self.rows for each in row if each is not None), *([self.later] if self.rows else [])]

    def show_rescues(self, rescues: Sequence[Rescue]) -> None:
        """Show these, the newest first."""
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.rows = []
        for place, rescue in enumerate(rescues[:MOST]):
            title, line = QLabel(rescue.title), QLabel(rescue.line)
            line.setProperty("role", "secondary")
            for label in (title, line):
                label.setWordWrap(True)
            words = QWidget()
            told = QVBoxLayout(words)
            told.setContentsMargins(0, 0, 0, 0)
            told.setSpacing(0)
            told.addWidget(title)
            told.addWidget(line)
            self._grid.addWidget(words, place, 0)
            recover = None
            if rescue.recover is not None:
                recover = QPushButton()
                recover.setProperty("role", "primary")
                recover.clicked.connect(lambda _, act=rescue.recover: self._decide(act))
                self._grid.addWidget(recover, place, 1)
            discard = QPushButton()
            discard.clicked.connect(lambda _, act=rescue.discard: act())
            self._grid.addWidget(discard, place, 2)
            self.rows.append((recover, discard))
        self.is_decided = False
        self.setVisible(bool(self.rows))
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text in the language in use, and the sign in the colours of the theme."""
        look = theme.current()
        self.words.setText(tr("bpstudio ended before this was saved"))
        self.later.setText(tr("Look later"))
        self.later.setToolTip(tr("It is offered again at the next start, and on this page until then."))
        for recover, discard in self.rows:
            if recover is not None:
                recover.setText(tr("Recover"))
            discard.setText(tr("Discard"))
        size = look.px(18)
        self._sign.setPixmap(look.picture("history", size, look.accent, self.devicePixelRatioF()))
        self._sign.setFixedSize(QSize(size, size))

    def _decide(self, act: Callable[[], object]) -> None:
        self.is_decided = True
        act()

    def _look_later(self) -> None:
        self.is_decided = True
        self.hide()

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() in (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange):
            self.retranslate()
        super().changeEvent(a0)
