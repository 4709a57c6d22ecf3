"""A view that follows the run at about 10 pictures a second, and does nothing while nobody can see it.

Frames arrive up to sixty times a second and a curve needs a tenth of that: the first frame after a pause is drawn at
once, so that a single step shows without delay, and a stream of frames is drawn every 100 ms, the newest last. A hidden
view keeps the newest frame and remembers that it is stale.
"""

from __future__ import annotations

from collections.abc import Hashable

from PyQt6.QtCore import QElapsedTimer, QEvent, Qt, QTimer
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from bpstudio.training.frame import Frame
from ui.focus import Focus

INTERVAL = 100
"""Milliseconds between two pictures of a running training."""


class LiveView(QWidget):
    """Shows the newest frame. What is shown is written by `draw`, in a subclass."""

    def __init__(self, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.focus = focus
        self.frame: Frame | None = None
        self.paced = False
        """Whether somebody else says when it draws while training runs (see `wait`)."""
        self._stale = True
        self._dressed = False
        self._looked_at: Hashable = None
        self._since = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.refresh)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        focus.changed.connect(self._focus_changed)

    def show_frame(self, frame: Frame) -> None:
        """Show this frame, now or within a tenth of a second."""
        self.frame = frame
        self.mark_stale()

    def mark_stale(self) -> None:
        """What is on the screen is old: draw it again soon, once, however often this is called."""
        self._stale = True
        if not self.isVisible() or self._timer.isActive():
            return
        if self.paced and self.frame is not None and self.frame.run == "running":
            return
        wait = INTERVAL - self._waited
        if wait > 0:
            self._timer.start(wait)
        else:
            self.refresh()

    @property
    def wait(self) -> int:
        """For how many milliseconds it could have been drawn again; below 0: not yet, or nobody sees it."""
        return self._waited - INTERVAL if self._stale and self.isVisible() else -1

    @property
    def _waited(self) -> int:
        return int(self._since.elapsed()) if self._since.isValid() else INTERVAL

    def refresh(self) -> None:
        """Draw now, whatever the clock says, unless the view is hidden."""
        if not self.isVisible():
            return
        self._timer.stop()
        self._stale = False
        self._looked_at = self.concern()
        self._since.start()
        self.draw()

    def draw(self) -> None:
        """Bring what is shown up to date with `self.frame` (None before the first one)."""
        raise NotImplementedError

    def concern(self) -> Hashable:
        """What this view reads of the focus: it is drawn again only when this changes."""
        return ()

    def retranslate(self) -> None:
        """Set every text again: the language, the theme or the size of text has changed."""

    def _focus_changed(self) -> None:
        if self.concern() != self._looked_at:
            self.mark_stale()

    @override
    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        if not self._dressed:
            self._dressed = True
            self.retranslate()
        if self._stale:
            self.refresh()

    @override
    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() in (
            QEvent.Type.LanguageChange,
            QEvent.Type.PaletteChange,
            QEvent.Type.FontChange,
        ):
            if self._dressed:
                self.retranslate()
            self.mark_stale()
