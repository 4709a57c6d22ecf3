"""One pair of axes: the only place where pyqtgraph is driven.

pyqtgraph's view box draws curves, images and points, and covers just the rectangle between the axes. Ticks, names and
numbers stand around it and are painted here, so a name can never lie on a curve. A sheet of glass above it carries the
playhead and the read-out and takes the mouse: drag pans, the wheel zooms at the cursor (beside an axis only along it),
a click and a dragged playhead choose a place.

Measured (1,800 points a curve): antialiased lines of width 2 cost 50 ms, of width 1 under 2 ms. A line of about one and
a half pixels is therefore drawn as two antialiased lines of width 1, half a pixel apart; beside large text there are
more of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PyQt6.QtWidgets import QWidget
from pyqtgraph.graphicsItems.ScatterPlotItem import Symbols
from typing_extensions import override

from ui import theme as looks
from ui.plots import lettering
from ui.plots.glass import Glass
from ui.plots.lettering import Label
from ui.plots.scales import Ticker, Ticks, Values, linear_ticks

Range = tuple[float, float]

NARROW = 48
"""The data keep at least so many pixels of width; names are shortened before."""
NAMES_SHARE = 0.4
"""Names of rows at the left take at most this share of the width."""
TALL = 185
"""From this height on the horizontal axis has a line of its own for its name."""


@dataclass(frozen=True, eq=False)
class Line:
    """A polyline in positions of the picture; NaN leaves a gap."""

    x: Values
    y: Values
    pen: QPen
    thin: bool = False


@dataclass(frozen=True, eq=False)
class Points:
    """Markers of one shape, in one colour or each in its own; hollow ones are an outline only."""

    x: Values
    y: Values
    symbol: str
    colors: Sequence[QColor]
    hollow: bool = False
    size: float = 8.0


SYMBOLS = ("o", "s", "t1", "d", "star", "t", "p", "h")
"""Shapes of markers that can be told apart filled and hollow."""


def paint_symbol(painter: QPainter, symbol: str, at: QPointF, size: float, color: QColor, hollow: bool = False) -> None:
    """One marker, as the points of a plot are drawn."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.translate(at)
    painter.scale(size, size)
    pen = QPen(color, 1.5)
    pen.setCosmetic(True)
    painter.setPen(pen if hollow else QPen(Qt.PenStyle.NoPen))
    painter.setBrush(Qt.BrushStyle.NoBrush if hollow else color)
    painter.drawPath(Symbols[symbol])
    painter.restore()


@dataclass(frozen=True, eq=False)
class Picture:
    """An image of 32-bit ARGB colours, rows from the bottom up, over a rectangle of positions."""

    argb: NDArray[np.uint32]
    x: Range
    y: Range


@dataclass(frozen=True)
class Axis:
    """Range, ticks and name of an axis; it cannot be zoomed in further than to a span of `least`."""

    low: float
    high: float
    ticker: Ticker = linear_ticks
    name: str = ""
    least: float = 0.0


@dataclass(frozen=True)
class End:
    """The name of a curve and the position at which the curve ends."""

    text: str
    color: QColor
    y: float
    bold: bool = True


def _ignore(*_: float) -> None:
    pass


