"""Text and rulers around a plot: frame, ticks, names of axes and rows, names at the ends of curves.

Every function paints with what it is given and keeps nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRect, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPen

from ui.plots.scales import Ticks, stack
from ui.theme import Theme, contrast

GAP = 8
"""Pixels between the data's rectangle and the names beside it."""
LEAST_CONTRAST = 4.5


@dataclass(frozen=True)
class Label:
    """A name at the right end of a curve; `end` is the pixel row in which the curve ends."""

    text: str
    color: QColor
    end: float
    bold: bool = True


def legible(color: QColor, background: QColor, ink: QColor) -> QColor:
    """`color`, moved towards the colour of text until it can be read on `background`."""
    for share in (0.0, 0.15, 0.3, 0.45, 0.6, 0.75):
        mixed = blend(color, ink, share)
        if contrast(mixed, background) >= LEAST_CONTRAST:
            return mixed
    return ink


def blend(color: QColor, other: QColor, share: float) -> QColor:
    """`color` with `share` of `other` in it, opaque."""
    pairs = ((color.red(), other.red()), (color.green(), other.green()), (color.blue(), other.blue()))
    return QColor(*(round(a + (b - a) * share) for a, b in pairs))


def paint_frame(painter: QPainter, theme: Theme, area: QRect, x_ticks: Ticks, y_ticks: Ticks, grid: bool) -> None:
    """The ground of the data's rectangle with a line at every tick of the vertical axis. Positions are pixels."""
    painter.fillRect(area, theme.background)
    painter.setPen(QPen(theme.border, theme.stroke(1)))
    if grid:
        for y, _ in y_ticks:
            if area.top() < y < area.bottom():
                painter.drawLine(QPointF(area.left(), round(y)), QPointF(area.right(), round(y)))
    painter.drawRect(area.adjusted(0, 0, -1, -1))
    for x, _ in x_ticks:
        painter.drawLine(QPointF(round(x), area.bottom()), QPointF(round(x), area.bottom() + theme.px(3)))


def paint_y_ticks(painter: QPainter, theme: Theme, area: QRect, ticks: Ticks) -> None:
    """Numbers at the left of the vertical axis."""
    painter.setFont(theme.font(12, mono=True))
    painter.setPen(theme.secondary)
    metrics = painter.fontMetrics()
    for y, text in ticks:
        if area.top() - 2 <= y <= area.bottom() + 2:
            place = QPointF(area.left() - 6 - metrics.horizontalAdvance(text), y + metrics.capHeight() / 2)
            painter.drawText(place, text)


def paint_row_names(painter: QPainter, theme: Theme, area: QRect, rows: Ticks) -> None:
    """Names of the rows of a map; where they are too close, only those that have room."""
    painter.setFont(theme.font(12))
    painter.setPen(theme.secondary)
    metrics = painter.fontMetrics()
    free = area.top() - metrics.height() / 2
    for y, text in sorted(rows):
        if y - metrics.height() / 2 >= free - 0.5:
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.left() - 9)
            place = QPointF(area.left() - 7 - metrics.horizontalAdvance(text), y + metrics.capHeight() / 2)
            painter.drawText(place, text)
            free = y + metrics.height() / 2


