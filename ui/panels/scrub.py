"""A name beside a number that can be dragged sideways to change the number.

A score that is moved while three bars share 1 says more than ten typed ones. The value goes along with the mouse, on a
grid of round numbers, and all places of one drag are one gesture for undo.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PyQt6.QtCore import QEvent, QPointF, Qt
from PyQt6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QLabel, QWidget
from typing_extensions import override

from ui import theme
from ui.language import tr

_DEAD_ZONE = 3
"""Pixels within which a press is still a click."""
_FINER = 10
"""So many times finer with Shift."""


def pixel_decimals(value: float) -> int:
    """Decimals of the change per pixel: 0.01 for numbers up to 100, then about a thousandth of them."""
    exponent = math.floor(math.log10(max(abs(value), 1.0)))
    return 3 - max(exponent, 1)


class Scrub(QLabel):
    """`read` says the value when a drag begins, `change(value, drag)` takes every further one; `drag` is the same for
    all of one drag. `click` is done for a press without a drag.
    """

    def __init__(
        self,
        read: Callable[[], float],
        change: Callable[[float, object], object],
        click: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._read, self._change, self._click = read, change, click
        self._drag: object | None = None
        self._pressed: QPointF | None = None
        self._start = 0.0
        self._way = 0.0
        self._last = 0.0
        self._fine = False
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.setToolTip(tr("Drag sideways to change the value; with Shift in finer steps."))

    def value(self) -> float:
        """Where the drag has come to: the start and its way, on the grid."""
        decimals = pixel_decimals(self._start)
        moved = self._start + self._way * 10.0**-decimals
        return round(moved, decimals + (1 if self._fine else 0))

    @override
    def mousePressEvent(self, ev: QMouseEvent | None) -> None:
        if ev is None or ev.button() != Qt.MouseButton.LeftButton:
            return
        self._pressed, self._drag = ev.position(), None
        self._start = self._last = self._read()
        self._way, self._fine = 0.0, False
        ev.accept()

    @override
    def mouseMoveEvent(self, ev: QMouseEvent | None) -> None:
        if ev is None or self._pressed is None:
            return
        by = ev.position().x() - self._pressed.x()
        if self._drag is None:
            if abs(by) < _DEAD_ZONE:
                return
            self._drag = object()
        fine = bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._fine = self._fine or fine
        self._way += by / (_FINER if fine else 1)
        self._pressed = ev.position()
        value = self.value()
        if value != self._last:
            self._last = value
            self._change(value, self._drag)

    @override
    def mouseReleaseEvent(self, ev: QMouseEvent | None) -> None:
        if self._pressed is not None and self._drag is None:
            self._click()
        self._pressed = self._drag = None

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(a0)

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        super().paintEvent(a0)
        look = theme.current()
        painter = QPainter(self)
        held = self._pressed is not None or self.underMouse()
        pen = QPen(look.accent if held else look.secondary, look.stroke(2 if held else 1), Qt.PenStyle.DotLine)
        painter.setPen(pen)
        name = self.text().removesuffix(" =")
        line = (self.height() + self.fontMetrics().height()) // 2
        painter.drawLine(0, line, self.fontMetrics().horizontalAdvance(name), line)
        painter.end()
