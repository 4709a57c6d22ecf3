"""The beats of one step as a strip of cells: filled = done, outline = not yet, framed = where the eye is.

A step of a 784-100-10 network has more than 100,000 beats, so the strip never holds an object per beat. It holds one
span per phase, and turns an index into a place, and a place into an index, by arithmetic. Cells are drawn while they
can be told apart; otherwise each phase is one bar that fills from the left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QFontMetricsF, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from bpstudio.insight.walk import Grain, Walk
from ui import theme
from ui.focus import Focus
from ui.language import tr, translatable
from ui.theme import PHASES, Theme

_MARGIN = 12
_NAMES = {
    "F": translatable("forward"),
    "L": translatable("loss"),
    "B": translatable("backward"),
    "U": translatable("update"),
}
_CELL = 5.0
"""Below this many pixels per beat, cells merge into a bar per phase."""
_NARROWEST = 18.0
"""A phase of a long walk keeps at least this width, however few its beats are: it must be possible to click it."""


@dataclass(frozen=True)
class Span:
    """Beats `first` to `last` of one phase, drawn from x = `left` to x = `right`."""

    letter: str
    first: int
    last: int
    left: float
    right: float

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    @property
    def pitch(self) -> float:
        return (self.right - self.left) / self.count

    @property
    def has_cells(self) -> bool:
        return self.pitch >= _CELL

    def edges(self, index: int) -> tuple[float, float]:
        """Left and right edge of the cell of beat `index`."""
        left = self.left + (index - self.first) * self.pitch
        return left, left + self.pitch


def lay_out(phases: Sequence[tuple[str, int, int]], left: float, right: float) -> tuple[Span, ...]:
    """A span per phase between x = `left` and `right`, wide in proportion to its beats, but never too narrow to hit.

    `phases` are (letter, first beat, last beat), in the order of the walk and without gaps.
    """
    filled = [phase for phase in phases if phase[2] >= phase[1]]
    total = sum(last - first + 1 for _, first, last in filled)
    width = max(right - left, 1.0)
    if total == 0:
        return ()
    least = 0.0 if width / total >= _CELL else min(_NARROWEST, width / len(filled))
    shares = [(last - first + 1) / total * width for _, first, last in filled]
    # What the narrow phases are given is taken from the wide ones in proportion.
    short = [share < least for share in shares]
    room = width - least * sum(short)
    wide = sum(share for share, is_short in zip(shares, short, strict=True) if not is_short)
    spans = []
    x = left
    for (letter, first, last), share, is_short in zip(filled, shares, short, strict=True):
        taken = least if is_short else share * room / wide
        spans.append(Span(letter, first, last, x, x + taken))
        x += taken
    return tuple(spans)


def beat_at(spans: Sequence[Span], x: float) -> int:
    """The beat under `x`: 0 left of the first cell, the last beat right of the last one."""
    if not spans or x < spans[0].left:
        return 0
    for span in spans:
        if x < span.right:
            return min(span.first + int((x - span.left) / span.pitch), span.last)
    return spans[-1].last


def span_of(spans: Sequence[Span], index: int) -> Span | None:
    """The phase in which beat `index` lies."""
    return next((span for span in spans if span.first <= index <= span.last), None)


class BeatStrip(QWidget):
    """Cells of the beats of one step; a click or a drag moves the playhead."""

    def __init__(self, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._focus = focus
        self._is_running = False
        self._step = 0
        self._spans: tuple[Span, ...] = ()
        self._laid_out: tuple[Walk | None, Grain, int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self._tell()
        focus.changed.connect(self._tell)

    def _tell(self) -> None:
        """Draw the place anew, and say it to a screen reader."""
        said = tr("Beats of this step: {index} of {count}", index=self._focus.playhead, count=self._focus.last)
        if said != self.accessibleName():
            self.setAccessibleName(said)
        self.update()

    @property
    def spans(self) -> tuple[Span, ...]:
        """The phases of the present walk, laid out at the present width. A whole step shows those of its layers."""
        walk, grain, width = self._focus.walk, self._focus.grain, self.width()
        if self._laid_out is None or self._laid_out[0] is not walk or self._laid_out[1:] != (grain, width):
            phases = walk.phases("layer" if grain == "step" else grain) if walk is not None else ()
            self._spans = lay_out(phases, _MARGIN, width - _MARGIN)
            self._laid_out = (walk, grain, width)
        return self._spans

    @property
    def place(self) -> int:
        """The playhead, counted in the beats that the strip shows."""
        if self._focus.grain == "step":
            return self.spans[-1].last if self._focus.playhead and self.spans else 0
        return self._focus.playhead

    def show_run(self, is_running: bool, step: int) -> None:
        """While training runs there is no beat to look at, and the strip says so."""
        if is_running or is_running != self._is_running:
            self.update()
        self._is_running, self._step = is_running, step

    def beat_at(self, x: float) -> int:
        """The beat under `x`."""
        index = beat_at(self.spans, x)
        return min(index, 1) if self._focus.grain == "step" else index

    def _scrub(self, event: QMouseEvent) -> None:
        if not self._is_running:
            self._focus.set(playhead=self.beat_at(event.position().x()), playing_walk=False)

    def _paint_cells(self, painter: QPainter, look: Theme, span: Span, top: float, height: float) -> None:
        playhead = self.place
        color = look.phase[span.letter]
        pen = QPen(color, look.stroke(1.2))
        gap = min(3.0, span.pitch * 0.25)
        radius = min(3.0, span.pitch / 4)
        for index in range(span.first, span.last + 1):
            left, right = span.edges(index)
            painter.setPen(pen)
            painter.setBrush(color if index <= playhead else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(left + gap / 2, top, right - left - gap, height), radius, radius)

    def _paint_bar(self, painter: QPainter, look: Theme, span: Span, top: float, height: float) -> None:
        color = look.phase[span.letter]
        done = min(max(self.place - span.first + 1, 0), span.count)
        whole = QRectF(span.left + 1, top, span.right - span.left - 2, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        if done:
            painter.drawRect(QRectF(whole.left(), top, whole.width() * done / span.count, height))
        painter.setPen(QPen(color, look.stroke(1.2)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(whole, 3, 3)

    def _paint_place(self, painter: QPainter, look: Theme, top: float, height: float) -> None:
        """Frame the current beat; where cells are merged, a marker; before the first beat, a bar at the left."""
        span = None if self._focus.grain == "step" else span_of(self.spans, self.place)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(look.text, look.stroke(2)))
        if span is None:
            if self._focus.playhead:
                return
            painter.drawLine(QPointF(_MARGIN / 2, top - 2), QPointF(_MARGIN / 2, top + height + 2))
            return
        left, right = span.edges(self.place)
        if span.has_cells:
            painter.drawRoundedRect(QRectF(left, top - 2, right - left, height + 4), 4, 4)
        else:
            painter.drawLine(QPointF(right, top - 3), QPointF(right, top + height + 3))

    def _paint_mark(self, painter: QPainter, look: Theme, top: float, height: float) -> None:
        """An exclamation mark over the beat at which a person's own number leaves ours."""
        walk, grain = self._focus.walk, self._focus.grain
        mark = self._focus.mark
        if walk is None or grain == "step" or mark is None:
            return
        try:
            index = walk.find(grain, mark.address)
        except ValueError:  # another network is walked now
            return
        span = span_of(self.spans, index)
        if span is None:
            return
        left, right = span.edges(index)
        size = look.px(6.5)
        center = QPointF((left + right) / 2, top + height / 2)
        painter.setPen(QPen(look.background, look.stroke(1.5)))
        painter.setBrush(look.warning)
        painter.drawEllipse(center, size, size)
        painter.setPen(look.ink(look.warning))
        painter.setFont(look.font(12, bold=True))
        box = QRectF(center.x() - size, center.y() - size, 2 * size, 2 * size)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextDontClip), "!")

    def _paint_labels(self, painter: QPainter, look: Theme, top: float) -> None:
        font = look.font(12, bold=True)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        spans = self.spans
        for number, span in enumerate(spans):
            end = spans[number + 1].left if number + 1 < len(spans) else self.width()
            for text in (phase_label(span.letter, span.count), f"{span.letter} {span.count:,}", span.letter):
                if metrics.horizontalAdvance(text) <= end - span.left - 6:
                    painter.setPen(look.phase[span.letter])
                    painter.drawText(QPointF(span.left + 1, top + metrics.ascent()), text)
                    break

    def _paint_resting(self, painter: QPainter, look: Theme) -> None:
        """The letters in their colours, and how to come to see the beats."""
        font = look.font(12, bold=True)
        metrics = QFontMetricsF(font)
        x, middle = float(_MARGIN), (self.height() + metrics.ascent() - metrics.descent()) / 2
        painter.setFont(font)
        for letter in PHASES:
            text = f"{letter} {phase_name(letter)}"
            painter.setPen(look.phase[letter])
            painter.drawText(QPointF(x, middle), text)
            x += metrics.horizontalAdvance(text) + 14
        painter.setFont(look.font(12))
        painter.setPen(look.secondary)
        painter.drawText(QPointF(x, middle), tr("pause to go through step {step} beat by beat", step=f"{self._step:,}"))

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, theme.current().px(44))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(120, theme.current().px(44))

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._is_running:
            self._paint_resting(painter, look)
            return
        top, height = look.px(6), look.px(15)
        for span in self.spans:
            if span.has_cells:
                self._paint_cells(painter, look, span, top, height)
            else:
                self._paint_bar(painter, look, span, top, height)
        self._paint_place(painter, look, top, height)
        self._paint_mark(painter, look, top, height)
        self._paint_labels(painter, look, top + height + look.px(5))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.accent, look.stroke(1)))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._scrub(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._scrub(event)

    @override
    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index, walk, grain = self.beat_at(event.pos().x()), self._focus.walk, self._focus.grain
            if walk is not None and not self._is_running:
                address = walk.beat(grain, index).address
                text = tr("beat {index} of {count} · {address}", index=index, count=walk.count(grain), address=address)
                QToolTip.showText(event.globalPos(), text if index else tr("nothing computed yet"), self)
            return True
        return super().event(event)


def phase_name(letter: str) -> str:
    """The phase of a letter, in the language in use."""
    return tr(_NAMES[letter])


def phase_label(letter: str, count: int) -> str:
    """What stands under the first cell of a phase: "F forward 16"."""
    return f"{letter} {phase_name(letter)} {count:,}"
