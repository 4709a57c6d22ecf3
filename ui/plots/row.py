"""The row of plots at the bottom of the window: loss, saturation, gradient size, and a fourth place with a choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PyQt6.QtCore import QSize
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QStackedWidget, QWidget
from typing_extensions import override

from bpstudio.insight.branches import title
from bpstudio.training.frame import Frame
from ui import theme as looks
from ui.focus import Focus
from ui.language import tr
from ui.plots.bars import GradientBars
from ui.plots.confusion import ConfusionMatrix
from ui.plots.curves import CurvePlot
from ui.plots.fit import FitPlot
from ui.plots.framed import FramedPlot, Place
from ui.plots.kept import Compared, Kept
from ui.plots.layers import GradientPlot, SaturationPlot
from ui.plots.loss import LossPlot
from ui.plots.unit_map import SaturationMap
from ui.runner import Runner

MOST_KEPT = 6
"""Pinned runs; a further one replaces the oldest."""


class Stack(QStackedWidget):
    """Plots that share one place; their titles stand side by side and lead from one to the other."""

    def __init__(self, plots: list[tuple[Callable[[], str], FramedPlot]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plots = [plot for _, plot in plots]
        names = [name for name, _ in plots]
        for index, plot in enumerate(self.plots):
            plot.place = Place(lambda: [name() for name in names], index, self.choose)
            self.addWidget(plot)

    def choose(self, index: int) -> None:
        """Show another of the plots."""
        had_focus = self.isAncestorOf(self.focusWidget()) if self.focusWidget() is not None else False
        self.setCurrentIndex(index)
        self.plots[index].set_heading()
        if had_focus:
            self.plots[index].header.buttons[index].setFocus()

    @override
    def minimumSizeHint(self) -> QSize:
        # Only of the plot that is seen: the others still have the widths of the text that they were seen with.
        shown = self.currentWidget()
        return shown.minimumSizeHint() if shown is not None else super().minimumSizeHint()


class PlotsRow(QWidget):
    """All plots. Give it every frame; only what can be seen is drawn, at about 10 Hz."""

    def __init__(self, focus: Focus, runner: Runner | None = None, parent: QWidget | None = None) -> None:
        """With a `runner`, clicks seek, grids are computed beside the training, and its answers are listened to."""
        super().__init__(parent)
        seek = runner.seek if runner is not None else None
        ask = runner.ask if runner is not None else None
        self.loss = LossPlot(focus, seek=seek)
        self.saturation = SaturationPlot(focus, seek=seek)
        self.gradient = GradientPlot(focus, seek=seek)
        self.bars = GradientBars(focus)
        self.fit = FitPlot(focus, ask=ask)
        self.confusion = ConfusionMatrix(focus, ask=ask)
        self.units = SaturationMap(focus, seek=seek)
        self.beside_saturation = SaturationMap(focus, seek=seek)
        self.second = Stack(
            [(lambda: tr("Saturation"), self.saturation), (lambda: tr("by unit"), self.beside_saturation)]
        )
        self.fourth = Stack(
            [
                (lambda: tr("Gradient bars"), self.bars),
                (lambda: tr("Fit"), self.fit),
                (lambda: tr("Confusion"), self.confusion),
                (lambda: tr("Unit map"), self.units),
            ]
        )
        self.curves: tuple[CurvePlot, ...] = (self.loss, self.saturation, self.gradient)
        self.all: tuple[FramedPlot, ...] = (
            *self.curves, self.bars, self.fit, self.confusion, self.units, self.beside_saturation,
        )  # fmt: skip
        self.stop_when: Callable[[], object] = lambda: None
        """Asks at what training is to stop."""
        self.kept: tuple[Kept, ...] = ()
        self._kept_so_far = 0
        self._frame: Frame | None = None
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(1)
        places: tuple[FramedPlot | Stack, ...] = (self.loss, self.second, self.gradient, self.fourth)
        for place in places:
            line.addWidget(place, 1)
        for plot in self.all:
            plot.paced = True
        for plot in self.curves:
            plot.extend_menu = self._offer_keeping
            plot.remove_kept = self.remove_kept
            if runner is not None:
                plot.stop_comparing = partial(runner.compare, None)
        if runner is not None:
            runner.answered.connect(self.show_answer)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_frame(self, frame: Frame) -> None:
        """Show this frame in every plot.

        While training runs somebody else says when each is drawn (see `LiveView.wait`): one after the other, so that no
        frame is late because of several.
        """
        self._frame = frame
        compared = _compared(frame)
        for curves in self.curves:
            curves.set_compared(compared)
        for plot in self.all:
            plot.show_frame(frame)

    def bring(self, names: Sequence[str]) -> None:
        """Put plots in front by their names in a lesson file (bpstudio.files.lesson.PLOTS); what is named first wins
        its place, and what is not named stands as at the beginning.
        """
        fourth = {"bars": self.bars, "fit": self.fit, "map": self.units}
        first = next((name for name in names if name in fourth), "bars")
        self.fourth.choose(self.fourth.plots.index(fourth[first]))
        beside = "map" in names and first != "map" and "saturation" not in names
        self.second.choose(self.second.plots.index(self.beside_saturation if beside else self.saturation))
        self.bring_one(next((name for name in names if name in ("loss", "accuracy", "rate")), "loss"))

    def bring_one(self, name: str) -> None:
        """Put one plot in front by its name in a lesson file, and leave the others as they are."""
        if name in ("loss", "accuracy"):
            self.loss.show_accuracy(name == "accuracy")
        elif name == "rate":
            self.loss.show_rate()
        elif name == "bars":
            self.fourth.choose(self.fourth.plots.index(self.bars))
        elif name == "saturation":
            self.second.choose(self.second.plots.index(self.saturation))

    def show_answer(self, question: object, answer: object) -> None:
        """Hand an answer of the runner to the plot that asked."""
        self.fit.show_answer(question, answer)
        self.confusion.show_answer(question, answer)

    def keep_curve(self) -> None:
        """Pin the present curves as grey ghosts; they stay through reset and edits."""
        if self._frame is None or self._frame.metrics.stop == self._frame.metrics.first:
            return
        self._kept_so_far += 1
        kept = Kept.pin(self._kept_so_far, self._frame.metrics)
        self._set_kept((*self.kept, kept)[-MOST_KEPT:])

    def clear_kept(self) -> None:
        """Remove every pinned curve."""
        self._set_kept(())

    def remove_kept(self, kept: Kept) -> None:
        """Remove one pinned run."""
        self._set_kept(tuple(each for each in self.kept if each is not kept))

    def _set_kept(self, kept: tuple[Kept, ...]) -> None:
        self.kept = kept
        for plot in self.curves:
            plot.set_kept(kept)

    def _offer_keeping(self, menu: QMenu) -> None:
        plot = self.loss
        plot.add_act(menu, tr("Keep curve"), self.keep_curve, enabled=self._frame is not None)
        if self.kept:
            plot.add_act(menu, tr("Remove all kept curves"), self.clear_kept)
        menu.addSeparator()
        plot.add_act(menu, tr("Stop when…"), self.stop_when, enabled=self._frame is not None)

    @override
    def sizeHint(self) -> QSize:
        return QSize(1280, looks.current().px(210))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(640, looks.current().px(120))

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), looks.current().border)
        painter.end()


def _compared(frame: Frame) -> Compared | None:
    """The other branch with which the run is compared."""
    for branch in frame.branches:
        if branch.number == frame.compared != frame.branch:
            return Compared(title(frame.branches, branch.number, tr), branch.metrics)
    return None
