"""The sheet of glass over a pane: it carries the playhead and the read-out, and takes the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from ui import theme as looks
from ui.plots import lettering

if TYPE_CHECKING:
    from ui.plots.pane import Pane

GRAB = 5
"""Pixels beside the playhead in which it can be taken hold of."""


class Glass(QWidget):
    """What lies over the data, and the mouse."""

    def __init__(self, pane: Pane) -> None:
        super().__init__(pane)
        self._pane = pane
        self._from: QPointF | None = None
        self._last = QPointF()
        self._holds_playhead = False
        self._dragged = False
        self.setMouseTracking(True)

    def _near_playhead(self, pixel: QPointF) -> bool:
        pane = self._pane
        if (
            pane.playhead is None
            or not pane.can_pick
            or not QRectF(pane.area).adjusted(-GRAB, 0, GRAB, 0).contains(pixel)
        ):
            return False
        return abs(pane.pixel(pane.playhead, 0.0).x() - pixel.x()) <= GRAB

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._from = self._last = event.position()
        self._holds_playhead = self._near_playhead(event.position())
        self._dragged = False
        # The plot as a whole takes the keyboard: the glass itself is no place to stand on.
        owner = self._pane.parentWidget()
        if owner is not None:
            owner.setFocus(Qt.FocusReason.MouseFocusReason)

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        at, pane = event.position(), self._pane
        if self._from is None:
            over = self._near_playhead(at)
            self.setCursor(Qt.CursorShape.SplitHCursor if over else Qt.CursorShape.ArrowCursor)
            pane.cursor_moved(at)
            return
        if not self._dragged and (at - self._from).manhattanLength() < 4:
            return
        self._dragged = True
        if self._holds_playhead:
            pane.picked(*pane.position(at))
        else:
            moved = at - self._last
            pane.pan(moved.x(), moved.y())
        self._last = at
        pane.cursor_moved(at)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._from is None or event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
            return
        at, self._from = event.position(), None
        if not self._dragged and self._pane.can_pick and QRectF(self._pane.area).contains(at):
            self._pane.picked(*self._pane.position(at))

    @override
    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None:
            return
        if not self._pane.wheel_zooms and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        at, area = event.position(), self._pane.area
        along = "y" if at.x() < area.left() else "x" if at.y() > area.bottom() else "xy"
        turned = event.angleDelta().y() or event.angleDelta().x()
        if turned:
            self._pane.zoom(0.85 ** (turned / 120.0), self._pane.position(at), along)
        event.accept()

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        super().leaveEvent(event)
        self._pane.cursor_moved(None)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        pane, theme = self._pane, looks.current()
        painter = QPainter(self)
        if pane.message:
            lettering.paint_message(painter, theme, pane.area, pane.message)
        painter.setPen(theme.border)
        painter.drawRect(pane.area.adjusted(0, 0, -1, -1))
        painter.save()
        painter.setClipRect(pane.area)
        pane.paint_under(painter)
        if pane.playhead is not None and not pane.message:
            wide = max(theme.px(2), 1)
            x = round(pane.pixel(pane.playhead, 0.0).x()) - wide // 2
            x = min(max(x, pane.area.left()), pane.area.right() + 1 - wide)
            painter.fillRect(QRect(x, pane.area.top(), wide, pane.area.height()), theme.text)
        painter.restore()
        pane.paint_glass(painter)
        painter.end()
