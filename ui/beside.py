"""Two things beside each other where both fit whole, one above the other where they do not; and a link that wraps.

The explanation stands in a column of 250 to 400 pixels, with words in two languages and text of any size. Nothing in it
may be cut off, so what is too wide for one line takes two.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QLabel, QLayout, QLayoutItem, QPushButton, QSizePolicy, QWidget
from typing_extensions import override

from ui import theme

_GAP = 8
_NARROW = 40
_EDGE = 3
"""Pixels that a link keeps free around its words."""


class ByHand(QLayout):
    """Some widgets in one column, placed by `_place`: its height depends on its width."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)

    def _place(self, rect: QRect, move: bool) -> int:
        """Height needed at this width; with `move`, also puts the items there."""
        raise NotImplementedError

    @override
    def addItem(self, item: QLayoutItem | None) -> None:
        if item is not None:
            self._items.append(item)

    @override
    def count(self) -> int:
        return len(self._items)

    @override
    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    @override
    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(QPoint(0, 0), QSize(width, 0)), move=False)

    @override
    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)


class Beside(ByHand):
    """The first item at the left; the second at the right end of the same line, or of the next one. With `fill` the
    second has all of the line that the first leaves.
    """

    def __init__(self, parent: QWidget, first: QWidget, second: QWidget, *, fill: bool = False) -> None:
        super().__init__(parent)
        self._fill = fill
        for widget in (first, second):
            widget.setParent(parent)
            self.addWidget(widget)

    @override
    def _place(self, rect: QRect, move: bool) -> int:
        shown = [item for item in self._items if not item.isEmpty()]
        width = max(rect.width(), 1)
        wanted = [item.sizeHint() for item in shown]
        if len(shown) == 2 and wanted[0].width() + _GAP + wanted[1].width() <= width:
            height = max(wanted[0].height(), wanted[1].height())
            if move:
                right = width - wanted[0].width() - _GAP if self._fill else wanted[1].width()
                shown[0].setGeometry(QRect(rect.left(), rect.top(), width - right - _GAP, height))
                shown[1].setGeometry(QRect(rect.right() + 1 - right, rect.top(), right, height))
            return height
        top = rect.top()
        for item, hint in zip(shown, wanted, strict=True):
            fits = hint.width() <= width
            height = hint.height() if fits or not item.hasHeightForWidth() else item.heightForWidth(width)
            if move:
                taken = hint.width() if fits and item is self._items[1] and not self._fill else width
                item.setGeometry(QRect(rect.right() + 1 - taken, top, taken, height))
            top += height + 2
        return max(top - 2 - rect.top(), 0)

    @override
    def sizeHint(self) -> QSize:
        shown = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(hint.width() for hint in shown) + _GAP * (len(shown) - 1)
        return QSize(max(width, 0), max((hint.height() for hint in shown), default=0))

    @override
    def minimumSize(self) -> QSize:
        return QSize(_NARROW, 0)


class Flow(ByHand):
    """Things beside each other, in as many lines as they need."""

    @override
    def _place(self, rect: QRect, move: bool) -> int:
        left, top, high = rect.left(), rect.top(), 0
        for item in self._items:
            if item.isEmpty():
                continue
            hint = item.sizeHint()
            width = min(hint.width(), max(rect.width(), 1))
            if left > rect.left() and left + width > rect.right() + 1:
                left, top, high = rect.left(), top + high + _GAP // 2, 0
            if move:
                item.setGeometry(QRect(left, top, width, hint.height()))
            left, high = left + width + _GAP // 2, max(high, hint.height())
        return top + high - rect.top()

    @override
    def sizeHint(self) -> QSize:
        shown = [item.sizeHint() for item in self._items if not item.isEmpty()]
        return QSize(
            max((hint.width() for hint in shown), default=0), max((hint.height() for hint in shown), default=0)
        )

    @override
    def minimumSize(self) -> QSize:
        return QSize(_NARROW, 0)


class Words(QLabel):
    """Text that wraps, and says how wide it is in one line (a label of Qt that wraps guesses something narrower)."""

    def __init__(self, role: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", role)
        self.setWordWrap(True)

    @override
    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 2, metrics.height() + 2)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(_NARROW, self.fontMetrics().height())


class Link(QPushButton):
    """Words that lead somewhere, in as many lines as they need."""

    def __init__(
        self,
        go: Callable[[], object] | None = None,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "link")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._flags = int(align | Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextWordWrap)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        if go is not None:
            self.clicked.connect(lambda _: go())

    @override
    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 2 * _EDGE + 2, metrics.height() + 2 * _EDGE)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(_NARROW, self.fontMetrics().height() + 2 * _EDGE)

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, a0: int) -> int:
        room = QRect(0, 0, max(a0 - 2 * _EDGE, 1), 10_000)
        return self.fontMetrics().boundingRect(room, self._flags, self.text()).height() + 2 * _EDGE

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        look = theme.current()
        painter = QPainter(self)
        font = self.font()
        font.setUnderline(self.underMouse() and self.isEnabled())
        painter.setFont(font)
        painter.setPen(look.accent if self.isEnabled() else look.dashed)
        painter.drawText(self.rect().adjusted(_EDGE, 0, -_EDGE, 0), self._flags, self.text())
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(look.accent)
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 5, 5)
        painter.end()
