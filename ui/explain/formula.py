"""A typeset formula with the real numbers under its factors.

Every symbolic factor is typeset once and kept; the numbers under it are ordinary text, so they follow a run at the
speed of the display, can be selected and copied, and are never drawn as boxes in another script.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PyQt6.QtCore import QByteArray, QEvent, QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PyQt6.QtSvg import QSvgRenderer
from PyQt6.QtWidgets import QLabel, QSizePolicy, QWidget
from typing_extensions import override

from ui import theme
from ui.explain import typesetting

SIZES = (19, 17)
"""Height of a letter's em box in pixels at normal text size; the smaller one where it saves a line."""
_GAP, _BRACE, _LINE_GAP = 4, 7, 10


@dataclass(frozen=True)
class Part:
    """A piece of a formula: what stands there, the number under it ("" for none), and the colour of its brace."""

    tex: str
    number: str = ""
    color: QColor | None = None
    dim: bool = False
    """The number is not computed yet in this beat."""
    brief: str = ""
    """The number with fewer digits, which stands there where it saves a line."""


@dataclass(frozen=True)
class Typeset:
    """A picture of some mathematics: draw it so that its baseline meets the others'."""

    renderer: QSvgRenderer
    width: float
    ascent: float
    descent: float

    def draw(self, painter: QPainter, x: float, baseline: float) -> None:
        """Paint with the left end at `x` and the baseline at `baseline`."""
        self.renderer.render(painter, QRectF(x, baseline - self.ascent, self.width, self.ascent + self.descent))


@lru_cache(maxsize=512)
def typeset(tex: str, size: int, color: str) -> Typeset:
    """LaTeX mathematics with an em of `size` pixels; it takes up to 20 ms, so what was made is kept."""
    renderer = QSvgRenderer(QByteArray(typesetting.setting(tex).svg(size, color).encode()))
    box = renderer.viewBoxF()
    return Typeset(renderer, box.width(), -box.top(), box.bottom())


