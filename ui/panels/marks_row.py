"""One row of a list of marks: what stands in it, how it is painted, and the field in which its text is typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QPoint, QRect, Qt
from PyQt6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPen, QTextLayout, QTextOption
from PyQt6.QtWidgets import QPlainTextEdit, QWidget
from typing_extensions import override

from ui import theme
from ui.language import tr

PAD, SIDE, GAP, BOX, CROSS = 5, 8, 8, 14, 14
"""Pixels at normal text size: above the text, beside it, between its parts, of the box, of the cross."""
TITLE_LINES = 3
"""So many lines of a title are shown; its tip has all of it."""
NOTE_HEIGHT = 76
"""Of the field in which a text is typed."""


@dataclass(frozen=True)
class Line:
    """What stands in one row: a title, and details under it (`all_details` while a field stands in the place of the
    title). `checked` is None where there is no box.

    `sign` stands before the title in the colour of `role` ("good", "warning", "error" or "secondary"); `is_faint` says
    that the row is off, or that nobody can go there any more; `is_here`, that this is where one stands.
    """

    title: str
    detail: str = ""
    tip: str = ""
    checked: bool | None = None
    sign: str = ""
    role: str = "secondary"
    is_faint: bool = False
    is_here: bool = False
    all_details: str = ""

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(part for part in (self.title, self.detail) if part)


@dataclass(frozen=True)
class Place:
    """Where the parts of a row stand in its rectangle."""

    rect: QRect
    line: Line
    has_cross: bool

    @property
    def box(self) -> QRect:
        """The box of a row that can be switched, and the place of a sign."""
        look = theme.current()
        return self._square(self.rect.left() + look.px(SIDE), look.px(BOX))

    @property
    def cross(self) -> QRect:
        """The cross that takes the row away."""
        look = theme.current()
        return self._square(self.rect.right() + 1 - look.px(SIDE) - look.px(CROSS), look.px(CROSS))

    @property
    def words(self) -> QRect:
        """The text."""
        look = theme.current()
        left = right = look.px(SIDE)
        if self.line.checked is not None or self.line.sign:
            left += look.px(BOX + GAP)
        if self.has_cross:
            right += look.px(CROSS + GAP)
        return self.rect.adjusted(left, look.px(PAD), -right, -look.px(PAD))

    def titles(self, most: int = TITLE_LINES) -> list[str]:
        """The title as it is written, line by line."""
        return wrapped(self.line.title, theme.current().font(13), self.words.width(), most)

    def height(self, titles: int) -> int:
        """The height of a row with so many pixels for its title."""
        look = theme.current()
        details = QFontMetrics(look.font(12)).height() if self.line.detail else 0
        return titles + details + 2 * look.px(PAD)

    def part_at(self, point: QPoint) -> str:
        """What is under a point: "box", "cross" or "row"."""
        slack = theme.current().px(4)
        if self.line.checked is not None and self.box.adjusted(-slack, -slack, slack, slack).contains(point):
            return "box"
        return (
            "cross" if self.has_cross and self.cross.adjusted(-slack, -slack, slack, slack).contains(point) else "row"
        )

    def _square(self, left: int, size: int) -> QRect:
        look = theme.current()
        height = QFontMetrics(look.font(13)).height()
        return QRect(left, self.rect.top() + look.px(PAD) + (height - size) // 2, size, size)


def paint(painter: QPainter, place: Place, most: int, mouse: QPoint | None, is_chosen: bool, is_open: bool) -> None:
    """Paint a row with at most so many lines of title; `is_open`: its text is being typed in a field of its own."""
    look, line, rect, words = theme.current(), place.line, place.rect, place.words
    ratio = painter.device().devicePixelRatioF() if painter.device() is not None else 1.0  # type: ignore[union-attr]
    is_under = mouse is not None and rect.contains(mouse)
    if is_chosen or is_under:
        painter.fillRect(rect, look.selected if is_chosen else look.hover)
    if line.is_here:
        painter.fillRect(QRect(rect.left(), rect.top() + 2, look.px(3), rect.height() - 4), look.accent)
    if line.checked is not None:
        _paint_box(painter, place.box, line.checked, ratio)
    elif line.sign:
        painter.setFont(look.font(13, bold=True))
        painter.setPen(getattr(look, line.role))
        painter.drawText(place.box.adjusted(-4, -4, 4, 4), Qt.AlignmentFlag.AlignCenter, line.sign)
    y = words.top()
    if is_open:
        y += look.px(NOTE_HEIGHT)
    else:
        painter.setFont(look.font(13))
        painter.setPen(look.secondary if line.is_faint else look.text)
        height = QFontMetrics(look.font(13)).height()
        for text in place.titles(most):
            painter.drawText(QRect(words.left(), y, words.width(), height), Qt.AlignmentFlag.AlignVCenter, text)
            y += height
    detail = line.all_details if is_open and line.all_details else line.detail
    if detail:
        metrics = QFontMetrics(look.font(12))
        painter.setFont(look.font(12))
        painter.setPen(look.secondary)
        text = metrics.elidedText(detail, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(QRect(words.left(), y, words.width(), metrics.height()), Qt.AlignmentFlag.AlignVCenter, text)
    if place.has_cross and (is_under or is_chosen):
        is_over = mouse is not None and place.part_at(mouse) == "cross"
        ink = look.text if is_over else look.secondary
        painter.drawPixmap(place.cross, look.picture("x", place.cross.width(), ink, ratio))


def _paint_box(painter: QPainter, place: QRect, checked: bool, ratio: float) -> None:
    look = theme.current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(look.accent if checked else look.dashed, 1))
    painter.setBrush(look.accent if checked else look.control)
    painter.drawRoundedRect(place.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    if checked:
        inside = place.adjusted(2, 2, -2, -2)
        painter.drawPixmap(inside, look.picture("check", inside.width(), look.on_accent, ratio))


class NoteEdit(QPlainTextEdit):
    """Some lines of text: Enter keeps them, Shift+Enter begins another line, Esc leaves without."""

    def __init__(self, keep: Callable[[], None], leave: Callable[[], None], parent: QWidget | None) -> None:
        super().__init__(parent)
        self._keep, self._leave = keep, leave
        self.setTabChangesFocus(True)
        self.setPlaceholderText(tr("Note. Enter keeps it, Shift+Enter begins a new line."))
        self.setAccessibleName(tr("Note"))
        self.setFont(theme.current().font(13))

    @override
    def event(self, e: QEvent | None) -> bool:
        ours = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if isinstance(e, QKeyEvent) and e.type() == QEvent.Type.ShortcutOverride and e.key() in ours:
            e.accept()
            return True
        return super().event(e)

    @override
    def keyPressEvent(self, e: QKeyEvent | None) -> None:
        if e is not None and e.key() == Qt.Key.Key_Escape:
            self._leave()
        elif (
            e is not None
            and e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and not e.modifiers() & Qt.KeyboardModifier.ShiftModifier
        ):
            self._keep()
        else:
            super().keyPressEvent(e)


def wrapped(text: str, font: QFont, width: int, most: int) -> list[str]:
    """A text in at most so many lines of a width; the last one ends with … where there is more."""
    metrics = QFontMetrics(font)
    found: list[str] = []
    paragraphs = text.split("\n") or [""]
    for number, paragraph in enumerate(paragraphs):
        layout = QTextLayout(paragraph, font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        start = 0
        while True:
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(max(width, 1))
            rest = len(paragraph) - start > line.textLength() or number + 1 < len(paragraphs)
            if len(found) + 1 == most:
                layout.endLayout()
                last = paragraph[start:]
                last = last + "…" if rest and metrics.horizontalAdvance(last + "…") <= width else last
                return [*found, metrics.elidedText(last, Qt.TextElideMode.ElideRight, width)]
            found.append(paragraph[start : start + line.textLength()].rstrip())
            start += line.textLength()
        layout.endLayout()
    return found or [""]
