"""A small picture of a function and its slope, for a place that has no room for a plot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QPainter, QPen, QPolygonF
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from ui import theme
from ui.panels.small_plot import SmallPlot, short

Values = NDArray[np.floating]

_USUAL, _TALLEST = 0.95, 1.5
"""Heights beyond so many times what this share of them keeps to are cut off: a picture of a pole would be one line."""


class SmallCurve(SmallPlot):
    """f (solid) and f′ (dashed) over z, with the lines z = 0 and 0, and the ends of both axes as numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._z: Values = np.zeros(0)
        self._lines: tuple[Values, ...] = ()

    def show_curve(self, z: Values, f: Values, slope: Values) -> None:
        """Draw these; NaN is a gap. Empty arrays leave the frame empty."""
        self._z, self._lines = z, (slope, f)
        self.update()

    @property
    @override
    def is_empty(self) -> bool:
        """Whether nothing is drawn."""
        return not self._z.size

    def heights(self) -> tuple[float, float]:
        """The ends of the upright axis."""
        both = np.concatenate([line[np.isfinite(line)] for line in self._lines]) if self._lines else np.zeros(0)
        if not both.size:
            return -1.0, 1.0
        reach = _TALLEST * (float(np.quantile(np.abs(both), _USUAL)) or 1.0)
        low, high = max(float(both.min()), -reach), min(float(both.max()), reach)
        return (low, high) if high > low else (low - 1.0, high + 1.0)

    @override
    def paint_curve(self, painter: QPainter, area: QRectF, line: float) -> None:
        look, whole = theme.current(), area
        area = whole.adjusted(0, line, 0, -line)
        low, high = self.heights()
        left, right = float(self._z[0]), float(self._z[-1])

        def place(z: float, height: float) -> QPointF:
            x = area.left() + (z - left) / (right - left) * area.width()
            return QPointF(x, area.bottom() - (height - low) / (high - low) * area.height())

        painter.setPen(QPen(look.groove, 1))
        if low < 0 < high:
            painter.drawLine(place(left, 0), place(right, 0))
        if left < 0 < right:
            painter.drawLine(place(0, low), place(0, high))
        pens = (QPen(look.phase["B"], 1.5, Qt.PenStyle.DashLine), QPen(look.phase["F"], 1.5))
        painter.save()
        painter.setClipRect(area.adjusted(-1, -1, 1, 1))
        for pen, heights in zip(pens, self._lines, strict=True):
            painter.setPen(pen)
            for stretch in _stretches(heights):
                points = [place(float(z), float(h)) for z, h in zip(self._z[stretch], heights[stretch], strict=True)]
                painter.drawPolyline(QPolygonF(points))
        painter.restore()
        painter.setPen(look.secondary)
        above = QRectF(whole.left(), whole.top(), whole.width(), line)
        below = QRectF(whole.left(), whole.bottom() - line, whole.width(), line)
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft, short(high))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, short(low))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"z = {short(left)} … {short(right)}")
        names = [("f", pens[1]), ("f′", pens[0])]
        at = whole.right()
        for name, pen in reversed(names):
            width = painter.fontMetrics().horizontalAdvance(name)
            at -= width
            painter.setPen(pen.color())
            painter.drawText(QRectF(at, whole.top(), width + 1, line), Qt.AlignmentFlag.AlignLeft, name)
            at -= 22
            painter.setPen(pen)
            middle = whole.top() + line / 2
            painter.drawLine(QPointF(at + 2, middle), QPointF(at + 18, middle))
            at -= 6


def _stretches(heights: Values) -> list[slice]:
    """The stretches without a gap."""
    known = np.concatenate([[False], np.isfinite(heights), [False]])
    edges = np.flatnonzero(known[1:] != known[:-1])
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
