"""The furniture of the left column: sections that fold, rows of label and control, and a line of text under each.

The column is 190 to 220 pixels wide and its words come in two languages, so a row decides by measuring: label and
control stand side by side where both fit whole, and one above the other where they do not. Nothing is ever elided but
a heading with a name in it that a person has given.
"""

from __future__ import annotations

from PyQt6.QtCore import QRect, QSize, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from ui import theme
from ui.beside import ByHand
from ui.shortened import Shortened, literal

_GAP = 6
# Controls begin at the same place in every row that has room for it.
_CONTROL_SHARE = 0.46
_CONTROL_PADDING = 16
"""What the style sheet puts around the text of a control, left and right together."""
_ARROW = 20
_NARROW = 64


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Give a widget another look by a property of the style sheet; nothing happens when it has it already."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        style = widget.style()
        if style is not None:
            style.unpolish(widget)
            style.polish(widget)


class Message(QLabel):
    """One line of text under a control, invisible while there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.hide()

    def say(self, text: str, kind: str) -> None:
        """Show `text`; `kind` is "echo", "error", "warning", "good" or "" and chooses colour and sign."""
        sign = {"error": "✕ ", "warning": "! ", "good": "✓ "}.get(kind, "")
        self.setText(sign + text if text else "")
        restyle(self, "role", "secondary" if kind == "echo" else kind)
        self.setVisible(bool(text))


class Choice(QComboBox):
    """A combo box of (value, text) whose wheel does not change anything by accident while the column scrolls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.currentTextChanged.connect(lambda _: self.updateGeometry())

    def offer(self, choices: list[tuple[object, str]]) -> None:
        """Replace what can be chosen, and keep the present value where it is still offered. Emits nothing that a
        listener of `activated` would hear."""
        present = self.currentData()
        if [(self.itemData(row), self.itemText(row)) for row in range(self.count())] == choices:
            return
        self.clear()
        for value, text in choices:
            self.addItem(text, value)
        self.show_value(present)

    def show_value(self, value: object) -> None:
        """Show `value` as chosen; nothing happens when it already is."""
        row = next((row for row in range(self.count()) if self.itemData(row) == value), -1)
        if row != self.currentIndex():
            self.setCurrentIndex(row)

    @override
    def sizeHint(self) -> QSize:
        # As wide as the chosen text, not as the longest one: the list is free to be wider than the column.
        text, px = self.fontMetrics().horizontalAdvance(self.currentText()), theme.current().px
        return QSize(max(text + px(_CONTROL_PADDING + _ARROW), px(_NARROW)), super().sizeHint().height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(_NARROW, super().minimumSizeHint().height())

    @override
    def showPopup(self) -> None:
        view = self.view()
        if view is not None:
            view.setMinimumWidth(view.sizeHintForColumn(0) + theme.current().px(_ARROW))
        super().showPopup()

    @override
    def wheelEvent(self, e: QWheelEvent | None) -> None:
        if e is not None:
            e.ignore()


class RowLayout(ByHand):
    """Label, control and message: side by side while both fit, stacked when not; the message below, full width."""

    @override
    def _place(self, rect: QRect, move: bool) -> int:
        label, control, *below = self._items
        width = rect.width()
        wanted = control.sizeHint().width()
        text = label.sizeHint().width()
        share = int(width * _CONTROL_SHARE)
        top = rect.top()
        if label.isEmpty():
            control_rect = QRect(rect.left(), top, width, control.sizeHint().height())
            bottom = control_rect.bottom() + 1
        elif text + _GAP + wanted <= width:
            taken = share if wanted <= share and text + _GAP <= width - share else min(wanted, width - text - _GAP)
            height = max(control.sizeHint().height(), label.sizeHint().height())
            label_rect = QRect(rect.left(), top, width - taken - _GAP, height)
            control_rect = QRect(rect.right() + 1 - taken, top, taken, height)
            bottom = top + height
            if move:
                label.setGeometry(label_rect)
        else:
            height = label.heightForWidth(width) if label.hasHeightForWidth() else label.sizeHint().height()
            if move:
                label.setGeometry(QRect(rect.left(), top, width, height))
            control_rect = QRect(rect.left(), top + height + 2, width, control.sizeHint().height())
            bottom = control_rect.bottom() + 1
        if move:
            control.setGeometry(control_rect)
        for item in below:
            if not item.isEmpty():
                height = item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
                if move:
                    item.setGeometry(QRect(rect.left(), bottom + 2, width, height))
                bottom += 2 + height
        return bottom - top

    @override
    def sizeHint(self) -> QSize:
        width = max((item.sizeHint().width() for item in self._items[:2]), default=0)
        return QSize(width, self.heightForWidth(max(width, 1)) if len(self._items) >= 2 else 0)

    @override
    def minimumSize(self) -> QSize:
        return QSize(_NARROW, 0)


class Row(QWidget):
    """A labelled control with its message below."""

    def __init__(self, control: QWidget, message: Message | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = QLabel(self)
        self.control = control
        self.message = message if message is not None else Message()
        self.label.setBuddy(control)
        rows = RowLayout(self)
        for widget in (self.label, control, self.message):
            widget.setParent(self)
            rows.addWidget(widget)
        self.message.hide()

    def name(self, text: str, explanation: str = "") -> None:
        """Label text, and what the control means, shown when the mouse rests on either."""
        self.label.setText(text)
        self.control.setAccessibleName(text)
        for widget in (self.label, self.control):
            if explanation:
                widget.setToolTip(explanation)


class Section(QWidget):
    """A heading that folds what stands under it away."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """`name` is the object name under which the window remembers whether the section is folded."""
        super().__init__(parent)
        self.setObjectName(name)
        self._title = ""
        self.heading = Shortened(180, self)
        self.heading.setFlat(True)
        self.heading.setCheckable(True)
        self.heading.setChecked(True)
        self.heading.setProperty("role", "heading")
        self.heading.setCursor(Qt.CursorShape.PointingHandCursor)
        self.summary = QLabel(self.heading)
        self.summary.setProperty("role", "secondary")
        self.summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.summary.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.corner = QHBoxLayout(self.heading)
        self.corner.setContentsMargins(0, 0, 4, 0)
        self.corner.setSpacing(2)
        self.corner.addStretch(1)
        self.corner.addWidget(self.summary)
        self.body = QFrame(self)
        self.rows = QVBoxLayout(self.body)
        self.rows.setContentsMargins(0, 0, 0, 4)
        self.rows.setSpacing(5)
        self.column = QVBoxLayout(self)
        """Heading and body; what is put between them does not fold."""
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(3)
        self.column.addWidget(self.heading)
        self.column.addWidget(self.body)
        self.heading.toggled.connect(self._fold)

    @property
    def is_open(self) -> bool:
        return self.heading.isChecked()

    def set_open(self, is_open: bool) -> None:
        self.heading.setChecked(is_open)

    def name(self, title: str) -> None:
        self._title = title
        self._fold(self.is_open)

    def _fold(self, is_open: bool) -> None:
        self.body.setVisible(is_open)
        self.heading.setText(("▾ " if is_open else "▸ ") + literal(self._title))
