"""How flat each unit is, in every step: a map with a row per unit, black responsive, white flat (reversed in light)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QPainter, QPen
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from bpstudio.insight.elements import Unit
from bpstudio.insight.notation import Letters
from ui import theme as looks
from ui.focus import Focus
from ui.language import tr
from ui.plots.framed import AxesPlot
from ui.plots.layers import layer_title, unflat_words
from ui.plots.pane import Axis, Picture
from ui.plots.readout import Entry
from ui.plots.scales import no_ticks, step_ticks

MOST_COLUMNS = 2000
GAP_FROM = 14
"""From this height of a row on there is a gap between two rows."""
NAMED_FROM = 11
"""From this height on every unit has its name; lower, the layers have theirs."""


class SaturationMap(AxesPlot):
    """Saturation of every unit over the steps; a stretch of steps shows its largest value."""

    def __init__(self, focus: Focus, parent: QWidget | None = None, seek: Callable[[int], None] | None = None) -> None:
        super().__init__(focus, parent)
        self._seek = seek
        self._steps: NDArray[np.int64] = np.empty(0, np.int64)
        self._levels: NDArray[np.uint8] = np.empty((0, 0), np.uint8)
        self._units: tuple[Unit, ...] = ()
        self.pane.picked = self._pick
        self.pane.can_pick = seek is not None
        self.pane.grid = False
        self.pane.paint_under = self._paint_gaps
        self.pane.paint_glass = self._paint_glass

    @override
    def titles(self) -> tuple[list[str], int]:
        return [tr("Saturation by unit")], 0

    @override
    def subtitle(self) -> str:
        return tr("0 black … 1 white") if looks.current().dark else tr("0 white … 1 black")

    @override
    def concern(self) -> tuple[object, ...]:
        return self.focus.notation, self.focus.selection

    @override
    def draw(self) -> None:
        self.set_heading()
        frame = self.frame
        if frame is None:
            self._show_nothing(tr("Nothing is open yet."))
            return
        metrics, network = frame.metrics, frame.experiment.network
        first, last = metrics.first, max(metrics.stop - 1, frame.last_step, frame.step)
        last = max(last, first + 10)
        view = self.pane.x_view if self.pane.by_hand else (float(first), float(last))
        points = min(MOST_COLUMNS, max(64, round(self.pane.area.width() * self.devicePixelRatioF())))
        start, stop = max(first, int(view[0]) - 1), min(last, int(view[1]) + 1) + 1
        steps, levels, units = metrics.units(start, stop, points, frame.step)
        if not units:
            why = unflat_words(network.layers)
            self._show_nothing(tr("No layer saturates here. {why}.", why=why) if why else tr("No steps yet."))
            return
        if not len(steps):
            self._show_nothing(tr("No steps yet."))
            return
        # The first unit stands at the top.
        self._steps, self._levels = steps, levels
        self._units = tuple(Unit(layer, index) for layer, index in units)
        self.pane.message = ""
        end = min(stop, metrics.stop)
        self.pane.set_picture(Picture(self._columns(end), (float(steps[0]), float(end)), (0.0, float(len(units)))))
        self.pane.playhead = float(frame.step)
        self._name_rows()
        self.pane.set_axes(
            Axis(float(first), float(last), step_ticks, tr("step"), least=4.0),
            Axis(0.0, float(len(units)), least=float(min(2, len(units)))),
        )
        self.pane.arrange()

    def _columns(self, end: int) -> NDArray[np.uint32]:
        """The picture, a column for every stretch of steps of equal length up to `end` (the record's cells differ in
        length, and the newest is often a single step). A column shows the largest value of the cells that begin in it.
        """
        first = int(self._steps[0])
        shortest = int(np.diff(self._steps).min()) if len(self._steps) > 1 else 1
        count = min(-(-(end - first) // max(shortest, 1)), MOST_COLUMNS)
        wanted = first + (end - first) * np.arange(count) / count
        index = np.searchsorted(self._steps, wanted, side="right") - 1
        levels = np.maximum.reduceat(self._levels, index, axis=0)
        return looks.current().saturation(levels.T[::-1] / 255.0)

    def _name_rows(self) -> None:
        """Names of units where a row is high enough, else of layers."""
        frame = self.frame
        if frame is None:
            return
        letters = Letters(self.focus.notation, frame.experiment.network)
        count, height = len(self._units), self.pane.area.height()
        if height / count >= NAMED_FROM:
            self.pane.row_names = [(count - k - 0.5, letters.unit(unit)) for k, unit in enumerate(self._units)]
            return
        rows: list[tuple[float, str]] = []
        for layer in sorted({unit.layer for unit in self._units}):
            places = [k for k, unit in enumerate(self._units) if unit.layer == layer]
            title = layer_title(frame.experiment.network.layers, layer)
            rows.append((count - (places[0] + places[-1] + 1) / 2, title))
        self.pane.row_names = rows

    def _show_nothing(self, why: str) -> None:
        self._units = ()
        self.pane.message = why
        self.pane.by_hand = False
        self.pane.row_names = []
        self.pane.set_picture(None)
        self.pane.set_axes(Axis(0.0, 1.0, no_ticks), Axis(0.0, 1.0, no_ticks))
        self.pane.arrange()

    def value_at_cursor(self) -> tuple[Unit, int, float] | None:
        """(unit, step, saturation) under the mouse; within a stretch of steps it is the largest of them."""
        at = self.pane.cursor_at
        if at is None or not self._units:
            return None
        x, y = self.pane.position(at)
        row = min(max(int(len(self._units) - y), 0), len(self._units) - 1)
        index = int(np.searchsorted(self._steps, x, side="right")) - 1
        if not 0 <= index < len(self._steps) or self.frame is None or x > self.frame.metrics.stop:
            return None
        return self._units[row], int(self._steps[index]), float(self._levels[index, row]) / 255.0

    def _paint_glass(self, painter: QPainter) -> None:
        theme, pane, frame = looks.current(), self.pane, self.frame
        if pane.message or frame is None or not self._units:
            return
        selection = self.focus.selection
        if isinstance(selection, Unit) and selection in self._units:
            row = len(self._units) - self._units.index(selection)
            top, bottom = pane.pixel(0, row).y(), pane.pixel(0, row - 1).y()
            painter.setPen(QPen(theme.accent, theme.stroke(1)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(pane.area.left(), top, pane.area.width() - 1, max(bottom - top - 1, 2)))

    @override
    def values_under_cursor(self) -> tuple[str, Sequence[Entry]] | None:
        found = self.value_at_cursor()
        if found is None or self.frame is None:
            return None
        unit, step, value = found
        name = Letters(self.focus.notation, self.frame.experiment.network).unit(unit)
        return tr("step {step}", step=f"{step:,}"), [Entry(name, f"{value:.2f}", looks.current().text)]

    def _paint_gaps(self, painter: QPainter) -> None:
        """Gaps between units while the rows are high, between layers always."""
        pane, count = self.pane, len(self._units)
        if pane.message or not count:
            return
        apart = pane.area.height() / (pane.y_view[1] - pane.y_view[0])
        for k in range(1, count):
            between_layers = self._units[k].layer != self._units[k - 1].layer
            if not (between_layers or apart >= GAP_FROM):
                continue
            width = 4 if apart >= GAP_FROM else 2
            y = round(pane.pixel(0, count - k).y())
            painter.fillRect(QRectF(pane.area.left(), y - width / 2, pane.area.width(), width), looks.current().panel)

    def _pick(self, x: float, y: float) -> None:
        if self._seek is not None and self.frame is not None:
            last = max(self.frame.last_step, self.frame.step)
            self._seek(min(max(round(x), self.frame.metrics.first), last))

    @override
    def table(self) -> tuple[list[str], list[list[object]]] | None:
        """The map as it is drawn: one row per stretch of steps, its largest saturation per unit."""
        frame = self.frame
        if frame is None:
            return None
        steps, levels, units = frame.metrics.units(points=MOST_COLUMNS, at=frame.step)
        letters = Letters(self.focus.notation, frame.experiment.network)
        names = ["first_step", *(letters.names.unit(Unit(layer, index)) for layer, index in units)]
        shares = np.round(levels / 255.0, 3).tolist()
        return names, [[int(step), *row] for step, row in zip(steps, shares, strict=True)]
