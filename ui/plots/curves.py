"""A plot of curves over training steps: what all of them share.

A subclass says what is drawn (`content`), this class draws it: the axes, the names at the right ends, the playhead, the
values at the cursor, the grey ghosts of kept curves, the menu, and the export. A curve comes as (steps, low, high) from
the pyramid of the metrics, about one cell per pixel column; the line runs through the low and the high of every cell,
so a spike of a single step in a million is still on the screen, and a refresh costs the same however long the run is.
Where a curve is mostly noise (small batches), that line is pale and the mean of each stretch of steps lies over it: the
extremes are all there, and the eye finds the trend.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QPainter, QPen, QPolygonF
from PyQt6.QtWidgets import QMenu, QWidget
from typing_extensions import override

from bpstudio.insight.notation import number
from ui import theme as looks
from ui.focus import Focus
from ui.language import tr
from ui.plots import lettering
from ui.plots.framed import AxesPlot
from ui.plots.kept import Compared, Kept, Record, Steps
from ui.plots.pane import Axis, End, Line
from ui.plots.readout import Entry
from ui.plots.scales import (
    LinearScale,
    LogScale,
    Scale,
    Values,
    extremes,
    fit_linear,
    fit_log,
    no_ticks,
    share_ticks,
    short,
    step_ticks,
)
from ui.shortened import literal

MOST_POINTS = 2000
DOTTED = 40
"""Up to so many values in view each one gets a dot: every dot is a step."""
COARSE = 64
"""Cells that are enough to find the range of a whole run."""
BORDER = 0.03
"""Room above and below an axis of shares: a line at exactly 0 or 1 would lie under the frame of the plot."""
ROUGH = 6.0
"""A line whose way is so many times its height is mostly noise."""
STRETCH = 5
"""Pixels from one mean of a noisy curve to the next."""
PALE = 0.6
"""Share of the background in the colour of the noise."""
LOG_FROM = 10.0
"""When nobody has chosen, an axis becomes logarithmic where the largest value is so many times the smallest."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One curve: where it runs, and how to find the exact value that counts in a step.

    `value(step)` is (the step it was computed in, the value), or None when it was not recorded or has been given up.
    """

    name: str
    pen: QPen
    steps: Steps
    low: Values
    high: Values
    value: Callable[[int], tuple[int, float] | None]
    trend: Callable[[int], tuple[Steps, Values]] | None = None
    """(steps, mean) in about so many stretches, for a curve that is mostly noise."""
    level: bool = False
    """A constant to compare with, drawn across the whole plot."""
    end: str | None = None
    """What stands at the right end, when that is not the name; "" for nothing."""


@dataclass(frozen=True)
class Content:
    """What a plot shows of one frame."""

    curves: tuple[Curve, ...]
    within: tuple[float, float] | None = None
    """Fixed range of the values, such as 0 to 1; else the axis follows the data."""
    empty: str = ""
    """Why there are no curves."""
    edits: tuple[int, ...] = ()


class CurvePlot(AxesPlot):
    """Curves over steps."""

    def __init__(self, focus: Focus, parent: QWidget | None = None, seek: Callable[[int], None] | None = None) -> None:
        """`seek` is called with the step that was clicked, or to which the playhead was dragged."""
        super().__init__(focus, parent)
        self._seek = seek
        self.kept: tuple[Kept, ...] = ()
        self.remove_kept: Callable[[Kept], None] = lambda kept: self.set_kept(k for k in self.kept if k is not kept)
        self.compared: Compared | None = None
        self.stop_comparing: Callable[[], object] = lambda: self.set_compared(None)
        self.chosen_scale = ""
        """"log" or "linear" once somebody has chosen; else it follows the data."""
        self.scale: Scale = LinearScale()
        self.content_shown = Content(())
        self.mean_of = 0
        """Steps in one mean of the noisy curves; 0 when none is drawn so."""
        self.pane.picked = self._pick
        self.pane.can_pick = seek is not None
        self.pane.paint_glass = self._paint_glass

    def scales(self) -> tuple[str, ...]:
        """What the vertical axis may be. One entry: there is no choice."""
        return ("log", "linear")

    def preferred_scale(self) -> str:
        """What it is as long as nobody has chosen; "" where the data decide."""
        return ""

    def content(self, metrics: Record, start: int, stop: int, points: int) -> Content:
        """The curves between two steps, each in at most about `points` cells."""
        raise NotImplementedError

    def set_kept(self, kept: Iterable[Kept]) -> None:
        """Draw these kept curves as grey ghosts."""
        self.kept = tuple(kept)
        self.mark_stale()

    def set_compared(self, compared: Compared | None) -> None:
        """Draw the curves of another branch as grey ghosts."""
        if compared is not self.compared and not (compared is not None and compared.is_same(self.compared)):
            self.compared = compared
            self.mark_stale()

    def set_scale(self, name: str) -> None:
        """Make the vertical axis "log" or "linear", or let it follow the data again ("")."""
        self.chosen_scale = name
        self.pane.by_hand = False
        self.mark_stale()

    @override
    def options(self) -> tuple[list[str], int]:
        if len(self.scales()) < 2 or self.pane.message:
            return [], 0
        return [tr("log"), tr("linear")], 0 if isinstance(self.scale, LogScale) else 1

    @override
    def choose_option(self, index: int) -> None:
        self.set_scale("log" if index == 0 else "linear")

    @override
    def whole_story(self) -> str:
        if not self.mean_of:
            return ""
        noise = tr("Line: mean of {count:,} steps each; pale: lowest and highest value.", count=self.mean_of)
        return f"{self.subtitle()}. {noise}"

    @override
    def draw(self) -> None:
        frame = self.frame
        if frame is None:
            self._show_nothing(tr("Nothing is open yet."))
            return
        metrics = frame.metrics
        first, last = metrics.first, max(metrics.stop - 1, frame.last_step, frame.step)
        for kept in self.kept:
            first, last = min(first, kept.first), max(last, kept.stop - 1)
        if self.compared is not None:
            first, last = min(first, self.compared.record.first), max(last, self.compared.record.stop - 1)
        last = max(last, first + 10)
        if self.pane.by_hand and not first < self.pane.x_view[1] <= self.pane.x_view[0] + 2 * (last - first):
            self.pane.by_hand = False
        view = self.pane.x_view if self.pane.by_hand else (float(first), float(last))
        start, stop = max(first, math.floor(view[0]) - 1), min(last, math.ceil(view[1]) + 1) + 1
        points = min(MOST_POINTS, max(64, round(self.pane.area.width() * self.devicePixelRatioF())))
        # The axis is that of the whole run, also while only a part of it is in view.
        measured = self._curves(first, last + 1, COARSE) if self.pane.by_hand else None
        drawn = self._curves(start, stop, points)
        if not drawn:
            self._show_nothing(self.content_shown.empty or tr("No steps yet."))
            return
        self.pane.message = ""
        before = type(self.scale)
        low, high = self._fit(measured or drawn, self.content_shown.within)
        if type(self.scale) is not before:
            self.pane.by_hand = False
        least = 1.0 if isinstance(self.scale, LogScale) else 0.0
        ticker = share_ticks if self.content_shown.within == (0.0, 1.0) else self.scale.ticks
        self.pane.set_axes(
            Axis(float(first), float(last), step_ticks, tr("step"), least=4.0),
            Axis(low, high, ticker, least=least),
        )
        self.pane.playhead = float(frame.step)
        self.mean_of = 0
        lines = [self._lines_of(curve, float(first), float(last), points) for curve in drawn]
        # The noise first: no trend lies under another curve's extremes.
        self.pane.set_lines([line for line, _ in lines if line is not None] + [line for _, line in lines])
        self.pane.ends = self._ends(drawn, [line for _, line in lines])
        self.set_heading()
        self.pane.arrange()

    def _curves(self, start: int, stop: int, points: int) -> list[Curve]:
        """What is to be drawn between two steps, ghosts first."""
        if self.frame is None:
            return []
        content = self.content(self.frame.metrics, start, stop, points)
        shown: list[tuple[Record, str, str]] = []
        for kept in self.kept:
            title = tr("kept {number}", number=kept.number)
            shown.append((kept, title, title))
        if self.compared is not None:
            shown.append((self.compared.record, self.compared.title, self.compared.short))
        ghosts = [ghost for each in shown for ghost in self._ghosts(*each, start, stop, points)]
        self.content_shown = replace(content, curves=(*ghosts, *content.curves))
        return [curve for curve in self.content_shown.curves if len(curve.steps)]

    def _fit(self, curves: Sequence[Curve], within: tuple[float, float] | None) -> tuple[float, float]:
        """Choose the vertical axis for these curves and return its range."""
        found = extremes([values for curve in curves for values in (curve.low, curve.high)])
        low, high, positive = found or (0.0, 1.0, 1.0)
        scales = self.scales()
        wanted = self.chosen_scale if self.chosen_scale in scales else scales[0] if len(scales) == 1 else ""
        wanted = wanted or self.preferred_scale()
        if not wanted:
            varied = extremes([v for curve in curves if not curve.level for v in (curve.low, curve.high)])
            spread = varied[1] / varied[2] if varied and varied[2] > 0 else 1.0
            wanted = "log" if low >= 0 and spread >= LOG_FROM else "linear"
        if wanted == "log" and low >= 0:
            self.scale, bottom, top = fit_log(low, high, positive)
            return bottom, top
        if within is not None:
            self.scale = LinearScale()
            margin = BORDER * (within[1] - within[0])
            return min(within[0], low) - margin, max(within[1], high) + margin
        self.scale, bottom, top = fit_linear(low, high, 4)
        return bottom, top

    def _lines_of(self, curve: Curve, first: float, last: float, points: int) -> tuple[Line | None, Line]:
        """(the noise, if there is much, the line) of one curve."""
        if curve.level:
            level = self.scale.place(np.repeat(curve.low[:1], 2))
            return None, Line(np.array([first, last]), level, curve.pen, thin=True)
        x, y = curve.steps.astype(np.float64), curve.low
        if not np.array_equal(curve.low, curve.high, equal_nan=True):
            # Down and up again in every cell: both extremes are on the line.
            x, y = np.repeat(x, 2), np.empty(2 * len(x))
            y[0::2], y[1::2] = curve.low, curve.high
        placed = self.scale.place(y)
        if not _rough(placed):
            return None, Line(x, placed, curve.pen)
        steps, mean = curve.trend(max(8, points // STRETCH)) if curve.trend is not None else (curve.steps[:0], y[:0])
        if len(steps) < 8 or len(curve.steps) < 2 * len(steps):
            return None, Line(x, placed, curve.pen, thin=True)
        self.mean_of = int(steps[1] - steps[0])
        pale = QPen(lettering.blend(curve.pen.color(), looks.current().background, PALE), 1)
        pale.setCosmetic(True)
        # A mean stands in the middle of its stretch.
        middle = steps + np.diff(steps, append=curve.steps[-1] + 1) / 2 - 0.5
        return Line(x, placed, pale, thin=True), Line(middle, self.scale.place(mean), curve.pen)

    def _ends(self, curves: Sequence[Curve], lines: Sequence[Line]) -> list[End]:
        """Each curve's name, where its line leaves the picture at the right."""
        right = self.pane.x_view[1]
        ends = []
        for curve, line in zip(curves, lines, strict=True):
            text = curve.name if curve.end is None else curve.end
            seen = line.y[: max(int(np.searchsorted(line.x, right, side="right")), 1)]
            finite = seen[np.isfinite(seen)]
            if text:
                y = float(finite[-1]) if len(finite) else self.pane.y_view[0]
                ends.append(End(text, curve.pen.color(), y, bold=not curve.level))
        return ends

    def _ghosts(self, record: Record, title: str, short: str, start: int, stop: int, points: int) -> list[Curve]:
        """The same curves of another record, all in grey; it is named once, at its last curve."""
        found = self.content(record, start, stop, points).curves
        curves = [curve for curve in found if not curve.level and len(curve.steps)]
        ghosts = []
        for curve in curves:
            pen = QPen(curve.pen)
            pen.setColor(looks.current().dashed)
            name = f"{title}: {curve.name}" if len(curves) > 1 else title
            ghosts.append(replace(curve, name=name, pen=pen, end=short if curve is curves[-1] else ""))
        return ghosts

    def _show_nothing(self, why: str) -> None:
        self.content_shown = Content((), empty=why)
        self.pane.message = why
        self.set_heading()
        self.pane.by_hand = False
        self.pane.set_lines([])
        self.pane.ends = []
        self.pane.set_axes(Axis(0.0, 1.0, no_ticks), Axis(0.0, 1.0, no_ticks))
        self.pane.arrange()

    # Values at the cursor

    def step_at_cursor(self) -> int | None:
        """The step under the mouse."""
        at = self.pane.cursor_at
        if at is None or self.frame is None or self.pane.message:
            return None
        step = round(self.pane.position(at)[0])
        return min(max(step, int(self.pane.x_axis.low)), int(self.pane.x_axis.high))

    def values_at(self, step: int) -> list[Entry]:
        """What each curve has in this step: the exact value, or the range of the stretch whose steps were given up."""
        entries = []
        for curve in self.content_shown.curves:
            found = curve.value(step)
            if found is not None:
                at, value = found
                name = curve.name if at == step else tr("{name}, step {step}", name=curve.name, step=f"{at:,}")
                entries.append(Entry(name, number(value, self.focus.digits), curve.pen.color()))
                continue
            index = int(np.searchsorted(curve.steps, step, side="right")) - 1
            if not 0 <= index < len(curve.steps) or (index == len(curve.steps) - 1 and step > curve.steps[-1]):
                continue
            text = f"{short(float(curve.low[index]))} … {short(float(curve.high[index]))}"
            entries.append(Entry(curve.name, text, curve.pen.color()))
        return entries

    @override
    def values_under_cursor(self) -> tuple[str, Sequence[Entry]] | None:
        step = self.step_at_cursor()
        return None if step is None else (tr("step {step}", step=f"{step:,}"), self.values_at(step))

    @override
    def readout_above(self) -> bool:
        return True

    def _paint_glass(self, painter: QPainter) -> None:
        theme, pane = looks.current(), self.pane
        if pane.message:
            return
        painter.save()
        painter.setClipRect(pane.area)
        painter.setPen(QPen(theme.secondary, theme.stroke(1), Qt.PenStyle.DotLine))
        for edit in self.content_shown.edits:
            x = round(pane.pixel(edit, 0.0).x())
            painter.drawLine(QPointF(x, pane.area.top()), QPointF(x, pane.area.bottom()))
        self._paint_nonfinite(painter)
        painter.setClipRect(pane.area.adjusted(-4, -4, 4, 4))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        size = float(theme.beside(3))
        for curve in self.content_shown.curves:
            if len(curve.steps) <= DOTTED and not curve.level:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(curve.pen.color())
                for x, y in zip(curve.steps, self.scale.place(curve.low), strict=True):
                    if np.isfinite(y):
                        painter.drawEllipse(pane.pixel(float(x), float(y)), size, size)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.restore()
        step = self.step_at_cursor()
        if step is None:
            return
        hair = round(pane.pixel(float(step), 0.0).x())
        painter.setPen(QPen(theme.secondary, theme.stroke(1), Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(hair, pane.area.top()), QPointF(hair, pane.area.bottom()))

    def _paint_nonfinite(self, painter: QPainter) -> None:
        """Where the run left the numbers: a zigzag of its own colour, and the word."""
        frame, theme, pane = self.frame, looks.current(), self.pane
        if frame is None or frame.nonfinite is None:
            return
        x = pane.pixel(frame.nonfinite.step, 0.0).x()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(theme.nonfinite, theme.stroke(1)))
        corners = range(pane.area.height() // 5 + 2)
        painter.drawPolyline(QPolygonF([QPointF(x + (3 if k % 2 else -3), pane.area.top() + 5 * k) for k in corners]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(theme.font(12, bold=True))
        painter.setPen(theme.nonfinite)
        text = number(frame.nonfinite.value)
        left = min(x + 7, pane.area.right() - painter.fontMetrics().horizontalAdvance(text) - 4.0)
        painter.drawText(QPointF(left, pane.area.top() + painter.fontMetrics().ascent() + 2), text)

    def _pick(self, x: float, y: float) -> None:
        if self._seek is not None and self.frame is not None:
            last = max(self.frame.last_step, self.frame.step)
            self._seek(min(max(round(x), self.frame.metrics.first), last))

    # Menu and export

    @override
    def fill_menu(self, menu: QMenu) -> None:
        if len(self.scales()) > 1:
            options = [("log", tr("Logarithmic axis")), ("linear", tr("Linear axis"))]
            if not self.preferred_scale():
                options.insert(0, ("", tr("Axis follows the data")))
            chosen = self.chosen_scale or self.preferred_scale()
            for name, text in options:
                self.add_choice(menu, text, chosen == name, lambda _=False, name=name: self.set_scale(name))
            menu.addSeparator()
        for kept in self.kept:
            text = tr("Remove kept curve {number}", number=kept.number)
            self.add_act(menu, text, lambda _=False, kept=kept: self.remove_kept(kept))
        if self.compared is not None:
            words = tr("Stop comparing with {branch}", branch=literal(self.compared.title))
            self.add_act(menu, words, lambda _=False: self.stop_comparing())
        if self.kept or self.compared is not None:
            menu.addSeparator()
        super().fill_menu(menu)

    def columns(self) -> tuple[str, ...]:
        """The columns of the metrics that this plot is about, for the export."""
        return ()

    @override
    def table(self) -> tuple[list[str], list[list[object]]] | None:
        if self.frame is None:
            return None
        names = self.columns()
        steps, values = self.frame.metrics.table(names)
        rows = {int(step): row for step, row in zip(steps, values.tolist(), strict=True)}
        others: tuple[Kept | Compared, ...] = (*self.kept, *((self.compared,) if self.compared is not None else ()))
        more = {name: column for each in others for name, column in each.numbers(names).items()}
        every = sorted(rows.keys() | {step for column in more.values() for step in column})
        blank = [None] * len(names)
        beside = [[column.get(step) for column in more.values()] for step in every]
        return ["step", *names, *more], [
            [step, *rows.get(step, blank), *kept] for step, kept in zip(every, beside, strict=True)
        ]


def trend(record: Record, column: str, start: int, stop: int) -> Callable[[int], tuple[Steps, Values]]:
    """How a curve finds the means of a column between two steps."""
    return lambda points: record.means(column, start, stop, points)


def _rough(y: Values) -> bool:
    """Whether a line goes up and down so often that a fine pen shows more of it."""
    finite = y[np.isfinite(y)]
    if len(finite) < DOTTED:
        return False
    return bool(np.abs(np.diff(finite)).sum() > ROUGH * (finite.max() - finite.min()))


def recorded(metrics: Record, column: str) -> Callable[[int], tuple[int, float] | None]:
    """How a curve finds the value of a column in a step."""

    def value(step: int) -> tuple[int, float] | None:
        exact = metrics.value(column, step)
        return None if exact is None else (step, exact)

    return value