class Formula(QWidget):
    """A chain of parts: the first is what is explained, then = and factors joined by a dot, broken into lines where
    it must be.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: tuple[Part, ...] = ()
        self._joins: tuple[str, ...] = ()
        self._labels: list[QLabel] = []
        self._placed: list[tuple[Typeset, float, float, Part | None, float]] = []
        self._height = 0
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_parts(self, parts: Sequence[Part], joins: Sequence[str]) -> None:
        """Show parts; ``joins`` are the signs between them ("=", r"\\cdot", "+"), one fewer than the parts."""
        parts, joins = tuple(parts), tuple(joins)
        if parts == self._parts and joins == self._joins:
            return
        symbols = [part.tex for part in parts] != [part.tex for part in self._parts] or joins != self._joins
        self._parts, self._joins = parts, joins
        while len(self._labels) < len(parts):
            label = QLabel(self)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self._labels.append(label)
        for number, label in enumerate(self._labels):
            label.setVisible(number < len(parts) and bool(parts[number].number))
            if number < len(parts):
                self._letter(label, parts[number])
        spoken = " ".join(f"{part.tex} {part.number}".strip() for part in parts)
        self.setAccessibleName(spoken)
        self._arrange(self.width())
        if symbols:
            self.updateGeometry()
        self.update()

    def _letter(self, label: QLabel, part: Part) -> None:
        look = theme.current()
        color = look.dashed if part.dim else look.text
        label.setToolTip(part.number)
        label.setStyleSheet(f"color: {color.name()}")
        label.setFont(look.font(12, mono=True))  # a first style sheet would take it back
        label.setText(part.number)

    def _pieces(self, em: int, brief: bool = False) -> list[tuple[Typeset | None, Typeset, Part, float]]:
        """(sign before it, picture, part, width with its number) of each part."""
        look = theme.current()
        size, ink, quiet = look.px(em), look.text.name(), look.secondary.name()
        pieces = []
        for number, part in enumerate(self._parts):
            sign = typeset(self._joins[number - 1], size, quiet) if number else None
            picture = typeset(part.tex, size, ink)
            label = self._labels[number]
            written = part.brief if brief and part.brief else part.number
            if label.text() != written:
                label.setText(written)
            wide = max(picture.width, label.sizeHint().width() + 2 if part.number else 0)
            pieces.append((sign, picture, part, wide))
        return pieces

    def _arrange(self, width: int) -> int:
        """Place every piece for a width; returns the height that it takes."""
        look = theme.current()
        gap = look.px(_GAP)
        pieces = self._pieces(SIZES[0])
        lines = _lines(pieces, gap, width)
        if len(lines) > 1:
            # The table under the formula has every digit, so digits give way before the letters become smaller.
            for em, brief in ((SIZES[0], True), (SIZES[1], False), (SIZES[1], True)):
                others = self._pieces(em, brief)
                fewer = _lines(others, gap, width)
                if len(fewer) < len(lines):
                    pieces, lines = others, fewer
                    break
            else:
                pieces = self._pieces(SIZES[0])
        self._placed = []
        top = 2.0
        for line in lines:
            if not line:
                continue
            ascent = max(pieces[number][1].ascent for number in line)
            descent = max(pieces[number][1].descent for number in line)
            baseline = top + ascent
            x = 0.0
            numbered = any(pieces[number][2].number for number in line)
            number_top = baseline + descent + look.px(_BRACE) + 3
            for number in line:
                sign, picture, part, wide = pieces[number]
                if sign is not None:
                    indent = gap if x or number > 0 else 0
                    self._placed.append((sign, x + indent, baseline, None, 0))
                    x += sign.width + 2 * gap
                self._placed.append((picture, x + (wide - picture.width) / 2, baseline, part, x))
                if part.number:
                    hint = self._labels[number].sizeHint()
                    self._labels[number].setGeometry(
                        round(x + (wide - hint.width()) / 2), round(number_top), hint.width(), hint.height()
                    )
                x += wide
            top = number_top + (look.px(16) if numbered else -look.px(_BRACE)) + look.px(_LINE_GAP)
        self._height = round(top - look.px(_LINE_GAP) + 2)
        return self._height

    @override
    def heightForWidth(self, a0: int) -> int:
        height = self._arrange(a0)
        if a0 != self.width():
            self._arrange(self.width())
        return height

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, self._arrange(max(self.width(), 200)))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(120, 20)

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for picture, x, baseline, part, _ in self._placed:
            picture.draw(painter, x, baseline)
            if part is not None and part.number:
                below = baseline + max(p.descent for p, _, b, _, _ in self._placed if b == baseline) + 2
                _brace(painter, x, x + picture.width, below, look.px(_BRACE), part.color or look.secondary)
        painter.end()

    @override
    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        self._arrange(self.width())
        super().resizeEvent(a0)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            for label, part in zip(self._labels, self._parts, strict=False):
                self._letter(label, part)
            self._arrange(self.width())
            self.updateGeometry()
        super().changeEvent(a0)


def _lines(pieces: Sequence[tuple[Typeset | None, Typeset, Part, float]], gap: float, width: float) -> list[list[int]]:
    """The pieces of each line."""
    lines: list[list[int]] = [[]]
    x = 0.0
    for number, (sign, _, _, wide) in enumerate(pieces):
        need = wide + (sign.width + 2 * gap if sign is not None else 0)
        if lines[-1] and x + need > width:
            lines.append([])
            x = 0.0
        lines[-1].append(number)
        x += need
    return lines


def _brace(painter: QPainter, left: float, right: float, top: float, height: float, color: QColor) -> None:
    """A curly brace that opens upward over the number below it."""
    middle, half = (left + right) / 2, height / 2
    bend = min(half, (right - left) / 4)
    path = QPainterPath(QPointF(left, top))
    path.quadTo(left, top + half, left + bend, top + half)
    path.lineTo(middle - bend, top + half)
    path.quadTo(middle, top + half, middle, top + height)
    path.quadTo(middle, top + half, middle + bend, top + half)
    path.lineTo(right - bend, top + half)
    path.quadTo(right, top + half, right, top)
    painter.setPen(QPen(color, theme.current().stroke(1.4)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
