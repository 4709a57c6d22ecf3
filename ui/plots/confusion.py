"""Which class is taken for which: rows are the true classes, columns what the network says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QMenu, QWidget
from typing_extensions import override

from bpstudio.insight.response import Confusion, confusion
from bpstudio.training.frame import Frame
from ui import theme as looks
from ui.focus import Focus
from ui.language import tr
from ui.plots.asking import Asking
from ui.plots.framed import FramedPlot
from ui.runner import Question

TALLEST_CELL, WIDEST_CELL = 30, 62
MOST_NAMED = 60
"""Pixels for the name of a class at the left."""


@dataclass(frozen=True, eq=False)
class ConfusionQuestion:
    """How often is each class taken for each, at this frame's parameters?"""

    frame: Frame
    validation: bool
    kind: str = "confusion"

    def answer(self, progress: Callable[[float], None]) -> Confusion:
        dataset = self.frame.dataset
        return confusion(self.frame, dataset.validation if self.validation else dataset.train)


class ConfusionMatrix(FramedPlot):
    """Counts of (true class, predicted class) over the training or the validation rows."""

    def __init__(
        self, focus: Focus, parent: QWidget | None = None, ask: Callable[[Question], None] | None = None
    ) -> None:
        """`ask` computes beside the training and answers to `show_answer`; without it, the answer is computed here."""
        super().__init__(focus, parent)
        self._asking = Asking[ConfusionQuestion, Confusion](Confusion, ask, self._show, self.mark_stale)
        self.wants_validation = True
        self.shown: ConfusionQuestion | None = None
        self.found: Confusion | None = None
        self.message = ""
        self.cells = Cells(self)
        self.set_body(self.cells)

    @override
    def titles(self) -> tuple[list[str], int]:
        return [tr("Confusion")], 0

    @override
    def subtitle(self) -> str:
        if self.shown is None or self.found is None:
            return ""
        share = f"{100 * self.found.right:.1f}"
        return tr("{share} % of {rows:,} rows right", share=share, rows=self.found.rows)

    @override
    def whole_story(self) -> str:
        said = self.subtitle()
        return f"{said}. " + tr("Rows: the true class; columns: what the network says.") if said else ""

    @override
    def options(self) -> tuple[list[str], int]:
        if self.frame is None or self.frame.dataset.task == "regression" or not len(self.frame.dataset.validation):
            return [], 0
        return [tr("training"), tr("validation")], int(self.wants_validation)

    @override
    def choose_option(self, index: int) -> None:
        self.show_validation(index == 1)

    def show_validation(self, on: bool) -> None:
        """Count the validation rows, or the training rows."""
        self.wants_validation = on
        self.mark_stale()

    @override
    def draw(self) -> None:
        frame = self.frame
        if frame is None or frame.dataset.task == "regression":
            self._asking.drop()
            self.shown, self.found = None, None
            no_classes = tr("A confusion matrix needs classes; these targets are numbers.")
            self.message = tr("Nothing is open yet.") if frame is None else no_classes
            self.set_heading()
            self.cells.update()
            return
        if self._asking.postpones():
            return
        validation = self.wants_validation and len(frame.dataset.validation) > 0
        self._asking.put(ConfusionQuestion(frame, validation))

    def show_answer(self, question: object, answer: object) -> None:
        """Take what the runner has found out. Other people's questions and progress are passed over."""
        self._asking.hear(question, answer)

    def _show(self, question: ConfusionQuestion, answer: Confusion) -> None:
        self.shown, self.found, self.message = question, answer, ""
        self.set_heading()
        self.cells.update()

    @override
    def fill_menu(self, menu: QMenu) -> None:
        if self.frame is not None and len(self.frame.dataset.validation):
            for on, text in ((False, tr("Training rows")), (True, tr("Validation rows"))):
                self.add_choice(
                    menu, text, self.wants_validation is on, lambda _=False, on=on: self.show_validation(on)
                )
            menu.addSeparator()
        super().fill_menu(menu)

    @override
    def table(self) -> tuple[list[str], list[list[object]]] | None:
        if self.shown is None or self.found is None:
            return None
        names = list(self.shown.frame.dataset.class_names)
        return ["true\\predicted", *names], [
            [name, *row] for name, row in zip(names, self.found.counts.tolist(), strict=True)
        ]


