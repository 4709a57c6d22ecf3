"""Every gesture that can be taken back or repeated, by its name and in the order in which it was made.

The list is read from the top to the bottom like a diary. A click on a line returns to the moment after that gesture,
several at once; what has been undone stays below the present line, paler, until something else is done.
"""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QSize, Qt, QTimer
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.training.frame import Frame
from ui import tabbing, theme
from ui.language import tr
from ui.runner import Runner

ROWS = 8
"""Lines that are seen at once; more scroll."""


class UndoList(QWidget):
    """The list; it is as high as its lines, up to ROWS."""

    def __init__(self, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._names: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self.lines = _Lines()
        self.lines.itemActivated.connect(self._go)
        self.lines.itemClicked.connect(self._go)
        self.hint = QLabel()
        self.hint.setProperty("role", "secondary")
        self.hint.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.hint)
        column.addWidget(self.lines)
        self._write()

    def show_frame(self, frame: Frame) -> None:
        """Show the gestures of a frame."""
        names = (frame.undo_names, frame.redo_names)
        if names != self._names:
            self._names = names
            self._write()

    def take_keyboard(self) -> None:
        """Put the keyboard on the line of the present moment."""
        target = self.lines if self.lines.isVisible() else self.hint
        target.setFocus(Qt.FocusReason.OtherFocusReason)
        QTimer.singleShot(0, lambda: tabbing.bring_into_view(target))  # when everything has its place

    def _write(self) -> None:
        undo, redo = self._names or ((), ())
        first = tr("Before all of these")  # not the beginning: the oldest gestures may have been forgotten
        self.lines.clear()
        for place, name in enumerate((first, *map(tr, reversed(undo)), *map(tr, redo))):
            item = QListWidgetItem(name)
            item.setToolTip(name)
            item.setData(Qt.ItemDataRole.UserRole, len(undo) - place)
            item.setSizeHint(QSize(60, theme.current().px(24)))
            self.lines.addItem(item)
        self.lines.setCurrentRow(len(undo))
        self._tint()
        self.lines.scrollToItem(self.lines.currentItem())
        self.hint.setText(tr("Nothing has been changed yet. Every gesture will be listed here by its name."))
        self.hint.setVisible(not undo and not redo)
        self.lines.setVisible(bool(undo or redo))
        self.lines.setAccessibleName(tr("Gestures that can be undone and repeated"))
        self.lines.updateGeometry()

    def _tint(self) -> None:
        look, undo = theme.current(), self._names[0] if self._names is not None else ()
        for row in range(self.lines.count()):
            item = self.lines.item(row)
            if item is None:
                continue
            font = look.font()
            font.setBold(row == len(undo))
            item.setFont(font)
            item.setForeground(QColor(look.secondary if row > len(undo) else look.text))
            state = tr("now") if row == len(undo) else tr("undone") if row > len(undo) else ""
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}, {state}" if state else item.text())

    def _go(self, item: QListWidgetItem) -> None:
        count = int(item.data(Qt.ItemDataRole.UserRole))
        if count:
            self._runner.undo_to(count)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self._write()
        elif a0 is not None and a0.type() == QEvent.Type.PaletteChange:
            self._tint()


class _Lines(QListWidget):
    """A list as high as its lines."""

    def __init__(self) -> None:
        super().__init__()
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setUniformItemSizes(True)

    @override
    def sizeHint(self) -> QSize:
        height = max(self.sizeHintForRow(0), 1) * min(max(self.count(), 1), ROWS) + 2 * self.frameWidth()
        return QSize(200, height)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())
