"""A line to type in, and below it what can be chosen: the arrow keys choose, Enter takes."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QDialog, QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget
from typing_extensions import override

from ui import theme

KEPT = Qt.ItemDataRole.UserRole
_MOVES = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}


class Offers(QTreeWidget):
    """Lines of two columns, steered from the field above by the arrow keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "offers")
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        if header is not None:
            header.setStretchLastSection(False)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def add(self, text: str, beside: str, kept: object, enabled: bool = True) -> QTreeWidgetItem:
        """Add a line; `kept` is what it stands for."""
        item = QTreeWidgetItem([text, beside])
        item.setData(0, KEPT, kept)
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setForeground(1, theme.current().secondary)
        if not enabled:
            for column in (0, 1):
                item.setForeground(column, theme.current().secondary)
        self.addTopLevelItem(item)
        return item

    def choose(self, row: int) -> None:
        """Mark a line; below 0 none."""
        count = self.topLevelItemCount()
        self.setCurrentItem(self.topLevelItem(min(row, count - 1)) if row >= 0 and count else None)

    def step(self, by: int) -> None:
        """Mark the line further down (or up) than the present one; down from none is the first."""
        current = self.currentItem()
        self.choose(max(self.indexOfTopLevelItem(current) + by, 0) if current is not None else 0)

    @property
    def chosen(self) -> object:
        """What the marked line stands for; None without one."""
        item = self.currentItem()
        return None if item is None else item.data(0, KEPT)


class Choosing(QDialog):
    """A dialog of one line and its offers."""

    def __init__(self, title: str, placeholder: str, width: int, height: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        look = theme.current()
        self.resize(look.px(width), look.px(height))
        self.line = QLineEdit()
        self.line.setPlaceholderText(placeholder)
        self.line.setAccessibleName(title)
        self.line.setClearButtonEnabled(True)
        self.list = Offers()
        self.list.setAccessibleName(title)
        self.column = QVBoxLayout(self)
        self.column.addWidget(self.line)
        self.column.addWidget(self.list, 1)
        self.line.textChanged.connect(self.fill)
        self.line.returnPressed.connect(self.take)
        self.list.itemClicked.connect(lambda _: self.take())
        self.line.installEventFilter(self)
        self.line.setFocus()

    def fill(self, text: str) -> None:
        """Show what fits the text."""
        raise NotImplementedError

    def take(self) -> None:
        """Do what is chosen."""
        raise NotImplementedError

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if isinstance(a1, QKeyEvent) and a1.type() == QEvent.Type.KeyPress:
            by = _MOVES.get(Qt.Key(a1.key()), 0)
            if by:
                self.list.step(by)
                return True
        return super().eventFilter(a0, a1)
