"""Text on the canvas: fonts and their measures, kept, because asking Qt for them costs more than drawing."""

from __future__ import annotations

import functools
from collections.abc import Callable

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from bpstudio.insight.notation import rough
from ui.theme import Theme

CENTER = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

#: What the small numbers of the canvas, its names and its headline are set in.
SMALL, NORMAL, LARGE = 12.0, 13.0, 15.0

NAMED, VALUED = 21.0, 16.0
"""Radius from which a unit's name and value, or its value alone, stand inside its disc."""


LONGEST = "−1.2e-10"
"""As wide as a number with four decimals and a sign gets."""


class Pen:
    """One font in one theme, with its measures."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        self.metrics = QFontMetricsF(font)
        self.height = self.metrics.height()
        self._widths: dict[str, float] = {}

    def width(self, text: str) -> float:
        """How wide a text is. Numbers change with every frame, so only a few thousand are remembered."""
        known = self._widths.get(text)
        if known is None:
            if len(self._widths) > 4000:
                self._widths.clear()
            known = self._widths[text] = self.metrics.horizontalAdvance(text)
        return known

    def elided(self, text: str, width: float) -> str:
        """The text, or its beginning and an ellipsis."""
        return text if self.width(text) <= width else self.metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)

    def fitting(self, value: float, width: float, write: Callable[[float, int], str], most: int = 4) -> str:
        """A number with as many decimals as fit, at least two; empty where even those do not."""
        for digits in range(most, 1, -1):
            text = write(value, digits)
            if self.width(text) <= width:
                return text
        return ""

    def compact(self, value: float, width: float, write: Callable[[float, int], str]) -> str:
        """A number as well as it can be said in a small field: .05, 3e-4 or ≈0 where there is no room for more; empty
        where not even those fit.
        """
        short = f"{value:.2f}".replace("-", "−")
        is_small = bool(value) and short in ("0.00", "−0.00")
        others = (rough(value), "≈0") if is_small else (short, short.replace("0.", ".", 1))
        for text in (self.fitting(value, width, write), *others):
            if text and self.width(text) <= width:
                return text
        return ""

    def draw(self, painter: QPainter, box: QRectF, text: str, color: QColor, align: Qt.AlignmentFlag = CENTER) -> None:
        """One line of text in a box; it is never clipped by it."""
        painter.setFont(self.font)
        painter.setPen(color)
        painter.drawText(
            box, int(align.value) | int(Qt.TextFlag.TextDontClip.value) | int(Qt.TextFlag.TextSingleLine.value), text
        )

    def put(self, painter: QPainter, x: float, middle: float, text: str, color: QColor) -> float:
        """Text whose left end and vertical middle are given; returns where it ends."""
        width = self.width(text)
        self.draw(painter, QRectF(x, middle - self.height / 2, width + 2, self.height), text, color, LEFT)
        return x + width


@functools.lru_cache(maxsize=64)
def pen_of(theme: Theme, size: float = NORMAL, mono: bool = False, bold: bool = False) -> Pen:
    """The pen for a size (pixels at normal text size) in a theme."""
    return Pen(theme.font(size, mono=mono, bold=bold))
