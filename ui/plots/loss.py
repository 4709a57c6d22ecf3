"""The loss over the steps, for training and validation rows, beside what a constant answer would reach."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QPen
from typing_extensions import override

from bpstudio.insight.baseline import constant_loss
from bpstudio.insight.loss_formulas import of_row
from bpstudio.insight.notation import Letters
from bpstudio.insight.schedule_formulas import schedule_symbols
from bpstudio.maths.penalties import RunningSparsity
from ui import theme as looks
from ui.language import tr
from ui.plots.curves import Content, Curve, CurvePlot, recorded, trend
from ui.plots.kept import Record
from ui.plots.scales import Values, short

LOSS, ACCURACY, RATE = range(3)


class LossPlot(CurvePlot):
    """Loss, or accuracy where there are classes, or the learning rate where it follows a schedule."""

    showing = LOSS

    @override
    def titles(self) -> tuple[list[str], int]:
        # With penalties C is their sum with the loss, and has a line of its own.
        loss = tr("Loss") if self._is_penalized() else tr("Loss C")
        words = {LOSS: loss, ACCURACY: tr("Accuracy"), RATE: tr("Rate η")}
        offered = self._offered()
        return [words[kind] for kind in offered], offered.index(self.showing) if self.showing in offered else 0

    @override
    def choose_title(self, index: int) -> None:
        self._show(self._offered()[index])

    def show_accuracy(self, on: bool) -> None:
        """Draw the share of right answers instead of the loss. It has a meaning only for classes."""
        self._show(ACCURACY if on else LOSS)

    def show_rate(self) -> None:
        """Draw the learning rate instead of the loss, where it follows a schedule."""
        self._show(RATE)

    def _show(self, kind: int) -> None:
        self.showing = kind if kind in self._offered() else LOSS
        self.pane.by_hand = False
        self.mark_stale()

    def _offered(self) -> list[int]:
        return [LOSS, *([ACCURACY] if self.has_accuracy() else []), *([RATE] if self.has_rate() else [])]

    def has_rate(self) -> bool:
        """Whether the rate of the present experiment changes from step to step."""
        return self.frame is not None and not self.frame.experiment.schedule.constant

    def has_accuracy(self) -> bool:
        """Whether the shown data have classes."""
        return self.frame is not None and self.frame.dataset.task != "regression"

    @override
    def subtitle(self) -> str:
        if self.frame is None:
            return ""
        if self.showing == ACCURACY:
            return tr("share of rows answered right")
        experiment = self.frame.experiment
        if self.showing == RATE:
            return f"η = {schedule_symbols(experiment.schedule)}"
        letters = Letters(self.focus.notation, experiment.network)
        formula = of_row(experiment.loss, a=letters.text("a_letter"), y=letters.text("y_letter"))
        if experiment.reduction == "sum":
            return tr("{formula}, sum over the batch", formula=formula) if len(self.frame.batch) > 1 else formula
        if experiment.reduction == "mean_all":
            return tr("{formula}, mean over rows and outputs", formula=formula)
        return tr("{formula}, mean over the batch", formula=formula) if len(self.frame.batch) > 1 else formula

    @override
    def concern(self) -> tuple[object, ...]:
        return self.focus.notation, self.focus.digits

    @override
    def scales(self) -> tuple[str, ...]:
        return ("linear",) if self.showing == ACCURACY else ("log", "linear")

    @override
    def columns(self) -> tuple[str, ...]:
        penalized = ("objective",) if self._is_penalized() else ()
        judged = ("accuracy",) if self.has_accuracy() else ()
        return ("loss", *penalized, *judged, *(("rate",) if self.has_rate() else ()))

    @override
    def draw(self) -> None:
        if self.showing not in self._offered():
            self.showing = LOSS
        super().draw()

    @override
    def content(self, metrics: Record, start: int, stop: int, points: int) -> Content:
        theme = looks.current()
        if self.showing == RATE:
            steps, low, high = metrics.curve("rate", start, stop, points)
            rate = Curve(
                "η", _pen(theme.phase["U"], Qt.PenStyle.SolidLine), steps, low, high, recorded(metrics, "rate")
            )
            return Content((rate,), edits=metrics.edits)
        column = "accuracy" if self.showing == ACCURACY else "loss"
        within = (0.0, 1.0) if self.showing == ACCURACY else None
        steps, low, high = metrics.curve(column, start, stop, points)
        training = _pen(QColor(int(theme.signed(-1.0))), Qt.PenStyle.SolidLine)
        curve = Curve(
            tr("training"), training, steps, low, high, recorded(metrics, column), trend(metrics, column, start, stop)
        )
        others = (self._baseline(), self._validation(metrics, start, stop, points))
        curves = (others[0], self._objective(metrics, start, stop, points), curve, others[1])
        return Content(tuple(each for each in curves if each is not None), within, edits=metrics.edits)

    def _is_penalized(self) -> bool:
        # A running-mean sparsity adds nothing to the objective: there would be one line on another.
        if self.frame is None or "objective" not in self.frame.metrics.columns:
            return False
        return any(not isinstance(rule, RunningSparsity) for rule in self.frame.experiment.penalties)

    def _objective(self, metrics: Record, start: int, stop: int, points: int) -> Curve | None:
        """What is made small where penalties are added to the loss; while there are none it is the loss."""
        if self.showing == ACCURACY or not self._is_penalized():
            return None
        steps, low, high = metrics.curve("objective", start, stop, points)
        pen = _pen(QColor(looks.current().text), Qt.PenStyle.DotLine)
        name, value = tr("objective"), recorded(metrics, "objective")
        return Curve(name, pen, steps, low, high, value, trend(metrics, "objective", start, stop))

    def _validation(self, metrics: Record, start: int, stop: int, points: int) -> Curve | None:
        rows = metrics.validation
        if not len(rows):
            return None
        at = rows[:, 0].astype(np.int64)
        values = rows[:, 1 + self.showing]
        # One cell more at each side, so that the line reaches the edges of the view.
        first = max(0, int(np.searchsorted(at, start)) - 1)
        last = min(len(at), int(np.searchsorted(at, stop)) + 1)
        steps, low, high = at[first:last], values[first:last], values[first:last]
        if len(steps) > points:
            groups = np.arange(0, len(steps), -(-len(steps) // points))
            steps, low, high = steps[groups], np.fmin.reduceat(low, groups), np.fmax.reduceat(high, groups)

        def value(step: int) -> tuple[int, float] | None:
            index = int(np.searchsorted(at, step, side="right")) - 1
            return (int(at[index]), float(values[index])) if index >= 0 else None

        pen = _pen(QColor(int(looks.current().signed(1.0))), Qt.PenStyle.DashLine)
        return Curve(tr("validation"), pen, steps, low, high, value)

    def _baseline(self) -> Curve | None:
        """The dashed line of a constant answer; a single row has none, a constant could simply be it."""
        frame = self.frame
        if frame is None or len(frame.dataset.train) < 2:
            return None
        baseline = frame.dataset.baseline()
        if self.showing == ACCURACY:
            if baseline.accuracy is None:
                return None
            level, words = baseline.accuracy, baseline.accuracy_words
        else:
            level, words = constant_loss(frame.experiment, frame.dataset), baseline.words
        if not np.isfinite(level):
            return None
        pen = _pen(looks.current().secondary, Qt.PenStyle.DashLine)
        constant: Values = np.array([level])
        end = tr("baseline {value}", value=short(level))
        return Curve(
            tr(words.template, **words.values),
            pen, np.zeros(1, np.int64), constant, constant, lambda step: (step, level), level=True, end=end,
        )  # fmt: skip

    @override
    def table(self) -> tuple[list[str], list[list[object]]] | None:
        """Every exact step that is kept, and what the validation rows gave at the steps where they were asked."""
        found = super().table()
        if found is None or self.frame is None or not len(self.frame.metrics.validation):
            return found
        names, rows = found
        count = 2 if self.has_accuracy() else 1
        names = [*names, *("validation_loss", "validation_accuracy")[:count]]
        asked = {int(row[0]): row[1 : 1 + count].tolist() for row in self.frame.metrics.validation}
        kept = {int(str(row[0])): row for row in rows}
        empty: list[object] = [None] * count
        blank: list[object] = [None] * (len(found[0]) - 1)
        every = sorted({*kept, *asked})
        return names, [[*kept.get(step, [step, *blank]), *asked.get(step, empty)] for step in every]


def _pen(color: QColor, style: Qt.PenStyle) -> QPen:
    pen = QPen(color, 1, style)
    pen.setCosmetic(True)
    return pen
