"""The cells of a grid of the exercise sheet, how they are drawn, and the line in which one is typed.

A cell holds whatever was typed. What is wrong with it is marked there; nothing is thrown away because it is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from PyQt6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QObject, QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QBrush, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPen
from PyQt6.QtWidgets import (
    QAbstractItemDelegate,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)
from typing_extensions import override

from bpstudio.files import pasted
from bpstudio.files.exercise import Cell, Grid, Name, Sheet
from bpstudio.insight import own_names
from bpstudio.insight.elements import Edge, Names, PlusOne, Target, Unit
from bpstudio.insight.notation import raised, small
from ui import theme
from ui.language import tr
from ui.panels.describe import subscripted

End = Unit | Target | PlusOne
"""What a row or a column of a grid belongs to."""

_NOWHERE = QModelIndex()
_CENTER = int(Qt.AlignmentFlag.AlignCenter)


class CellsView(QTableView):
    """What shows the cells of a `GridModel`."""

    grid: GridModel

    def advance(self, by: int) -> None:
        """One cell on or back."""
        raise NotImplementedError

    @property
    def chosen(self) -> list[list[Cell]]:
        """The selected cells, row by row; the current one where nothing else is selected."""
        found = {(index.row(), index.column()) for index in self.selectedIndexes()}
        rows = sorted({row for row, _ in found})
        return [
            [
                cell
                for column in sorted(column for at, column in found if at == row)
                if (cell := self.grid.cell(row, column)) is not None
            ]
            for row in rows
        ]


class Owner(Protocol):
    """Who takes what is typed; the sheet's window."""

    def type(self, texts: Mapping[Cell, str]) -> None: ...

    def look_at(self, cell: Cell | None, typed: str | None = None) -> None:
        """`typed` is what stands in the cell's editor just now."""

    def paste(self, grid: CellsView, row: int, column: int, text: str) -> None: ...

    def go_on(self, grid: CellsView, by: int) -> None:
        """The cell after the last one, or before the first one."""

    def name_heading(self, layer: int, is_column: bool, section: int) -> None:
        """A heading was double-clicked."""


