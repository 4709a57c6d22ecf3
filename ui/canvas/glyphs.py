"""Small signs drawn as shapes, so that they look the same whatever fonts there are."""

from __future__ import annotations

import math

from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QBrush, QColor, QPainter, QPolygonF

from ui.canvas import text
from ui.canvas.strokes import pen
from ui.theme import Theme

WIDTHS = {"ring": 24, "off": 22, "dropped": 22, "dash": 34, "sent": 30, "glyph": 30, "frozen": 18, "mark": 24}
"""How much room a sample in the legend takes before its words."""


def triangle(painter: QPainter, center: QPointF, size: float, up: bool, color: QColor) -> None:
    """▲ the weight will rise, ▼ it will fall."""
    high = -size * 0.5 if up else size * 0.5
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    x, y = center.x(), center.y()
    painter.drawPolygon(
        QPolygonF([QPointF(x, y + high), QPointF(x - size * 0.55, y - high), QPointF(x + size * 0.55, y - high)])
    )


def snowflake(painter: QPainter, center: QPointF, radius: float, color: QColor) -> None:
    """Frozen: this parameter keeps its value."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen(color, max(1.0, radius / 5)))
    lines = []
    for turn in range(6):
        angle = math.pi / 6 + turn * math.pi / 3
        ux, uy = math.cos(angle), math.sin(angle)
        lines.append(QLineF(center, QPointF(center.x() + radius * ux, center.y() + radius * uy)))
        knot = QPointF(center.x() + 0.58 * radius * ux, center.y() + 0.58 * radius * uy)
        for bend in (-math.pi / 4, math.pi / 4):
            bx, by = math.cos(angle + bend), math.sin(angle + bend)
            lines.append(QLineF(knot, QPointF(knot.x() + 0.36 * radius * bx, knot.y() + 0.36 * radius * by)))
    painter.drawLines(*lines)


def ring(
    painter: QPainter,
    center: QPointF,
    inner: float,
    outer: float,
    share: float,
    track: QColor,
    color: QColor,
    ground: QColor,
) -> None:
    """A track and on it an arc from the top, clockwise, over a share of the circle; inside it the ground, if any.

    Filled discs over each other: a fill costs a third of a wide outline.
    """
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(track)
    painter.drawEllipse(center, outer, outer)
    if share > 0.0:
        painter.setBrush(color)
        box = QRectF(center.x() - outer, center.y() - outer, 2 * outer, 2 * outer)
        painter.drawPie(box, 90 * 16, -round(min(share, 1.0) * 360 * 16))
    if inner > 0.0:
        painter.setBrush(ground)
        painter.drawEllipse(center, inner, inner)


def dropped(painter: QPainter, center: QPointF, radius: float, theme: Theme, rim: QColor | None = None) -> None:
    """A disc that a dropout drops: hatched and crossed out. Neither a 0 (plain) nor not computed yet (dashed)."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen(rim or theme.secondary, theme.stroke(1.5 if radius > 9 else 1.0)))
    painter.setBrush(theme.background)
    painter.drawEllipse(center, radius, radius)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(theme.dashed, Qt.BrushStyle.BDiagPattern))
    painter.drawEllipse(center, radius, radius)
    reach = radius * 0.7071
    painter.setPen(pen(theme.secondary, theme.stroke(1.5 if radius > 9 else 1.0)))
    x, y = center.x(), center.y()
    painter.drawLine(QLineF(x - reach, y - reach, x + reach, y + reach))
    painter.drawLine(QLineF(x - reach, y + reach, x + reach, y - reach))


def flat(painter: QPainter, center: QPointF, size: float, color: QColor) -> None:
    """The glyph of a flat unit: the level end of a curve."""
    painter.setPen(pen(color, max(1.5, size / 6)))
    x, y = center.x(), center.y()
    painter.drawPolyline(
        QPolygonF(
            [
                QPointF(x - size / 2, y + size / 3),
                QPointF(x - size / 5, y - size / 4),
                QPointF(x + size / 2, y - size / 4),
            ]
        )
    )


def target(painter: QPainter, x: float, y: float, radius: float, color: QColor) -> None:
    """The mark of the true class: a ring with a dot."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen(color, max(1.5, radius * 0.375)))
    painter.drawEllipse(QPointF(x, y), radius, radius)
    painter.setBrush(color)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(QPointF(x, y), radius * 0.4, radius * 0.4)


def warning(painter: QPainter, center: QPointF, radius: float, theme: Theme) -> None:
    """A disc with an exclamation mark, set off from what it stands on."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen(theme.background, theme.stroke(1.5)))
    painter.setBrush(theme.warning)
    painter.drawEllipse(center, radius, radius)
    box = QRectF(center.x() - radius, center.y() - radius, 2 * radius, 2 * radius)
    text.pen_of(theme, text.NORMAL, bold=True).draw(painter, box, "!", theme.ink(theme.warning))


def sample(painter: QPainter, kind: str, left: QPointF, theme: Theme) -> None:
    """A sample for the legend; `left` is the middle of its left edge."""
    middle = left.y()
    match kind:
        case "ring":
            center = QPointF(left.x() + theme.px(8), middle)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            ring(painter, center, theme.px(5), theme.px(9), 0.28, theme.track, theme.text, theme.background)
        case "off":
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(pen(theme.zero, theme.stroke(1.25)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(left.x() + theme.px(8), middle), theme.px(7), theme.px(7))
        case "dropped":
            dropped(painter, QPointF(left.x() + theme.px(8), middle), theme.px(7), theme)
        case "dash":
            painter.setPen(pen(theme.dashed, theme.stroke(1.5)))
            for i in range(3):
                x = left.x() + theme.px(i * 10)
                painter.drawLine(QLineF(x, middle, x + theme.px(6), middle))
        case "sent":
            painter.setPen(pen(theme.phase["F"], theme.stroke(2.0)))
            painter.drawLine(QLineF(left.x(), middle, left.x() + theme.px(23), middle))
        case "glyph":
            triangle(painter, QPointF(left.x() + theme.px(6), middle), theme.px(9), False, theme.secondary)
            triangle(painter, QPointF(left.x() + theme.px(19), middle), theme.px(9), True, theme.secondary)
        case "mark":
            warning(painter, QPointF(left.x() + theme.px(9), middle), theme.px(8), theme)
        case _:
            snowflake(painter, QPointF(left.x() + theme.px(6), middle), theme.px(6), theme.secondary)
