"""A list of marks: two lines of text to a row, with what a row can be asked for beside them.

A row may have a box to switch it on and off, a cross that takes it away, and a text that is typed where it stands.
Only rows that are seen are put into words, so a list of thousands costs no more than one of ten.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QAbstractItemModel, QAbstractListModel, QEvent, QModelIndex, QObject, QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QContextMenuEvent, QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PyQt6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QListView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)
from typing_extensions import override

from ui import tabbing, theme
from ui.language import tr
from ui.later import after_painting
from ui.panels import marks_row
from ui.panels.marks_row import NOTE_HEIGHT, SIDE, TITLE_LINES, Line, NoteEdit, Place

_NOWHERE = QModelIndex()


@dataclass(frozen=True)
class Acts:
    """What a row can be asked for, each with the row's key; what is None is not offered."""

    go: Callable[[Hashable], object] | None = None
    remove: Callable[[Hashable], object] | None = None
    toggle: Callable[[Hashable], object] | None = None
    write: Callable[[Hashable, str], object] | None = None
    text: Callable[[Hashable], str] = lambda key: ""
    """The text that `write` replaces."""


class LinesModel(QAbstractListModel):
    """Keys in order, and the words of those that somebody looks at."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.keys: Sequence[Hashable] = ()
        self._line: Callable[[Hashable], Line] = lambda key: Line("")
        self._known: dict[Hashable, Line] = {}

    def show_lines(self, keys: Sequence[Hashable], line: Callable[[Hashable], Line]) -> bool:
        """Show these keys; returns whether they are others than before."""
        others = keys is not self.keys and tuple(keys) != tuple(self.keys)
        self._line = line
        if others:
            self.beginResetModel()
            self.keys = keys
            self._known.clear()
            self.endResetModel()
        elif len(keys):
            # What was put into words may read otherwise now; where all reads as before, nothing is painted again.
            known, self._known = self._known, {}
            if [key for key in known if self.line(key) != known[key]]:
                self.dataChanged.emit(self.index(0), self.index(len(keys) - 1))
        return others

    def line(self, key: Hashable) -> Line:
        """The words of a row."""
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._line(key)
        return found

    @override
    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.keys)

    @override
    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.keys):
            return None
        key = self.keys[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.line(key).spoken
        if role == Qt.ItemDataRole.ToolTipRole:
            line = self.line(key)
            return line.tip or line.spoken
        if role == Qt.ItemDataRole.CheckStateRole:
            checked = self.line(key).checked
            return None if checked is None else Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked
        return None


class MarkList(QListView):
    """The view of such rows, as high as they are, up to a height from which on it scrolls.

    A click or Enter goes there, Del or the cross takes a row away, Space or the box switches it, F2 or a double click
    opens its text.
    """

    def __init__(self, acts: Acts, tallest: int = 340, is_uniform: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.acts = acts
        self._tallest = tallest
        self._back: QWidget | None = None
        self._pressed: tuple[int, str] | None = None
        self.lines = LinesModel(self)
        self.setModel(self.lines)
        self.words = _Delegate(self)
        self.setItemDelegate(self.words)
        self.setUniformItemSizes(is_uniform)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setProperty("role", "marks")
        self._fit()

    # ---- what is shown

    def show_lines(self, keys: Sequence[Hashable], line: Callable[[Hashable], Line]) -> None:
        """Show these rows. The chosen one stays chosen (or the one that takes its place), what is being typed stays."""
        if self.editor is not None and tuple(keys) != tuple(self.lines.keys):
            self.words.close(keeps=True)  # other rows come: a field cannot stay open, but what is in it is not lost
        here, place = self.chosen, self.currentIndex().row()
        if self.lines.show_lines(keys, line) and here is not None and len(keys):
            if here in keys:
                self.choose(here)
            else:
                self.setCurrentIndex(self.lines.index(min(place, len(keys) - 1)))
        self._fit()

    @property
    def chosen(self) -> Hashable | None:
        """The key of the chosen row."""
        place = self.currentIndex().row()
        return self.lines.keys[place] if 0 <= place < len(self.lines.keys) else None

    def choose(self, key: Hashable) -> None:
        """Mark a row; nothing happens where it is not there."""
        if key in self.lines.keys:
            self.setCurrentIndex(self.lines.index(list(self.lines.keys).index(key)))

    def write(self, key: Hashable, back: QWidget | None = None) -> None:
        """Open the text of a row; `back` gets the keyboard when it is done."""
        if key not in self.lines.keys or self.acts.write is None:
            return
        self.choose(key)
        if self.editor is not None and self.words.written == key:
            self.editor.setFocus()  # it is open already
            return
        self._back = back
        self.words.written = key
        self.words.sizeHintChanged.emit(self.currentIndex())
        self._fit()
        self.scrollTo(self.currentIndex())
        self.edit(self.currentIndex())
        after_painting(self)

    @property
    def editor(self) -> NoteEdit | None:
        """The field in which a text is being typed."""
        return self.words.editor

    def part_at(self, point: QPoint) -> tuple[int, str]:
        """(row, part) under a point of the viewport: "box", "cross" or "row"; (-1, "") where there is none."""
        index = self.indexAt(point)
        if not index.isValid():
            return -1, ""
        return index.row(), self.place(index, self.visualRect(index)).part_at(point)

    def place(self, index: QModelIndex, rect: QRect) -> Place:
        """Where the parts of a row stand."""
        return Place(rect, self.lines.line(self.lines.keys[index.row()]), self.acts.remove is not None)

    def done(self, takes_keyboard: bool) -> None:
        """The text is closed: the rows close up, and the keyboard goes back to where it was before."""
        self.words.written = None
        if self.currentIndex().isValid():
            self.words.sizeHintChanged.emit(self.currentIndex())
        self._fit()
        back, self._back = self._back, None
        if takes_keyboard:
            (back or self).setFocus()

    def _fit(self) -> None:
        """As high as the rows; beyond the greatest height they scroll."""
        look = theme.current()
        tallest, height = look.px(self._tallest), 0
        count = len(self.lines.keys)
        if self.uniformItemSizes() and count:
            height = min(count, 1000) * self.words.sizeHint(QStyleOptionViewItem(), self.lines.index(0)).height()
        else:
            for place in range(count):
                height += self.words.sizeHint(QStyleOptionViewItem(), self.lines.index(place)).height()
                if height > tallest:
                    break
        edge = 2 * self.frameWidth()
        self.setVisible(count > 0)
        wanted = min(height, tallest) + edge
        if self.minimumHeight() != wanted or self.maximumHeight() != wanted:
            self.setFixedHeight(wanted)

    # ---- Qt

    @override
    def mousePressEvent(self, e: QMouseEvent | None) -> None:
        if e is not None and e.button() == Qt.MouseButton.LeftButton:
            self._pressed = self.part_at(e.position().toPoint())
        super().mousePressEvent(e)

    @override
    def mouseReleaseEvent(self, e: QMouseEvent | None) -> None:
        super().mouseReleaseEvent(e)
        pressed, self._pressed = self._pressed, None
        if e is None or e.button() != Qt.MouseButton.LeftButton or pressed is None or pressed[0] < 0:
            return
        if self.part_at(e.position().toPoint()) != pressed:
            return
        key = self.lines.keys[pressed[0]]
        act = {"box": self.acts.toggle, "cross": self.acts.remove, "row": self.acts.go}[pressed[1]]
        if act is not None:
            act(key)

    @override
    def mouseDoubleClickEvent(self, e: QMouseEvent | None) -> None:
        if e is not None and self.chosen is not None and self.part_at(e.position().toPoint())[1] == "row":
            self.write(self.chosen)

    def menu(self, key: Hashable) -> QMenu:
        """What a row can be asked for, in words."""
        menu, acts = QMenu(self), self.acts
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        offers = (
            (acts.go if acts.toggle is None else None, tr("Go there")),
            (acts.toggle, tr("Switch off") if self.lines.line(key).checked else tr("Switch on")),
            (self.write if acts.write is not None else None, tr("Write a note")),
            (acts.remove, tr("Remove")),
        )
        for act, words in offers:
            action = menu.addAction(words) if act is not None else None
            if action is not None and act is not None:
                action.triggered.connect(lambda _, act=act: act(key))
        return menu

    @override
    def contextMenuEvent(self, a0: QContextMenuEvent | None) -> None:
        if a0 is None:
            return
        is_mouse = a0.reason() == QContextMenuEvent.Reason.Mouse
        place = self.indexAt(a0.pos()) if is_mouse else self.currentIndex()
        if place.isValid():
            self.setCurrentIndex(place)
            self.menu(self.lines.keys[place.row()]).popup(a0.globalPos())

    @override
    def keyPressEvent(self, e: QKeyEvent | None) -> None:
        key, acts = self.chosen, self.acts
        if e is None or key is None or self.editor is not None:
            super().keyPressEvent(e)
            return
        match e.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if acts.go is not None:
                acts.go(key)
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace if acts.remove is not None:
                acts.remove(key)
            case Qt.Key.Key_Space if acts.toggle is not None:
                acts.toggle(key)
            case Qt.Key.Key_F2 if acts.write is not None:
                self.write(key)
            case _:
                super().keyPressEvent(e)

    @override
    def focusInEvent(self, e: QFocusEvent | None) -> None:
        super().focusInEvent(e)
        if self.chosen is None and len(self.lines.keys):
            self.setCurrentIndex(self.lines.index(0))

    @override
    def event(self, e: QEvent | None) -> bool:
        if isinstance(e, QKeyEvent) and e.type() == QEvent.Type.ShortcutOverride:
            mine = {Qt.Key.Key_F2: self.acts.write, Qt.Key.Key_Space: self.acts.toggle, Qt.Key.Key_Delete: True}
            if (
                e.modifiers() == Qt.KeyboardModifier.NoModifier
                and mine.get(Qt.Key(e.key()))
                and self.chosen is not None
            ):
                e.accept()
                return True
        return super().event(e)

    @override
    def customEvent(self, a0: QEvent | None) -> None:
        # The rows have their places now: what is being typed in has to be seen.
        if self.editor is not None:
            tabbing.bring_into_view(self.editor)

    @override
    def resizeEvent(self, e: QResizeEvent | None) -> None:
        super().resizeEvent(e)
        if e is not None and e.size().width() != e.oldSize().width() and not self.uniformItemSizes():
            self.scheduleDelayedItemsLayout()
            self._fit()

    @override
    def changeEvent(self, e: QEvent | None) -> None:
        super().changeEvent(e)
        if e is not None and e.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.scheduleDelayedItemsLayout()
            self._fit()


class _Delegate(QStyledItemDelegate):
    """Paints a row, and makes the field for its text."""

    def __init__(self, view: MarkList) -> None:
        super().__init__(view)
        self._view = view
        self.written: Hashable | None = None
        self.editor: NoteEdit | None = None

    @property
    def _most(self) -> int:
        return 1 if self._view.uniformItemSizes() else TITLE_LINES

    # ---- Qt

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        look, viewport = theme.current(), self._view.viewport()
        width = viewport.width() if viewport is not None else 200
        place = self._view.place(index, QRect(0, 0, width, 100))
        if self.written is not None and self._view.lines.keys[index.row()] == self.written:
            return QSize(width, place.height(look.px(NOTE_HEIGHT)))
        titles = 1 if self._most == 1 else len(place.titles(self._most))
        return QSize(width, place.height(titles * QFontMetrics(look.font(13)).height()))

    @override
    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        view = self._view
        viewport = view.viewport()
        if painter is None or viewport is None or index.row() >= len(view.lines.keys):
            return
        mouse = viewport.mapFromGlobal(view.cursor().pos()) if viewport.underMouse() else None
        is_chosen = index == view.currentIndex() and view.hasFocus()
        is_open = self.written is not None and view.lines.keys[index.row()] == self.written
        painter.save()
        marks_row.paint(painter, view.place(index, option.rect), self._most, mouse, is_chosen, is_open)
        painter.restore()

    @override
    def createEditor(self, parent: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex) -> QWidget | None:
        self.editor = editor = NoteEdit(lambda: self.close(True), lambda: self.close(False), parent)
        editor.setPlainText(self._view.acts.text(self._view.lines.keys[index.row()]))
        editor.selectAll()
        return editor

    def close(self, keeps: bool) -> None:
        """Close the field; what was typed is kept, or not."""
        editor = self.editor
        if editor is None:
            return
        if keeps:
            self.commitData.emit(editor)
        self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.NoHint)

    @override
    def destroyEditor(self, editor: QWidget | None, index: QModelIndex) -> None:
        # Qt has given it to the view by now, unless somebody has clicked elsewhere.
        had_keyboard = self._view.hasFocus() or (editor is not None and editor.hasFocus())
        self.editor = None
        super().destroyEditor(editor, index)
        self._view.done(had_keyboard)

    @override
    def setEditorData(self, editor: QWidget | None, index: QModelIndex) -> None:
        pass  # the field was filled when it was made, and nothing may overwrite what is being typed

    @override
    def setModelData(self, editor: QWidget | None, model: QAbstractItemModel | None, index: QModelIndex) -> None:
        key, write = self.written, self._view.acts.write
        if isinstance(editor, NoteEdit) and write is not None and key is not None:
            write(key, editor.toPlainText().strip())

    @override
    def updateEditorGeometry(self, editor: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        if editor is not None:
            look, words = theme.current(), self._view.place(index, option.rect).words
            right = option.rect.right() - look.px(SIDE)
            editor.setGeometry(words.left() - 2, words.top(), right - words.left(), look.px(NOTE_HEIGHT) - 4)
