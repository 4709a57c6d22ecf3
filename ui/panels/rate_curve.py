"""A small picture of a schedule: the learning rate over the updates, and where training is now."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QPainter, QPen, QPolygonF
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from bpstudio.insight.schedule_formulas import curve, span
from bpstudio.training.schedules import Constant, Schedule
from ui import theme
from ui.language import tr
from ui.panels.small_plot import SmallPlot, short


class RateCurve(SmallPlot):
    """η over the step, from 0 up, with the ends of both axes as numbers and a mark at the present step."""

    height_at_rest: ClassVar[int] = 78

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._schedule: Schedule = Constant()
        self._rate = 1.0
        self._step = 0
        self._stop = 0

    @property
    @override
    def is_empty(self) -> bool:
        """Whether there is no curve to draw: the rate stays, or follows the validations."""
        return self._stop == 0

    def show_schedule(self, schedule: Schedule, rate: float, step: int) -> None:
        """Draw this schedule of this rate, at this step; hidden where there is nothing to draw."""
        self._schedule, self._rate, self._step = schedule, rate, step
        self._stop = span(schedule, step)
        self.setVisible(not self.is_empty)
        self.setAccessibleName(tr("Learning rate over {steps} updates", steps=f"{self._stop:,}"))
        self.update()

    @override
    def paint_curve(self, painter: QPainter, area: QRectF, line: float) -> None:
        look, whole = theme.current(), area
        area = whole.adjusted(0, line, 0, -line - 2)
        steps, rates = curve(self._schedule, self._rate, self._stop, max(int(area.width()), 2))
        known = np.isfinite(rates)
        top = float(rates[known].max()) if known.any() else 0.0
        if top <= 0 or area.height() < 4:
            return

        def place(k: float, rate: float) -> QPointF:
            return QPointF(
                area.left() + k / self._stop * area.width(), area.bottom() - min(rate / top, 1.0) * area.height()
            )

        painter.setPen(QPen(look.groove, 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(QPen(look.phase["U"], 1.5))
        points = [place(float(k), float(r)) for k, r in zip(steps[known], rates[known], strict=True)]
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.text)
        painter.drawEllipse(place(self._step, self._schedule.rate(self._rate, self._step)), 2.5, 2.5)
        painter.setPen(look.secondary)
        above = QRectF(whole.left(), whole.top(), whole.width(), line)
        below = QRectF(whole.left(), whole.bottom() - line, whole.width(), line)
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft, f"η = {short(top)}")
        painter.drawText(above, Qt.AlignmentFlag.AlignRight, short(float(rates[-1])))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"k = {self._stop:,}")