class GridModel(QAbstractTableModel):
    """The cells of one grid as they stand on the sheet. Rows may end earlier than others."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.cells: Grid = ()
        self.rows: tuple[str, ...] = ()
        self.columns: tuple[str, ...] = ()
        self.sheet = Sheet()
        self.wrong: Mapping[Cell, str] = {}

    def show(
        self, sheet: Sheet, cells: Grid, headings: tuple[tuple[str, ...], tuple[str, ...]], wrong: Mapping[Cell, str]
    ) -> None:
        """Show other cells, or other texts in the same ones; `wrong` says why a cell cannot be used."""
        is_same = cells == self.cells
        if not is_same:
            self.beginResetModel()
        self.sheet, self.cells, self.wrong = sheet, cells, wrong
        self.rows, self.columns = headings
        if not is_same:
            self.endResetModel()
            return
        if self.rows and self.columns:
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.columnCount() - 1)
            self.headerDataChanged.emit(Qt.Orientation.Vertical, 0, self.rowCount() - 1)

    def cell(self, row: int, column: int) -> Cell | None:
        """The cell at a place; None where a row has ended."""
        cells = self.cells[row] if 0 <= row < len(self.cells) else ()
        return cells[column] if 0 <= column < len(cells) else None

    def find(self, cell: Cell) -> QModelIndex:
        """Where a cell stands; an invalid index where it does not."""
        for row, cells in enumerate(self.cells):
            if cell in cells:
                return self.index(row, cells.index(cell))
        return QModelIndex()

    def text(self, row: int, column: int) -> str:
        """What was typed."""
        cell = self.cell(row, column)
        return "" if cell is None else self.sheet.texts.get(cell, "")

    def plain_name(self, row: int, column: int) -> str:
        """What stands in an empty cell of names: the name that the program gives."""
        cell = self.cell(row, column)
        return shown_name(self.sheet, cell.of) if isinstance(cell, Name) else ""

    @override
    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    @override
    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    @override
    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        if self.cell(index.row(), index.column()) is None:
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row, column = index.row(), index.column()
        text = self.text(row, column)
        if role == Qt.ItemDataRole.DisplayRole:
            return text or self.plain_name(row, column)
        if role == Qt.ItemDataRole.EditRole:
            return text
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _CENTER
        cell = self.cell(row, column)
        if role == Qt.ItemDataRole.ForegroundRole and not text:
            return QBrush(theme.current().dashed)
        if cell is not None and role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return self.wrong.get(cell, self.sheet.place(cell).rendered(tr))
        return None

    @override
    def setData(self, index: QModelIndex, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        return False  # the delegate tells the owner, who makes a new sheet

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        names = self.columns if orientation == Qt.Orientation.Horizontal else self.rows
        if role == Qt.ItemDataRole.DisplayRole and section < len(names):
            return names[section]
        return _CENTER if role == Qt.ItemDataRole.TextAlignmentRole else None


class CellEditor(QLineEdit):
    """The line in a cell. A block that is pasted here goes into the grid, from this cell on."""

    def __init__(self, take_block: Callable[[str], None], parent: QWidget | None) -> None:
        super().__init__(parent)
        self._take_block = take_block
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFrame(False)

    @override
    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        text = clipboard_text()
        if a0 is not None and a0.matches(QKeySequence.StandardKey.Paste) and is_block(text):
            self._take_block(text)
            return
        super().keyPressEvent(a0)


class CellDelegate(QStyledItemDelegate):
    """Edits a cell as text; a cell that cannot be used is framed in red and carries a mark."""

    def __init__(self, view: CellsView, owner: Owner) -> None:
        super().__init__(view)
        self._view, self._owner = view, owner

    @override
    def createEditor(self, parent: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex) -> QWidget | None:
        cell = self._view.grid.cell(index.row(), index.column())
        editor = CellEditor(lambda text: self._paste(editor, index, text), parent)
        editor.setFont(self._view.font())
        editor.textEdited.connect(lambda text: self._owner.look_at(cell, text))
        return editor

    @override
    def setEditorData(self, editor: QWidget | None, index: QModelIndex) -> None:
        if isinstance(editor, QLineEdit) and not editor.isModified():
            editor.setText(self._view.grid.text(index.row(), index.column()))

    @override
    def setModelData(self, editor: QWidget | None, model: object, index: QModelIndex) -> None:
        cell = self._view.grid.cell(index.row(), index.column())
        if isinstance(editor, QLineEdit) and cell is not None and editor.isModified():
            self._owner.type({cell: editor.text()})

    def _paste(self, editor: QWidget, index: QModelIndex, text: str) -> None:
        row, column = index.row(), index.column()
        self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.RevertModelCache)
        self._owner.paste(self._view, row, column, text)

    @override
    def eventFilter(self, object: QObject | None, event: QEvent | None) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and isinstance(object, QWidget):
            tab = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}.get(Qt.Key(event.key()), 0)
            by = 1 if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) else tab
            if by:
                self.commitData.emit(object)
                self.closeEditor.emit(object)
                self._view.advance(by)
                return True
        return super().eventFilter(object, event)

    @override
    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().paint(painter, option, index)
        grid = self._view.grid
        cell = grid.cell(index.row(), index.column())
        if painter is None or cell is None:
            return
        look = theme.current()
        painter.save()
        if cell in grid.wrong and grid.text(index.row(), index.column()):
            painter.setPen(QPen(look.error, 1.5))
            painter.drawRect(option.rect.adjusted(1, 1, -2, -2))
            mark = QRect(option.rect.topLeft() + QPoint(4, 1), QSize(look.px(10), look.px(12)))
            painter.setFont(look.font(12))
            painter.drawText(mark, Qt.AlignmentFlag.AlignCenter, "✕")
        elif not grid.text(index.row(), index.column()) and not isinstance(cell, Name):
            # An empty cell is not 0: it is drawn as what has not been given yet is drawn everywhere.
            painter.setPen(QPen(look.dashed, 1, Qt.PenStyle.DashLine))
            painter.drawRect(option.rect.adjusted(5, 5, -6, -6))
        painter.restore()


def clipboard_text() -> str:
    """What was copied last, anywhere."""
    clipboard = QGuiApplication.clipboard()
    return clipboard.text() if clipboard is not None else ""


def is_block(text: str) -> bool:
    """Whether a copied text is more than one cell."""
    try:
        block = pasted.read(text)
    except pasted.PasteError:
        return "\n" in text.strip()
    return len(block) * len(block[0]) > 1


def shown_name(sheet: Sheet, element: Unit | Edge | Target) -> str:
    """What something is called on a sheet, written as the canvas writes it: h₁, h²₃, v₁₁."""
    name = sheet.called(element)
    if name != Names(sheet.sizes).element(element):
        return own_names.text(name)
    if isinstance(element, Edge) and element.is_bias:
        letter = "θ" if sheet.layers[element.layer - 1].bias == "threshold" else "b"
        return f"{letter} {shown_name(sheet, Unit(element.layer, element.to))}"
    if isinstance(element, Unit) and "_" in name:
        return f"h{raised(element.layer)}{small(element.index + 1)}"
    return subscripted(name)


def ends_of(sheet: Sheet, layer: int) -> tuple[list[End], list[End]]:
    """What stands beside the rows and above the columns of a layer's grid; the data's rows only have numbers."""
    sizes = sheet.sizes

    def units(at: int) -> list[End]:
        return [Unit(at, index) for index in range(sizes[at])]

    if layer == 0:
        return [], [*units(0), *(Target(k) for k in range(sizes[-1]))]
    node = [PlusOne(layer)] if sheet.layers[layer - 1].has_bias else []
    return units(layer), [*units(layer - 1), *node]


def headings(sheet: Sheet, layer: int, is_names: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words beside the rows and above the columns of a layer's grid, of its numbers or its names."""
    last = len(sheet.layers)
    if layer == 0 and is_names:
        rows = [tr("inputs"), *(tr("layer {number}", number=at) for at in range(1, last)), tr("outputs")]
        return tuple(rows), tuple(str(number + 1) for number in range(max(sheet.sizes)))

    def heading(end: End) -> str:
        if isinstance(end, PlusOne):
            return tr("threshold θ") if sheet.layers[layer - 1].bias == "threshold" else tr("bias b")
        if isinstance(end, Target):
            return f"{tr('target')} {shown_name(sheet, Unit(last, end.index))}"
        return shown_name(sheet, end)

    beside, above = ends_of(sheet, layer)
    numbers = [str(row + 1) for row in range(sheet.rows)] if layer == 0 else []
    return (*numbers, *map(heading, beside)), tuple(map(heading, above))