class Cells(QWidget):
    """The matrix: a number in every cell, its ground the share of its row."""

    def __init__(self, plot: ConfusionMatrix) -> None:
        super().__init__(plot)
        self._plot = plot
        self.setMouseTracking(True)

    @override
    def sizeHint(self) -> QSize:
        return QSize(220, 120)

    def _layout(self) -> tuple[float, float, float, float]:
        """Left and top of the cells, their width and height."""
        names = self._plot.shown.frame.dataset.class_names if self._plot.shown is not None else ("",)
        metrics = QFontMetrics(looks.current().font(12))
        widest = min(max(metrics.horizontalAdvance(name) for name in names), looks.current().px(MOST_NAMED * 1.6))
        # Where there is little height, the word "predicted" shares the line of the class names.
        lines = 2.0 if self.height() >= (len(names) + 2) * metrics.height() else 1.0
        left, top = widest + metrics.height() + 12.0, metrics.height() * lines
        wide = min((self.width() - left - 8) / len(names), looks.current().px(WIDEST_CELL))
        high = min((self.height() - top - 4) / len(names), looks.current().px(TALLEST_CELL))
        return left, top, wide, high

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        theme, plot = looks.current(), self._plot
        painter = QPainter(self)
        painter.setFont(theme.font(12))
        painter.setPen(theme.secondary)
        if plot.shown is None or plot.found is None:
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(10, 0, -10, 0), int(flags), plot.message)
            painter.end()
            return
        names, counts = plot.shown.frame.dataset.class_names, plot.found.counts
        metrics = painter.fontMetrics()
        left, top, wide, high = self._layout()
        if top > 1.5 * metrics.height():
            middle = left + (wide * len(names) - metrics.horizontalAdvance(tr("predicted"))) / 2
            painter.drawText(QPointF(middle, metrics.ascent()), tr("predicted"))
        painter.save()
        painter.translate(metrics.ascent(), top + high * len(names) / 2)
        painter.rotate(-90)
        painter.drawText(QPointF(-metrics.horizontalAdvance(tr("true")) / 2, 0), tr("true"))
        painter.restore()
        numbers = theme.font(12, mono=True)
        widest = QFontMetrics(numbers).horizontalAdvance(str(counts.max()))
        fits = widest + 2 <= wide and high >= metrics.capHeight() + 3
        room_above = min(metrics.horizontalAdvance("m"), wide) > 0 and wide >= metrics.horizontalAdvance("00")
        for k, name in enumerate(names):
            painter.setFont(theme.font(12))
            painter.setPen(theme.text)
            if high >= metrics.capHeight() + 3 or k % max(1, round(metrics.height() / high)) == 0:
                shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(left - metrics.height() - 10))
                place = QPointF(
                    left - 7 - metrics.horizontalAdvance(shown), top + high * (k + 0.5) + metrics.capHeight() / 2
                )
                painter.drawText(place, shown)
            if room_above:
                shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(wide) - 3)
                x = left + wide * (k + 0.5) - metrics.horizontalAdvance(shown) / 2
                painter.drawText(QPointF(x, top - 4), shown)
        painter.setFont(numbers)
        shares = counts / counts.sum(axis=1, keepdims=True).clip(1)
        fills = theme.activation(shares)
        for i in range(len(names)):
            for j in range(len(names)):
                cell = QRectF(left + j * wide, top + i * high, wide - 1, high - 1)
                fill = QColor(int(fills[i, j])) if counts[i, j] else theme.background
                painter.fillRect(cell, fill)
                if fits:
                    painter.setPen(theme.ink(fill) if counts[i, j] else theme.dashed)
                    painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, f"{counts[i, j]}")
        painter.end()

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        plot = self._plot
        if event is None or plot.shown is None or plot.found is None:
            return
        names = plot.shown.frame.dataset.class_names
        left, top, wide, high = self._layout()
        j, i = int((event.position().x() - left) // wide), int((event.position().y() - top) // high)
        if 0 <= i < len(names) and 0 <= j < len(names):
            count, all_rows = plot.found.counts[i, j], plot.found.counts[i].sum()
            self.setToolTip(
                tr("{count:,} of {rows:,} rows of class {true} are taken for {predicted}.",
                   count=int(count), rows=int(all_rows), true=names[i], predicted=names[j])
            )  # fmt: skip
        else:
            self.setToolTip("")
