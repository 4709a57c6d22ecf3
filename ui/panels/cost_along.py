"""What the cost would be if the selected weight had another value: a curve that unfolds on a click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt
from PyQt6.QtGui import QPainter, QPen, QPolygonF
from PyQt6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.cost_curve import CostCurve, bends_up, cost_along
from bpstudio.insight.elements import Edge
from bpstudio.training.frame import Frame
from ui import theme
from ui.beside import Link
from ui.language import tr
from ui.panels import describe
from ui.panels.small_curve import Values
from ui.panels.small_plot import SmallPlot, short
from ui.runner import Runner


@dataclass(frozen=True, eq=False)
class CostOf:
    """The cost over one weight, asked beside the training."""

    frame: Frame
    edge: Edge
    kind: str = "cost over the selected weight"

    def answer(self, progress: Callable[[float], None]) -> CostCurve:
        """The objective of the step, everything else held."""
        return cost_along(self.frame, self.edge)


class CostPlot(SmallPlot):
    """The cost over one weight (solid), with the weight as a dot on its tangent; the usual other loss is dashed, on a
    scale of its own: what differs is the shape.
    """

    height_at_rest: ClassVar[int] = 148

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.curve: CostCurve | None = None

    def show_curve(self, curve: CostCurve | None) -> None:
        """Draw a curve, or an empty frame."""
        self.curve = curve
        said = "" if curve is None else "; ".join(text for text, _ in self.words(curve))
        self.setAccessibleName(said)
        self.setToolTip(said)
        self.update()

    def words(self, curve: CostCurve) -> list[tuple[str, bool]]:
        """What is said of each curve, and whether it is the dashed one."""
        lines = [(curve.loss, curve.costs, False)]
        if curve.others.size:
            lines.append((curve.other, curve.others, True))
        found = []
        for loss, costs, dashed in lines:
            name = describe.loss_words(loss)
            said = tr("{loss}: convex here", loss=name) if bends_up(costs) else tr("{loss}: not convex", loss=name)
            found.append((tr("{said}, own scale", said=said) if dashed else said, dashed))
        return found

    @property
    @override
    def is_empty(self) -> bool:
        """Whether nothing is drawn."""
        return self.curve is None or not np.isfinite(self.curve.costs).any()

    @override
    def paint_curve(self, painter: QPainter, area: QRectF, line: float) -> None:
        curve, look, whole = self.curve, theme.current(), area
        assert curve is not None
        words = self.words(curve)
        area = whole.adjusted(0, line * len(words) + 4, 0, -line - 2)
        low, high = _ends(curve.costs)
        left, right = float(curve.values[0]), float(curve.values[-1])

        def place(value: float, cost: float, ends: tuple[float, float] = (low, high)) -> QPointF:
            x = area.left() + (value - left) / (right - left) * area.width()
            return QPointF(x, area.bottom() - (cost - ends[0]) / (ends[1] - ends[0]) * area.height())

        painter.setPen(QPen(look.groove, 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        solid, dashed = QPen(look.phase["L"], 2), QPen(look.secondary, 1.5, Qt.PenStyle.DashLine)
        painter.save()
        painter.setClipRect(area.adjusted(-1, -1, 1, 1))
        for pen, costs in ((dashed, curve.others), (solid, curve.costs)):
            painter.setPen(pen)
            points, ends = zip(curve.values[: len(costs)], costs, strict=True), _ends(costs)
            painter.drawPolyline(QPolygonF([place(float(v), float(c), ends) for v, c in points if np.isfinite(c)]))
        reach = 0.18 * (right - left)
        painter.setPen(QPen(look.text, 1))
        painter.drawLine(
            place(curve.value - reach, curve.cost - reach * curve.slope),
            place(curve.value + reach, curve.cost + reach * curve.slope),
        )
        painter.restore()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.text)
        painter.drawEllipse(place(curve.value, curve.cost), 3.5, 3.5)
        for row, (text, is_dashed) in enumerate(words):
            box = QRectF(whole.left() + 24, whole.top() + row * line, whole.width() - 24, line)
            painter.setPen(dashed if is_dashed else solid)
            painter.drawLine(QPointF(whole.left(), box.center().y()), QPointF(whole.left() + 18, box.center().y()))
            painter.setPen(look.secondary)
            elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, elided)
        below = QRectF(whole.left(), whole.bottom() - line, whole.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, f"w = {short(left)} … {short(right)}")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"C = {short(low)} … {short(high)}")


def _ends(costs: Values) -> tuple[float, float]:
    """The least and the greatest cost; a flat curve lies at the bottom."""
    known = costs[np.isfinite(costs)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    return low, high if high > low else low + 1.0


class CostAlong(QWidget):
    """A link that unfolds the curve of the weight that is explained; it stays unfolded."""

    def __init__(self, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._asked: tuple[Frame, Edge] | None = None
        self._drawn: tuple[Frame, Edge] | None = None
        self.more = Link(self.unfold)
        self.plot = CostPlot()
        self.plot.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.more)
        column.addWidget(self.plot)
        runner.answered.connect(self._answered)
        self.retranslate()

    def ask(self, frame: Frame, edge: Edge) -> None:
        """Show the curve of this weight, where it is looked at."""
        self._asked = (frame, edge)
        if self.plot.isHidden():
            return
        before = self._drawn
        if before is None or before[0] is not frame or before[1] != edge:
            self._drawn = self._asked
            self._runner.ask(CostOf(frame, edge))

    def unfold(self) -> None:
        """Show the curve, or hide it."""
        self.plot.setVisible(self.plot.isHidden())
        self.retranslate()
        if self._asked is not None:
            self.ask(*self._asked)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        shown = not self.plot.isHidden()
        self.more.setText(tr("hide the cost over this weight") if shown else tr("cost over this weight …"))
        self.plot.show_curve(self.plot.curve)

    def _answered(self, question: object, answer: object) -> None:
        if not isinstance(question, CostOf) or not isinstance(answer, CostCurve) or self._drawn is None:
            return
        if question.frame is self._drawn[0] and question.edge == self._drawn[1]:
            self.plot.show_curve(answer)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() in (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange):
            self.retranslate()
        super().changeEvent(a0)
