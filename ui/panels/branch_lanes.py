"""How the tree of branches is painted: one lane a row, over the training steps from left to right.

A child leaves the lane of its parent at its fork with a curve. The path on which the run is has the accent colour, a
disc stands where it is, a small disc where a lane ends. Bookmarks are flags on the lanes, events are diamonds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PyQt6.QtCore import QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen, QPolygonF

from bpstudio.insight.branches import Lane, Stretch, lanes, path, title
from bpstudio.training.frame import Frame
from ui import theme
from ui.language import tr

ROW, LANE, NAME = 42, 30, 20
"""Pixels at normal text size: the height of a row, where its lane lies, and how high the name above it is."""
SIDE, RADIUS, GAP = 12, 9, 8
"""Beside the lanes, of the curve where a lane begins, between name, word and number."""


@dataclass(frozen=True)
class Tree:
    """What is painted of a frame."""

    lanes: tuple[Lane, ...] = ()
    titles: tuple[str, ...] = ()
    first: int = 0
    last: int = 1
    current: int = 1
    compared: int | None = None
    stands: tuple[int, int] = (1, 0)
    """The branch on whose lane the run stands, and the step."""
    path: tuple[Stretch, ...] = ()
    bookmarks: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """By the branch on whose lane they lie, the steps that have one."""
    events: Mapping[int, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    """By the branch on whose lane they lie, (step, kind) of what happened."""
    rows: dict[int, int] = field(default_factory=dict)
    """The row of each branch."""

    @classmethod
    def of(cls, frame: Frame) -> Tree:
        """The tree of a frame, in the language in use."""
        branches = frame.branches
        found = lanes(branches)
        paths = {branch.number: path(branches, branch.number) for branch in branches}
        flags: dict[int, dict[int, None]] = {}
        for mark in frame.bookmarks:
            if mark.branch in paths:
                flags.setdefault(_lane(paths[mark.branch], mark.branch, mark.step), {})[mark.step] = None
        events: dict[int, dict[tuple[int, str], None]] = {}
        for event in frame.events:
            if event.branch in paths:
                lane = _lane(paths[event.branch], event.branch, event.step)
                events.setdefault(lane, {})[event.step, event.kind] = None
        return cls(
            found,
            tuple(title(branches, lane.branch.number, tr) for lane in found),
            min(branch.first for branch in branches),
            max(*(branch.last for branch in branches), frame.last_step, 1),
            frame.branch,
            frame.compared,
            (_lane(paths[frame.branch], frame.branch, frame.step), frame.step),
            paths[frame.branch],
            {number: tuple(steps) for number, steps in flags.items()},
            {number: tuple(steps) for number, steps in events.items()},
            {lane.branch.number: row for row, lane in enumerate(found)},
        )

    def x(self, step: float, width: float) -> float:
        """Where a step lies in a row of this width."""
        side = theme.current().px(SIDE)
        return side + (step - self.first) / max(self.last - self.first, 1) * (width - 2 * side)

    def step(self, x: float, width: float) -> int:
        """The step at a place in a row of this width."""
        side = theme.current().px(SIDE)
        share = (x - side) / max(width - 2 * side, 1)
        return round(self.first + min(max(share, 0.0), 1.0) * (self.last - self.first))

    def name_box(self, row: int, rect: QRect) -> QRect:
        """Where the name of a branch stands: over its lane, further left where it would not fit there."""
        look, lane = theme.current(), self.lanes[row]
        metrics = QFontMetrics(look.font(12, bold=True))
        number = QFontMetrics(look.font(12, mono=True)).horizontalAdvance(f"{lane.last:,}") + look.px(GAP)
        chip = QFontMetrics(look.font(12)).horizontalAdvance(self.note(row))
        side = look.px(SIDE) - look.px(4)
        room = rect.width() - 2 * side - number - (chip + look.px(GAP) if chip else 0)
        width = min(metrics.horizontalAdvance(self.titles[row]) + 2, room)
        start = round(self.x(lane.start, rect.width()))
        beside = look.px(6) if lane.origin is not None else -look.px(4)  # an upright line comes down to a child
        left = min(max(start + beside, side), side + room - width)
        return QRect(rect.left() + left, rect.top() + look.px(2), width, look.px(NAME))

    def note(self, row: int) -> str:
        """A word behind the name: what is special about the branch."""
        number = self.lanes[row].branch.number
        return tr("compared") if number == self.compared and number != self.current else ""


def _lane(stretches: Sequence[Stretch], number: int, step: int) -> int:
    """The branch on whose lane a step of this path lies."""
    return next((each.number for each in stretches if each.start <= step < each.stop), number)


def paint_row(painter: QPainter, tree: Tree, row: int, rect: QRect, mark: int | None, mark_is_set: bool) -> None:
    """One row: what passes through it, its lane, its name. `mark` is a step that is pointed at; it is set by keys, or
    only under the mouse.
    """
    look, lane = theme.current(), tree.lanes[row]
    painter.save()
    painter.setClipRect(rect)
    painter.translate(rect.left(), rect.top())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    width, y = float(rect.width()), look.px(LANE) + 0.5
    _paint_passing(painter, tree, row, rect, y)
    _paint_lane(painter, tree, lane, width, y)
    # However many there are, there is at most one of a kind to a pixel.
    happened = {(round(tree.x(step, width)), kind) for step, kind in tree.events.get(lane.branch.number, ())}
    for x, kind in sorted(happened):
        _diamond(painter, QPointF(x, y), _event_color(kind))
    for x in sorted({round(tree.x(step, width)) for step in tree.bookmarks.get(lane.branch.number, ())}):
        _flag(painter, QPointF(x, y))
    if tree.stands[0] == lane.branch.number:
        _disc(painter, QPointF(tree.x(tree.stands[1], width), y), look.px(5), look.accent)
    if mark is not None:
        painter.setPen(QPen(look.text if mark_is_set else look.secondary, look.stroke(1.5)))
        painter.setBrush(look.background)
        painter.drawEllipse(QPointF(tree.x(mark, width), y), look.px(4), look.px(4))
    painter.restore()


def paint_name(painter: QPainter, tree: Tree, row: int, rect: QRect, ground: QColor) -> None:
    """The name over the lane, and the last step at the right."""
    look, lane = theme.current(), tree.lanes[row]
    here = lane.branch.number == tree.current
    box = tree.name_box(row, rect)
    bold, mono, plain = look.font(12, bold=True), look.font(12, mono=True), look.font(12)
    painter.setFont(bold if here else plain)
    text = painter.fontMetrics().elidedText(tree.titles[row], Qt.TextElideMode.ElideRight, box.width())
    note = tree.note(row)
    behind = box.adjusted(-3, 0, 3, -2)
    if note:
        behind.setRight(box.right() + look.px(GAP) + QFontMetrics(plain).horizontalAdvance(note) + 3)
    painter.fillRect(behind, ground)
    painter.setPen(look.accent if here else look.text)
    middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    painter.drawText(box, middle, text)
    if note:
        painter.setFont(plain)
        painter.setPen(look.secondary)
        painter.drawText(QRect(box.right() + look.px(GAP), box.top(), rect.width(), box.height()), middle, note)
    painter.setFont(mono)
    painter.setPen(look.secondary)
    end = f"{lane.last:,}"
    wide = painter.fontMetrics().horizontalAdvance(end)
    right = QRect(rect.right() - look.px(SIDE) + look.px(4) - wide, box.top(), wide + 1, box.height())
    painter.fillRect(right.adjusted(-3, 0, 1, -2), ground)
    painter.drawText(right, middle, end)


def _line(tree: Tree, number: int) -> QPen:
    """The pen of a lane: that of the run in the accent colour, a compared one dashed."""
    look = theme.current()
    here = number == tree.current
    pen = QPen(look.accent if here else look.dashed, look.stroke(2.0))
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if number == tree.compared and not here:
        pen.setStyle(Qt.PenStyle.DashLine)
    return pen


def _paint_passing(painter: QPainter, tree: Tree, row: int, rect: QRect, y: float) -> None:
    """The upright lines that come out of this row, pass through it or end in it."""
    look = theme.current()
    used = {stretch.number for stretch in tree.path}
    for below, lane in enumerate(tree.lanes):
        if lane.origin is None or not lane.origin <= row <= below:
            continue
        x = tree.x(lane.start, rect.width())
        pen = _line(tree, lane.branch.number)
        if lane.branch.number in used:
            pen.setColor(look.accent)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if row == below:
            reach = min(float(look.px(RADIUS)), tree.x(lane.last, rect.width()) - x)
            way = QPainterPath(QPointF(x, 0))
            way.lineTo(x, y - look.px(RADIUS))
            way.quadTo(x, y, x + reach, y)
            painter.drawPath(way)
        else:
            painter.drawLine(QPointF(x, y if row == lane.origin else 0.0), QPointF(x, float(rect.height())))


def _paint_lane(painter: QPainter, tree: Tree, lane: Lane, width: float, y: float) -> None:
    look = theme.current()
    start, end = tree.x(lane.start, width), tree.x(lane.last, width)
    if lane.origin is not None:
        start = min(start + look.px(RADIUS), end)
    painter.setPen(_line(tree, lane.branch.number))
    painter.drawLine(QPointF(start, y), QPointF(end, y))
    for stretch in tree.path:
        if stretch.number == lane.branch.number != tree.current:
            painter.setPen(QPen(look.accent, look.stroke(2.0)))
            painter.drawLine(QPointF(start, y), QPointF(tree.x(stretch.stop, width), y))
    color = look.accent if lane.branch.number == tree.current else look.dashed
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawEllipse(QPointF(end, y), look.px(3), look.px(3))


def _disc(painter: QPainter, at: QPointF, radius: float, color: QColor) -> None:
    look = theme.current()
    painter.setPen(QPen(look.background, look.stroke(1.5)))
    painter.setBrush(color)
    painter.drawEllipse(at, radius, radius)


def _flag(painter: QPainter, at: QPointF) -> None:
    """A bookmark: a pole with a small flag."""
    look = theme.current()
    high, wide = look.px(11), look.px(6)
    painter.setPen(QPen(look.text, look.stroke(1.0)))
    painter.drawLine(QPointF(at.x(), at.y()), QPointF(at.x(), at.y() - high))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.text)
    top = at.y() - high
    painter.drawPolygon(
        QPolygonF([QPointF(at.x(), top), QPointF(at.x() + wide, top + wide / 2), QPointF(at.x(), top + wide)])
    )


def _event_color(kind: str) -> QColor:
    look = theme.current()
    return {"nonfinite": look.nonfinite, "breakpoint": look.accent}.get(kind, look.secondary)


def _diamond(painter: QPainter, at: QPointF, color: QColor) -> None:
    """An event: training came to rest here by itself."""
    look = theme.current()
    size = look.px(4)
    painter.setPen(QPen(look.background, look.stroke(1.0)))
    painter.setBrush(color)
    corners: Sequence[tuple[float, float]] = ((0, -size), (size, 0), (0, size), (-size, 0))
    painter.drawPolygon(QPolygonF([QPointF(at.x() + dx, at.y() + dy) for dx, dy in corners]))


def row_ground(rect: QRect, painter: QPainter, color: QColor, has_keyboard: bool) -> None:
    """The ground of the chosen row, with a rim while the keyboard is in the tree."""
    look = theme.current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(look.accent, look.stroke(1.0)) if has_keyboard else Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