def paint_x_ticks(
    painter: QPainter, theme: Theme, area: QRect, ticks: Ticks, name: str, name_below: bool, right: int
) -> None:
    """Numbers under the axis, and the axis' name below them or, where there is little height, between them.

    `right` is the last pixel column that may be used.
    """
    painter.setFont(theme.font(12, mono=True))
    painter.setPen(theme.secondary)
    metrics = painter.fontMetrics()
    baseline = area.bottom() + 5 + metrics.ascent()
    taken: list[tuple[float, float]] = []
    for x, text in ticks:
        width = metrics.horizontalAdvance(text)
        left = min(x - width / 2, right - width)
        if not area.left() - 2 <= x <= area.right() + 2 or (taken and left < taken[-1][1] + 6):
            continue
        painter.drawText(QPointF(left, baseline), text)
        taken.append((left, left + width))
    if not name:
        return
    painter.setFont(theme.font(12))
    wide = QFontMetrics(painter.font()).horizontalAdvance(name)
    if name_below:
        painter.drawText(QPointF(area.center().x() - wide / 2, baseline + metrics.height()), name)
        return
    edges = [(area.left() - 40.0, float(area.left())), *taken, (float(right), float(right))]
    free = [(after[0] - before[1], (after[0] + before[1]) / 2) for before, after in itertools.pairwise(edges)]
    middles = [middle for room, middle in free if room >= wide + 10]
    if middles:
        middle = min(middles, key=lambda each: abs(each - area.center().x()))
        painter.drawText(QPointF(middle - wide / 2, baseline), name)


def paint_y_name(painter: QPainter, theme: Theme, area: QRect, name: str) -> None:
    """The vertical axis' name, turned, at the left edge."""
    painter.setFont(theme.font(12))
    painter.setPen(theme.secondary)
    metrics = painter.fontMetrics()
    shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, area.height())
    painter.save()
    painter.translate(metrics.ascent(), area.center().y() + metrics.horizontalAdvance(shown) / 2)
    painter.rotate(-90)
    painter.drawText(QPointF(0, 0), shown)
    painter.restore()


def chosen(count: int, room: int) -> list[int]:
    """Which of `count` names are written where there is room for `room`: always the ends, and evenly between."""
    if count <= room:
        return list(range(count))
    if room < 2:
        return [count - 1][:room]
    return sorted({round(k * (count - 1) / (room - 1)) for k in range(room)})


def label_height(theme: Theme) -> int:
    """Pixels from one name to the next."""
    return QFontMetrics(theme.font(12, bold=True)).height() - 1


def names_width(theme: Theme, labels: Sequence[Label]) -> int:
    """Pixels that the widest of these names needs, the gap before it included."""
    if not labels:
        return 0
    return (
        GAP + 4 + max(QFontMetrics(theme.font(12, bold=label.bold)).horizontalAdvance(label.text) for label in labels)
    )


def place_names(theme: Theme, area: QRect, labels: Sequence[Label], bottom: int) -> list[tuple[Label, float]]:
    """Which names are written, and their centres: none over another, as near as possible to their curves."""
    height = label_height(theme)
    top = area.top() - height / 2
    kept = [labels[index] for index in chosen(len(labels), int((bottom - top) // height))]
    ends = [min(max(label.end, area.top()), area.bottom()) for label in kept]
    return list(zip(kept, stack(ends, height, top, bottom), strict=True))


def paint_names(
    painter: QPainter, theme: Theme, area: QRect, placed: Sequence[tuple[Label, float]], right: int
) -> None:
    """Names between the data and `right`; one that had to make room keeps a line to the end of its curve."""
    for label, centre in placed:
        ink = legible(label.color, theme.panel, theme.text)
        end = min(max(label.end, area.top()), area.bottom())
        if abs(centre - end) > 3:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(QPen(label.color, theme.stroke(1)))
            painter.drawLine(QPointF(area.right() + 1, end), QPointF(area.right() + GAP - 1, centre))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(theme.font(12, bold=label.bold))
        painter.setPen(ink)
        metrics = painter.fontMetrics()
        left = area.right() + GAP + 1
        shown = metrics.elidedText(label.text, Qt.TextElideMode.ElideRight, right - left)
        painter.drawText(QPointF(left, centre + metrics.capHeight() / 2), shown)


def paint_message(painter: QPainter, theme: Theme, area: QRect, text: str) -> None:
    """Why there is nothing to see, in the middle of the plot."""
    painter.setFont(theme.font(12))
    painter.setPen(theme.secondary)
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(area.adjusted(10, 6, -10, -6), int(flags), text)
