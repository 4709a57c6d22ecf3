"""The tables of a step as Qt asks for them: a cell becomes text when somebody looks at it.

The numbers stay in their arrays, filter and sorting permute row numbers: 79,510 edges open as fast as twelve.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from PyQt6.QtGui import QBrush
from typing_extensions import override

from bpstudio.insight import step_table
from bpstudio.insight.elements import Element
from bpstudio.insight.step_table import ABSENT, NOT_YET, NOW
from ui import theme
from ui.panels.twin_text import WORDS, Sheet

ALL_LAYERS = -1
NOW_ROLE = int(Qt.ItemDataRole.UserRole)
"""Whether the present beat computes or uses this cell."""
HOVER_ROLE = NOW_ROLE + 1
"""Whether the mouse is at the row's element, here or on the canvas."""

Rows = NDArray[np.int64]
_NOWHERE = QModelIndex()
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_CENTER = int(Qt.AlignmentFlag.AlignCenter)
_UNSORTED = (-1, Qt.SortOrder.AscendingOrder)


class TwinModel(QAbstractTableModel):
    """One of the two tables of a step: its rows filtered and sorted. A *place* is where a row is shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        """`parent` is the view: a model that goes before its view makes Qt complain."""
        super().__init__(parent)
        self.sheet: Sheet | None = None
        self.columns: tuple[str, ...] = ()
        self.order: Rows = np.empty(0, np.int64)
        """Rows of the table in the order in which they are shown."""
        self._places: Rows = np.empty(0, np.int64)
        self._layer = ALL_LAYERS
        self._text = ""
        self._sorted = _UNSORTED
        self._hover: Element | None = None

    # ---- what is shown

    def show_sheet(self, sheet: Sheet, resort: bool = True) -> None:
        """Show other numbers. Rows, filter and sorting stay where the table has the same shape."""
        before, self.sheet = self.sheet, sheet
        if before is not None and before.letters is sheet.letters and before.table.shape == sheet.table.shape:
            if resort and self._sorted[0] >= 0:
                self.sort(*self._sorted)
            self._say_changed()
            return
        self.beginResetModel()
        self.columns = sheet.columns
        self._arrange()
        self.endResetModel()

    def filter(self, layer: int = ALL_LAYERS, text: str = "") -> None:
        """Show the rows of a layer (0 the inputs) whose names have every word of the text."""
        if (layer, text.strip()) == (self._layer, self._text):
            return
        self.beginResetModel()
        self._layer, self._text = layer, text.strip()
        self._arrange()
        self.endResetModel()

    def hover(self, element: Element | None) -> None:
        """Mark the row of what is under the mouse."""
        if element == self._hover:
            return
        places = [self.place_of(each) for each in (self._hover, element) if each is not None]
        self._hover = element
        for place in places:
            if place is not None:
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(self.columns) - 1))

    def retranslate(self) -> None:
        """Say everything in the language in use."""
        if self.columns:
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)
            self._say_changed()

    # ---- rows and cells

    def place_of(self, element: Element) -> int | None:
        """Where an element is shown; None where this table has none, or the filter hides it."""
        return self._place(self.sheet.table.row_of(element)) if self.sheet is not None else None

    def element(self, place: int) -> Element | None:
        """What is shown at a place."""
        if self.sheet is None or not 0 <= place < len(self.order):
            return None
        return self.sheet.table.element(int(self.order[place]))

    def beat_cell(self) -> QModelIndex:
        """The cell of the present beat; invalid where there is none, or the filter hides it."""
        found = self.sheet.table.now() if self.sheet is not None else None
        place = self._place(found[0]) if found is not None else None
        return QModelIndex() if found is None or place is None else self.index(place, self.columns.index(found[1]))

    def lines(self, places: Iterable[int] | None = None, columns: Iterable[int] | None = None) -> Iterator[list[str]]:
        """Header and rows with every digit and a decimal point, for a spreadsheet; all of them unless told."""
        sheet = self.sheet
        if sheet is None:
            return
        chosen = self.columns if columns is None else [self.columns[column] for column in columns]
        yield [sheet.heading(column, spoken=True) for column in chosen]
        for place in range(len(self.order)) if places is None else places:
            yield [sheet.exact(int(self.order[place]), column) for column in chosen]

    # ---- within

    def _place(self, row: int | None) -> int | None:
        place = int(self._places[row]) if row is not None and row < len(self._places) else -1
        return place if place >= 0 else None

    def _arrange(self) -> None:
        """Which rows are shown, and in which order."""
        sheet = self.sheet
        if sheet is None:
            return
        table = sheet.table
        shown = np.arange(table.rows, dtype=np.int64)
        if self._layer != ALL_LAYERS:
            shown = np.flatnonzero(table.layers == self._layer)
        if self._text:
            shown = shown[step_table.matching(table, sheet.letters, self._text)[shown]]
        column, direction = self._sorted
        if 0 <= column < len(self.columns):
            down = direction == Qt.SortOrder.DescendingOrder
            shown = step_table.ordered(shown, sheet.keys(self.columns[column]), down)
        self.order = shown
        self._places = np.full(table.rows, -1, np.int64)
        self._places[shown] = np.arange(len(shown))

    def _say_changed(self) -> None:
        if len(self.order):
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.order) - 1, len(self.columns) - 1))

    def _alignment(self, column: str) -> int:
        return _CENTER if column == "frozen" else _LEFT if column in WORDS else _RIGHT

    # ---- Qt

    @override
    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.order)

    @override
    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        sheet = self.sheet
        if sheet is None or not index.isValid():
            return None
        row, column = int(self.order[index.row()]), self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return sheet.shown(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return sheet.spoken(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return sheet.tip(row, column) or None
        if role == HOVER_ROLE:
            return self._hover is not None and sheet.table.element(row) == self._hover
        if column in WORDS:
            return None
        state = sheet.table.states(column)[row]
        if role == NOW_ROLE:
            return bool(state == NOW)
        if role == Qt.ItemDataRole.FontRole and state in (NOW, NOT_YET):
            return theme.current().font(12 if state == NOW else 17, mono=True, bold=True)
        if role == Qt.ItemDataRole.ForegroundRole:
            if state == NOT_YET:
                return QBrush(theme.current().dashed)
            if state != ABSENT and not np.isfinite(sheet.table.values(column)[row]):
                return QBrush(theme.current().nonfinite)
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        sheet = self.sheet
        if sheet is None or orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            # The arrow of a sorted column stands at the right end, where the words of a number's column end too.
            return sheet.heading(column) + ("\u2003" if section == self._sorted[0] else "")
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return sheet.explained(column)
        return self._alignment(column) if role == Qt.ItemDataRole.TextAlignmentRole else None

    @override
    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.order
        self._sorted = (column, order)
        self._arrange()
        old = self.persistentIndexList()
        self.changePersistentIndexList(
            old, [self.index(int(self._places[before[index.row()]]), index.column()) for index in old]
        )
        self.layoutChanged.emit()
