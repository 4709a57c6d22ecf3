"""A small picture of how the error of a central difference depends on ε: cut off on the right, rounding on the left."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QPainter, QPen, QPolygonF
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from bpstudio.insight.gradcheck import ErrorCurve
from bpstudio.insight.notation import rough
from ui import theme
from ui.language import tr
from ui.panels.small_plot import SmallPlot

LOWEST, HIGHEST = 1e-16, 10.0
"""The ends of the upright axis; an error of exactly 0 lies on the lower one."""


class ErrorPlot(SmallPlot):
    """The relative error over ε, both on log scales, with a mark at the best ε."""

    height_at_rest: ClassVar[int] = 116

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curve: ErrorCurve | None = None

    @property
    def curve(self) -> ErrorCurve | None:
        """What is drawn."""
        return self._curve

    def show_curve(self, curve: ErrorCurve | None) -> None:
        """Draw a curve, or an empty frame."""
        self._curve = curve
        if curve is not None:
            said = tr(
                "Error of the central difference: best at ε = {best}, error {error}",
                best=rough(curve.best),
                error=rough(float(np.nanmin(curve.errors))),
            )
            self.setAccessibleName(said)
            self.setToolTip(said)
        self.update()

    @property
    @override
    def is_empty(self) -> bool:
        """Whether nothing is drawn."""
        return self._curve is None or not np.isfinite(self._curve.errors).any()

    @override
    def paint_curve(self, painter: QPainter, area: QRectF, line: float) -> None:
        look, whole, curve = theme.current(), area, self._curve
        assert curve is not None
        area = whole.adjusted(0, line + 2, 0, -line - 2)
        finite = np.isfinite(curve.errors)
        steps = np.log10(curve.steps[finite])
        errors = np.log10(np.clip(curve.errors[finite], LOWEST, HIGHEST))
        low, high = np.floor(errors.min()), max(np.ceil(errors.max()), np.floor(errors.min()) + 1)
        left, right = float(np.log10(curve.steps[0])), float(np.log10(curve.steps[-1]))

        def place(step: float, error: float) -> QPointF:
            x = area.left() + (step - left) / (right - left) * area.width()
            return QPointF(x, area.bottom() - (error - low) / (high - low) * area.height())

        painter.setPen(QPen(look.groove, 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        best = int(np.argmin(errors))
        mark = place(float(steps[best]), float(errors[best]))
        painter.drawLine(QPointF(mark.x(), area.top()), QPointF(mark.x(), area.bottom()))
        painter.setPen(QPen(look.phase["B"], 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([place(float(s), float(e)) for s, e in zip(steps, errors, strict=True)]))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.text)
        painter.drawEllipse(mark, 3.0, 3.0)
        painter.setPen(look.secondary)
        above = QRectF(whole.left(), whole.top(), whole.width(), line)
        below = QRectF(whole.left(), whole.bottom() - line, whole.width(), line)
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft, tr("error {highest}", highest=f"1e{high:.0f}"))
        words = tr("best ε {best}", best=rough(curve.best))
        painter.drawText(above, Qt.AlignmentFlag.AlignRight, words)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, f"1e{low:.0f}")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"ε = 1e{left:.0f} … {10**right:g}")
