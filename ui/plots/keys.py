"""What colours and shapes in a plot mean, at its right side: a colour scale with numbers, or the classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPen

from ui.plots.classes import class_color, class_symbol
from ui.plots.pane import paint_symbol
from ui.plots.scales import Values
from ui.theme import Theme

BAR = 10
WIDEST = 84
"""Pixels that a name may take; longer ones are shortened."""


SURFACE = 0.55
"""How much of a colour a surface keeps; the rest is the background's."""


def paler(argb: NDArray[np.uint32], theme: Theme) -> NDArray[np.uint32]:
    """Opaque colours, moved towards the background."""
    ground = theme.background
    result = np.full(argb.shape, 0xFF000000, np.uint32)
    for shift, channel in ((16, ground.red()), (8, ground.green()), (0, ground.blue())):
        own = ((argb >> np.uint32(shift)) & np.uint32(0xFF)).astype(np.float64)
        result |= np.rint(channel + (own - channel) * SURFACE).astype(np.uint32) << np.uint32(shift)
    return result


@dataclass(frozen=True)
class ColorKey:
    """A colour scale from `low` to `high` in the "signed" or the "activation" map, with texts at some values."""

    map: str
    low: float
    high: float
    texts: tuple[tuple[float, str], ...]

    def colors(self, theme: Theme, values: Values) -> NDArray[np.uint32]:
        """The colours of these values."""
        share = (values - self.low) / (self.high - self.low)
        return theme.signed(2 * share - 1) if self.map == "signed" else theme.activation(share)

    def ground(self, theme: Theme, values: Values) -> NDArray[np.uint32]:
        """The same, paler: the colours of a surface on which points in `colors` stand out."""
        return paler(self.colors(theme, values), theme)

    def width(self, theme: Theme) -> int:
        """Pixels that it takes beside the plot."""
        metrics = QFontMetrics(theme.font(12))
        return BAR + 18 + max(min(metrics.horizontalAdvance(text), theme.px(WIDEST)) for _, text in self.texts)

    def paint(self, painter: QPainter, theme: Theme, area: QRect) -> None:
        bar = QRectF(area.right() + 9, area.top(), BAR, area.height())
        steps = np.linspace(self.low, self.high, 32)
        for k, argb in enumerate(self.ground(theme, steps)):
            top = bar.bottom() - (k + 1) / 32 * bar.height()
            painter.fillRect(QRectF(bar.left(), top, bar.width(), bar.height() / 32 + 0.5), QColor(int(argb)))
        painter.setFont(theme.font(12))
        painter.setPen(theme.secondary)
        metrics = painter.fontMetrics()
        for value, text in self.texts:
            y = bar.bottom() - (value - self.low) / (self.high - self.low) * bar.height()
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, theme.px(WIDEST))
            painter.drawText(QPointF(bar.right() + 5, y + metrics.capHeight() / 2), shown)


@dataclass(frozen=True)
class ClassKey:
    """Each class with its shape and colour, as many as there is room for."""

    names: tuple[str, ...]

    def width(self, theme: Theme) -> int:
        """Pixels that it takes beside the plot."""
        metrics = QFontMetrics(theme.font(12))
        return 28 + max(min(metrics.horizontalAdvance(name), theme.px(WIDEST)) for name in self.names)

    def paint(self, painter: QPainter, theme: Theme, area: QRect) -> None:
        painter.setFont(theme.font(12))
        metrics = painter.fontMetrics()
        line = metrics.height() + 3
        room = max(1, area.height() // line)
        for k, name in enumerate(self.names[:room]):
            more = k == room - 1 and len(self.names) > room
            middle = area.top() + line * (k + 0.5)
            if not more:
                at = QPointF(area.right() + 14, middle)
                paint_symbol(painter, class_symbol(k), at, 8.0, class_color(theme, k, len(self.names)))
            painter.setPen(QPen(theme.text))
            text = f"+ {len(self.names) - k}" if more else name
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, theme.px(WIDEST))
            painter.drawText(QPointF(area.right() + 23, middle + metrics.capHeight() / 2), shown)


Key = ColorKey | ClassKey
