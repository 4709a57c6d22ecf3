"""The curves of a race over each other: a colour and a dash for each member, and its value at the right end."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPen
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from bpstudio.training.frame import Frame
from bpstudio.training.metrics import Metrics
from ui import theme as looks
from ui.focus import Focus
from ui.language import tr
from ui.plots.classes import class_color
from ui.plots.curves import Content, Curve, CurvePlot, recorded, trend
from ui.plots.kept import Record
from ui.plots.pane import Line
from ui.theme import Theme

EXPLODED = 100.0
"""A loss of so many times the greatest at the start is no loss that somebody compares."""
_COLORS = 8
_DASHES: tuple[tuple[float, ...], ...] = ((), (7.0, 4.0), (2.0, 3.0), (9.0, 3.0, 2.0, 3.0))
"""Lengths of dashes and gaps in pixels; none: a whole line."""


@dataclass(frozen=True, eq=False)
class RacingLine:
    """A member as it is drawn: what it is called, and its record."""

    name: str
    metrics: Metrics


def member_pen(theme: Theme, number: int) -> QPen:
    """The pen of a member: neighbours differ in colour and dash, and no two of sixteen in neither."""
    pen = QPen(class_color(theme, number % _COLORS, _COLORS), 1)
    pen.setCosmetic(True)
    dashes = _DASHES[(number + number // _COLORS) % len(_DASHES)]
    if dashes:
        pen.setStyle(Qt.PenStyle.CustomDashLine)
        pen.setDashPattern(list(dashes))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


@dataclass(frozen=True)
class _Quantity:
    """What is drawn of every member."""

    column: str
    validated: bool = False
    share: bool = False

    @property
    def title(self) -> str:
        """What it is called above the plot."""
        if self.share:
            return tr("Validation accuracy") if self.validated else tr("Accuracy")
        return tr("Validation loss") if self.validated else tr("Loss C")


class RacePlot(CurvePlot):
    """One curve for each member."""

    def __init__(self, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(focus, parent)
        self.chosen = -1
        """The member that is looked at; its line is strong."""
        self._runners: tuple[RacingLine, ...] = ()
        self._quantity = _Quantity("loss")

    def show_race(self, frame: Frame, runners: Sequence[RacingLine], step: int) -> None:
        """Show the members at a step; ``frame`` says what is trained on what."""
        self._runners = tuple(runners)
        longest = max((runner.metrics for runner in runners), key=lambda metrics: metrics.stop)
        frame = dataclasses.replace(frame, metrics=longest, step=step, last_step=step, nonfinite=None)
        self.show_frame(frame)

    def choose(self, number: int) -> None:
        """Draw the line of a member strong."""
        if number != self.chosen:
            self.chosen = number
            self.mark_stale()

    @override
    def titles(self) -> tuple[list[str], int]:
        quantities = self._quantities()
        chosen = quantities.index(self._quantity) if self._quantity in quantities else 0
        return [quantity.title for quantity in quantities], chosen

    @override
    def choose_title(self, index: int) -> None:
        self._quantity = self._quantities()[index]
        self.pane.by_hand = False
        self.mark_stale()

    @override
    def subtitle(self) -> str:
        if self._quantity.validated:
            return tr("on the validation rows")
        return tr("share of rows answered right") if self._quantity.share else tr("of each step's batch")

    @override
    def scales(self) -> tuple[str, ...]:
        return ("linear",) if self._quantity.share else ("log", "linear")

    @override
    def concern(self) -> tuple[object, ...]:
        return (self.focus.digits,)

    @override
    def draw(self) -> None:
        if self._quantity not in self._quantities():
            self._quantity = _Quantity("loss")
        if self.frame is None:
            self._show_nothing(tr("Say at the left what differs, then start: all members learn side by side."))
            return
        super().draw()

    @override
    def content(self, metrics: Record, start: int, stop: int, points: int) -> Content:
        theme = looks.current()
        within = (0.0, 1.0) if self._quantity.share else None
        curves = []
        for number, runner in enumerate(self._runners):
            pen = member_pen(theme, number)
            curves.append(
                self._validated(runner, pen)
                if self._quantity.validated
                else self._recorded(runner, pen, start, stop, points)
            )
        # What is looked at lies over the others.
        if 0 <= self.chosen < len(curves):
            curves.append(curves.pop(self.chosen))
        return Content(tuple(curves), within)

    def _recorded(self, runner: RacingLine, pen: QPen, start: int, stop: int, points: int) -> Curve:
        metrics, column = runner.metrics, self._quantity.column
        steps, low, high = metrics.curve(column, start, stop, points)
        return Curve(runner.name, pen, steps, low, high, recorded(metrics, column), trend(metrics, column, start, stop))

    def _validated(self, runner: RacingLine, pen: QPen) -> Curve:
        found = runner.metrics.validation
        steps, values = found[:, 0].astype(np.int64), found[:, 2 if self._quantity.share else 1]

        def value(step: int) -> tuple[int, float] | None:
            place = int(np.searchsorted(steps, step, side="right")) - 1
            return (int(steps[place]), float(values[place])) if place >= 0 else None

        return Curve(runner.name, pen, steps, values, values, value)

    @override
    def _fit(self, curves: Sequence[Curve], within: tuple[float, float] | None) -> tuple[float, float]:
        """The axis of those that learn: a line that explodes leaves the picture, and the others are still seen."""
        starts = [float(curve.low[0]) for curve in curves if len(curve.low) and np.isfinite(curve.low[0])]
        most = EXPLODED * max(starts, default=1.0)
        if most > 0:
            curves = [
                dataclasses.replace(curve, low=np.minimum(curve.low, most), high=np.minimum(curve.high, most))
                for curve in curves
            ]
        return super()._fit(curves, within)

    @override
    def _lines_of(self, curve: Curve, first: float, last: float, points: int) -> tuple[Line | None, Line]:
        noise, line = super()._lines_of(curve, first, last, points)
        is_chosen = 0 <= self.chosen < len(self._runners) and curve.name == self._runners[self.chosen].name
        # The extremes of sixteen noisy lines would hide each other: those of the chosen one are enough.
        noise = noise if is_chosen or len(self._runners) <= 2 else None
        return noise, dataclasses.replace(line, thin=not is_chosen)

    def _quantities(self) -> list[_Quantity]:
        has_classes = self.frame is not None and self.frame.dataset.task != "regression"
        validated = any(len(runner.metrics.validation) for runner in self._runners)
        found = [_Quantity("loss"), _Quantity("loss", validated=True)]
        found += [_Quantity("accuracy", share=True), _Quantity("accuracy", validated=True, share=True)]
        return [each for each in found if (has_classes or not each.share) and (validated or not each.validated)]

    @override
    def table(self) -> tuple[list[str], list[list[object]]] | None:
        """Every exact step that is kept, one column for each member."""
        if not self._runners or self._quantity.validated:
            return None
        columns: list[dict[int, float]] = []
        for runner in self._runners:
            steps, values = runner.metrics.table((self._quantity.column,))
            columns.append(dict(zip(steps.tolist(), values[:, 0].tolist(), strict=True)))
        every = sorted({step for column in columns for step in column})
        names = ["step", *(runner.name for runner in self._runners)]
        return names, [[step, *(column.get(step) for column in columns)] for step in every]
