"""A framed picture of a curve, for a place that has no room for a plot."""

from __future__ import annotations

from typing import ClassVar

from PyQt6.QtCore import QRectF, QSize
from PyQt6.QtGui import QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from bpstudio.insight.notation import number
from ui import theme

_MARGIN = 5


class SmallPlot(QWidget):
    """As wide as its place, `height_at_rest` pixels high at normal text size; what stands in the frame is painted by
    `paint_curve`, which is not asked while `is_empty`.
    """

    height_at_rest: ClassVar[int] = 104

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is drawn."""
        raise NotImplementedError

    def paint_curve(self, painter: QPainter, area: QRectF, line: float) -> None:
        """Paint the curve and its words; `line` is the height of a line of text above and below it."""
        raise NotImplementedError

    @override
    def sizeHint(self) -> QSize:
        px = theme.current().px
        return QSize(px(160), px(self.height_at_rest))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(64, self.sizeHint().height())

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(look.border, 1))
        painter.setBrush(look.control)
        painter.drawRoundedRect(frame, 4, 4)
        if not self.is_empty:
            painter.setFont(look.font(11))
            line = painter.fontMetrics().height()
            self.paint_curve(painter, frame.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN), line)
        painter.end()


def short(value: float) -> str:
    """A number at the end of an axis: three digits."""
    return number(float(f"{value:.3g}"))
