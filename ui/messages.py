"""One line for what has to be said: an edit that was refused, a file that was saved, the run of last time.

Never modal. A good message goes by itself, the others stay until they are closed or the next one comes. A sign stands
before the words: the colour is not the only difference.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, QSize, Qt, QTimer
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget
from typing_extensions import override

from ui import theme
from ui.language import tr

LEVELS = {"good": "✓", "warning": "!", "error": "✕"}
WORKING = "…"
"""The sign of something that goes on."""
GOOD_MS = 6000


class Messages(QFrame):
    """A strip with a sign, words, what can be done about it, and a cross."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level = "good"
        self._sign = QLabel()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._act: Callable[[], object] | None = None
        self.button = QPushButton()
        self.button.clicked.connect(self._do)
        self._close = QToolButton()
        self._close.setProperty("role", "flat")
        self._close.clicked.connect(self.hide)
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(GOOD_MS)
        self._clock.timeout.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 5, 10, 5)
        row.setSpacing(10)
        row.addWidget(self._sign)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        row.addWidget(self._close)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)  # a tall window makes it no taller
        self.hide()
        self._retranslate()

    @property
    def level(self) -> str:
        """How serious what is shown is: good, warning or error."""
        return self._level

    def say(self, level: str, text: str, offer: str = "", act: Callable[[], object] | None = None) -> None:
        """Show a message; `offer` is the text of a button that does `act`."""
        self._level = level
        for widget in (self, self._sign):
            widget.setProperty("role", f"message-{level}" if widget is self else level)
            style = widget.style()
            if style is not None:
                style.polish(widget)
        self._sign.setText(LEVELS[level])
        self.words.setText(text)
        self._act = act
        self.button.setText(offer)
        self.button.setVisible(bool(offer))
        self.retint()
        self.show()
        self._clock.stop()
        if level == "good" and act is None:
            self._clock.start()

    def report(self, text: str, offer: str, act: Callable[[], object]) -> None:
        """Say how far something is that takes long; said again, only the words change."""
        if self.isHidden() or self.button.text() != offer or self._level != "good":
            self.say("good", text, offer, act)
        self._sign.setText(WORKING)
        self.words.setText(text)
        self._act = act

    def end_report(self) -> None:
        """What took long is done; another message that came meanwhile stays."""
        if self._sign.text() == WORKING:
            self.hide()

    def withdraw(self, text: str) -> None:
        """Take a message back that is no longer true; another one that came after it stays."""
        if self.words.text() == text:
            self.hide()

    def retint(self) -> None:
        """Draw the cross in the colours of the theme in use."""
        look = theme.current()
        self._close.setIcon(look.icon("x"))
        self._close.setIconSize(QSize(look.px(14), look.px(14)))

    def _do(self) -> None:
        act, self._act = self._act, None
        self.hide()
        if act is not None:
            act()

    def _retranslate(self) -> None:
        self._close.setToolTip(tr("Close"))
        self._close.setAccessibleName(tr("Close"))

    @override
    def changeEvent(self, event: QEvent | None) -> None:
        if event is not None and event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        elif event is not None and event.type() == QEvent.Type.PaletteChange:
            self.retint()
        super().changeEvent(event)
