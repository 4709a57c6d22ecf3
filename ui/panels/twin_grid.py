"""A map or a kernel of the table twin as the grid that it is: a row for each of its rows, a column for each of its
columns. The numbers are those of the tables beside it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QAbstractTableModel, QItemSelectionModel, QModelIndex, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QBrush, QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QAbstractItemView, QHBoxLayout, QLabel, QTableView, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.elements import Element, Kernel, KernelEntry, Map, Names, Pixel
from bpstudio.insight.step_table import ABSENT, NOT_YET, NOW, EdgeTable, StepTable
from ui import theme
from ui.language import tr
from ui.panels.form import Choice
from ui.panels.twin_text import Sheet

ROW = 20
MOST_DIGITS = 4
"""Decimals of a number in the grid; its tooltip has all."""
_NOWHERE = QModelIndex()

Rows = NDArray[np.int64]


def whole_of(element: Element | None) -> Map | Kernel | None:
    """The map or the kernel that an element is, or is a part of."""
    match element:
        case Map() | Kernel():
            return element
        case Pixel():
            return element.map
        case KernelEntry():
            return element.kernel
    return None


def rows_of(table: StepTable, names: Names, whole: Map | Kernel) -> Rows:
    """The rows of a table that a map or a kernel is made of, as they lie in it: (rows, columns)."""
    if isinstance(whole, Map):
        _, height, width = names.shapes[whole.layer]
        first = table.row_of(Pixel(whole.layer, whole.channel, 0, 0))
        assert first is not None  # the units of a layer stand one after the other
        return first + np.arange(height * width, dtype=np.int64).reshape(height, width)
    _, _, height, width = names.weights[whole.layer - 1]
    places = np.ndindex(height, width)
    found = [table.row_of(KernelEntry(whole.layer, whole.filter, whole.channel, u, v)) for u, v in places]
    return np.array(found, dtype=np.int64).reshape(height, width)


class GridModel(QAbstractTableModel):
    """One column of a table, laid out as a map or a kernel."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.sheet: Sheet | None = None
        self.rows: Rows = np.empty((0, 0), np.int64)
        self.column = ""

    def show_sheet(self, sheet: Sheet, rows: Rows, column: str) -> None:
        """Show a column of a sheet."""
        same = self.sheet is not None and rows.shape == self.rows.shape
        if not same:
            self.beginResetModel()
        self.sheet, self.rows, self.column = sheet, rows, column
        if not same:
            self.endResetModel()
        elif rows.size:
            self.dataChanged.emit(self.index(0, 0), self.index(rows.shape[0] - 1, rows.shape[1] - 1))

    @override
    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else self.rows.shape[0]

    @override
    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else self.rows.shape[1]

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        sheet = self.sheet
        if sheet is None or not index.isValid():
            return None
        row = int(self.rows[index.row(), index.column()])
        state = sheet.table.states(self.column)[row]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return sheet.shown(row, self.column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            case Qt.ItemDataRole.AccessibleTextRole:
                return sheet.spoken(row, self.column)
            case Qt.ItemDataRole.ToolTipRole:
                return f"{sheet.table.title(sheet.letters, row)}: {sheet.tip(row, self.column)}"
            case Qt.ItemDataRole.FontRole if state == NOW:
                return theme.current().font(12, mono=True, bold=True)
            case Qt.ItemDataRole.ForegroundRole if state == NOT_YET:
                return QBrush(theme.current().dashed)
            case Qt.ItemDataRole.ForegroundRole if state != ABSENT:
                if not np.isfinite(sheet.table.values(self.column)[row]):
                    return QBrush(theme.current().nonfinite)
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        return section + 1 if role == Qt.ItemDataRole.DisplayRole else None


class _View(QTableView):
    """Cells that are copied as lines of numbers with every digit."""

    @override
    def keyPressEvent(self, e: QKeyEvent | None) -> None:
        if e is not None and e.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return
        super().keyPressEvent(e)

    def copy(self) -> None:
        """Put the selected cells, or all where one is selected, on the clipboard."""
        model, selection = self.model(), self.selectionModel()
        clipboard = QGuiApplication.clipboard()
        if not isinstance(model, GridModel) or model.sheet is None or selection is None or clipboard is None:
            return
        chosen = selection.selectedIndexes()
        rows = sorted({index.row() for index in chosen}) if len(chosen) > 1 else range(model.rowCount())
        columns = sorted({index.column() for index in chosen}) if len(chosen) > 1 else range(model.columnCount())
        lines = (
            "\t".join(model.sheet.exact(int(model.rows[row, column]), model.column) for column in columns)
            for row in rows
        )
        clipboard.setText("\n".join(lines) + "\n")


class MapGrid(QWidget):
    """The grid with its title and a choice of what its numbers are. `chosen`: somebody went to another cell."""

    chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.whole: Map | Kernel | None = None
        self.title, self.quantity = QLabel(), Choice()
        self.view = _View()
        self.cells = GridModel(self.view)
        self.view.setModel(self.cells)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setTabKeyNavigation(False)
        self.view.setWordWrap(False)
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        line = QHBoxLayout()
        line.setContentsMargins(8, 2, 4, 2)
        line.addWidget(self.title, 1)
        line.addWidget(self.quantity)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        column.addWidget(self.view, 1)
        self._by_hand = True
        self._shape: tuple[object, ...] = ()
        self.quantity.activated.connect(lambda _: self._show())
        selection = self.view.selectionModel()
        if selection is not None:
            selection.currentChanged.connect(self._go)
        self._sheet: Sheet | None = None
        self.hide()

    def show_sheet(self, sheet: Sheet, whole: Map | Kernel, about: str) -> None:
        """Show a map of the table of units, or a kernel of that of edges; `about` is what it is called."""
        self._sheet, self.whole = sheet, whole
        self.title.setText(about)
        self.view.setAccessibleName(about)
        columns = [column for column in sheet.table.columns if self._has(sheet, column)]
        before = self.quantity.currentData()
        self.quantity.offer([(column, sheet.heading(column)) for column in columns])
        first = "weight" if isinstance(sheet.table, EdgeTable) else "a"
        self.quantity.setCurrentIndex(columns.index(before if before in columns else first))
        self.quantity.setAccessibleName(tr("What the numbers are"))
        self._show()

    def follow(self, element: Element | None) -> None:
        """Go to the cell of a pixel or of a kernel's number."""
        place: tuple[int, int] | None = None
        if isinstance(element, Pixel):
            place = element.row, element.column
        elif isinstance(element, KernelEntry):
            place = element.u, element.v
        selection = self.view.selectionModel()
        if selection is None:
            return
        self._by_hand = False
        try:
            index = QModelIndex() if place is None else self.cells.index(*place)
            selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            if index.isValid():
                self.view.scrollTo(index)
        finally:
            self._by_hand = True

    def _has(self, sheet: Sheet, column: str) -> bool:
        assert self.whole is not None
        first = int(rows_of(sheet.table, sheet.table.names, self.whole)[0, 0])
        return bool(sheet.table.states(column)[first] != ABSENT)

    def _show(self) -> None:
        sheet = self._sheet
        if sheet is None or self.whole is None or self.quantity.currentIndex() < 0:
            return
        few = Sheet(sheet.table, sheet.letters, min(sheet.digits, MOST_DIGITS))
        self.cells.show_sheet(
            few, rows_of(sheet.table, sheet.table.names, self.whole), str(self.quantity.currentData())
        )
        look = theme.current()
        shape = (self.cells.rows.shape, look)
        if shape == self._shape:
            return
        self._shape = shape
        self.view.setFont(look.font(12, mono=True))
        width = QFontMetrics(self.view.font()).horizontalAdvance("−0.0000") + look.px(14)
        for header, size in ((self.view.horizontalHeader(), width), (self.view.verticalHeader(), look.px(ROW))):
            if header is not None:
                header.setMinimumSectionSize(look.px(12))
                header.setDefaultSectionSize(size)

    def _go(self, index: QModelIndex) -> None:
        if not self._by_hand or not index.isValid():
            return
        match self.whole:
            case Map(layer, channel):
                self.chosen.emit(Pixel(layer, channel, index.row(), index.column()))
            case Kernel(layer, number, channel):
                self.chosen.emit(KernelEntry(layer, number, channel, index.row(), index.column()))
