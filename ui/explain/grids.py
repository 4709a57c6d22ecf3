"""Small pictures of numbers as they lie in an image: a window beside its kernel, a kernel beside its gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from bpstudio.insight.derivation import Grid
from bpstudio.insight.notation import number, rough
from ui import theme
from ui.language import tr

CELL = 44
"""The side of a number at normal text size, where there is room."""
SMALLEST = 10
GAP = 12
LEGIBLE = 24
"""The side from which a number stands in a cell; in smaller ones only a 0 would fit here and there."""
DECIMALS = (4, 3, 2, 1)


class Grids(QWidget):
    """Grids side by side, two in a row, each with its title above it; numbers stand in the cells that hold them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grids: tuple[Grid, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)
        self.hide()

    @property
    def grids(self) -> tuple[Grid, ...]:
        """What is shown."""
        return self._grids

    def show_grids(self, grids: Sequence[Grid], known: bool) -> None:
        """Show these, or nothing of what the walk has not reached."""
        self._grids = tuple(grids) if known else ()
        self.setVisible(bool(self._grids))
        self.setAccessibleName("; ".join(_spoken(grid) for grid in self._grids))
        self._resize()
        self.update()

    def _cell(self) -> float:
        """The side of a cell, the same in all grids."""
        across = max((grid.values.shape[1] for grid in self._grids), default=1)
        room = (max(self.width(), 120) - GAP) / 2 / across
        return max(min(float(theme.current().px(CELL)), room), SMALLEST)

    def _line(self) -> int:
        return theme.current().px(19)

    def _places(self) -> list[QRectF]:
        """Where each grid stands."""
        cell, found, top = self._cell(), [], 0.0
        for first in range(0, len(self._grids), 2):
            pair = self._grids[first : first + 2]
            left = 0.0
            top += self._line()
            for grid in pair:
                rows, columns = grid.values.shape
                found.append(QRectF(left, top, columns * cell, rows * cell))
                left += max(columns * cell, self.width() / 2 - GAP / 2) + GAP
            top += max(grid.values.shape[0] for grid in pair) * cell + 6
        return found

    def _resize(self) -> None:
        places = self._places()
        height = round(max((place.bottom() for place in places), default=0.0)) + 4
        if self.height() != height or self.minimumHeight() != height:
            self.setFixedHeight(height)

    @override
    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._resize()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.minimumHeight())

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        for grid, place in zip(self._grids, self._places(), strict=True):
            _paint(painter, grid, place, self._line())
        painter.end()


def _spoken(grid: Grid) -> str:
    rows = "; ".join(", ".join(number(float(value), 4) for value in row) for row in grid.values)
    return f"{grid.title.rendered(tr)}: {rows}"


def _paint(painter: QPainter, grid: Grid, place: QRectF, line: int) -> None:
    look = theme.current()
    rows, columns = grid.values.shape
    painter.setFont(look.font(11.5))
    painter.setPen(look.secondary)
    room = QRectF(place.left(), place.top() - line, max(place.width(), 140.0), line - 2)
    painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, grid.title.rendered(tr))
    finite = np.where(np.isfinite(grid.values), grid.values, 0.0)
    colors = look.signed(finite / (float(np.abs(finite).max(initial=0.0)) or 1.0))
    side = place.width() / columns
    painter.setFont(look.font(10.5, mono=True))
    for (row, column), value in np.ndenumerate(grid.values):
        cell = QRectF(place.left() + column * side, place.top() + row * side, side, side)
        color = QColor(int(colors[row, column]))
        painter.fillRect(cell, color)
        text = _fitted(painter, float(value), side - 4) if side >= look.px(LEGIBLE) else ""
        painter.setPen(look.ink(color))
        painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, text)
    painter.setPen(QPen(look.border, 1))
    for row in range(rows + 1):
        painter.drawLine(place.topLeft() + _down(row * side), place.topRight() + _down(row * side))
    for column in range(columns + 1):
        painter.drawLine(place.topLeft() + _right(column * side), place.bottomLeft() + _right(column * side))
    if grid.marked is not None:
        u, v = grid.marked
        painter.setPen(QPen(look.accent, look.stroke(2.0)))
        painter.drawRect(QRectF(place.left() + v * side, place.top() + u * side, side, side))


def _down(y: float) -> QPointF:
    return QPointF(0.0, y)


def _right(x: float) -> QPointF:
    return QPointF(x, 0.0)


def _fitted(painter: QPainter, value: float, room: float) -> str:
    """A number with as many decimals as its cell holds; nothing where it holds none."""
    metrics = painter.fontMetrics()
    fixed = [f"{value:.{digits}f}".replace("-", "−") for digits in DECIMALS if round(value, digits)]
    written = ["0"] if value == 0 else [number(value, DECIMALS[0]), *fixed]
    for text in (*written, rough(value)):
        if text and metrics.horizontalAdvance(text) <= room:
            return text
    return ""