class Pane(QWidget):
    """Axes with curves, images and points."""

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        picked: Callable[[float, float], None] = _ignore,
        moved: Callable[[], None] = lambda: None,
    ) -> None:
        """`picked`: a place was clicked, or the playhead dragged there; `moved`: panned or zoomed by hand."""
        super().__init__(parent)
        self.picked, self._moved = picked, moved
        self.x_axis, self.y_axis = Axis(0.0, 1.0), Axis(0.0, 1.0)
        self.x_view: Range = (0.0, 1.0)
        self.y_view: Range = (0.0, 1.0)
        self.by_hand = False
        """Panned or zoomed by the user: the ranges stay as they are until `fit`."""
        self.ends: list[End] = []
        self.playhead: float | None = None
        self.can_pick = False
        """Clicks choose a place and the playhead can be dragged."""
        self.wheel_zooms = True
        """Else the wheel belongs to what the plot stands in, and zooms only with Ctrl."""
        self.message = ""
        self.grid = True
        self.row_names: list[tuple[float, str]] | None = None
        """Names at the left instead of numbers: (position, text)."""
        self.cursor_at: QPointF | None = None
        self.area = QRect(40, 8, 100, 100)
        self.paint_ground: Callable[[QPainter], None] = lambda painter: None
        """Paints under the data, over the ground and the grid."""
        self.paint_under: Callable[[QPainter], None] = lambda painter: None
        """Paints over the data and under the playhead."""
        self.paint_glass: Callable[[QPainter], None] = lambda painter: None
        """Paints over everything."""
        self.hovered: Callable[[], None] = lambda: None
        """Is called when the cursor has moved or is gone (`cursor_at`)."""
        self.beside = 0
        """Pixels kept free at the right of the data for `paint_beside`, such as a colour scale."""
        self.paint_beside: Callable[[QPainter], None] = lambda painter: None
        self._names: list[tuple[Label, float]] = []
        self._lines: list[list[Any]] = []
        self._points: list[Any] = []
        self._image: Any = None
        self._box: Any = pg.ViewBox(enableMenu=False, enableMouse=False)
        self._box.disableAutoRange()
        self._box.setDefaultPadding(0.0)
        self._view: Any = pg.GraphicsView(self, background=None)
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._view.setCentralItem(self._box)
        self._view.viewport().setAutoFillBackground(False)
        self._glass = Glass(self)

    # What is drawn

    def set_axes(self, x: Axis, y: Axis) -> None:
        """New axes. Ranges chosen by hand are kept."""
        self.x_axis, self.y_axis = x, y
        if not self.by_hand:
            self.x_view, self.y_view = (x.low, x.high), (y.low, y.high)

    def set_lines(self, lines: Sequence[Line]) -> None:
        """These curves and no others. Items are reused: building one costs more than drawing it."""
        self._lines += [[] for _ in range(len(lines) - len(self._lines))]
        scale = looks.current().scale
        for index, copies in enumerate(self._lines):
            if index >= len(lines):
                for item in copies:
                    item.hide()
                continue
            line = lines[index]
            connect = "all" if bool(np.isfinite(line.y).all()) else "finite"
            drawn = max(round((1 if line.thin else 2) * scale), 1)
            while len(copies) < drawn:
                copies.append(pg.PlotCurveItem(antialias=True))
                copies[-1].setZValue(10)
                self._box.addItem(copies[-1], ignoreBounds=True)
            for number, item in enumerate(copies):
                item.setVisible(number < drawn)
                if number < drawn:
                    item.setData(line.x, line.y, pen=line.pen, connect=connect)

    def set_points(self, points: Sequence[Points]) -> None:
        """These markers and no others."""
        while len(self._points) < len(points):
            self._points.append(pg.ScatterPlotItem(pxMode=True, antialias=True))
            self._points[-1].setZValue(5)
            self._box.addItem(self._points[-1], ignoreBounds=True)
        theme = looks.current()
        for index, item in enumerate(self._points):
            if index >= len(points):
                item.clear()
                continue
            group = points[index]
            one = len(group.colors) == 1
            outlines = [pg.mkPen(color, width=theme.stroke(1.5)) for color in group.colors]
            pens: Any = (outlines[0] if one else outlines) if group.hollow else pg.mkPen(theme.background, width=1)
            fills: Any = group.colors[0] if one else list(group.colors)
            brushes = None if group.hollow else fills
            item.setData(
                x=group.x,
                y=group.y,
                symbol=group.symbol,
                size=group.size * max(theme.scale, 1.0),
                pen=pens,
                brush=brushes,
            )

    def set_picture(self, picture: Picture | None) -> None:
        """This image behind everything else, or none."""
        if picture is None:
            if self._image is not None:
                self._image.hide()
            return
        if self._image is None:
            self._image = pg.ImageItem(axisOrder="row-major", levels=None)
            self._image.setZValue(-5)
            self._box.addItem(self._image, ignoreBounds=True)
        channels = np.ascontiguousarray(picture.argb[..., None]).view(np.uint8)[..., [2, 1, 0, 3]]
        self._image.setImage(channels, levels=None, autoLevels=False)
        (left, right), (bottom, top) = picture.x, picture.y
        self._image.setRect(QRectF(left, bottom, right - left, top - bottom))
        self._image.show()

    def arrange(self) -> None:
        """Lay everything out and paint it: call this after the setters."""
        theme = looks.current()
        mono, line = QFontMetrics(theme.font(12, mono=True)), QFontMetrics(theme.font(12)).height()
        below = bool(self.x_axis.name) and self.height() >= theme.px(TALL)
        bottom = line + 8 + (line - 1 if below else 0)
        top = max(mono.height() // 2 + 1, 7)
        height = max(self.height() - top - bottom, 10)
        # Widths are rounded up, so that the rectangle does not tremble while the numbers change.
        if self.row_names is None:
            texts = [text for _, text in self._ticks_of(self.y_axis, self.y_view, height, line * 1.9)]
            left = max((mono.horizontalAdvance(text) for text in texts), default=0) + 10
        else:
            words = QFontMetrics(theme.font(12))
            left = max((words.horizontalAdvance(text) for _, text in self.row_names), default=0) + 12
            left = min(left, round(self.width() * NAMES_SHARE))
        left = -(-max(left + (line if self.y_axis.name else 0), 24) // 8) * 8
        labels = [Label(end.text, end.color, 0.0, end.bold) for end in self.ends]
        names = lettering.names_width(theme, labels)
        last = self._ticks_of(self.x_axis, self.x_view, max(self.width() - left - names, 60), 0.0, horizontal=True)
        overhang = mono.horizontalAdvance(last[-1][1]) // 2 + 2 if last else 12
        right = max(-(-names // 8) * 8, overhang, self.beside, 12)
        right = min(right, max(self.width() - left - NARROW, 12))
        self.area = QRect(left, top, max(self.width() - left - right, 10), height)
        self._view.setGeometry(self.area)
        self._glass.setGeometry(self.rect())
        self._box.setRange(xRange=self.x_view, yRange=self.y_view, padding=0.0, disableAutoRange=False)
        dx = 0.5 * (self.x_view[1] - self.x_view[0]) / max(self.area.width(), 1)
        dy = 0.5 * (self.y_view[1] - self.y_view[0]) / max(self.area.height(), 1)
        for copies in self._lines:
            for number, item in enumerate(copies):
                item.setPos(number * dx, number * dy)
        labels = [Label(end.text, end.color, self.pixel(0.0, end.y).y(), end.bold) for end in self.ends]
        self._names = lettering.place_names(theme, self.area, labels, self.area.bottom() + 4)
        self.update()
        self._glass.update()

    # Where things are

    def pixel(self, x: float, y: float) -> QPointF:
        """The pixel of a position."""
        (left, right), (bottom, top) = self.x_view, self.y_view
        return QPointF(
            self.area.left() + (x - left) / (right - left) * self.area.width(),
            self.area.top() + (top - y) / (top - bottom) * self.area.height(),
        )

    def position(self, pixel: QPointF) -> tuple[float, float]:
        """The position of a pixel."""
        (left, right), (bottom, top) = self.x_view, self.y_view
        return (
            left + (pixel.x() - self.area.left()) / self.area.width() * (right - left),
            top - (pixel.y() - self.area.top()) / self.area.height() * (top - bottom),
        )

    def x_ticks(self) -> Ticks:
        """Ticks of the horizontal axis: (position, text)."""
        return self._ticks_of(self.x_axis, self.x_view, self.area.width(), 0.0, horizontal=True)

    def y_ticks(self) -> Ticks:
        """Ticks of the vertical axis: (position, text)."""
        line = QFontMetrics(looks.current().font(12)).height()
        return self._ticks_of(self.y_axis, self.y_view, self.area.height(), line * 1.9)

    def written_names(self) -> list[tuple[str, QRectF]]:
        """The names at the ends of curves that are on the screen, and where."""
        theme = looks.current()
        height = lettering.label_height(theme)
        found = []
        for label, centre in self._names:
            width = QFontMetrics(theme.font(12, bold=label.bold)).horizontalAdvance(label.text)
            found.append(
                (label.text, QRectF(self.area.right() + lettering.GAP + 1, centre - height / 2, width, height))
            )
        return found

    def _ticks_of(self, axis: Axis, view: Range, pixels: int, each: float, horizontal: bool = False) -> Ticks:
        if horizontal:
            metrics = QFontMetrics(looks.current().font(12, mono=True))
            widest = metrics.horizontalAdvance(max((t for _, t in axis.ticker(*view, 2)), key=len, default="0"))
            each = max(widest + 26.0, looks.current().px(56))
        return axis.ticker(view[0], view[1], max(2, int(pixels / each)))

    # The hand

    def fit(self) -> None:
        """Back to the ranges that show everything."""
        self.by_hand = False
        self.x_view, self.y_view = (self.x_axis.low, self.x_axis.high), (self.y_axis.low, self.y_axis.high)
        self._moved()

    def zoom(self, factor: float, at: tuple[float, float] | None = None, along: str = "xy") -> None:
        """Show `factor` times as much, keeping the position `at` where it is."""
        x, y = at or (sum(self.x_view) / 2, sum(self.y_view) / 2)
        if "x" in along:
            self.x_view = _zoomed(self.x_view, self.x_axis, factor, x, 0.0)
        if "y" in along:
            self.y_view = _zoomed(self.y_view, self.y_axis, factor, y, 0.5)
        self._settle()

    def pan(self, dx: float, dy: float) -> None:
        """Move the view by so many pixels."""
        width, height = self.x_view[1] - self.x_view[0], self.y_view[1] - self.y_view[0]
        self.x_view = _held(self.x_view, self.x_axis, -dx / self.area.width() * width, 0.0)
        self.y_view = _held(self.y_view, self.y_axis, dy / self.area.height() * height, 0.5)
        self._settle()

    def _settle(self) -> None:
        everything = ((self.x_axis.low, self.x_axis.high), (self.y_axis.low, self.y_axis.high))
        self.by_hand = (self.x_view, self.y_view) != everything
        self.arrange()
        self._moved()

    def cursor_moved(self, pixel: QPointF | None) -> None:
        """The mouse is at this pixel of the pane, or gone."""
        self.cursor_at = pixel if pixel is not None and QRectF(self.area).contains(pixel) else None
        self.hovered()
        self._glass.update()

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.arrange()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        theme = looks.current()
        painter = QPainter(self)
        x_ticks = [(self.pixel(x, 0.0).x(), text) for x, text in self.x_ticks()]
        y_ticks = [(self.pixel(0.0, y).y(), text) for y, text in self.y_ticks()] if self.row_names is None else []
        lettering.paint_frame(painter, theme, self.area, x_ticks, y_ticks, self.grid)
        self.paint_ground(painter)
        if self.row_names is None:
            lettering.paint_y_ticks(painter, theme, self.area, y_ticks)
        else:
            rows = [(self.pixel(0.0, y).y(), text) for y, text in self.row_names]
            lettering.paint_row_names(painter, theme, self.area, rows)
        if self.y_axis.name:
            lettering.paint_y_name(painter, theme, self.area, self.y_axis.name)
        below = self.height() >= theme.px(TALL)
        lettering.paint_x_ticks(painter, theme, self.area, x_ticks, self.x_axis.name, below, self.width() - 1)
        lettering.paint_names(painter, theme, self.area, self._names, self.width())
        self.paint_beside(painter)
        painter.end()


def _zoomed(view: Range, axis: Axis, factor: float, at: float, slack: float) -> Range:
    whole = axis.high - axis.low
    span = min(max((view[1] - view[0]) * factor, axis.least, 1e-9 * whole), whole)
    share = (at - view[0]) / (view[1] - view[0])
    return _held((at - share * span, at - share * span + span), axis, 0.0, slack if span < whole else 0.0)


def _held(view: Range, axis: Axis, by: float, slack: float) -> Range:
    """`view`, moved, but never away from the axis' range (by more than `slack` of it)."""
    span, extra = view[1] - view[0], slack * (axis.high - axis.low)
    if span >= (axis.high - axis.low) * (1 - 1e-9) and slack == 0.0:
        return axis.low, axis.high
    low = min(max(view[0] + by, axis.low - extra), axis.high + extra - span)
    return low, low + span
