"""The rows of a lesson: texts that can be read, choices that can be made, and places that can be gone to."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QWidget
from typing_extensions import override

from ui import theme
from ui.panels.form import restyle

NORMAL, SMALL, LARGE = 13, 12, 15
"""Pixels of type. A widget's type is chosen by the property `letters` of the style sheet; what is set by hand is lost
when the widget gets its place.
"""
_NUMBER = re.compile(r"(?<![\w.])[−-]?\d[\d,]*\.\d+(?:e[+−-]?\d+)?(?![\w.]*\d)")
"""Numbers with decimals; whole ones read better in the type of the text."""
_LINE_HEIGHT = 1.5
"""Height of a line against the size of its type; in pixels, so that one with numbers is no higher than the others."""
_MARK = 20
"""Pixels before the text of a row, for the mark of a choice, a stop or a digit."""


def prose(text: str, size: int = NORMAL) -> str:
    """Paragraphs as rich text, with the numbers in the type that numbers have everywhere."""
    line = round(theme.current().font(size).pixelSize() * _LINE_HEIGHT)
    families = ",".join(f"'{family}'" for family in theme.current().font(mono=True).families())
    digits = theme.current().font(12).pixelSize()
    mono = rf'<span style="font-family:{families}; font-size:{digits}px">\g<0></span>'
    parts = [_NUMBER.sub(mono, html.escape(part, quote=False)) for part in text.split("\n\n") if part]
    style = f"margin-bottom:0; line-height:{line}px; margin-top:"
    gap = theme.current().px(8)
    return "".join(f'<p style="{style}{gap if index else 0}px">{part}</p>' for index, part in enumerate(parts))


class Prose(QLabel):
    """A text of a lesson, which can be selected; nothing is seen of an empty one."""

    def __init__(self, role: str = "", size: int = NORMAL, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plain = ""
        self._size = size
        self.setProperty("letters", {SMALL: "small", LARGE: "large"}.get(size, ""))
        self.setProperty("markup", True)
        self.setWordWrap(True)
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    @property
    def plain(self) -> str:
        """What stands here, as it was written."""
        return self._plain

    def write(self, text: str) -> None:
        """Set a text in the present look, seen or not."""
        self._plain = text
        self.setText(prose(text, self._size))

    def say(self, text: str) -> None:
        """Show a text in the present look."""
        self.write(text)
        self.setVisible(bool(text))


class Line(QFrame):
    """Something to press: a mark before, words beside it, and what stands under them. Space and Enter press it too."""

    def __init__(self, press: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._press = press
        self.setProperty("role", "line")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.rows = QGridLayout(self)
        self.rows.setContentsMargins(4, 3, 6, 3)
        self.rows.setHorizontalSpacing(0)
        self.rows.setVerticalSpacing(2)
        self.rows.setColumnMinimumWidth(0, theme.current().px(_MARK))
        self.rows.addWidget(self.words, 0, 1)
        self.rows.setColumnStretch(1, 1)

    def restyle(self) -> None:
        """Take over the present look."""
        self.rows.setColumnMinimumWidth(0, theme.current().px(_MARK))
        self.update()

    @property
    def mark(self) -> QRectF:
        """Where the mark is painted: beside the first line of the words."""
        side = theme.current().px(14)
        return QRectF(5, self.words.y() + (self.words.fontMetrics().height() - side) / 2, side, side)

    def paint_mark(self, painter: QPainter, place: QRectF) -> None:
        """Paint what stands before the words."""

    def press(self) -> None:
        """Do what pressing does."""
        self._press()

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        super().paintEvent(a0)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_mark(painter, self.mark)
        if self.hasFocus():
            painter.setPen(theme.current().accent)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.end()

    @override
    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None:
            a0.accept()

    @override
    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None and a0.button() == Qt.MouseButton.LeftButton and self.rect().contains(a0.pos()):
            self._press()

    @override
    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        if a0 is not None and a0.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._press()
        elif a0 is not None and a0.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focusNextPrevChild(a0.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(a0)

    @override
    def sizeHint(self) -> QSize:
        return QSize(0, super().sizeHint().height())


class Switch(Line):
    """A version of the lesson: its name, and what it shows. At most one of them is on."""

    def __init__(self, name: str, press: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(press, parent)
        self.setObjectName(name)
        self._on = False
        self.note = Prose("secondary", SMALL)
        self.note.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.rows.addWidget(self.note, 1, 1)

    @property
    def is_on(self) -> bool:
        """Whether the run is this version."""
        return self._on

    def name(self, label: str, note: str) -> None:
        """Its label and its sentence in the language in use."""
        self.words.setText(label)
        self.note.say(note)
        self._tell()

    def show_on(self, is_on: bool) -> None:
        """Mark it as the present one, or not."""
        self._on = is_on
        restyle(self.words, "letters", "bold" if is_on else "")
        self._tell()
        self.update()

    def _tell(self) -> None:
        self.setAccessibleName(f"◉ {self.words.text()}" if self._on else f"○ {self.words.text()}")
        self.setAccessibleDescription(self.note.plain)

    @override
    def restyle(self) -> None:
        super().restyle()
        self.show_on(self._on)

    @override
    def paint_mark(self, painter: QPainter, place: QRectF) -> None:
        look = theme.current()
        painter.setPen(QPen(look.accent if self._on else look.dashed, look.stroke(1.5)))
        painter.setBrush(look.control)
        painter.drawEllipse(place.adjusted(0.75, 0.75, -0.75, -0.75))
        if self._on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.accent)
            inset = place.width() * 0.28
            painter.drawEllipse(place.adjusted(inset, inset, -inset, -inset))


class Stop(Line):
    """A place in the lesson: a number and a title; what there is to see stands under the one that was opened last."""

    def __init__(self, number: int, press: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(press, parent)
        self.number = number
        self._here = False
        self.where = QLabel()
        self.where.setProperty("role", "secondary")
        self.where.setProperty("letters", "small")
        self.where.setWordWrap(True)
        self.where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.text = Prose()
        self.text.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.rows.addWidget(self.where, 1, 1)
        self.rows.addWidget(self.text, 2, 1)

    def name(self, title: str, where: str, text: str) -> None:
        """Its title, where it leads besides the beat, and its text, in the language in use."""
        self.words.setText(title)
        self.where.setText(where)
        self.where.setVisible(bool(where))
        # A text that is shown for a moment costs a layout of the whole panel.
        self.text.write(text)
        if not text:
            self.text.hide()
        self.setAccessibleName(f"{self.number}. {title}")
        self.setAccessibleDescription(text)
        if not title:
            self.words.setText(text)
            self.text.hide()

    @property
    def is_open(self) -> bool:
        """Whether its text is shown."""
        return bool(self.property("selected"))

    def show_open(self, is_open: bool) -> None:
        """Show its text, or only the title."""
        self.text.setVisible(is_open and bool(self.text.plain) and self.words.text() != self.text.plain)
        restyle(self, "selected", is_open)
        restyle(self.words, "letters", "bold" if is_open else "")

    @property
    def is_here(self) -> bool:
        """Whether the eye is at this place."""
        return self._here

    def show_here(self, is_here: bool) -> None:
        """Mark it as the place where the eye is, or not."""
        if is_here != self._here:
            self._here = is_here
            self.update()

    @override
    def restyle(self) -> None:
        super().restyle()
        self.show_open(self.is_open)

    @override
    def paint_mark(self, painter: QPainter, place: QRectF) -> None:
        look = theme.current()
        place = place.adjusted(-1, -1, 1, 1)
        painter.setPen(QPen(look.accent if self._here else look.dashed, look.stroke(1)))
        painter.setBrush(look.accent if self._here else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(place.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setFont(look.font(12))
        painter.setPen(look.on_accent if self._here else look.secondary)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, str(self.number))


def title() -> QLabel:
    """The name of the lesson."""
    label = QLabel()
    label.setProperty("letters", "title")
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
