"""The values at the cursor, in a box that floats over the window and leaves the plot itself to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from ui import theme as looks
from ui.plots.lettering import legible

EDGE = 10
BETWEEN = 14
TALLEST = 20
"""Lines in one column of values."""


@dataclass(frozen=True)
class Entry:
    """One line of a read-out: what, in whose colour, and its value."""

    name: str
    value: str
    color: QColor


class Readout(QWidget):
    """A title and one value per line. It belongs to the window, so that no edge of a plot cuts it off."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.title = ""
        self.entries: tuple[Entry, ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_at(self, pane: QWidget, at: QPointF, above: bool, title: str, entries: Sequence[Entry]) -> None:
        """Show these values for a place of `pane`: above the whole pane, or just beside the place."""
        window = self.parentWidget()
        if window is None:
            return
        self.title, self.entries = title, tuple(entries)
        size = self.sizeHint()
        corner = pane.mapTo(window, QPoint(round(at.x()), 0 if above else round(at.y())))
        left = corner.x() + 14 if corner.x() + 14 + size.width() <= window.width() else corner.x() - 14 - size.width()
        top = corner.y() - size.height() - (4 if above else 10)
        left = max(min(left, window.width() - size.width() - 1), 1)
        self.setGeometry(left, max(top, 1), size.width(), size.height())
        self.show()
        self.raise_()
        self.update()

    def _columns(self) -> list[tuple[Entry, ...]]:
        return [self.entries[first : first + TALLEST] for first in range(0, len(self.entries), TALLEST)]

    def _widths(self) -> list[tuple[int, int]]:
        """(width of the names, width of the values) of each column."""
        theme = looks.current()
        words, figures = QFontMetrics(theme.font(12)), QFontMetrics(theme.font(12, mono=True))
        return [
            (
                max(words.horizontalAdvance(entry.name) for entry in column),
                max(figures.horizontalAdvance(entry.value) for entry in column),
            )
            for column in self._columns()
        ]

    def _line(self) -> int:
        theme = looks.current()
        return max(QFontMetrics(theme.font(12)).height(), QFontMetrics(theme.font(12, mono=True)).height())

    @override
    def sizeHint(self) -> QSize:
        title = QFontMetrics(looks.current().font(12)).horizontalAdvance(self.title)
        width = sum(names + values + 2 * BETWEEN for names, values in self._widths()) - BETWEEN
        rows = 1 + max((len(column) for column in self._columns()), default=0)
        return QSize(max(title, width) + 2 * EDGE, rows * self._line() + 10)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        theme = looks.current()
        words, figures = theme.font(12), theme.font(12, mono=True)
        metrics, line = QFontMetrics(figures), self._line()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(theme.control_border, theme.stroke(1)))
        painter.setBrush(theme.card)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        baseline = 5 + QFontMetrics(words).ascent()
        painter.setFont(words)
        painter.setPen(theme.secondary)
        painter.drawText(QPointF(EDGE, baseline), self.title)
        x = float(EDGE)
        for column, (names, values) in zip(self._columns(), self._widths(), strict=True):
            for row, entry in enumerate(column, 1):
                y = baseline + row * line
                painter.setFont(words)
                painter.setPen(legible(entry.color, theme.card, theme.text))
                painter.drawText(QPointF(x, y), entry.name)
                painter.setFont(figures)
                painter.setPen(theme.text)
                right = x + names + BETWEEN + values
                painter.drawText(QPointF(right - metrics.horizontalAdvance(entry.value), y), entry.value)
            x += names + values + 2 * BETWEEN
        painter.end()
