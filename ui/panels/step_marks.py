"""Marks over and under the bar of training steps: a flag for each bookmark, a dot for each event of the present path.

However many there are, there is at most one of a kind to a pixel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

from bpstudio.insight.branches import parting
from ui import theme
from ui.language import tr

if TYPE_CHECKING:
    from bpstudio.training.frame import Frame
    from bpstudio.training.past import Bookmark, BranchView, Event

NEAR = 4
"""Pixels from which a click goes to the mark itself."""
BOOKMARK = "bookmark"


@dataclass(frozen=True)
class Marked:
    """A step that has a mark: a bookmark, or an event of some kind."""

    step: int
    kind: str


class StepMarks:
    """The marks on the path of the newest frame. They are looked for again only when something of them changed."""

    def __init__(self) -> None:
        self._of: tuple[object, ...] = ()
        self.marks: tuple[Marked, ...] = ()
        self.bookmarks: tuple[Bookmark, ...] = ()
        """Those on the present path."""

    def show_frame(self, frame: Frame) -> bool:
        """Take the marks of a frame; returns whether others are shown now."""
        tree = tuple((each.number, each.parent, each.fork) for each in frame.branches)
        of = (frame.bookmarks, frame.events, frame.branch, tree)
        if of == self._of:
            return False
        self._of = of
        ends: dict[int, float] = {}
        self.bookmarks = tuple(mark for mark in frame.bookmarks if self._is_on_path(frame, mark, ends))
        events = [event for event in frame.events if self._is_on_path(frame, event, ends)]
        before = self.marks
        found = [Marked(mark.step, BOOKMARK) for mark in self.bookmarks]
        self.marks = tuple(dict.fromkeys((*found, *(Marked(event.step, event.kind) for event in events))))
        return self.marks != before

    def near(self, x: float, x_of: Callable[[int], float]) -> int | None:
        """The step of the mark under a pixel, or beside it."""
        near = [(abs(x_of(mark.step) - x), mark.step) for mark in self.marks]
        found = min(near, default=(math.inf, 0))
        return found[1] if found[0] <= NEAR else None

    def told(self, step: int) -> str:
        """What is marked at a step, for a tip."""
        notes = [mark.note or tr("Bookmark") for mark in self.bookmarks if mark.step == step]
        if any(mark.step == step and mark.kind != BOOKMARK for mark in self.marks):
            notes.append(tr("Training stopped here by itself"))
        return "\n".join([tr("step {step}", step=f"{step:,}"), *notes])

    def paint(self, painter: QPainter, height: float, x_of: Callable[[int], float]) -> None:
        """Paint the marks into a bar of this height."""
        look, middle = theme.current(), height / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painted: set[tuple[int, str]] = set()
        for mark in self.marks:
            x = x_of(mark.step)
            if (round(x), mark.kind) in painted:
                continue
            painted.add((round(x), mark.kind))
            if mark.kind == BOOKMARK:
                _flag(painter, x, middle - 10, look.text)
            else:
                color = {"nonfinite": look.nonfinite, "breakpoint": look.accent}.get(mark.kind, look.secondary)
                painter.setPen(QPen(look.background, 1))  # so that it stands out from the handle
                painter.setBrush(color)
                painter.drawEllipse(QPointF(x, middle + 8), 3, 3)

    @staticmethod
    def _is_on_path(frame: Frame, mark: Bookmark | Event, ends: dict[int, float]) -> bool:
        """Whether a mark lies on the path to the end of the present branch."""
        if mark.branch not in ends:
            ends[mark.branch] = _in_common(frame.branches, frame.branch, mark.branch)
        return mark.step < ends[mark.branch]


def _in_common(branches: Sequence[BranchView], here: int, other: int) -> float:
    """The first step of another branch that does not lie on the path of this one."""
    if other == here:
        return math.inf
    if not {here, other} <= {each.number for each in branches}:
        return -1
    step = parting(branches, here, other)
    return -1 if step is None else step


def _flag(painter: QPainter, x: float, top: float, color: QColor) -> None:
    painter.fillRect(QRectF(round(x), top, 1, 8), color)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    left = round(x) + 1
    painter.drawPolygon(QPolygonF([QPointF(left, top), QPointF(left + 5, top + 2.5), QPointF(left, top + 5)]))
